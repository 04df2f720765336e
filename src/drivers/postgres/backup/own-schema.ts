import type { Connection } from '../connection.ts';
import { readSchema, type SchemaDump, writeSchema } from '../snapshot/dump.ts';
import type { Extent } from './extent.ts';

export interface OwnSchema {
  readonly preData: string;
  readonly postData: string;
  readonly notes: readonly string[];
}

/** The schema from the catalogs, as the transaction that is open sees it. */
export async function dumpSchema(connection: Connection, extent: Extent): Promise<OwnSchema> {
  const include = extent.managed;
  const dump: SchemaDump = await readSchema(connection, { include, owners: true, recreate: true });
  return {
    preData: [...writeSchema(dump, 'pre-data')].join(''),
    postData: [...writeSchema(dump, 'post-data', { refresh: true })].join(''),
    notes: dump.warnings,
  };
}
