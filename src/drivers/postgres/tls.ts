import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { GodwitError } from '../../errors.ts';
import type { TlsOptions } from '../../ports/driver.ts';

/** libpq's modes. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Ways to try, in this order: `false` is without TLS. */
export type Tls = readonly (false | ConnectionOptions)[];

export interface TlsInput {
  readonly host: string;
  readonly mode: SslMode | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly options: TlsOptions | undefined;
  readonly root: string;
}

/** Without a word about TLS it is tried on the network, and not where there is none. */
export function readTls(input: TlsInput): Tls {
  const { options = {}, root } = input;
  const mode = sslModeOf(input);
  const read = (path: string | undefined): Buffer | undefined =>
    path === undefined || path === 'system' ? undefined : readPem(resolve(root, path));
  const files = {
    ca: read(options.caFile ?? input.ca),
    cert: read(options.certFile ?? input.cert),
    key: read(options.keyFile ?? input.key),
  };
  const given = Object.fromEntries(
    Object.entries(files).filter(([, value]) => value !== undefined),
  );
  const trusting: ConnectionOptions = {
    ...given,
    rejectUnauthorized: options.rejectUnauthorized ?? false,
  };
  switch (mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, trusting];
    case 'prefer':
      return [trusting, false];
    case 'require':
      // As libpq does: a root certificate makes `require` check the chain.
      return [files.ca ? { ...chainOnly(given), ...rejection(options) } : trusting];
    case 'verify-ca':
      return [{ ...chainOnly(given), ...rejection(options) }];
    case 'verify-full':
      return [{ ...given, rejectUnauthorized: true, ...rejection(options) }];
    default:
      throw new GodwitError(
        'GODWIT_URL_INVALID',
        `sslmode=${String(mode)} is not one of libpq's modes.`,
        {
          next: ['use disable, allow, prefer, require, verify-ca or verify-full'],
        },
      );
  }
}

/** libpq's mode, also where nobody named one. */
export function sslModeOf({
  mode,
  host,
  options,
  ca,
}: Pick<TlsInput, 'mode' | 'host' | 'options' | 'ca'>): SslMode {
  if (mode !== undefined) return mode;
  if (options?.enabled === false) return 'disable';
  if (options?.enabled || options?.caFile) {
    return options.rejectUnauthorized === false ? 'require' : 'verify-full';
  }
  if (ca !== undefined) return 'verify-ca';
  const local = host.startsWith('/') || ['localhost', '127.0.0.1', '::1', '[::1]'].includes(host);
  return local ? 'allow' : 'prefer';
}

function chainOnly(given: ConnectionOptions): ConnectionOptions {
  return { ...given, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

function rejection({ rejectUnauthorized }: TlsOptions): ConnectionOptions {
  return rejectUnauthorized === undefined ? {} : { rejectUnauthorized };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GodwitError(
      'GODWIT_FILE_UNREADABLE',
      `The certificate file ${path} cannot be read.`,
      {
        cause,
        where: { file: path },
      },
    );
  }
}
