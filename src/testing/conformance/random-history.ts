import { randomUUID } from 'node:crypto';
import type { NewHistoryEvent, RunHeader } from '../../ports/history.ts';
import { ended, header } from './samples.ts';

/** A small generator of numbers that repeats itself for the same seed (Park and Miller). */
export function createRandom(seed: number): (below: number) => number {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

/**
 * A log as runs, kills and people make it: started and never ended, failed, resumed at a
 * checkpoint, reverted, accepted, marked by hand, in any order and in two kinds.
 */
export function randomHistory(random: (below: number) => number, runs: number): NewHistoryEvent[] {
  return Array.from({ length: runs }, () => randomRun(random)).flat();
}

function randomRun(random: (below: number) => number): NewHistoryEvent[] {
  const base = header(1 + random(5), {
    run: randomUUID(),
    kind: random(6) === 0 ? 'seed' : 'migration',
    direction: random(3) === 0 ? 'down' : 'up',
    checksum: `raw-${random(3)}`,
    normalized: `v1:${random(3)}`,
    fence: 1 + random(9),
    ...(random(2) === 0 && { description: `text ${random(9)}`, author: 'somebody' }),
  });
  if (random(10) === 0)
    return [{ ...base, direction: 'up', event: 'accepted', reason: 'a comment' }];
  return [...opening(base, random), ...ending(base, random)];
}

function opening(base: RunHeader, random: (below: number) => number): NewHistoryEvent[] {
  if (random(2) === 0) return [];
  const resume = (['restart', 'checkpoint', 'ask'] as const)[random(3)] ?? 'ask';
  const events: NewHistoryEvent[] = [{ ...base, event: 'started', resume }];
  for (let statements = 1; statements <= random(4); statements++) {
    const before = random(3) === 0 ? { before: true } : {};
    events.push({
      ...base,
      event: 'checkpoint',
      statements,
      prefix: `sha-${statements}`,
      ...before,
    });
  }
  return events;
}

function ending(base: RunHeader, random: (below: number) => number): NewHistoryEvent[] {
  const { version, ...rest } = base;
  switch (random(5)) {
    case 0:
      return [];
    case 1: {
      const effect = random(2) === 0 ? 'none' : 'partial';
      const error = { code: 'GODWIT_MIGRATION_FAILED', message: 'no luck' } as const;
      return [ended(version, { ...rest, status: 'failed', effect, error, durationMs: random(99) })];
    }
    default: {
      const via = (['run', 'mark', 'baseline', 'import'] as const)[random(4)] ?? 'run';
      return [ended(version, { ...rest, via, durationMs: random(99) })];
    }
  }
}
