import { GodwitError } from '../../../errors.ts';
import type { Connection } from '../connection.ts';
import { readSchema, type SchemaDump, writeSchema } from '../snapshot/dump.ts';

export interface OwnSchema {
  readonly preData: string;
  readonly postData: string;
  readonly notes: readonly string[];
}

/** The schema from the catalogs, as the transaction that is open sees it. */
export function readOwnSchema(
  connection: Connection,
  include: readonly string[],
): Promise<SchemaDump> {
  return readSchema(connection, { include, owners: true, recreate: true });
}

/** @throws GodwitError GODWIT_BACKUP_FAILED for what it could not bring back */
export function writeOwnSchema(dump: SchemaDump): OwnSchema {
  return {
    preData: [...writeSchema(dump, 'pre-data')].join(''),
    postData: [...writeSchema(dump, 'post-data', { refresh: true })].join(''),
    notes: insistOnWhole(dump.warnings),
  };
}

/** Restored in another way, or not touched by a restore. */
const HARMLESS = /^Not taken in: (publications|casts|foreign servers) /;
const TOLD = /^Not taken in: invalid indexes /;

/** What would be dropped by a restore and not come back must not be found out then. */
function insistOnWhole(warnings: readonly string[]): string[] {
  const lost = warnings.filter((warning) => !HARMLESS.test(warning) && !TOLD.test(warning));
  if (lost.length === 0) return warnings.filter((warning) => TOLD.test(warning));
  throw new GodwitError(
    'GODWIT_BACKUP_FAILED',
    `godwit's own dump could not bring back everything that is there. ${lost.join(' ')}`,
    {
      next: [
        'install a pg_dump that is not older than the server; it is found by itself',
        'or leave that schema out: backup.only in the config, or --only',
      ],
    },
  );
}
