import { describe, expect, it } from 'vitest';
import { readRedisUrl } from '../../../src/distribution/redis-url.ts';
import { GodwitError } from '../../../src/errors.ts';

const error = (url: string | undefined): GodwitError => {
  try {
    readRedisUrl(url);
  } catch (thrown) {
    if (thrown instanceof GodwitError) return thrown;
  }
  throw new Error('no GodwitError');
};

describe('readRedisUrl', () => {
  it.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379 }],
    [' redis://cache:7000/3 ', { host: 'cache', port: 7000, db: 3 }],
    ['redis://cache/', { host: 'cache', port: 6379 }],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }],
    ['redis://:p%40ss@cache', { host: 'cache', port: 6379, password: 'p@ss' }],
    [
      'rediss://me:secret@cache:6380/0',
      { host: 'cache', port: 6380, username: 'me', password: 'secret', db: 0, tls: {} },
    ],
  ])('%s', (url, address) => expect(readRedisUrl(url)).toEqual(address));

  it.each(['cache:6379', 'http://u:geheim@cache', 'redis://', 'redis://u:geheim@cache/one', ':'])(
    'refuses %s, and keeps its password to itself',
    (url) => {
      expect(error(url).code).toBe('GODWIT_URL_INVALID');
      expect(error(url).message).not.toContain('geheim');
    },
  );

  it.each([undefined, '', ' '])('says what to do without one', (url) => {
    expect(error(url).code).toBe('GODWIT_URL_MISSING');
    expect(error(url).next?.join()).toContain('--redis');
  });
});
