import { hash } from 'node:crypto';
import { sourceOf } from '../../core/backfill/definition-text.ts';
import { GodwitError } from '../../errors.ts';
import type { Engine, HelperOptions, Place } from '../../mongoose/helper/place.ts';
import {
  type TransformDocument,
  type TransformOptions,
  type TransformResult,
  transformData,
} from '../../mongoose/helper/transform-data.ts';

type Document = Record<string, unknown>;

/** Transforms over a ledger: the migration's, or one of its own. */
export function transformAt(
  place: Place,
  query: Document,
  transform: TransformDocument,
  options: HelperOptions & TransformOptions,
): Promise<TransformResult> {
  const engine = place.run ? engineOfRun(place) : engineAlone(place, query, transform, options);
  return transformData(place, engine, query, transform, options);
}

/** The migration's ledger, under a name that is the same when it is run again. */
function engineOfRun({ run, name: collection }: Place): Engine {
  return (spec) => {
    if (run === undefined) throw new GodwitError('GODWIT_INTERNAL', 'There is no run.');
    const base = `${spec.name}-${collection}`;
    const count = (run.names.get(base) ?? 0) + 1;
    run.names.set(base, count);
    return run.ctx.backfill({ ...spec, name: count === 1 ? base : `${base}-${count}` });
  };
}

/**
 * A ledger of its own, for a script without godwit: one that was killed is resumed when the
 * same is asked again, one that was finished or cancelled begins anew.
 */
function engineAlone(
  place: Place,
  query: Document,
  transform: TransformDocument,
  { name, signal }: HelperOptions & TransformOptions,
): Engine {
  return async (spec) => {
    const { createMigrator } = await import('../create-migrator.ts');
    const asked = `${place.name} ${JSON.stringify(query)} ${sourceOf(transform)}`;
    const what = hash('sha256', asked, 'hex');
    const named = { ...spec, name: name ?? `${spec.name}-${place.name}-${what.slice(0, 12)}` };
    const migrator = createMigrator({ client: place.model.db, config: false });
    try {
      const { backfills } = await migrator.backfill.list();
      const before = backfills.find(({ ledger }) => ledger === `backfill:${named.name}`);
      const again = /^(complete|cancelled|undone)$/.test(before?.state ?? '');
      const { summary, error } = await migrator.backfill.run(named, { signal, again });
      if (error) throw new GodwitError(error.code, error.message, error);
      return summary;
    } finally {
      await migrator.close();
    }
  };
}
