import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { Snapshot } from '../../../ports/snapshot.ts';
import { type Connection, isServerError } from '../connection.ts';
import { ident } from '../text.ts';
import { snapshotScript } from './script.ts';

/**
 * Makes what a snapshot or a dump says, all of it or nothing.
 *
 * @param makeRoles in a server of one's own, roles that are missing are made
 * @throws GODWIT_SNAPSHOT_UNLOADABLE
 */
export async function loadSchema(
  connection: Connection,
  schema: Snapshot | string,
  makeRoles: boolean,
): Promise<void> {
  const text = typeof schema === 'string' ? withoutMeta(schema) : snapshotScript(schema, 'file');
  for (;;) {
    try {
      await connection.simple(`begin;\n${text}\n;commit`, { keepRows: 0 });
      await connection.simple('reset all');
      return;
    } catch (error) {
      await connection.simple('rollback').catch(() => undefined);
      const role = makeRoles ? missingRole(error) : undefined;
      if (role === undefined) throw unloadable(error, text);
      await connection.simple(`create role ${ident(role)}`);
    }
  }
}

/** What pg_dump writes for psql alone. */
function withoutMeta(text: string): string {
  return text.replaceAll(/^\\(?:un)?restrict\b.*$/gm, '');
}

function missingRole(error: unknown): string | undefined {
  if (!isServerError(error) || error.code !== '42704') return undefined;
  return /^role "(.+)" does not exist$/.exec(error.message)?.[1];
}

function unloadable(error: unknown, text: string): GodwitError {
  const position = isServerError(error) ? Number(error.position ?? 0) : 0;
  // The message begins with a line of godwit's own.
  const before = text.slice(0, Math.max(0, position - 'begin;\n'.length));
  const statement = text.slice(before.lastIndexOf(';\n') + 1).trim();
  return new GodwitError(
    'GODWIT_SNAPSHOT_UNLOADABLE',
    `The schema cannot be loaded into an empty database: ${thrownMessage(error)}`,
    {
      ...(position > 0 && { where: { statement: statement.slice(0, 500) } }),
      state: 'The real database was not touched.',
      next: [
        'an extension that this server lacks: try another one with --scratch URL',
        'compare without loading: godwit schema dump --json',
      ],
      cause: error,
    },
  );
}
