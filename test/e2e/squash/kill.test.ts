import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusReport } from '../../../src/app/reports.ts';
import type { SquashReport } from '../../../src/app/schema/types.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { godwit } from '../../cli/terminal.ts';
import { among } from '../../support/rounds.ts';
import { runCli } from '../support/cli.ts';
import { createFolder } from '../support/folder.ts';

const PRELOAD = fileURLToPath(new URL('kill-at.cjs', import.meta.url));
const FILES = {
  'migrations/001_a.sql': 'create table a (id int);\n',
  'migrations/001_a.down.sql': 'drop table a;\n',
  'migrations/002_b.sql': 'create table b (id int);\n',
};
/** The intent (2), three files, the baseline (2), the end of the intent; and none of them. */
const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('squash that is killed', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it.each(among(STEPS, () => [2, 3, 5, 8]))(
    'before step %i is finished by another, and nothing runs meanwhile',
    async (step) => {
      const url = await server.createDatabase();
      const folder = await createFolder(FILES);
      const migrations = join(folder.path, 'migrations');
      const play = (line: string) =>
        godwit([...line.split(' '), '--url', url], { cwd: folder.path });
      try {
        expect((await play('up')).code).toBe(0);
        const killed = await runCli(['squash', '--yes', '--url', url], {
          cwd: folder.path,
          env: { NODE_OPTIONS: `--require=${PRELOAD}`, KILL_AT: String(step) },
        });
        expect(killed.signal).toBe(step < 9 ? 'SIGKILL' : null);
        const begun = (await readdir(migrations)).includes('.002_baseline.godwit-squash');
        expect(begun).toBe(step > 2 && step < 9);
        if (begun) {
          const status = (await play('status --json')).json<StatusReport>();
          expect(status.problems.map(({ code }) => code)).toContain('GODWIT_SQUASH_UNFINISHED');
          const refused = await play('up --json');
          expect(refused.code).toBe(5);
          expect(refused.out).toContain('godwit squash');
        }
        if (step < 9) {
          const again = (await play('squash --yes --json')).json<SquashReport>();
          expect(again).toMatchObject({ id: '002_baseline', recorded: true });
          expect(again.warnings.join().includes('begun before')).toBe(begun);
        }
        const shown = (await readdir(migrations)).filter((name) => !name.endsWith('.godwit-new'));
        expect(shown.sort()).toEqual(['.squashed', '002_baseline.sql']);
        expect((await readdir(join(migrations, '.squashed/002_baseline'))).length).toBe(3);
        const text = await readFile(join(migrations, '002_baseline.sql'), 'utf8');
        expect(text).toContain('-- replaces: 001_a, 002_b');
        const status = (await play('status --json')).json<StatusReport>();
        expect([status.summary.applied, status.problems]).toEqual([1, []]);
      } finally {
        await folder.remove();
      }
    },
  );
});
