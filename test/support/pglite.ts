import { PGlite } from '@electric-sql/pglite';
import { createPglite } from '../../src/testing/pglite.ts';

export interface OpenPglite {
  readonly client: PGlite;
  close(): Promise<void>;
}

/** An empty PGlite, opened: a copy, because to make one takes seconds, also in memory. */
export async function openPglite(): Promise<OpenPglite> {
  const { folder, remove } = await createPglite();
  const client = await PGlite.create(folder);
  return {
    client,
    async close() {
      await client.close();
      await remove();
    },
  };
}
