import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSettings, type SettingsRequest } from '../../../src/config/index.ts';
import { project } from './project.ts';

const URL = 'postgres://h/shop';
const resolveIn = (root: string, request: Partial<SettingsRequest> = {}) =>
  resolveSettings({ root, overrides: {}, processEnv: {}, ...request });

describe('where a config may stand', () => {
  const js = `{ url: '${URL}', dir: 'db' }`;
  it.each([
    ['godwit.config.ts', `const c: { url: string; dir: string } = ${js};\nexport default c;`],
    ['godwit.config.mts', `export default async ({ env }: { env: object }) => (${js});`],
    ['godwit.config.js', `module.exports = ${js};`],
    ['godwit.config.mjs', `export default Promise.resolve(${js});`],
    ['godwit.config.cjs', `module.exports = () => (${js});`],
    ['godwit.config.json', JSON.stringify({ url: URL, dir: 'db' })],
    ['package.json', JSON.stringify({ name: 'x', godwit: { url: URL, dir: 'db' } })],
  ])('%s', async (name, text) => {
    const root = await project({ [name]: text, 'a/b/x.txt': '' });
    const settings = await resolveIn(join(root, 'a/b'));
    expect(settings).toMatchObject({
      url: URL,
      urlFrom: 'config',
      driver: 'postgres',
      root,
      configFile: join(root, name),
      dirs: [join(root, 'db')],
    });
  });

  it('takes defineConfig from godwit itself, also where godwit is not installed', async () => {
    const text = `import { defineConfig } from 'godwit/config-test-missing';\nexport default defineConfig({});`;
    const root = await project({ 'godwit.config.ts': text });
    await expect(resolveIn(root)).rejects.toMatchObject({ code: 'GODWIT_CONFIG_UNREADABLE' });
  });

  it('does not look beyond the repository', async () => {
    const root = await project({ 'godwit.config.json': '{}', 'inner/.git/HEAD': '' });
    const settings = await resolveIn(join(root, 'inner'), {
      overrides: {},
      processEnv: { DATABASE_URL: URL },
    });
    expect(settings).toMatchObject({ configFile: undefined, root: join(root, 'inner') });
  });

  it('refuses two in one folder, and names them', async () => {
    const root = await project({
      'godwit.config.json': '{}',
      'godwit.config.mjs': '',
      'package.json': '{"godwit":{}}',
    });
    await expect(resolveIn(root)).rejects.toMatchObject({
      code: 'GODWIT_CONFIG_INVALID',
      message: expect.stringMatching(/godwit\.config\.mjs, godwit\.config\.json, package\.json/),
    });
  });

  it('reads the one that is named, or none', async () => {
    const root = await project({
      'other.json': `{"url":"${URL}"}`,
      'godwit.config.json': '{"bad":1}',
    });
    expect((await resolveIn(root, { config: 'other.json' })).configFile).toBe(
      join(root, 'other.json'),
    );
    expect(
      (await resolveIn(root, { config: false, processEnv: { DATABASE_URL: URL } })).configFile,
    ).toBe(undefined);
    await expect(resolveIn(root, { config: 'no.json' })).rejects.toMatchObject({
      code: 'GODWIT_CONFIG_UNREADABLE',
    });
  });
});

describe('what is wrong', () => {
  it('is listed in one error', async () => {
    const root = await project({
      'godwit.config.json': JSON.stringify({
        drvier: 'postgres',
        dir: 5,
        lockTimeoutMs: '60s',
        outOfOrder: 'wran',
        mirror: 'migrationHistroy',
        tls: { caFile: 1, ca: 'x' },
        env: ['A', 2],
        databases: { main: { url: 3, databases: {} }, other: 'x' },
      }),
    });
    const error = await resolveIn(root, { database: 'mian' }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'GODWIT_CONFIG_INVALID' });
    expect((error as Error).message).toMatchInlineSnapshot(`
      "12 things are wrong with the configuration:
        - drvier is not a known key. Did you mean "driver"?
        - dir must be a text or a list of texts, not 5
        - lockTimeoutMs must be a number of milliseconds from 0, not "60s"
        - outOfOrder must be one of "warn", "refuse", "allow", not "wran". Did you mean "warn"?
        - tls.caFile must be a text, not 1
        - tls.ca is not a known key
        - env[1] must be a text, not 2
        - databases.main.url must be a text or a function, not 3
        - databases.main.databases is not a known key
        - databases.other must be an object, not "x"
        - mirror "migrationHistroy" is not known; known: migrationHistory, migrations, or describe one as an object. Did you mean "migrationHistory"?
        - There is no database "mian"; known: main, other. Did you mean "main"?"
    `);
  });

  it.each([
    ['godwit.config.json', '{\n  "url": 1,\n}', 3],
    ['godwit.config.mjs', '\nexport default {\n  a: ;\n};', 3],
    ['godwit.config.ts', '\nexport default {\n  a: ;\n};', 3],
    ['godwit.config.cjs', '\n\nthrow new Error("oh");', 3],
    ['godwit.config.ts', '\n\nthrow new Error("oh");', 3],
  ])('%s that cannot be read names file and line', async (name, text, line) => {
    const root = await project({ [name]: text });
    await expect(resolveIn(root)).rejects.toMatchObject({
      code: 'GODWIT_CONFIG_UNREADABLE',
      where: { file: join(root, name), line },
    });
  });

  it('an unknown database is told with what is known', async () => {
    const root = await project({ 'godwit.config.json': '{"databases":{"main":{},"audit":{}}}' });
    await expect(resolveIn(root, { database: 'adit' })).rejects.toMatchObject({
      code: 'GODWIT_DATABASE_UNKNOWN',
      message: expect.stringMatching(/Did you mean "audit"/),
    });
    await expect(resolveIn(root)).rejects.toMatchObject({ code: 'GODWIT_DATABASE_UNKNOWN' });
  });
});

describe('defaults', () => {
  it('are complete', async () => {
    const root = await project();
    expect(await resolveIn(root, { processEnv: { DATABASE_URL: URL } })).toEqual({
      root,
      configFile: undefined,
      name: 'default',
      driver: 'postgres',
      url: URL,
      urlFrom: 'DATABASE_URL',
      client: undefined,
      dirs: [join(root, 'migrations')],
      definitionDirs: [],
      backup: {
        mode: 'none',
        dir: join(root, 'backup', 'migrations'),
        keep: {},
        only: undefined,
        pgDump: undefined,
        compression: 'gzip',
        consistency: 'any',
      },
      backfillDir: join(root, 'backfills'),
      modelsDir: join(root, 'models'),
      collectionsDir: join(root, 'collections'),
      sync: {
        ...{ onUp: false, rebuild: false, hideForMs: 0, drop: true },
        ...{ ignore: [], validators: false },
      },
      migrations: [],
      seedDir: join(root, 'seeds'),
      seeds: [],
      seedMirror: {
        name: 'seeds',
        kind: 'seed',
        create: 'always',
        shape: {
          key: { field: 'name', value: 'id' },
          appliedAt: 'appliedAt',
          status: 'status',
          description: 'description',
        },
      },
      seedMirrorAsked: false,
      resettable: [],
      resetSchemas: ['public'],
      format: 'auto',
      mirrors: [],
      store: { schema: 'godwit', prefix: 'godwit_' },
      role: undefined,
      tls: undefined,
      lock: 'auto',
      lockTimeoutMs: 60_000,
      lockLeaseMs: 15_000,
      connectTimeoutMs: 4_000,
      statementLockTimeoutMs: 5_000,
      statementTimeoutMs: 0,
      lockRetries: 5,
      outOfOrder: 'warn',
      variables: {},
      substituteVariables: false,
      hooks: {},
      singleTransaction: false,
      checksDir: join(root, 'checks'),
      checks: {},
      lint: { rules: {}, idempotent: false, squawk: true, secretlint: true },
      expectations: [],
      exposedSchemas: undefined,
      publicIds: {},
      validateAfter: false,
      environment: 'development',
      production: false,
      protectedBy: undefined,
      versions: undefined,
      language: undefined,
    });
  });

  it('flags win over the database, which wins over the top', async () => {
    const root = await project({
      'sub/x': '',
      'godwit.config.json': JSON.stringify({
        env: ['TOP_URL'],
        lockRetries: 1,
        lockLeaseMs: 1,
        store: { schema: 'ops' },
        tls: { caFile: 'ca.pem' },
        databases: { main: { url: URL, lockLeaseMs: 2, lockTimeoutMs: 2 } },
      }),
    });
    const settings = await resolveIn(join(root, 'sub'), {
      overrides: { lockTimeoutMs: 3, dir: 'here', store: { prefix: 'x_' }, outOfOrder: undefined },
    });
    expect(settings).toMatchObject({
      name: 'main',
      url: URL,
      lockRetries: 1,
      lockLeaseMs: 2,
      lockTimeoutMs: 3,
      store: { schema: 'ops', prefix: 'x_' },
      tls: { caFile: join(root, 'ca.pem') },
      dirs: [join(root, 'sub/here')],
      outOfOrder: 'warn',
    });
  });

  it('production is known by the environment', async () => {
    const root = await project();
    const env = { DATABASE_URL: URL, NODE_ENV: 'production' };
    expect((await resolveIn(root, { processEnv: env })).production).toBe(true);
    expect(
      (await resolveIn(root, { processEnv: { ...env, GODWIT_ENV: 'staging' } })).production,
    ).toBe(false);
    expect((await resolveIn(root, { processEnv: env, environment: 'test' })).production).toBe(
      false,
    );
  });
});

describe('.env', () => {
  it('fills in and never overrides', async () => {
    const root = await project({
      '.env': 'A_URL=postgres://dotenv/a\nB_URL=postgres://dotenv/b\n',
      'godwit.config.mjs': `export default ({ env }) => ({ env: ['B_URL', 'A_URL'], role: env.A_URL })`,
    });
    expect((await resolveIn(root)).url).toBe('postgres://dotenv/b');
    const settings = await resolveIn(root, { processEnv: { B_URL: 'postgres://real/b' } });
    expect(settings).toMatchObject({
      url: 'postgres://real/b',
      urlFrom: 'B_URL',
      role: 'postgres://dotenv/a',
    });
  });

  it('is another file where the config says so', async () => {
    const root = await project({
      '.env': 'U=postgres://wrong/a',
      'my.env': 'U=postgres://right/a',
      'godwit.config.json': '{"env":["U"],"envFiles":["my.env"]}',
    });
    expect((await resolveIn(root)).url).toBe('postgres://right/a');
  });
});

describe('mirror', () => {
  const spec = {
    name: 'changelog',
    create: 'always',
    shape: { key: { field: 'v', value: 'version' } },
  } as const;

  it('is known by name, or described', async () => {
    const root = await project();
    const named = await resolveIn(root, {
      overrides: { url: 'mongodb://h/a', mirror: 'migrationHistory' },
    });
    expect(named.mirrors).toMatchObject([{ name: 'migrationHistory', create: 'existing' }]);
    expect((await resolveIn(root, { overrides: { url: URL, mirror: spec } })).mirrors).toEqual([
      spec,
    ]);
    expect((await resolveIn(root, { overrides: { url: URL, mirror: false } })).mirrors).toEqual([]);
  });
});
