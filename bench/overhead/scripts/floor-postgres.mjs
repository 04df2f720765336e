// The least that a migration tool on PostgreSQL can do: the driver, the files, the records.
// Usage: floor-postgres.mjs status|up URL FOLDER
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const pg = createRequire(import.meta.url)('pg');
const [command, connectionString, folder] = process.argv.slice(2);

const client = new pg.Client({ connectionString });
await client.connect();
if (command === 'up') {
  await client.query(
    `create table if not exists floor_history (
      seq bigint generated always as identity primary key, event text not null, run uuid not null,
      kind text not null, version text not null, id text not null, name text not null,
      direction text not null, status text, effect text, via text, duration_ms double precision,
      checksum text, by jsonb not null, fence bigint not null,
      at timestamptz not null default clock_timestamp())`,
  );
}
const answer = client.query(
  `select kind, version, id, name, direction, status, run, fence, checksum, duration_ms, at
   from floor_history order by seq`,
);
const files = [];
for (const name of (await readdir(folder)).sort()) {
  const raw = await readFile(join(folder, name));
  const checksum = createHash('sha256').update(raw).digest('hex');
  files.push({ name, checksum, text: raw.toString() });
}
const { rows } = await answer;
const applied = new Map(rows.map((row) => [row.id, row]));

if (command === 'up') await up();
else {
  const lines = files.map(({ name, checksum }) => {
    const record = applied.get(name);
    const state = !record ? 'pending' : record.checksum === checksum ? 'applied' : 'modified';
    return `${state} ${name} ${record?.at.toISOString() ?? ''}\n`;
  });
  process.stdout.write(lines.join(''));
}
await client.end();

async function up() {
  const by = JSON.stringify({ host: 'bench', user: 'bench', pid: process.pid });
  for (const { name, checksum, text } of files) {
    if (applied.has(name)) continue;
    const [version, title] = [name.slice(0, 14), name.slice(15, -4)];
    // One message, as short as it can be.
    await client.query(
      `begin;${text};insert into floor_history
       (event, run, kind, version, id, name, direction, status, effect, via, duration_ms, checksum, by, fence)
       values ('ended', '${randomUUID()}', 'migration', '${version}', '${name}', '${title}', 'up', 'applied',
       'complete', 'run', extract(epoch from clock_timestamp() - now()) * 1000, '${checksum}', '${by}', 1);commit`,
    );
    process.stdout.write(`applied ${name}\n`);
  }
}
