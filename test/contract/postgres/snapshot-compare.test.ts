import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/drivers/postgres/connection.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { rounds } from '../../support/rounds.ts';
import { connectTo, dump, fixture, load } from './snapshot-kit.ts';

const run = promisify(execFile);

let server: TestPostgres;
const opened: Connection[] = [];

beforeAll(async () => {
  // pg_dump refuses servers that are newer than itself.
  server = await startPostgres({ version: 'system' });
});
afterAll(async () => {
  for (const connection of opened) await connection.close();
  await server.stop();
});

async function database(): Promise<{ url: string; connection: Connection }> {
  const url = await server.createDatabase();
  const connection = await connectTo(url);
  opened.push(connection);
  return { url, connection };
}

describe('in the eyes of pg_dump', () => {
  it('a database loaded from a dump is the one that was dumped', async () => {
    const [first, second] = [await database(), await database()];
    await load(first.connection, await fixture('rich'));
    await load(second.connection, await dump(first.connection, { owners: true }));
    const [before, after] = await Promise.all([pgDump(first.url), pgDump(second.url)]);
    expect(after).toBe(before);
  });
});

/** What pg_dump says; the order in which rights were given is no part of a schema. */
async function pgDump(url: string): Promise<string> {
  const { stdout } = await run('pg_dump', ['--schema-only', url], { maxBuffer: 1e8 });
  return stdout
    .replaceAll(/^\\(?:un)?restrict .*$/gm, '')
    .replaceAll(/(?:^(?:GRANT|REVOKE) .*\n)+/gm, (lines) => lines.split('\n').sort().join('\n'));
}

const name = fc.constantFrom('a', 'b c', 'Select', 'user', 'ünï', 'x"y', "it's", 'n1', 'n2', 'n3');
const column = fc.record({
  name,
  type: fc.constantFrom(
    'int',
    'text',
    'numeric(10,2)',
    'timestamptz',
    'jsonb',
    'uuid',
    'int[]',
    'varchar(7)',
    'bytea',
    'interval',
  ),
  extra: fc.constantFrom('', 'not null', 'default null', 'unique'),
});
const tableShape = fc.record({
  columns: fc.uniqueArray(column, { minLength: 1, maxLength: 6, selector: ({ name: key }) => key }),
  index: fc.boolean(),
  dropFirst: fc.boolean(),
  identity: fc.boolean(),
  comment: fc.string({ maxLength: 12 }),
});

const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const text = (value: string): string =>
  ` E'${value.replaceAll('\u0000', '').replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function statements(
  {
    columns,
    index,
    dropFirst,
    identity,
    comment,
  }: typeof tableShape extends fc.Arbitrary<infer T> ? T : never,
  at: number,
): string {
  const table = `"t ${at}"`;
  const all = columns.map(
    (each) =>
      `${quote(each.name)} ${each.type} ${each.extra === 'unique' && each.type === 'jsonb' ? '' : each.extra}`,
  );
  const last = columns.at(-1);
  return [
    `create table ${table} (first int, ${identity ? 'id bigint generated always as identity primary key, ' : ''}${all.join(', ')})`,
    ...(dropFirst ? [`alter table ${table} drop first`] : []),
    ...(index ? [`create index on ${table} (${quote(last?.name ?? '')})`] : []),
    `comment on column ${table}.${quote(last?.name ?? '')} is ${text(comment)}`,
    ...(at > 0 ? [`create view "v ${at}" as select * from ${table}`] : []),
  ].join(';\n');
}

describe('tables of any shape', () => {
  it('come back the same', async () => {
    const [first, second] = [await database(), await database()];
    const shapes = fc.array(tableShape, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(shapes, async (tables) => {
        const empty = 'drop schema public cascade; create schema public;';
        await load(first.connection, `${empty}${tables.map(statements).join(';\n')}`);
        const sql = await dump(first.connection);
        await load(second.connection, `${empty}${sql}`);
        expect(await dump(second.connection)).toBe(sql);
      }),
      { numRuns: rounds(25, 500) },
    );
  });
});
