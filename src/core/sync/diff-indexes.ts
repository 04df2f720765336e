import type {
  ActualCollection,
  ActualIndex,
  IndexDefinition,
  Plain,
  SyncOperation,
  SyncStep,
} from '../../ports/definition.ts';
import { changeIndex, inPlace } from './change-index.ts';
import { defaultName, differingOptions, indexCommand, isText, sameKey } from './index-shape.ts';
import { conflict, operation } from './operation.ts';
import { matches, type SyncPolicy } from './policy.ts';
import { removeIndex } from './remove-index.ts';
import { isIdIndex, type WantedCollection } from './wanted.ts';

/**
 * What makes a collection's indexes the wanted ones. An index that matches under another
 * name is taken as it is.
 *
 * @param actual undefined: the collection is still to be created
 */
export function diffIndexes(
  wanted: WantedCollection,
  actual: ActualCollection | undefined,
  policy: SyncPolicy,
): SyncOperation[] {
  const inherited = (actual ?? wanted).options?.['collation'] as Plain | undefined;
  const present = (actual?.indexes ?? []).filter((index) => isOurs(index, wanted, actual));
  const free = new Set(present);
  const operations: SyncOperation[] = [];
  const unmatched: IndexDefinition[] = [];
  for (const index of wanted.indexes) {
    const match = present.find(
      (one) =>
        free.has(one) &&
        sameKey(index, one) &&
        differingOptions(index, one, inherited).length === 0,
    );
    if (match === undefined) unmatched.push(index);
    else {
      free.delete(match);
      operations.push(...changeIndex(wanted, index, match, policy, inherited));
    }
  }
  const taken = new Set(actual?.indexes.filter((one) => !free.has(one)).map(({ name }) => name));
  for (const index of unmatched) {
    operations.push(addIndex(wanted, index, { free, taken, inherited, policy }));
  }
  const ignored = [...policy.ignore, ...(wanted.ignore ?? [])];
  for (const index of free) {
    if (!matches(index.name, ignored)) operations.push(...removeIndex(wanted.name, index, policy));
  }
  return operations;
}

/** The server's own are nobody's to define. */
function isOurs(
  index: ActualIndex,
  wanted: WantedCollection,
  actual: ActualCollection | undefined,
): boolean {
  if (isIdIndex(index) || index.clustered) return false;
  const series = (actual ?? wanted).options?.['timeseries'] as Plain | undefined;
  if (series === undefined) return true;
  const fields = Object.keys(index.key);
  const own = [series['metaField'], series['timeField']];
  return !(fields.length === 2 && own.every((field) => fields.includes(String(field))));
}

interface Surroundings {
  /** Present and not wanted so far; those that have to make way are taken out. */
  readonly free: Set<ActualIndex>;
  /** Names that stay in use. */
  readonly taken: Set<string>;
  readonly inherited: Plain | undefined;
  readonly policy: SyncPolicy;
}

function addIndex(
  wanted: WantedCollection,
  index: IndexDefinition,
  { free, taken, inherited, policy }: Surroundings,
): SyncOperation {
  const command = indexCommand(index, inherited);
  const { name } = command;
  const from = wanted.from.join(', ');
  if (taken.has(name)) {
    return {
      ...conflict(
        wanted.name,
        name,
        `another wanted index is called ${name} too`,
        'give one of them a name of its own',
      ),
      from,
    };
  }
  taken.add(name);
  const rivals = [...free].filter((one) => isRival(index, name, one));
  const create: SyncStep = { do: 'createIndex', index: command };
  if (rivals.length === 0) {
    const reasons = ['missing'];
    return operation({
      action: 'create-index',
      collection: wanted.name,
      index: name,
      reasons,
      from,
      steps: [create],
    });
  }
  for (const rival of rivals) free.delete(rival);
  const unique = toUnique(wanted.name, index, rivals, inherited);
  if (unique) return { ...unique, from };
  return rebuild(wanted.name, index, create, rivals, { inherited, policy, from });
}

/** It has the name, the keys, or is the one text index a collection can have. */
function isRival(index: IndexDefinition, name: string, one: ActualIndex): boolean {
  return one.name === name || sameKey(index, one) || (isText(index) && isText(one));
}

/** The server can check and make it unique without building it again. */
function toUnique(
  collection: string,
  index: IndexDefinition,
  rivals: readonly ActualIndex[],
  inherited: Plain | undefined,
): SyncOperation | undefined {
  const [rival, ...more] = rivals;
  if (!rival || more.length > 0 || !index.unique || !sameKey(index, rival)) return undefined;
  const differing = differingOptions(index, rival, inherited);
  if (differing.join() !== 'unique') return undefined;
  const named = { name: rival.name };
  const also = inPlace(index, rival);
  return operation({
    action: 'change-index',
    collection,
    index: rival.name,
    severity: 'warning',
    reasons: ['same keys, but is not unique', ...also.reasons],
    steps: [
      { do: 'collMod', change: { index: { ...named, prepareUnique: true } } },
      { do: 'collMod', change: { index: { ...named, unique: true } } },
      ...also.steps,
    ],
  });
}

function rebuild(
  collection: string,
  index: IndexDefinition,
  create: SyncStep & { readonly do: 'createIndex' },
  rivals: readonly ActualIndex[],
  { inherited, policy, from }: { inherited: Plain | undefined; policy: SyncPolicy; from: string },
): SyncOperation {
  const drops = rivals.map(({ name }): SyncStep => ({ do: 'dropIndex', name }));
  const newFirst = rivals.every((one) => canStandBeside(index, create.index.name, one, inherited));
  const reasons = rivals.map((one) => whyRival(index, one, inherited));
  if (!newFirst) reasons.push('queries are without it while it is built again');
  return operation({
    action: 'rebuild-index',
    collection,
    index: create.index.name,
    destructive: true,
    severity: policy.rebuild ? 'warning' : 'error',
    status: policy.rebuild ? 'pending' : 'blocked',
    reasons,
    from,
    ...(!policy.rebuild && { fix: 'allow it: godwit sync --rebuild' }),
    steps: newFirst ? [create, ...drops] : [...drops, create],
  });
}

/** The server tells indexes with the same keys apart by these. */
function canStandBeside(
  index: IndexDefinition,
  name: string,
  one: ActualIndex,
  inherited: Plain | undefined,
): boolean {
  if (one.name === name || (isText(index) && isText(one))) return false;
  const differing = differingOptions(index, one, inherited);
  const telling = ['unique', 'sparse', 'partialFilterExpression', 'collation'];
  return !sameKey(index, one) || differing.some((option) => telling.includes(option));
}

function whyRival(index: IndexDefinition, one: ActualIndex, inherited: Plain | undefined): string {
  if (sameKey(index, one)) {
    const options = differingOptions(index, one, inherited).join(', ');
    return `same keys as ${one.name}, but ${options} differ${options.includes(',') ? '' : 's'}`;
  }
  if (one.name === (index.name ?? defaultName(index))) return `${one.name} has other keys`;
  return `${one.name} is a text index, and a collection can have but one`;
}
