import { GodwitError } from '../errors.ts';

/** Where a Redis is, as its client takes it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

const FORM = 'redis://[user:password@]host[:port][/number], or rediss:// with TLS';

/**
 * Understands `redis://` and `rediss://`. The password is never in a message.
 *
 * @throws GodwitError GODWIT_URL_INVALID, GODWIT_URL_MISSING
 */
export function readRedisUrl(given: string | undefined): RedisAddress {
  if (given === undefined || given.trim() === '') throw noUrl();
  const url = URL.canParse(given.trim()) ? new URL(given.trim()) : undefined;
  if (!/^rediss?:$/.test(url?.protocol ?? '') || !url) throw invalid(`it must be ${FORM}`);
  if (url.hostname === '') throw invalid('it names no host');
  const number = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(number)) throw invalid(`/${number} is not the number of a database`);
  return {
    // An IPv6 address has its brackets in a URL only.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(number && { db: Number(number) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

function noUrl(): GodwitError {
  return new GodwitError('GODWIT_URL_MISSING', 'Nothing says where the Redis is.', {
    state: 'Nothing was done.',
    next: ['--redis redis://127.0.0.1:6379', 'or set GODWIT_REDIS_URL, or redis in the config'],
  });
}

function invalid(problem: string): GodwitError {
  return new GodwitError('GODWIT_URL_INVALID', `The URL of the Redis is of no use: ${problem}.`, {
    state: 'Nothing was done.',
    next: ['--redis redis://127.0.0.1:6379'],
  });
}
