import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

const WHERE = "'mongodb://app:hunter2url@db/shop'";
const FILES = {
  'migrations/001_result.mjs': `export const up = (...given) => {
  given.at(-1).log(process.env.GODWIT_TEST_API_KEY ?? 'key hunter2env');
  return { note: 'kept', url: ${WHERE}, list: [{ key: 'hunter2env' }], at: new Date(0), n: 5 };
};\n`,
  'migrations/002_error.mjs': `const token = "hunter2file";
export const up = () => { throw new Error('cannot reach ' + ${WHERE} + ' with hunter2' + 'env'); };\n`,
  'godwit.config.mjs': "export default { logs: { dir: 'logs' } };\n",
};

describe.each([
  ['MongoDB', () => startMongod({ replicaSet: false }), 'databaseUrl'],
  ['PostgreSQL', startPostgres, 'createDatabase'],
] as const)('code on %s', (_name, start, make) => {
  let server: Awaited<ReturnType<typeof start>>;
  let url: string;
  beforeAll(async () => {
    server = await start();
    url = (await (server as unknown as Record<string, () => string | Promise<string>>)[
      make
    ]?.()) as string;
  });
  afterAll(() => server.stop());

  it('tells no secrets to history, JSON, terminal and logs', async () => {
    const cwd = await project(FILES);
    const env = { APP_API_KEY: 'hunter2env' };
    const play = (line: string) => godwit([...line.split(' '), '--url', url], { cwd, env });
    const up = await play('up --json');
    expect(up.json()).toMatchObject({
      runs: [
        {
          result: { note: 'kept', url: 'mongodb://app:***@db/shop', list: [{ key: '***' }], n: 5 },
        },
        { error: { message: 'cannot reach mongodb://app:***@db/shop with ***' } },
      ],
    });
    const again = await play('up');
    const all = [up, again, await play('history --json')];
    expect(again.out + again.err).toContain("token = '***'");
    const texts = all.flatMap(({ out, err }) => [out, err]);
    const logs = join(cwd, 'logs');
    for (const name of await readdir(logs)) texts.push(await readFile(join(logs, name), 'utf8'));
    expect(texts.join('\n')).not.toMatch(/hunter2(env|url|file)/);
  });
});
