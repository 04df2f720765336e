import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../../src/drivers/postgres/snapshot/dump.ts';
import {
  hasSystemPostgres,
  startPostgres,
  type TestPostgres,
} from '../../../src/testing/postgres.ts';
import { connectTo, dump, fixture, load, openPglite } from './snapshot-kit.ts';

describe.each(['embedded', 'system'] as const)('a rich schema on the %s server', (version) => {
  let server: TestPostgres;
  beforeAll(async () => {
    if (version === 'system' && !hasSystemPostgres()) throw new Error('no system PostgreSQL');
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  it('comes back the same from its own dump, owners and rights included', async () => {
    const first = await connectTo(await server.createDatabase('one'));
    await load(first, await fixture('rich', ...(version === 'embedded' ? ['rich-18'] : [])));
    const schema = await readSchema(first);
    expect(schema.warnings).toEqual([]);
    expect(schema.roles).toEqual(['Snap Writer', 'postgres', 'snap_reader']);
    const text = await dump(first, { owners: true });
    const second = await connectTo(await server.createDatabase('two'));
    await load(second, text);
    expect(await dump(second, { owners: true })).toBe(text);
    // Loaded over itself: what is there is dropped first, what came since goes too.
    const recreated = await dump(first, { owners: true, recreate: true });
    await load(
      second,
      `create schema since; create table public.since (id int); drop table app.cache; ${recreated}`,
    );
    expect(await dump(second, { owners: true })).toBe(text);
    await first.close();
    await second.close();
  });
});

describe('a rich schema in PGlite', () => {
  it('comes back the same from its own dump', async () => {
    const database = await openPglite();
    await load(database, await fixture('rich', 'rich-18'));
    const text = await dump(database, { owners: true });
    // A second PGlite takes seconds to start: this one is emptied.
    await database.simple(`drop schema app cascade; drop schema "Odd Name" cascade;
      revoke all on schema public from snap_reader; alter default privileges grant execute on functions to public`);
    expect((await readSchema(database)).pieces).toEqual([]);
    await load(database, text);
    expect(await dump(database, { owners: true })).toBe(text);
    await database.remove();
  });
});
