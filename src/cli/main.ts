#!/usr/bin/env node
import { processEnding, processIo } from './io.ts';
import { watchEnding } from './last-words.ts';
import { run } from './run.ts';

const argv = process.argv.slice(2);
const io = processIo();
const done = watchEnding(processEnding(io.flush), argv);

// No top-level await: the bundle may be CommonJS, which starts faster.
void run(argv, io).then((code) => {
  done();
  process.exitCode = code;
  // Handles that a migration left open must not keep the process; what was written must out.
  io.flush(() => process.exit(code));
});
