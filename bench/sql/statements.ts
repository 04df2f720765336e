import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { interleave } from '../support/interleave.ts';
import { measure } from '../support/measured-spawn.ts';
import { godwitUp, psqlFile, renderBeside, type SqlBench } from './tools.ts';

/** How many statements there are for each table. */
const FOR_EACH = 10;

/** One file of many statements, all in one transaction, and with one that refuses that. */
export async function compareStatements(bench: SqlBench, count: number): Promise<string> {
  const tables = Math.ceil(count / FOR_EACH);
  const together = await comparison(bench, 'together', statements(tables), tables);
  const outside = await comparison(
    bench,
    'outside',
    [...statements(tables), 'create index concurrently b0_body on b0 (body);'],
    tables,
  );
  const title = `One file of ${(tables * FOR_EACH).toLocaleString('en')} statements`;
  return `**${title}, in one transaction**\n\n${together}\n\n**${title} and one CREATE INDEX CONCURRENTLY**\n\n${outside}`;
}

async function comparison(
  bench: SqlBench,
  name: 'together' | 'outside',
  lines: readonly string[],
  tables: number,
): Promise<string> {
  const project = join(bench.root, name);
  await mkdir(join(project, 'migrations'), { recursive: true });
  const file = join(project, 'migrations', '20260101000000_all.sql');
  await writeFile(file, `${lines.join('\n')}\n`);
  const psql = (more?: readonly string[]) => async () =>
    psqlFile(bench, file, await bench.newDatabase(), more);
  const contestants = [
    ...(name === 'together' ? [{ name: 'psql -1 -f', next: psql(['-1']) }] : []),
    { name: 'psql -f', next: psql() },
    {
      name: 'godwit up',
      next: async () => godwitUp(bench, project, await bench.newDatabase()),
    },
  ];
  for (const { name: who } of contestants) bench.progress(`${name}: ${who}`);
  await insist(bench, project, tables);
  const { rounds, progress } = bench;
  return renderBeside(await interleave(contestants, { rounds, progress }), 'psql -f');
}

/** It must have done all of it: checked once, before the rounds. */
async function insist(bench: SqlBench, project: string, tables: number): Promise<void> {
  const url = await bench.newDatabase();
  await measure(godwitUp(bench, project, url));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select count(*)::int as n, (select count(*)::int from b${tables - 1}) as m
       from pg_class where relkind = 'r' and relname ~ '^b\\d+$'`,
    );
    if (rows[0]?.n !== tables || rows[0]?.m !== 5) throw new Error('Not all of it was done.');
  } finally {
    await client.end();
  }
}

function statements(tables: number): string[] {
  return Array.from({ length: tables }, (_, i) => [
    `create table b${i} (id bigint primary key, title text not null, body text);`,
    `alter table b${i} add column made_at timestamptz not null default now();`,
    `create index b${i}_title on b${i} (title);`,
    `comment on table b${i} is 'Table ${i}; one of many';`,
    ...[1, 2, 3, 4, 5].map(
      (id) => `insert into b${i} (id, title, body) values (${id}, 'Title ${id}', 'It''s a body');`,
    ),
    `update b${i} set body = $$a new body; with a semicolon$$ where id = 1;`,
  ]).flat();
}
