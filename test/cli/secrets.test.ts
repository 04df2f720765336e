import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

it.each(['', ' --single-transaction'])(
  'passwords of SQL stay out of history and JSON: up%s',
  async (how) => {
    const cwd = await project({
      'migrations/001_role.sql': "alter role nobody_here password 'hunter2secret';\n",
      'godwit.config.mjs': `export default { variables: { APP_PASSWORD: 'hunter2secret' } };\n`,
    });
    const env = { DATABASE_URL: await server.createDatabase() };
    const play = (line: string) => godwit(line.split(' '), { cwd, env });
    const up = await play(`up --json${how}`);
    expect(up.json()).toMatchObject({
      runs: [{ error: { where: { statement: "alter role nobody_here password '***'" } } }],
    });
    await rm(join(cwd, 'migrations/001_role.sql'));
    // The value of a variable, where nothing says that it is a password.
    const text = "select 1;\nselect '${APP_PASSWORD}'::int;\n";
    await writeFile(join(cwd, 'migrations/002_cast.sql'), text);
    expect((await play(`up${how}`)).code).toBe(1);
    const history = await play('history --json');
    expect(history.json().runs).toHaveLength(2);
    expect(history.out).toContain('APP_PASSWORD');
    expect(`${up.out}${history.out}`).not.toContain('hunter2');
  },
);
