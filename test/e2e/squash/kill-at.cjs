// Kills the process before the step of this number that changes the folder of migrations.
const fs = require('node:fs/promises');
const { syncBuiltinESMExports } = require('node:module');

let step = 0;
for (const name of ['writeFile', 'rename', 'rm']) {
  const real = fs[name];
  fs[name] = (path, ...rest) => {
    if (String(path).includes('/migrations/') && ++step === Number(process.env.KILL_AT)) {
      process.kill(process.pid, 'SIGKILL');
    }
    return real(path, ...rest);
  };
}
syncBuiltinESMExports();
