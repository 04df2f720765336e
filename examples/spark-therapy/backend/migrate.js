// npm run migrate: every collection and index as the models in ./models say.
// npm run migrate -- --check   only looks; ends with 3 when something differs
// npm run migrate -- --yes     also takes away, in production
const { createMigrator } = require('godwit');

const flags = new Set(process.argv.slice(2));

const ICONS = { pending: '⏳', done: '✅', waiting: '⏳', withheld: '⚠️ ', skipped: '⚠️ ' };

/** A line for what differs, and below it the values that are in the way. */
function describe({ status, id, reasons, offending = [] }) {
  console.log(`${ICONS[status] ?? '❌'} ${id}: ${reasons.join('; ')}`);
  for (const { key, count, ids } of offending) {
    console.log(`   ${JSON.stringify(key)} ${count} times, such as _id ${ids.join(', ')}`);
  }
}

function show(event) {
  if (event.type === 'target') {
    console.log(`🔗 ${event.target.database} at ${event.target.host}`);
  } else if (event.type === 'sync.progress') {
    console.log(`   ${event.operation}: ${event.phase} ${event.done}/${event.total || '?'}`);
  } else if (event.type === 'sync.done') {
    console.log(`${ICONS[event.status] ?? '❌'} ${event.operation.id}`);
  } else if (event.type === 'lock.waiting') {
    console.log('🔒 Waiting: somebody else is migrating');
  } else if (event.type === 'warning') {
    console.log(`⚠️  ${event.message}`);
  }
}

function fail(error) {
  const lines = [error.message, error.state, ...(error.next ?? [])];
  for (const line of lines.filter(Boolean)) console.error(`❌ ${line}`);
}

async function check(migrator) {
  const { definitions, summary, drift } = await migrator.planSync();
  definitions.forEach(describe);
  if (definitions.length === 0) console.log(`✅ ${summary.defined} collections as defined`);
  if (drift) process.exitCode = 3;
}

async function migrate(migrator) {
  const report = await migrator.sync({ confirmed: flags.has('--yes') });
  report.definitions.filter(({ status }) => status !== 'done').forEach(describe);
  if (report.error) {
    fail(report.error);
    process.exitCode = 1;
  } else if (report.summary.done === 0) console.log('✅ Everything is as the models say');
  else console.log(`✅ ${report.summary.done} change(s) made`);
}

(async () => {
  const migrator = createMigrator({ root: __dirname, command: 'migrate' });
  migrator.on(show);
  try {
    await (flags.has('--check') ? check(migrator) : migrate(migrator));
  } catch (error) {
    fail(error);
    process.exitCode = error.exitCode ?? 1;
  } finally {
    await migrator.close();
  }
})();
