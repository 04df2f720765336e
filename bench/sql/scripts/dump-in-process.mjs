// The schema, dumped twice by a program that has godwit loaded and is connected.
//   node dump-in-process.mjs URL
import { createMigrator } from '../../../dist/index.js';

const migrator = createMigrator({ url: process.argv[2], config: false });
await migrator.lockHolder();

async function dump() {
  const cpu = process.cpuUsage();
  const since = performance.now();
  const { script } = await migrator.schema.dump();
  const wallMs = performance.now() - since;
  const { user, system } = process.cpuUsage(cpu);
  return { cost: { wallMs, cpuMs: (user + system) / 1000 }, script };
}

const first = await dump();
const second = await dump();
const tables = second.script.match(/^create table /gim)?.length ?? 0;
process.stdout.write(JSON.stringify({ first: first.cost, second: second.cost, tables }));
await migrator.close();
