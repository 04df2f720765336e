import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/long-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/bundled-thread.ts', 'test/support/leftovers.ts'],
    // Real servers and child processes: three files at a time, because each waits a good part
    // of its time.
    pool: 'forks',
    maxWorkers: 3,
    // One after another in the same three processes: to start one, and to load godwit and the
    // databases' clients again, costs more than most files. No file may leave anything behind
    // (test/support/leftovers.ts looks).
    isolate: false,
    // PGlite's WebAssembly is compiled well only where it runs long; most tests are short.
    execArgv: ['--wasm-tiering-budget=100000000'],
    sequence: { sequencer: LongFirst },
    // The machine is shared: a limit is there to end what hangs, not to time anything.
    testTimeout: process.env['GODWIT_SOAK'] ? 3_600_000 : 300_000,
    // A killed process may leave a transaction, which the server ends after a minute: until then
    // its database cannot be dropped.
    hookTimeout: 240_000,
    teardownTimeout: 20_000,
    // A run that finds no tests has tested nothing.
    passWithNoTests: false,
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
