import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real servers and child processes: one process per file, two at a time.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: process.env['GODWIT_SOAK'] ? 1_800_000 : 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // A run that finds no tests has tested nothing.
    passWithNoTests: false,
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
});
