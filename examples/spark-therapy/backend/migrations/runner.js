// node migrations/runner.js up [version] | down [steps] | status
// The files beside this one, in the order of their numbers. Lock, history, plan and
// refusals are godwit's; which database, godwit.config.js says.
const { MigrationRunner } = require('godwit');

const [command, argument] = process.argv.slice(2);
const runner = new MigrationRunner(undefined, { dir: __dirname });

const COMMANDS = {
  up: () => runner.up(argument ?? null),
  down: () => runner.down(argument === undefined ? 1 : Number(argument)),
  status: () => runner.status(),
};

(async () => {
  if (!Object.hasOwn(COMMANDS, command ?? '')) {
    console.log('Usage: node migrations/runner.js up [version] | down [steps] | status');
    process.exitCode = 2;
    return;
  }
  try {
    await COMMANDS[command]();
  } catch (error) {
    const lines = [error.message, error.state, ...(error.next ?? [])];
    for (const line of lines.filter(Boolean)) console.error(`❌ ${line}`);
    process.exitCode = error.exitCode ?? 1;
  }
})();
