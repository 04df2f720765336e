// node manage.js setup | migrate | seed | status | reset | rollback [steps]   [--verbose] [--yes]
const { createInterface } = require('node:readline');
const { createMigrator } = require('godwit');

const words = process.argv.slice(2);
const flags = new Set(words.filter((word) => word.startsWith('-')));
const [command, ...rest] = words.filter((word) => !word.startsWith('-'));

const ICONS = { applied: '✅', pending: '⏳', running: '🔄', modified: '⚠️ ', missing: '⚠️ ' };

const COMMANDS = {
  async setup(migrator) {
    const { migrations, seeds } = await migrator.setup();
    if (tell('migration', migrations)) tell('seed', seeds);
  },
  migrate: async (migrator) => tell('migration', await migrator.up()),
  seed: async (migrator) => tell('seed', await migrator.seed()),
  rollback: async (migrator) =>
    tell('rollback', await migrator.down({ steps: Number(rest[0] ?? 1) })),

  async status(migrator) {
    const { database, migrations } = await migrator.status();
    console.log(`📊 ${database.name} at ${database.host}`);
    for (const kind of ['migration', 'seed']) {
      const own = migrations.filter((entry) => entry.kind === kind);
      const applied = own.filter(({ state }) => state === 'applied').length;
      console.log(`\n${kind === 'seed' ? '🌱 Seeds' : '🗄️  Migrations'}: ${applied}/${own.length}`);
      for (const { id, state, description } of own) {
        console.log(`${ICONS[state] ?? '❌'} ${id} (${state}) ${description ?? ''}`);
      }
    }
  },

  async reset(migrator) {
    const { database, dropped } = await migrator.reset({ dryRun: true });
    const { resettable } = await migrator.settings();
    console.log(`⚠️  ${database.name} at ${database.host} would lose:`);
    for (const { kind, name, count } of dropped)
      console.log(`   ${kind} ${name} (${count ?? '-'})`);
    const told = resettable.includes(database.name);
    if (!(flags.has('--yes') && told)) {
      const wanted = told ? 'yes' : database.name;
      const answer = await ask(
        `Type ${told ? '"yes"' : "the database's name"} to drop all of it: `,
      );
      if (answer !== wanted && !(told && answer === 'y')) {
        console.error('\nNothing was dropped.');
        process.exitCode = 5;
        return;
      }
    }
    const { dropped: gone } = await migrator.reset({ databaseName: database.name });
    console.log(`🗑️  Dropped ${gone.map(({ name }) => name).join(', ') || 'nothing: it is empty'}`);
  },
};

function tell(what, { runs, error }) {
  const failure = error ?? runs.find((run) => run.error)?.error;
  for (const line of failure ? [failure.message, failure.state, ...(failure.next ?? [])] : []) {
    if (line) console.error(`❌ ${line}`);
  }
  if (failure) process.exitCode = 1;
  else if (runs.length === 0) console.log(`✅ No ${what} to run`);
  else console.log(`✅ ${runs.length} ${what}(s) done`);
  return !failure;
}

/** Also from a pipe; the end of input is no answer. */
function ask(question) {
  process.stdout.write(question);
  const lines = createInterface({ input: process.stdin });
  return new Promise((answered) => {
    lines.once('line', (line) => answered(line.trim()));
    lines.once('close', () => answered(''));
  }).finally(() => lines.close());
}

function show(event) {
  if (event.type === 'run.ended') {
    const { status, durationMs } = event.outcome;
    console.log(`${ICONS[status] ?? '🔄'} ${event.id} ${status} (${Math.round(durationMs)} ms)`);
  } else if (event.type === 'warning') console.log(`⚠️  ${event.message}`);
  else if (event.type === 'run.log') console.log(`   ${event.message}`);
  else if (flags.has('--verbose')) console.log(`· ${JSON.stringify(event)}`);
}

(async () => {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    console.log(`Usage: node manage.js ${Object.keys(COMMANDS).join('|')} [--verbose] [--yes]`);
    process.exitCode = 2;
    return;
  }
  const migrator = createMigrator({ root: __dirname, command });
  migrator.on(show);
  try {
    await COMMANDS[command](migrator);
  } catch (error) {
    const lines = [error.message, error.state, ...(error.next ?? [])];
    for (const line of lines.filter(Boolean)) console.error(`❌ ${line}`);
    if (flags.has('--verbose')) console.error(error.stack);
    process.exitCode = error.exitCode ?? 1;
  } finally {
    await migrator.close();
  }
})();
