import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../src/config/index.ts';
import type { GodwitConfig } from '../../../src/config/types.ts';
import { project } from './project.ts';

const MONGO = 'mongodb://m/app';
const PG = 'postgres://p/app';
const choose = (
  root: string,
  processEnv: Record<string, string>,
  config: GodwitConfig = {},
  overrides: GodwitConfig = {},
) =>
  resolveSettings({ root, config, overrides, processEnv }).then((settings) => ({
    ...settings,
    url: settings.url,
  }));

describe('what a project says', () => {
  it('is taken in its order', async () => {
    const root = await project();
    const config = {
      env: ['MONGODB_URI', 'MONGODB_LOCAL_URI'],
      defaultUrl: 'mongodb://127.0.0.1:27017/spark_therapy',
    };
    const both = { MONGODB_LOCAL_URI: 'mongodb://local/x', MONGODB_URI: MONGO, DATABASE_URL: PG };
    expect(await choose(root, both, config)).toMatchObject({ url: MONGO, urlFrom: 'MONGODB_URI' });
    expect(await choose(root, { MONGODB_LOCAL_URI: 'mongodb://local/x' }, config)).toMatchObject({
      urlFrom: 'MONGODB_LOCAL_URI',
    });
    expect(await choose(root, { MONGODB_URI: '' }, config)).toMatchObject({
      url: config.defaultUrl,
      urlFrom: 'default',
    });
    expect(await choose(root, both, config, { url: PG })).toMatchObject({
      url: PG,
      urlFrom: '--url',
    });
    expect(
      await choose(root, both, { ...config, url: async () => 'mongodb://fn/x' }),
    ).toMatchObject({
      url: 'mongodb://fn/x',
      urlFrom: 'config',
    });
  });

  it('is missed when none of its variables is set', async () => {
    const root = await project();
    await expect(choose(root, { DATABASE_URL: PG }, { env: ['A', 'B'] })).rejects.toMatchObject({
      code: 'GODWIT_URL_MISSING',
      message: expect.stringMatching(/None of A, B is set/),
    });
  });

  it('a function that fails does not show its secret', async () => {
    const root = await project();
    const url = () => {
      throw new TypeError('postgres://u:secret@h');
    };
    const error = await choose(root, {}, { url }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'GODWIT_URL_INVALID' });
    expect((error as Error).message).not.toContain('secret');
  });

  it('a driver that does not fit the URL is refused', async () => {
    const root = await project();
    await expect(choose(root, {}, { driver: 'postgres', url: MONGO })).rejects.toMatchObject({
      code: 'GODWIT_URL_INVALID',
    });
  });

  it('a client needs no URL', async () => {
    const root = await project();
    const client = { db() {}, startSession() {} };
    expect(await choose(root, { DATABASE_URL: PG }, { client })).toMatchObject({
      driver: 'mongodb',
      client,
      urlFrom: 'client',
    });
    expect(await choose(root, {}, {}, { client: { query() {}, connect() {} } })).toMatchObject({
      driver: 'postgres',
    });
    await expect(choose(root, {}, { client: {} })).rejects.toMatchObject({
      code: 'GODWIT_CONFIG_INVALID',
    });
  });
});

it('a URL that is missing is told only to those who ask', async () => {
  const root = await project({ 'migrations/001_a.sql': '' });
  const settings = await resolveSettings({
    root,
    config: { env: ['A'] },
    overrides: {},
    processEnv: {},
  });
  expect(settings.driver).toBe('postgres');
  expect(() => settings.url).toThrowError(/A is not set/);
});

describe('a project that says nothing', () => {
  const sql = { 'migrations/001_a.sql': 'SELECT 1;' };
  const code = { 'migrations/001_a.js': 'exports.up = (db) => db.collection("a").drop();' };
  const both = { DATABASE_URL: PG, MONGODB_URI: MONGO };

  it('takes the usual variables', async () => {
    const root = await project();
    expect(await choose(root, { MONGODB_URI: MONGO })).toMatchObject({
      url: MONGO,
      urlFrom: 'MONGODB_URI',
    });
    expect(await choose(root, { DATABASE_URL: MONGO })).toMatchObject({ driver: 'mongodb' });
    expect(await choose(root, { GODWIT_DATABASE_URL: PG, MONGODB_URI: MONGO })).toMatchObject({
      url: PG,
    });
  });

  it('the folder decides between two', async () => {
    expect(await choose(await project(sql), both)).toMatchObject({ url: PG });
    expect(await choose(await project(code), both)).toMatchObject({ url: MONGO });
    const packaged = await project({ 'package.json': '{"dependencies":{"mongoose":"9"}}' });
    expect(await choose(packaged, both)).toMatchObject({ url: MONGO });
    expect(await choose(packaged, both, {}, { driver: 'postgres' })).toMatchObject({ url: PG });
  });

  it('says so when nothing decides', async () => {
    await expect(choose(await project(), both)).rejects.toMatchObject({
      code: 'GODWIT_CONFIG_INVALID',
      message: expect.stringMatching(/DATABASE_URL and MONGODB_URI are both set/),
    });
  });

  it('reads the variables of libpq', async () => {
    const root = await project(sql);
    const env = {
      PGHOST: 'db',
      PGPORT: '5433',
      PGUSER: 'a b',
      PGPASSWORD: 's@c',
      PGDATABASE: 'shop',
    };
    expect(await choose(root, env)).toMatchObject({
      url: 'postgres://a%20b:s%40c@db:5433/shop',
      urlFrom: 'PG* variables',
    });
    expect(await choose(root, { PGHOST: '/run/pg', PGDATABASE: 'x' })).toMatchObject({
      url: 'postgres:///x?host=%2Frun%2Fpg',
    });
  });

  it('falls back to an embedded database, but never in production', async () => {
    const root = await project(sql);
    expect(await choose(root, {})).toMatchObject({
      driver: 'pglite',
      url: `pglite:${join(root, '.godwit/pglite')}`,
      urlFrom: 'embedded',
    });
    expect(await choose(await project(code), {})).toMatchObject({
      url: 'embedded:mongodb',
      driver: 'mongodb',
    });
    expect(await choose(await project(), {}, {}, { driver: 'pglite' })).toMatchObject({
      driver: 'pglite',
    });
    await expect(choose(await project(), {})).rejects.toMatchObject({ code: 'GODWIT_URL_MISSING' });
    await expect(choose(root, { NODE_ENV: 'production' })).rejects.toMatchObject({
      code: 'GODWIT_URL_MISSING',
    });
  });

  it('tells of a variable for a database it does not know', async () => {
    await expect(choose(await project(), { DATABASE_URL: 'mysql://h/d' })).rejects.toMatchObject({
      code: 'GODWIT_URL_INVALID',
    });
  });
});
