import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/index.ts';
import type { BackfillSpec } from '../../src/ports/backfill-spec.ts';
import { rounds } from '../support/rounds.ts';
import { type BackfillDatabase, mongodb, postgres } from './backfill-databases.ts';
import { peopleMigrator } from './backfill-undo-work.ts';
import { killAtRandom } from './backfill-workers.ts';

const TOUCHED_MEANWHILE = 7;
const phoneAfter = (phone: string): string => `+1${phone}`;

describe.each([
  ['mongodb', mongodb],
  ['postgres', postgres],
] as const)('what people write instead, and a backfill, on %s', (name, start) => {
  let database: BackfillDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  describe('the application writes between read and write', () => {
    const late = '0777777';

    it('is overwritten by reading, computing and writing back', async () => {
      const url = await database.create(20);
      const read = await database.rows(url);
      await database.setPhone(url, TOUCHED_MEANWHILE, late);
      for (const { id, phone } of read) await database.setPhone(url, id, phoneAfter(phone));
      const row = (await database.rows(url)).find(({ id }) => id === TOUCHED_MEANWHILE);
      expect(row?.phone).not.toBe(phoneAfter(late));
    });

    it('is kept, and changed, by a backfill', async () => {
      const url = await database.create(20);
      let written = false;
      const spec = {
        ...database.target,
        name: 'phones',
        transform: async ({ phone, ...row }: { id?: number; _id?: number; phone: string }) => {
          if ((row.id ?? row._id) === TOUCHED_MEANWHILE && !written) {
            written = true;
            await database.setPhone(url, TOUCHED_MEANWHILE, late);
          }
          return { phone: phoneAfter(phone) };
        },
      } as BackfillSpec;
      const migrator = createMigrator({ url, config: false, backfills: [spec] });
      const { summary } = await migrator.backfill.run('phones');
      await migrator.close();
      expect(summary).toMatchObject({ state: 'complete', changed: 20, conflicts: 1 });
      const row = (await database.rows(url)).find(({ id }) => id === TOUCHED_MEANWHILE);
      expect(row?.phone).toBe(phoneAfter(late));
    });
  });

  it('an undo that is killed again and again gives back exactly what was', async () => {
    for (let round = 0; round < rounds(1, 15); round++) {
      const url = await database.create(12_000);
      const before = await database.rows(url);
      const migrator = peopleMigrator(name, { url });
      const { summary } = await migrator.backfill.run('people');
      expect(summary).toMatchObject({ state: 'complete', changed: before.length });
      await database.setPhone(url, TOUCHED_MEANWHILE, 'by hand');
      const hand = (await database.rows(url))[TOUCHED_MEANWHILE - 1];
      const work = { database: name, mode: 'undo', url };
      const killed = await killAtRandom(work, { workers: 1, kills: 2, withinMs: 60 });
      expect(killed).toBeGreaterThan(0);
      const expected = before.map((row) => (row.id === TOUCHED_MEANWHILE ? hand : row));
      expect(await database.rows(url)).toEqual(expected);
      expect((await migrator.backfill.status('people')).backfill.state).toBe('undone');
      await migrator.close();
    }
  });
});
