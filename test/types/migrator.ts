// Checked by tsc, never run: the library as a program writes it.
import type { Db, MongoClient } from 'mongodb';
import { createMigrator, GodwitError, MigrationRunner } from '../../src/index.ts';

export async function library(): Promise<void> {
  const migrator = createMigrator({ url: 'postgres://localhost/shop', dir: ['a', 'b'] });
  migrator.on((event) => {
    if (event.type === 'run.ended') console.log(event.id, event.outcome.status);
    // @ts-expect-error only some events are about a migration
    console.log(event.outcome);
  });
  const { runs, summary, error } = await migrator.up({ to: '5', plan: 'f' });
  const code: string | undefined = error?.code ?? runs[0]?.error?.code;
  const remaining: number = summary.remaining;
  const ready: boolean = await migrator.isAtLeast(4);
  console.log(code, remaining, ready);
  // @ts-expect-error there are two states that a person can give
  await migrator.mark('1', 'failed');
  // @ts-expect-error a client or a URL, not a connection
  createMigrator({ connection: 'postgres://localhost/shop' });
  createMigrator({ migrations: [{ id: '1_a', up: ({ db }) => db.collection('a').drop() }] });
}

export async function runner(): Promise<void> {
  const plain = new MigrationRunner(process.env['MONGODB_URI'], { dir: 'server/migrations' });
  await plain.up(5);
  await plain.up(null);
  await plain.down();
  await plain.db.collection('users').findOne();
  const typed = new MigrationRunner<MongoClient, Db>('mongodb://localhost/shop');
  const name: string | undefined = typed.db?.databaseName;
  // @ts-expect-error the URL is the first argument
  const second = new MigrationRunner('mongodb://localhost/shop', { url: 'mongodb://other' });
  console.log(name, second);
}

export function branch(error: unknown): boolean {
  // @ts-expect-error codes are a closed list
  if (error instanceof GodwitError && error.code === 'GODWIT_NOTHING') return false;
  return error instanceof GodwitError && error.code === 'GODWIT_LOCK_HELD';
}
