import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds, SOAK } from '../../support/rounds.ts';
import { type Example, installExample, until } from './example.ts';

const ROWS = rounds(8_000, 20_000);

/** The commands of the example's README, on one machine. */
describe.each(['mongodb', 'postgres'] as const)('examples/backfill on %s', (kind) => {
  let example: Example;

  beforeAll(async () => {
    example = await installExample(kind);
    await example.fill(ROWS);
  });
  afterAll(() => example?.stop());

  it('DRY_RUN=true shows what it would do, and writes nothing', async () => {
    const { code, stdout } = await example.godwit(['backfill', 'run', 'normalise-phones'], {
      DRY_RUN: 'true',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('+1555');
    const { phones } = await example.check();
    expect(phones).toEqual({ before: ROWS, once: 0, wrong: 0 });
  });

  it('is killed in the middle, and resumed: each row once', async () => {
    const pace = ['--chunk', '200', '--max-rate', String(ROWS / 5)];
    const slowly = ['backfill', 'run', 'normalise-phones', ...pace];
    const first = example.start(slowly);
    await until('something is done', async () => {
      const found = await example.status('normalise-phones').catch(() => undefined);
      return (found?.progress?.rows ?? 0) > 0;
    });
    await first.kill('SIGKILL');
    const between = (await example.check()).phones;
    expect(between.before).toBeGreaterThan(0);
    expect(between.wrong).toBe(0);

    const second = await example.godwit(['backfill', 'run', 'normalise-phones']);
    expect(second.code, second.stderr).toBe(0);
    expect((await example.check()).phones).toEqual({ before: 0, once: ROWS, wrong: 0 });
  });

  // Undoing on MongoDB: e2e/backfill/commands.test.ts.
  it.runIf(kind !== 'mongodb' || SOAK)('is undone', async () => {
    const { code, stderr } = await example.godwit(['backfill', 'undo', 'normalise-phones']);
    expect(code, stderr).toBe(0);
    expect((await example.check()).phones).toEqual({ before: ROWS, once: 0, wrong: 0 });
  });

  it('sets what the server can compute, and verifies it', async () => {
    const { code, stderr } = await example.godwit(['backfill', 'run', 'set-region']);
    expect(code, stderr).toBe(0);
    expect((await example.check()).regions).toEqual({ before: 0, once: ROWS, wrong: 0 });
  });
});
