import { describe, expect, it } from 'vitest';
import { ERROR_CODES, errorInfo, GodwitError, toGodwitError } from '../../src/errors.ts';

describe('GodwitError', () => {
  it('knows its exit code and carries itself as data', () => {
    const error = new GodwitError('GODWIT_MODIFIED', 'edited', {
      where: { file: 'a.sql' },
      next: ['godwit accept a'],
    });
    expect(error.exitCode).toBe(5);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'GODWIT_MODIFIED',
      message: 'edited',
      where: { file: 'a.sql' },
      next: ['godwit accept a'],
    });
  });

  it('recognises an error of another copy of godwit, and nothing else', () => {
    const foreign = Object.assign(new Error('x'), {
      name: 'GodwitError',
      code: 'GODWIT_LOCK_HELD',
    });
    expect(foreign instanceof GodwitError).toBe(true);
    expect(toGodwitError(foreign)).toBe(foreign);
    for (const other of [
      new Error('x'),
      null,
      undefined,
      'GODWIT_X',
      { code: 'GODWIT_LOCK_HELD' },
    ]) {
      expect((other as object) instanceof GodwitError).toBe(false);
    }
  });

  it('says something of whatever was thrown', () => {
    const said = (thrown: unknown): string => toGodwitError(thrown).message;
    expect(said('text')).toBe('text');
    expect(said(undefined)).toBe('undefined was thrown, without a reason');
    expect(said({ message: 'as an error' })).toBe('as an error');
    expect(said({ status: 500 })).toBe('an object without a message was thrown');
    expect(said(Object.create(null))).toBe('an object without a message was thrown');
    expect(said(new TypeError(''))).toBe('TypeError without a message');
  });

  it('wraps what is not its own, and keeps the cause', () => {
    const cause = new TypeError('no');
    const wrapped = toGodwitError(cause, 'GODWIT_HOOK_FAILED');
    expect(wrapped).toMatchObject({ code: 'GODWIT_HOOK_FAILED', message: 'no', cause });
  });

  it('leaves absent fields out', () => {
    expect(errorInfo({ code: 'GODWIT_USAGE', message: 'm', next: [] })).toEqual({
      code: 'GODWIT_USAGE',
      message: 'm',
    });
  });

  it('has only the exit codes of the contract', () => {
    expect(new Set(Object.values(ERROR_CODES).map((entry) => entry.exit))).toEqual(
      new Set([1, 2, 3, 4, 5, 130]),
    );
  });
});
