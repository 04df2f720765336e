import { GodwitError } from '../../../errors.ts';
import type { PublicIdCall } from '../../../ports/public-ids.ts';
import type { Connection } from '../connection.ts';
import { ident, literal } from '../text.ts';

const SHOWN = 5;

/** @throws GodwitError GODWIT_PUBLIC_ID_CONFLICT with a few of the values */
export async function refuseDuplicates(connection: Connection, call: PublicIdCall): Promise<void> {
  const name = ident(call.column.column);
  const query = `select ${name}, count(*) from ${tableOf(call)} where ${name} is not null group by 1 having count(*) > 1`;
  const [result] = await connection.simple(`${query} order by 2 desc, 1 limit ${SHOWN + 1}`);
  const rows = result?.rows ?? [];
  if (rows.length === 0) return;
  const values = rows.slice(0, SHOWN).map(([value, count]) => `${value} (${count} rows)`);
  throw conflict(call, 'is there more than once', values, rows.length > SHOWN, query);
}

/** @throws GodwitError GODWIT_PUBLIC_ID_CONFLICT with a few of the values */
export async function refuseWrongForm(connection: Connection, call: PublicIdCall): Promise<void> {
  const name = ident(call.column.column);
  const query = `select ${name} from ${tableOf(call)} where ${name} !~ ${literal(call.pattern)}`;
  const [result] = await connection.simple(`${query} limit ${SHOWN + 1}`);
  const rows = result?.rows ?? [];
  if (rows.length === 0) return;
  const values = rows.slice(0, SHOWN).map(([value]) => String(value));
  throw conflict(call, `has not the form ${call.pattern}`, values, rows.length > SHOWN, query);
}

function conflict(
  { column }: PublicIdCall,
  what: string,
  values: readonly string[],
  more: boolean,
  query: string,
): GodwitError {
  return new GodwitError(
    'GODWIT_PUBLIC_ID_CONFLICT',
    `What stands in ${column.table}.${column.column} ${what}: ${values.join(', ')}${more ? ' and more' : ''}.`,
    {
      state: 'No row was changed for it, and nothing half done was left behind.',
      next: [`look at them: ${query}`, 'once they are mended: godwit backfill public-ids'],
    },
  );
}

function tableOf({ column: { schema, table } }: PublicIdCall): string {
  return schema === undefined ? ident(table) : `${ident(schema)}.${ident(table)}`;
}
