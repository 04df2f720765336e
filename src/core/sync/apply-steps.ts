import type {
  ActualCollection,
  ActualIndex,
  Plain,
  SyncOperation,
  SyncStep,
} from '../../ports/definition.ts';

/** What collections would be after these operations. Pure: for plans, and for the way back. */
export function applySteps(
  collections: readonly ActualCollection[],
  operations: readonly SyncOperation[],
): ActualCollection[] {
  const byName = new Map(collections.map((one) => [one.name, one]));
  for (const { collection, steps, status } of operations) {
    if (status !== 'pending') continue;
    for (const step of steps) {
      const after = applyStep(collection, byName.get(collection), step);
      if (after) byName.set(collection, after);
      else byName.delete(collection);
    }
  }
  return [...byName.values()];
}

function applyStep(
  name: string,
  before: ActualCollection | undefined,
  step: SyncStep,
): ActualCollection | undefined {
  if (step.do === 'createCollection') return before ?? created(name, step.options);
  if (step.do === 'dropCollection' || before === undefined) return undefined;
  const { indexes } = before;
  switch (step.do) {
    case 'createIndex':
      return indexes.some((one) => one.name === step.index.name)
        ? before
        : { ...before, indexes: [...indexes, withCollation(step.index, before)] };
    case 'dropIndex':
      return { ...before, indexes: indexes.filter((one) => one.name !== step.name) };
    case 'collMod':
      return modified(before, step.change);
    default:
      return before;
  }
}

function created(name: string, all: Plain): ActualCollection {
  const { viewOn, pipeline, validator, validationLevel, validationAction, ...options } = all;
  if (typeof viewOn === 'string') {
    const view = { viewOn, pipeline: pipeline as Plain[] };
    return { name, type: 'view', options: {}, view, indexes: [] };
  }
  const type = options['timeseries'] ? 'timeseries' : 'collection';
  return {
    ...{ name, type, options, indexes: [] },
    ...((validator ? { validator, validationLevel, validationAction } : {}) as object),
  };
}

/** The server writes the collection's own into each index that names none. */
function withCollation(index: ActualIndex, { options }: ActualCollection): ActualIndex {
  const { collation, ...rest } = index;
  if (collation?.['locale'] === 'simple') return rest;
  const own = collation ?? (options['collation'] as Plain | undefined);
  return own ? { ...rest, collation: own } : rest;
}

function modified(before: ActualCollection, change: Plain): ActualCollection {
  const { index, validator, validationLevel, validationAction, viewOn, pipeline, ...more } = change;
  const { cappedSize, cappedMax, ...others } = more;
  const options = {
    ...before.options,
    ...others,
    ...(cappedSize !== undefined && { size: Math.ceil(Number(cappedSize) / 256) * 256 }),
    ...(cappedMax !== undefined && { max: cappedMax }),
  };
  const view =
    typeof viewOn === 'string' ? { view: { viewOn, pipeline: pipeline as Plain[] } } : {};
  const rules = { validator, validationLevel, validationAction };
  const changed = Object.entries(rules).filter(([, value]) => value !== undefined);
  return {
    ...before,
    options,
    ...view,
    ...Object.fromEntries(changed),
    indexes: before.indexes.map((one) => modifiedIndex(one, index as Plain | undefined)),
  };
}

function modifiedIndex(index: ActualIndex, change: Plain | undefined): ActualIndex {
  if (change?.['name'] !== index.name) return index;
  const { prepareUnique: _prepare, ...options } = change;
  return { ...index, ...options };
}
