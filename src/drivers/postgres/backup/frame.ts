import type { Store } from '../store.ts';
import { ident, literal } from '../text.ts';
import type { Attachment } from './attachments.ts';
import { type Extent, nameArray, ORDINARY_SCHEMA } from './extent.ts';

/**
 * Set in a transaction that restores under a lock it holds itself. A script that psql runs
 * has to look for the lock.
 */
export const RESTORING = "select pg_catalog.set_config('godwit.restoring', 'on', true)";

/** What goes before the schema: everything that is there now goes away. */
export function prologue(store: Store, extent: Extent): string {
  return `SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = '';

-- The lock is not a part of what is restored: it belongs to now.
DO $godwit$
DECLARE
  kept pg_catalog.jsonb;
  free pg_catalog.bool := pg_catalog.current_setting('godwit.restoring', true) = 'on';
BEGIN
  IF pg_catalog.to_regclass(${literal(store.lock)}) IS NOT NULL THEN
    EXECUTE 'SELECT pg_catalog.to_jsonb(l) FROM ${store.lock.replaceAll("'", "''")} l' INTO kept;
  END IF;
  IF free IS NOT TRUE THEN
    free := pg_catalog.pg_try_advisory_xact_lock(${store.lockKey})
      AND coalesce((kept ->> 'expires_at')::pg_catalog.timestamptz < pg_catalog.clock_timestamp(), true);
  END IF;
  IF NOT free THEN
    RAISE EXCEPTION 'godwit is at work in this database'
      USING HINT = 'Let it finish or stop it, then restore again.';
  END IF;
  PERFORM pg_catalog.set_config('godwit.kept_lock', coalesce(kept::pg_catalog.text, ''), true);
END
$godwit$;

-- Everything goes, also what was made since.
DO $godwit$
DECLARE
  name pg_catalog.name;
BEGIN
${extent.partial ? dropThese(extent) : dropAll(extent)}
END
$godwit$;
`;
}

function dropThese({ managed }: Extent): string {
  return managed.map((name) => `  DROP SCHEMA IF EXISTS ${ident(name)} CASCADE;`).join('\n');
}

function dropAll({ unmanaged, extensions }: Extent): string {
  return `  FOR name IN SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE ${ORDINARY_SCHEMA}
      AND n.nspname <> ALL (${nameArray(unmanaged)})
      AND pg_catalog.pg_has_role(n.nspowner, 'usage')
  LOOP
    EXECUTE pg_catalog.format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  FOR name IN SELECT x.extname FROM pg_catalog.pg_extension x
    WHERE x.extname <> ALL (${nameArray(extensions.map((extension) => extension.name))})
      AND pg_catalog.pg_has_role(x.extowner, 'usage')
  LOOP
    EXECUTE pg_catalog.format('DROP EXTENSION IF EXISTS %I CASCADE', name);
  END LOOP;`;
}

/** Extensions of schemas that are not restored, where one was dropped since. */
export function missingExtensions({ extensions, unmanaged }: Extent): string {
  return extensions
    .filter(({ schema }) => unmanaged.includes(schema))
    .map(
      ({ name, schema }) =>
        `CREATE EXTENSION IF NOT EXISTS ${ident(name)} SCHEMA ${ident(schema)};\n`,
    )
    .join('');
}

/** What goes behind the schema: rights, what hangs on it from outside, the lock. */
export function epilogue(
  store: Store,
  grants: readonly string[],
  attachments: readonly Attachment[],
): string {
  const rights = grants.map((statement) => `${statement};\n`).join('');
  return `${rights}${attachments.map(attach).join('')}
-- The lock as it is now; a fence never becomes smaller.
DO $godwit$
DECLARE
  kept pg_catalog.jsonb := nullif(pg_catalog.current_setting('godwit.kept_lock', true), '');
BEGIN
  IF pg_catalog.to_regclass(${literal(store.lock)}) IS NULL THEN RETURN; END IF;
  UPDATE ${store.lock} l SET
    fence = greatest(l.fence, (kept ->> 'fence')::pg_catalog.int8),
    mode = kept ->> 'mode', token = (kept ->> 'token')::pg_catalog.uuid,
    by = nullif(kept -> 'by', 'null'), command = kept ->> 'command',
    since = (kept ->> 'since')::pg_catalog.timestamptz, pid = (kept ->> 'pid')::pg_catalog.int4,
    expires_at = (kept ->> 'expires_at')::pg_catalog.timestamptz;
END
$godwit$;
`;
}

/** A table outside may be gone since, and is not there in a scratch database. */
function attach({ sql, to }: Attachment): string {
  if (to === undefined) return `${sql};\n`;
  return `DO $godwit$ BEGIN
IF pg_catalog.to_regclass(${literal(to)}) IS NULL THEN RAISE WARNING '% is not there, so this was left out: %', ${literal(to)}, ${literal(sql)};
ELSE EXECUTE ${literal(sql)};
END IF;
END $godwit$;
`;
}
