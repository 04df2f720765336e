import type { Migrator } from '../../app/types.ts';
import type { BackfillControl } from '../../ports/backfill-ledger.ts';
import type { Context } from '../context.ts';
import { plural } from '../render/measures.ts';

interface Options {
  readonly redis?: string | undefined;
  readonly queue?: string | undefined;
  readonly chunk?: number | undefined;
}

/** Does the work, shared with the workers of other machines where a Redis is named. */
export async function whilePublishing<T>(
  { view, stops }: Context,
  migrator: Migrator,
  { redis, queue, chunk }: Options,
  given: BackfillControl | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const settings = await migrator.settings();
  const named = redis ?? settings.redis;
  // A variable of the environment is meant for the databases that it can be used with.
  const alone = redis === undefined && settings.driver === 'pglite';
  if (named === undefined || alone) return work();
  const { publishBackfills } = await import('../../distribution/index.ts');
  // The definition that workers load knows nothing of this run's options.
  const control = { ...given, ...(chunk !== undefined && { chunk }) };
  const publishing = await publishBackfills(migrator, { redis, queue, control, on: view.events() });
  try {
    const result = await work();
    const others = publishing.workers;
    if (stops().signal.aborted && others > 0) {
      view.say(
        `  ${plural(others, 'worker')} may go on with it. To rest them: godwit backfill pause NAME\n`,
      );
    }
    return result;
  } finally {
    await publishing.close();
  }
}
