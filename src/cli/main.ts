#!/usr/bin/env node
import { processIo } from './io.ts';
import { run } from './run.ts';

// A reader that goes away (`godwit history | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// No top-level await: the bundle may be CommonJS, which starts faster.
void run(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code;
  // Handles that a migration left open must not keep the process; what was written must out.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
});
