import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { GodwitError } from '../../../errors.ts';
import { stoppedError } from '../interrupt.ts';
import type { PgDump } from './find-pg-dump.ts';

export interface DumpRequest {
  readonly program: PgDump;
  /** How to connect: `PGHOST` and the like. Never on the command line, which all can read. */
  readonly env: Readonly<Record<string, string>>;
  readonly role: string | undefined;
  /** Of the transaction in which everything else is read. */
  readonly snapshot: string;
  readonly schemas: readonly string[];
  readonly extensions: readonly string[];
  readonly section: 'pre-data' | 'data' | 'post-data';
  readonly signal: AbortSignal;
}

/**
 * Runs pg_dump and hands on what it writes, no faster than it is taken.
 *
 * @throws GodwitError GODWIT_BACKUP_FAILED with its own words, GODWIT_STOPPED
 */
export async function runPgDump(
  request: DumpRequest,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  const { program, env, signal, section } = request;
  const child = spawn(program.path, argumentsOf(request), {
    env: { ...withoutLibpq(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  const stop = (): boolean => child.kill();
  signal.addEventListener('abort', stop, { once: true });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (words.length < 4_000) words += text;
  });
  try {
    for await (const chunk of child.stdout) await take(chunk as Buffer);
    const [code, killed] = await ended;
    if (signal.aborted) throw stoppedError();
    if (code === 0) return;
    throw new GodwitError(
      'GODWIT_BACKUP_FAILED',
      `pg_dump ${program.version} failed (${code ?? killed}, ${section}): ${words.trim()}`,
      { next: ["use godwit's own dump instead: backup.pgDump: false in the config"] },
    );
  } catch (error) {
    child.kill();
    await ended.catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function argumentsOf({ role, snapshot, schemas, extensions, section }: DumpRequest): string[] {
  return [
    `--section=${section}`,
    `--snapshot=${snapshot}`,
    '--encoding=UTF8',
    '--no-password',
    '--strict-names',
    ...(role === undefined ? [] : [`--role=${role}`]),
    ...schemas.map((name) => `--schema=${pattern(name)}`),
    // Without a schema's name they are left out.
    ...extensions.map((name) => `--extension=${pattern(name)}`),
  ];
}

/** A name as a pattern that matches nothing else. */
function pattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What the URL does not say must not come from a variable that godwit has not read. */
function withoutLibpq(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^PG(?!PASSFILE|SYSCONFDIR)/.test(name)),
  );
}
