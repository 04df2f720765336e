import type { Snapshot } from '../../../ports/snapshot.ts';
import { SETTINGS } from './dump.ts';

/**
 * A snapshot as SQL. As a migration its settings end with the transaction, and it says
 * nothing of the client's side.
 */
export function snapshotScript(snapshot: Snapshot, purpose: 'file' | 'migration'): string {
  const objects = snapshot.objects.map(({ definition }) => `\n${definition};\n`);
  if (purpose === 'migration') return [LOCAL, ...objects, RESTORE].join('');
  return [...header(snapshot), ...objects].join('');
}

/** The same for equal schemas: neither a date nor the database's name. */
function header({ roles, warnings }: Snapshot): string[] {
  return [
    '-- Schema, as godwit schema dump wrote it.\n',
    ...(roles.length > 0
      ? [`-- Roles that must be there: ${roles.map(oneLine).join(', ')}\n`]
      : []),
    ...warnings.map((warning) => `-- ${oneLine(warning)}\n`),
    '\n',
    SETTINGS,
  ];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

const LOCAL = `SET LOCAL check_function_bodies = false;
SET LOCAL xmloption = content;
SET LOCAL row_security = off;
SELECT pg_catalog.set_config('search_path', '', true);
`;

/** The next migration of the same transaction must not meet them. */
const RESTORE = `
SET LOCAL check_function_bodies TO DEFAULT;
SET LOCAL xmloption TO DEFAULT;
SET LOCAL row_security TO DEFAULT;
SET LOCAL search_path TO DEFAULT;
`;
