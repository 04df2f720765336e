// node scripts/backfill-public-ids.js
// DRY_RUN=true node scripts/backfill-public-ids.js
import { fileURLToPath } from 'node:url';
import { createMigrator } from 'godwit';

const dryRun = process.env.DRY_RUN === 'true';
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

// Tables and prefixes are those of godwit.config.js.
const migrator = createMigrator({ root: fileURLToPath(new URL('..', import.meta.url)) });

try {
  const { database, host } = await migrator.target();
  console.log(`🔑 ${database} at ${host}${dryRun ? ' (dry run: nothing is changed)' : ''}`);
  const report = await migrator.backfill.publicIds({ dryRun, signal: stop.signal });
  for (const { table, status, missing, filled, example } of report.tables) {
    if (status === 'absent') console.log(`➖ ${table}: no such table`);
    else if (status === 'complete') console.log(`✅ ${table}: nothing to do`);
    else if (status === 'planned') console.log(`⏳ ${table}: ${missing} to fill, as ${example}`);
    else if (status === 'failed' || status === 'waiting') console.log(`❌ ${table}: ${status}`);
    else console.log(`✅ ${table}: ${filled} filled`);
  }
  const { missing, filled } = report.summary;
  if (report.error) tell(report.error);
  else if (dryRun) console.log(`✅ ${missing} public ids would be given`);
  else console.log(`✅ ${filled} public ids given`);
} catch (error) {
  tell(error);
} finally {
  await migrator.close();
}

function tell({ message, state, next = [], exitCode = 1 }) {
  for (const line of [message, state, ...next]) if (line) console.error(`❌ ${line}`);
  process.exitCode = exitCode;
}
