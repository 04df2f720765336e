import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { among } from '../../support/rounds.ts';
import { ask, askAs, CORE, count, everything, LAYLA, look, STRANGER } from './database.ts';
import {
  APPLY,
  BACKFILL,
  DRY_RUN,
  FILES,
  MANUAL_ROLLBACK,
  RESTORE,
  VALIDATE,
  VARIABLES,
} from './guide.ts';
import { installMoeen, type Moeen } from './project.ts';

// Many commands each, beside whatever else the machine does.
vi.setConfig({ testTimeout: 180_000 });

let installed: Moeen;

beforeAll(async () => {
  installed = await installMoeen();
});

afterAll(() => installed?.remove());

const VERSIONS = [
  ['PostgreSQL 18', 'embedded'],
  ['PostgreSQL 15', 'system'],
] as const;

// Thirteen validations for each `up` take their time; the older server has the soak.
describe.each(among<(typeof VERSIONS)[number]>(VERSIONS, ([first]) => (first ? [first] : [])))(
  'the commands of the guide on %s',
  (_name, version) => {
    let server: TestPostgres;
    let project: Moeen;
    let url: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      [server, project] = await Promise.all([startPostgres({ version }), installed.copy()]);
      url = await server.createDatabase('moeen_db');
      env = { ...VARIABLES, DATABASE_URL: url };
    });

    afterAll(async () => {
      await project?.remove();
      await server?.stop();
    });

    const type = (command: string) => project.typeWell(command, env);
    const summary = async () => JSON.parse(await type('npx godwit status --json')).summary;

    it('apply-migrations.sh alone arrives on an empty database', async () => {
      const typed = await project.typeWell(APPLY.replace('postgresql://...', url));
      for (const file of FILES) expect(typed).toContain(`✓ ${file.replace('.sql', '')}`);
      expect(typed).toContain('✅ The schema is valid');
      expect(await summary()).toMatchObject({ applied: 13, pending: 0, failed: 0 });

      const legacy = await ask(
        url,
        'select public_id from appointments where public_id is not null order by 1',
      );
      expect(legacy.map(({ public_id }) => public_id)).toEqual([
        'apt_ckq4w1x8e0000mz6h2f7d9t5a',
        'apt_ckq4w2b3s0001mz6hv0c8k4wn',
      ]);
      const [{ valid } = {}] = await ask(url, 'select bool_and(indisvalid) as valid from pg_index');
      expect(valid).toBe(true);
    });

    it('what it did is in the logs, under one id', async () => {
      expect((await readdir(join(project.path, 'logs'))).sort()).toEqual([
        'migration.log',
        'validation.log',
      ]);
      const ids = new Set<string>();
      for (const file of ['migration.log', 'validation.log']) {
        const text = await readFile(join(project.path, 'logs', file), 'utf8');
        for (const line of text.trimEnd().split('\n')) ids.add(JSON.parse(line).runId);
      }
      expect(ids.size).toBe(1);
    });

    it('everything twice changes nothing', async () => {
      const before = await look(project, url);
      const backups = await readdir(join(project.path, 'backup/migrations'));
      expect(await type('./scripts/apply-migrations.sh')).toContain('The schema is valid');
      expect(await readdir(join(project.path, 'backup/migrations'))).toEqual(backups);
      // Each file once more by hand: what IF NOT EXISTS promises.
      const files = ['base/000_platform.sql', ...FILES.map((file) => `migrations/${file}`)];
      const all = files.map((file) => `-f ${file}`).join(' ');
      await type(`psql -q -v ON_ERROR_STOP=1 ${all} $DATABASE_URL`);
      expect(await look(project, url)).toEqual(before);
    });

    it('the way back and up again leaves no difference', async () => {
      await type('npx godwit schema dump --file before.sql');
      const down = await type('npx godwit down --to 000 --yes --no-backup --json');
      expect(JSON.parse(down).summary).toMatchObject({ reverted: 12, failed: 0 });
      expect((await everything(url)).length).toBe(11);
      await type('npx godwit up --yes --no-backup');
      await type('npx godwit schema diff --from before.sql --check');
    });

    it('the role probes notice a hole', async () => {
      await ask(
        url,
        'grant select on patients to anon; create policy hole on patients to anon using (true)',
      );
      const { code, stdout } = await project.type(VALIDATE, env);
      expect(code).toBe(1);
      expect(stdout).toMatch(/❌ Expected: anon cannot select patients\. But .*"hole"/);
      await ask(url, 'revoke select on patients from anon; drop policy hole on patients');
      expect(await type(VALIDATE)).toContain('✅ The schema is valid');
    });

    it('the policies let people see what is theirs', async () => {
      await ask(
        url,
        `insert into conversations (id, public_id, patient_id, status, closed_at)
       select gen_random_uuid(), 'cnv_' || s, id, s, case s when 'closed' then now() end
       from patients, unnest('{open,closed}'::text[]) s where user_id = '${LAYLA}'`,
      );
      const write = (status: string) =>
        `insert into messages (public_id, conversation_id, direction, body)
       select 'msg_probe', id, 'in', 'Hello' from conversations where status = '${status}' returning body`;
      expect(await askAs(url, LAYLA, write('open'))).toEqual([{ body: 'Hello' }]);
      await expect(askAs(url, LAYLA, write('closed'))).rejects.toThrow('row-level security');
      expect(await askAs(url, STRANGER, write('open'))).toEqual([]);
      const see = 'select full_name from patients';
      expect(await askAs(url, LAYLA, see)).toEqual([{ full_name: 'Layla Haddad' }]);
      expect(await askAs(url, STRANGER, see)).toEqual([]);
      await expect(askAs(url, LAYLA, 'update notifications set title = title')).rejects.toThrow(
        'permission denied',
      );
    });

    it('the backfill: dry, killed in the middle, and to its end', async () => {
      await ask(
        url,
        "insert into patients (full_name) select 'Patient ' || n from generate_series(1, 8000) n",
      );
      const before = await everything(url);
      expect(await type(DRY_RUN)).toContain('⏳ patients: 8003 to fill');
      expect(await everything(url)).toEqual(before);

      const begun = project.start(BACKFILL, env);
      const filled = 'patients where public_id is not null';
      while ((await count(url, filled)) === 0) await sleep(20);
      await begun.end('SIGKILL');
      const kept = await ask(url, `select id, public_id from ${filled}`);
      expect(kept.length).toBeLessThan(8_003);

      await type(BACKFILL);
      const now = await ask(url, 'select id, public_id from patients');
      const ids = new Map(now.map(({ id, public_id }) => [id, public_id]));
      for (const { id, public_id } of kept) expect(ids.get(id)).toBe(public_id);
      expect(new Set(ids.values()).size).toBe(8_003);
      // Enough to be killed among; what follows looks at all that there is, row by row.
      await ask(url, "delete from patients where full_name ~ '^Patient [0-9]{4,}'");
      for (const table of CORE) {
        await expect(ask(url, `update ${table} set public_id = null`)).rejects.toThrow('not-null');
      }
      const logged = await readFile(join(project.path, 'logs/backfill.log'), 'utf8');
      expect(logged).toContain('patients');

      const after = await everything(url);
      expect(await type(BACKFILL)).toContain('✅ 0 public ids given');
      expect(await everything(url)).toEqual(after);
      expect(await type(VALIDATE)).toContain('✅ The schema is valid (0 warning(s))');
    });

    it('npm run build and npm run dev: the application sees the database', async () => {
      await type('npm run build');
      const app = project.start('npm run dev', { ...env, PORT: '0' });
      try {
        const port = await app.port();
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect(await answer.json()).toEqual({
          'clinic.languages': ['ar', 'en'],
          'clinic.name': 'Moeen',
        });
      } finally {
        await app.end('SIGTERM');
      }
    });

    it('a restore by psql brings back exactly what was there', async () => {
      await type('npx godwit down --to 012 --yes --no-backup --no-validate');
      const before = await look(project, url);
      expect(await type('./scripts/apply-migrations.sh')).toContain('✓ backup');
      await ask(
        url,
        "delete from patients where full_name like 'Patient 1%'; create table later ()",
      );
      // Half-way: what the guide shows was done by hand, and one file was taken back.
      await ask(url, MANUAL_ROLLBACK);
      await type('npx godwit down --yes --no-backup --no-validate');

      await type(RESTORE);
      expect(await look(project, url)).toEqual(before);
      expect(await summary()).toMatchObject({ applied: 8, pending: 5 });
      expect(await type('./scripts/apply-migrations.sh')).toContain('✅ The schema is valid');
    });
  },
);
