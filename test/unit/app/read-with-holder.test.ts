import { expect, it } from 'vitest';
import { readWithHolder } from '../../../src/app/read-with-holder.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import type { LockHolder } from '../../../src/ports/session.ts';

/** A database that does one thing after the other, as over one connection. */
function answering(holders: readonly (Partial<LockHolder> | undefined)[]) {
  const asked: string[] = [];
  const left = [...holders];
  const lockHolder = async () => {
    asked.push('lock');
    return left.shift() as LockHolder | undefined;
  };
  const read = async () => {
    asked.push('history');
    return 'found';
  };
  return { asked, driver: { lockHolder } as Driver, read };
}

it('asks about the lock before the history: what a holder did who is gone is in it', async () => {
  const { asked, driver, read } = answering([undefined]);
  const result = await readWithHolder(driver, read, () => false);
  expect(result).toEqual({ found: 'found', holder: undefined });
  expect(asked).toEqual(['lock', 'history']);
});

it('reads both once more where a run has no end: it may have begun in between', async () => {
  const { asked, driver, read } = answering([undefined, { alive: true }]);
  const { holder } = await readWithHolder(driver, read, () => true);
  expect(holder?.alive).toBe(true);
  expect(asked).toEqual(['lock', 'history', 'lock', 'history']);
});

it('sees the end of a run that began in between and is over', async () => {
  const { driver } = answering([undefined, undefined]);
  const found = ['open', 'ended'];
  const read = async () => found.shift() as string;
  const result = await readWithHolder(driver, read, (state) => state === 'open');
  expect(result).toEqual({ found: 'ended', holder: undefined });
});

it('believes a holder that lives', async () => {
  const { asked, driver, read } = answering([{ alive: true }]);
  await readWithHolder(driver, read, () => true);
  expect(asked).toEqual(['lock', 'history']);
});
