import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../src/config/embedded.ts';
import { findMongod } from '../../src/testing/mongod-binary.ts';

let root: string;
let env: Record<string, string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'godwit-embedded-'));
  env = { MONGOMS_SYSTEM_BINARY: await findMongod() };
}, 120_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the embedded MongoDB', () => {
  it('keeps its data, takes transactions, and is ignored by git', async () => {
    for (const round of [1, 2]) {
      const embedded = await startEmbedded({ root, url: 'embedded:mongodb' }, env);
      expect(embedded?.url).toMatch(/^mongodb:\/\/127\.0\.0\.1:/);
      const client = new MongoClient(embedded?.url ?? '');
      const visits = client.db().collection('visits');
      await client.withSession((session) =>
        session.withTransaction(() => visits.insertOne({ round }, { session })),
      );
      expect(await visits.countDocuments()).toBe(round);
      await client.close();
      await embedded?.close();
      await embedded?.close();
    }
    expect(await readFile(join(root, '.godwit/.gitignore'), 'utf8')).toBe('*\n');
  }, 60_000);

  it('says so when another process has it', async () => {
    const first = await startEmbedded({ root, url: 'embedded:mongodb' }, env);
    await expect(startEmbedded({ root, url: 'embedded:mongodb' }, env)).rejects.toMatchObject({
      code: 'GODWIT_CONNECT_FAILED',
      message: expect.stringMatching(/in use/),
    });
    await first?.close();
  }, 60_000);

  it('is for its own URL only', async () => {
    expect(await startEmbedded({ root, url: 'mongodb://h/d' }, env)).toBeUndefined();
  });
});
