// The least that a migration tool on MongoDB can do: the driver, the files, the records.
// Usage: floor-mongodb.mjs status|up URL FOLDER
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { MongoClient } = createRequire(import.meta.url)('mongodb');
const [command, url, folder] = process.argv.slice(2);

const client = await MongoClient.connect(url);
const history = client.db().collection('floor_history');
const answer = history.find({ event: 'ended' }).sort({ _id: 1 }).toArray();
const files = [];
for (const name of (await readdir(folder)).sort()) {
  const raw = await readFile(join(folder, name));
  files.push({ name, checksum: createHash('sha256').update(raw).digest('hex') });
}
const records = await answer;
const applied = new Map(records.map((record) => [record.id, record]));

if (command === 'up') await up(records.length * 2);
else {
  const lines = files.map(({ name, checksum }) => {
    const record = applied.get(name);
    const state = !record ? 'pending' : record.checksum === checksum ? 'applied' : 'modified';
    return `${state} ${name} ${record?.at.toISOString() ?? ''}\n`;
  });
  process.stdout.write(lines.join(''));
}
await client.close();

async function up(last) {
  const require = createRequire(import.meta.url);
  let place = last;
  for (const { name, checksum } of files) {
    if (applied.has(name)) continue;
    const { up: run } = require(join(folder, name));
    const header = {
      run: randomUUID(),
      kind: 'migration',
      version: name.slice(0, 14),
      id: name,
      name: name.slice(15, -3),
      direction: 'up',
      checksum,
      by: { host: 'bench', user: 'bench', pid: process.pid },
      fence: 1,
    };
    const started = { _id: ++place, event: 'started', ...header, at: new Date() };
    await history.insertOne(started, { writeConcern: { w: 1 } });
    const began = performance.now();
    await run(client.db(), client);
    const durationMs = Math.round(performance.now() - began);
    const ended = { status: 'applied', effect: 'complete', via: 'run', durationMs };
    await history.insertOne(
      { _id: ++place, event: 'ended', ...header, ...ended, at: new Date() },
      { writeConcern: { w: 'majority' } },
    );
    process.stdout.write(`applied ${name}\n`);
  }
}
