import type { FieldChanges, Rename } from '../../core/models/fields.ts';
import { NO_VALIDATOR } from '../../core/sync/diff-collection.ts';
import type { SyncOperation, SyncStep } from '../../ports/definition.ts';
import { literal } from './literal.ts';

/** What a migration that is written from models does, in both directions. */
export interface ModelMigration {
  readonly up: readonly SyncOperation[];
  readonly down: readonly SyncOperation[];
  readonly fields: readonly FieldChanges[];
  readonly renames: readonly Rename[];
  /** Fields whose values are taken away. */
  readonly removals: readonly { readonly collection: string; readonly field: string }[];
}

/**
 * The migration as code for a person to read and edit.
 *
 * @param template a new migration of the folder's style, whose opening is kept
 */
export function renderFromModels(
  template: string,
  description: string,
  migration: ModelMigration,
): string {
  const call = 'defineMigration({';
  const opening = template.slice(0, template.indexOf(call) + call.length);
  return `${opening}
  description: ${literal(description)},

  async up(ctx) {
${body(up(migration))}
  },

  async down(ctx) {
${body(down(migration))}
  },
});
`;
}

function body(lines: readonly string[]): string {
  const all = lines.length > 0 ? lines : ["ctx.log('nothing to do');"];
  return all
    .join('\n')
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}

function up({ up: operations, fields, renames, removals }: ModelMigration): string[] {
  const data = [
    ...renames.map((one) => renameCode(one)),
    ...fields.flatMap(fillCode),
    ...removals.map(({ collection, field }) => removeCode(collection, field)),
  ];
  return [
    ...code(operations, ['create-collection', 'change-options']),
    ...section('Data first: validators and unique indexes look at it.', [
      ...pauses(operations, data.length > 0, renames, removals, fields),
      ...data,
    ]),
    ...section(
      '',
      fields.flatMap((changes) => openQuestions(changes, renames, removals)),
    ),
    ...code(operations, [
      'create-index',
      'change-index',
      'rebuild-index',
      'create-view',
      'change-view',
    ]),
    ...code(operations, ['set-validator']),
    ...code(operations, ['conflict']),
    ...code(operations, ['drop-index']),
  ];
}

function down({ down: operations, up: done, fields, renames, removals }: ModelMigration): string[] {
  const created = new Set(done.filter(isCreation).map(({ collection }) => collection));
  const unset = fields.flatMap(({ collection, backfills }) =>
    backfills
      .filter(({ field, isNew }) => isNew && !isTarget(renames, collection, field))
      .map(({ field }) => removeCode(collection, field)),
  );
  const data = [
    ...unset,
    ...renames.map(({ collection, from, to }) => renameCode({ collection, from: to, to: from })),
  ];
  const lost = removals.map(
    ({ collection, field }) =>
      `// What was in ${collection}.${field} is gone: only a backup has it.`,
  );
  return [
    ...code(operations, ['create-collection', 'change-options']),
    ...section('Data first: the validators of before look at it.', [
      ...pauses(operations, data.length > 0, renames, [], fields),
      ...data,
      ...lost,
    ]),
    ...code(operations, [
      'create-index',
      'change-index',
      'rebuild-index',
      'create-view',
      'change-view',
    ]),
    ...code(operations, ['set-validator', 'conflict', 'drop-index']),
    ...[...created].reverse().map((name) => `await ctx.db.collection(${literal(name)}).drop();`),
  ];
}

function isCreation({ action }: SyncOperation): boolean {
  return action === 'create-collection' || action === 'create-view';
}

function isTarget(renames: readonly Rename[], collection: string, field: string): boolean {
  return renames.some((one) => one.collection === collection && one.to === field);
}

/** A validator that is about to change must not stand in the way of the data. */
function pauses(
  operations: readonly SyncOperation[],
  changesData: boolean,
  renames: readonly Rename[],
  removals: ModelMigration['removals'],
  fields: readonly FieldChanges[],
): string[] {
  if (!changesData) return [];
  const touched = new Set([
    ...renames.map(({ collection }) => collection),
    ...removals.map(({ collection }) => collection),
    ...fields.filter(({ backfills }) => backfills.length > 0).map(({ collection }) => collection),
  ]);
  return operations
    .filter(
      ({ action, collection, reasons }) =>
        action === 'set-validator' && touched.has(collection) && !reasons.includes(NO_VALIDATOR),
    )
    .map(
      ({ collection }) =>
        `await ctx.db.command({ collMod: ${literal(collection)}, validationLevel: 'off' });`,
    );
}

function renameCode({ collection, from, to }: Rename): string {
  const filter = { [from]: { $exists: true } };
  return `await ctx.db.collection(${literal(collection)}).updateMany(${literal(filter)}, {
  $rename: ${literal({ [from]: to }, '  ')},
});`;
}

function removeCode(collection: string, field: string): string {
  const at = field.replaceAll('.$', '.$[]');
  return `await ctx.db.collection(${literal(collection)}).updateMany(${literal({ [field.replaceAll('.$', '')]: { $exists: true } })}, {
  $unset: ${literal({ [at]: '' }, '  ')},
});`;
}

/** Resumable, in chunks; in lists one update for all elements that lack the field. */
function fillCode({ collection, backfills }: FieldChanges): string[] {
  return backfills.map(({ field, value }) => {
    const at = field.lastIndexOf('.$.');
    if (at < 0) {
      const spec = {
        name: `${collection}.${field}`,
        collection,
        filter: { [field]: { $exists: false } },
        set: { $set: { [field]: value } },
      };
      return `await ctx.backfill(${literal(spec, '')});`;
    }
    const list = field.slice(0, at).replaceAll('.$', '');
    const inner = field.slice(at + 3);
    const outer = field.slice(0, at).replaceAll('.$', '.$[]');
    const filter = { [list]: { $elemMatch: { [inner]: { $exists: false } } } };
    const set = { $set: { [`${outer}.$[one].${inner}`]: value } };
    const only = { arrayFilters: [{ [`one.${inner}`]: { $exists: false } }] };
    return `await ctx.db.collection(${literal(collection)}).updateMany(\n  ${literal(filter, '  ')},\n  ${literal(set, '  ')},\n  ${literal(only, '  ')},\n);`;
  });
}

/** What only a person knows. */
function openQuestions(
  { collection, removed, unfilled }: FieldChanges,
  renames: readonly Rename[],
  removals: ModelMigration['removals'],
): string[] {
  const left = removed.filter(
    ({ field }) =>
      !renames.some((one) => one.collection === collection && one.from === field) &&
      !removals.some((one) => one.collection === collection && one.field === field),
  );
  return [
    ...left.flatMap(({ field, candidates }) => [
      `// ${collection}.${field} is in no model any more. It stays in the documents as it is.`,
      ...candidates.map((to) => `// Was it renamed? --rename ${collection}.${field}:${to}`),
      `// Is it to go? --remove ${collection}.${field}`,
    ]),
    ...unfilled.map(
      (field) =>
        `// ${collection}.${field} is required and has no default: what is it in older documents?`,
    ),
  ];
}

/** Lines under a heading of their own. */
function section(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [...(heading === '' ? [] : [`// ${heading}`]), ...lines, ''];
}

function code(
  operations: readonly SyncOperation[],
  actions: readonly SyncOperation['action'][],
): string[] {
  const chosen = operations.filter(({ action }) => actions.includes(action));
  const lines = chosen.flatMap((one) => {
    const why = one.action === 'conflict' || one.reasons.join() !== 'missing';
    const comment = why ? [`// ${one.id}: ${one.reasons.join('; ')}`] : [];
    return [...comment, ...one.steps.map((step) => stepCode(one.collection, step))];
  });
  return lines.length > 0 ? [...lines, ''] : [];
}

function stepCode(collection: string, step: SyncStep): string {
  const name = literal(collection);
  switch (step.do) {
    case 'createCollection':
      return Object.keys(step.options).length === 0
        ? `await ctx.db.createCollection(${name});`
        : `await ctx.db.createCollection(${name}, ${literal(step.options)});`;
    case 'createIndex': {
      const { key, ...options } = step.index;
      return `await ctx.db.collection(${name}).createIndex(${literal(key)}, ${literal(options)});`;
    }
    case 'dropIndex':
      return `await ctx.db.collection(${name}).dropIndex(${literal(step.name)});`;
    case 'dropCollection':
      return `await ctx.db.collection(${name}).drop();`;
    case 'collMod':
      return `await ctx.db.command(${literal({ collMod: collection, ...step.change })});`;
    default:
      return '';
  }
}
