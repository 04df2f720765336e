import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrub, toMongoError } from '../../../../src/drivers/mongodb/errors.ts';
import { toRecordable } from '../../../../src/drivers/mongodb/record.ts';

describe('scrub', () => {
  it('never shows a password, however a message repeats the URL', () => {
    const password = fc
      .string({ minLength: 4, maxLength: 20 })
      .filter((text) => /^[^\s*]+$/.test(text) && !'mongodb://user@host/'.includes(text));
    fc.assert(
      fc.property(password, (secret) => {
        const url = `mongodb://user:${encodeURIComponent(secret)}@host/db`;
        const text = scrub(`failed for ${url} with ${secret}.`, url);
        expect(text).not.toContain(secret);
        expect(text).not.toContain(encodeURIComponent(secret));
      }),
    );
  });
});

describe('toMongoError', () => {
  const named = (name: string, code?: number) => Object.assign(new Error('m'), { name, code });
  it.each([
    [named('MongoServerError', 13), 'GODWIT_PERMISSION_DENIED'],
    [named('MongoServerError', 18), 'GODWIT_AUTH_FAILED'],
    [named('MongoNetworkTimeoutError'), 'GODWIT_CONNECTION_LOST'],
    [named('MongoServerSelectionError'), 'GODWIT_CONNECTION_LOST'],
    [named('MongoPoolClearedError'), 'GODWIT_CONNECTION_LOST'],
    [named('MongoServerError', 10107), 'GODWIT_CONNECTION_LOST'],
    [named('TypeError'), 'GODWIT_INTERNAL'],
  ])('%s', (error, code) => {
    expect(toMongoError(error, 'do it')).toMatchObject({ code, cause: error });
  });
});

describe('toRecordable', () => {
  it('gives plain data for anything, without reserved keys', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withDate: true }), (value) => {
        const data = toRecordable(value);
        if (data === undefined) return;
        const text = JSON.stringify(data);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
        const check = (inner: unknown): void => {
          if (inner === null || typeof inner !== 'object') return;
          for (const [key, value] of Object.entries(inner)) {
            expect(key.startsWith('$')).toBe(false);
            check(value);
          }
        };
        check(data);
      }),
    );
  });
});
