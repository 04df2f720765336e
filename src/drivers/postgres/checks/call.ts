import { GodwitError } from '../../../errors.ts';
import type { SqlClient } from '../../../ports/context.ts';
import { shorten } from '../errors.ts';
import { analyse, mayNeedParser } from '../sql/index.ts';
import type { Asking } from './checks.ts';
import { readOnly } from './read-only.ts';

/** Calls code with a client that can only read, and is of no use any more afterwards. */
export async function callReadOnly<T>(
  asking: Asking,
  call: (client: SqlClient) => T | Promise<T>,
): Promise<T> {
  let open = true;
  const query: SqlClient['query'] = async (text, values) => {
    if (!open) throw new GodwitError('GODWIT_USAGE', 'A check sent a query after it had ended.');
    await refuseControl(text);
    return (await asking.connection.query(text, values)) as never;
  };
  try {
    return await readOnly(asking, async () => call({ query }));
  } finally {
    open = false;
  }
}

/** A COMMIT would end the transaction that keeps the code from writing. */
async function refuseControl(query: unknown): Promise<void> {
  const text = typeof query === 'string' ? query : String((query as { text?: unknown }).text ?? '');
  if (!mayNeedParser(text)) return;
  if ((await analyse(text)).mode === 'transaction') return;
  throw new GodwitError('GODWIT_USAGE', `A check only reads; it cannot send: ${shorten(text)}`);
}
