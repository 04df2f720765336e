import type { MigratorOptions } from '../../src/app/options.ts';
import { createMigrator, type Migrator } from '../../src/index.ts';
import type { BackfillSpec } from '../../src/ports/backfill-spec.ts';

/** Changes everything that a person has, so that a row that is missed or done twice shows. */
export function peopleBackfill(database: string): BackfillSpec {
  return {
    ...(database === 'mongodb' ? { collection: 'people' } : { table: 'people' }),
    name: 'people',
    backup: 'touched',
    transform: ({ n, phone }: { n: number; phone: string }) => ({
      n: n + 1,
      phone: `+1${phone}`,
    }),
  } as BackfillSpec;
}

export function peopleMigrator(
  database: string,
  how: Pick<MigratorOptions, 'url' | 'client'>,
): Migrator {
  const backfills = [peopleBackfill(database)];
  return createMigrator({ ...how, root: import.meta.dirname, config: false, backfills });
}

/** `godwit backfill run people`, in chunks so small that it can be killed between them. */
export async function runPeople(
  database: string,
  url: string,
  onChunk: () => unknown,
): Promise<void> {
  const migrator = peopleMigrator(database, { url });
  migrator.on(({ type }) => {
    if (type === 'backfill.progress') onChunk();
  });
  await migrator.backfill.run('people', { chunk: 50, control: { maxRate: 4_000 } });
  await migrator.close();
}

/** `godwit backfill undo people`. */
export async function undoPeople(
  database: string,
  url: string,
  onBatch: () => unknown,
): Promise<void> {
  const migrator = peopleMigrator(database, { url });
  migrator.on(({ type }) => {
    if (type === 'run.log') onBatch();
  });
  await migrator.backfill.undo('people');
  await migrator.close();
}
