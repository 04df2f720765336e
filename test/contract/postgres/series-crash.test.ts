import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';

const SMALL = 40;
const SLOW = SMALL + 1;
const id = (n: number): string => `${String(n).padStart(3, '0')}_m`;

/** Only the last commit of a message waits for the disk: a crash may take the others away. */
describe('a server that crashes while a message is under way', () => {
  let server: TestPostgres;
  let folder: TestFolder;
  let url: string;

  beforeAll(async () => {
    server = await startPostgres({ fsync: true });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    folder = await createFolder();
    const files = Array.from({ length: SMALL }, (_, i) => [
      `migrations/${id(i + 1)}.sql`,
      `create table t_${i + 1} (id int);`,
    ]);
    await folder.write({
      ...Object.fromEntries(files),
      [`migrations/${id(SLOW)}.sql`]: 'select pg_sleep(5);',
    });
    // Else the server's own writer would have brought some to the disk by then.
    await ask('alter system set wal_writer_delay = 10000');
    await ask('select pg_reload_conf()');
  });
  afterEach(() => folder.remove());

  async function ask(sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('reports nothing as applied that is not there', async () => {
    const migrator = createMigrator({ url, root: folder.path });
    let announced = 0;
    migrator.on((event) => {
      if (event.type === 'run.ended') announced += 1;
      if (event.type === 'run.started' && event.id === id(SLOW)) void crash();
    });
    const report = await migrator.up();
    await migrator.close();
    expect(announced).toBeGreaterThanOrEqual(SMALL);
    // How many had reached the disk is the server's affair.
    const rows = await ask("select id from godwit.history where status = 'applied' order by seq");
    const applied = rows.map((row) => row['id']);
    expect(applied.length).toBeLessThan(SLOW);
    expect(await tables()).toHaveLength(applied.length);
    const told = report.runs.filter((run) => run.status === 'applied').map((run) => run.id);
    expect(applied).toEqual(expect.arrayContaining(told));
    // While the server recovers, whether it committed may not be known, and that is said.
    const unknown = report.runs.filter((run) => run.error?.code === 'GODWIT_COMMIT_UNKNOWN');
    const rest = applied.filter((one) => !told.includes(String(one)));
    expect(unknown.map((run) => run.id)).toEqual(expect.arrayContaining(rest));

    await folder.write({ [`migrations/${id(SLOW)}.sql`]: 'select 1;' });
    const again = createMigrator({ url, root: folder.path });
    const pending = SLOW - applied.length;
    expect((await again.up()).summary).toMatchObject({ applied: pending, failed: 0, remaining: 0 });
    await again.close();
    expect(await tables()).toHaveLength(SMALL);
  });

  const tables = () => ask("select 1 from pg_tables where tablename like 't\\_%'");

  /** The server treats a backend that was killed as a crash of its own, and recovers. */
  async function crash(): Promise<void> {
    const [backend] = await ask(
      `select pid from pg_stat_activity
       where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`,
    );
    process.kill(Number(backend?.['pid']), 'SIGKILL');
  }
});
