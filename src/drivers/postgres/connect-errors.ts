import { GodwitError } from '../../errors.ts';
import type { ClientSettings } from './client-settings.ts';

interface Thrown {
  readonly code?: string;
  readonly message: string;
}

/** The server wants TLS, and was asked without. */
export function refusesPlain(error: unknown): boolean {
  const { code, message } = thrownOf(error);
  return code === '28000' && /no encryption|SSL off/i.test(message);
}

/** The server has no TLS. */
export function refusesTls(error: unknown): boolean {
  return /does not support SSL/i.test(thrownOf(error).message);
}

/** Says what failed, never with what password. */
export function connectError(error: unknown, settings: ClientSettings): GodwitError {
  const { code, message } = thrownOf(error);
  const server = `${settings.host}:${settings.port}`;
  const state = 'Nothing was read or written.';
  const details = { cause: error, state };
  if (code === '28P01' || code === '28000' || isPasswordProblem(message)) {
    return new GodwitError(
      'GODWIT_AUTH_FAILED',
      `${server} refuses the user ${settings.user}: ${message}.`,
      {
        ...details,
        next: ['check user and password of the URL, or PGUSER and PGPASSWORD'],
      },
    );
  }
  if (code === '3D000') {
    return new GodwitError(
      'GODWIT_DATABASE_MISSING',
      `There is no database ${settings.database} on ${server}.`,
      {
        ...details,
        next: [
          `createdb -h ${settings.host} -p ${settings.port} -U ${settings.user} ${settings.database}`,
        ],
      },
    );
  }
  if (code === '42501') {
    return new GodwitError(
      'GODWIT_PERMISSION_DENIED',
      `The user ${settings.user} may not connect to the database ${settings.database}: ${message}.`,
      {
        ...details,
        next: [`grant connect on database "${settings.database}" to "${settings.user}"`],
      },
    );
  }
  return new GodwitError(
    'GODWIT_CONNECT_FAILED',
    `No PostgreSQL at ${server}: ${explain(code, message)}.`,
    {
      ...details,
      next: ['is the server running, and host and port right?', 'godwit doctor'],
    },
  );
}

function explain(code: string | undefined, message: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known';
    case 'ENOENT':
      return 'there is no such socket';
    default:
      return /timeout expired/i.test(message) ? 'no answer in time' : message;
  }
}

function isPasswordProblem(message: string): boolean {
  return /client password must be a string|password authentication failed|no such user/i.test(
    message,
  );
}

/** `localhost` gives one error for each of its addresses. */
function thrownOf(error: unknown): Thrown {
  if (error instanceof AggregateError && error.errors.length > 0) return thrownOf(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  const message = error.message.replace(/\.$/, '');
  return 'code' in error && typeof error.code === 'string'
    ? { code: error.code, message }
    : { message };
}
