import { resolve } from 'node:path';
import { compareFields, type FieldChanges, type Rename } from '../../core/models/fields.ts';
import type { ModelSnapshot } from '../../core/models/snapshot.ts';
import { applySteps } from '../../core/sync/apply-steps.ts';
import { asWanted } from '../../core/sync/as-wanted.ts';
import { diff } from '../../core/sync/diff.ts';
import { GodwitError } from '../../errors.ts';
import { isWritable } from '../../formats/templates/literal.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import type { Project } from '../project.ts';
import { readerOf } from '../sync/plan-sync.ts';
import { databaseState, readSnapshot, type StateBefore, wantedState } from './states.ts';

export interface ModelChangesOptions {
  /** Compare with the last snapshot, and keep one: no database is needed. */
  readonly snapshot?: boolean | undefined;
  /** Folder of the snapshot. Default: the first of `dir`. */
  readonly dir?: string | undefined;
}

/** How models differ from the database, or from the last snapshot. */
export interface ModelChanges {
  /** What it was compared with. */
  readonly base: 'snapshot' | 'database';
  readonly up: readonly SyncOperation[];
  readonly down: readonly SyncOperation[];
  readonly fields: readonly FieldChanges[];
  /** To be kept as the next base. */
  readonly snapshot: ModelSnapshot;
}

const NOW = { rebuild: true, hideForMs: 0, drop: true, hidden: [] } as const;

/**
 * Compares models with the last snapshot where the folder has one, else with the database.
 * Writes nothing.
 */
export async function modelChanges(
  project: Project,
  options: ModelChangesOptions,
): Promise<ModelChanges> {
  const settings = await project.settings();
  const folder = resolve(settings.root, options.dir ?? settings.dirs[0] ?? 'migrations');
  const wanted = await wantedState(project);
  const last = readSnapshot(folder);
  const base = last || options.snapshot ? 'snapshot' : 'database';
  const names = new Set(wanted.collections.map(({ name }) => name));
  const before: StateBefore =
    base === 'snapshot'
      ? (last ?? { collections: [], fields: {} })
      : await databaseState(project, names);
  const policy = { ...NOW, ignore: settings.sync.ignore, now: new Date() };
  const up = diff(wanted.collections, before.collections, policy);
  const after = applySteps(before.collections, up);
  const known = before.collections.filter(({ name }) => names.has(name));
  const down = diff(known.map(asWanted), after, { ...policy, ignore: [] });
  const compared = known.map(({ name }) =>
    compareFields(name, before.fields[name] ?? {}, wanted.fields[name] ?? {}),
  );
  const needed = base === 'snapshot' ? compared : await withoutAnswered(project, compared);
  const fields = needed.map(writable);
  return {
    base,
    up,
    down,
    fields,
    snapshot: { version: 1, collections: after, fields: wanted.fields },
  };
}

/**
 * What every document has already is no question, though no validator asked for it. A field
 * with a default stays: filling it costs nothing here, and another database may need it.
 */
async function withoutAnswered(
  project: Project,
  compared: readonly FieldChanges[],
): Promise<FieldChanges[]> {
  const reader = await readerOf(await project.driver());
  const changes: FieldChanges[] = [];
  for (const one of compared) {
    const old = one.unfilled.filter((field) => !one.added.includes(field));
    const lacking = new Set([...one.added, ...(await reader.lacking(one.collection, old))]);
    changes.push({ ...one, unfilled: one.unfilled.filter((field) => lacking.has(field)) });
  }
  return changes;
}

/** A default that no code can be written for is a question. */
function writable(changes: FieldChanges): FieldChanges {
  const [good, bad] = [true, false].map((is) =>
    changes.backfills.filter(({ value }) => isWritable(value) === is),
  );
  return {
    ...changes,
    backfills: good ?? [],
    unfilled: [...changes.unfilled, ...(bad ?? []).map(({ field }) => field)],
  };
}

/** Whether there is anything to write a migration about. */
export function isNothing({ up, fields }: ModelChanges): boolean {
  return (
    up.length === 0 &&
    fields.every(
      ({ removed, backfills, unfilled }) =>
        removed.length + backfills.length + unfilled.length === 0,
    )
  );
}

/**
 * `users.fullname:name`, `fullname:name` where one collection alone has lost that field.
 *
 * @throws GodwitError GODWIT_USAGE
 */
export function parseRename(text: string, fields: readonly FieldChanges[]): Rename {
  const [left = '', to = ''] = text.split(':');
  const { collection, field: from } = parseField(left, fields, `--rename ${text}`);
  const changes = fields.find((one) => one.collection === collection);
  const target =
    to.startsWith(`${collection}.`) && !changes?.added.includes(to)
      ? to.slice(collection.length + 1)
      : to;
  if (changes?.added.includes(target)) return { collection, from, to: target };
  throw new GodwitError(
    'GODWIT_USAGE',
    `--rename ${text}: the models of ${collection} have no new field ${target || '""'}.`,
    {
      state: 'Nothing was written.',
      next: [`new are: ${changes?.added.join(', ') || 'none'}`],
    },
  );
}

/** `users.nickname`, or `nickname` where one collection alone has lost it. */
export function parseField(
  text: string,
  fields: readonly FieldChanges[],
  flag = `--remove ${text}`,
): { readonly collection: string; readonly field: string } {
  const removed = fields.flatMap((one) => one.removed);
  const found = removed.filter(
    ({ collection, field }) => `${collection}.${field}` === text || field === text,
  );
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  const reason = only
    ? 'several collections have lost a field of that name'
    : 'no model has lost that field';
  throw new GodwitError('GODWIT_USAGE', `${flag}: ${reason}.`, {
    state: 'Nothing was written.',
    next: [
      `lost are: ${removed.map(({ collection, field }) => `${collection}.${field}`).join(', ') || 'none'}`,
    ],
  });
}
