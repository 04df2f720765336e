import { PGlite } from '@electric-sql/pglite';
import { createPglite } from '../../src/testing/pglite.ts';

export interface OpenPglite {
  readonly client: PGlite;
  readonly url: string;
  /** Makes it as new: to open another takes longer than most tests. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

const EMPTY = `do $$ declare one name; begin
  for one in select nspname from pg_namespace
    where nspname not like 'pg\\_%' and nspname <> 'information_schema'
  loop execute format('drop schema %I cascade', one); end loop;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public; end $$`;

/** An empty PGlite, opened: a copy, because to make one takes seconds, also in memory. */
export async function openPglite(): Promise<OpenPglite> {
  const { folder, url, remove } = await createPglite();
  const client = await PGlite.create(folder);
  return {
    client,
    url,
    async empty() {
      await client.exec('rollback');
      await client.exec('discard all');
      await client.exec(EMPTY);
    },
    async close() {
      await client.close();
      await remove();
    },
  };
}
