import { GodwitError } from '../../errors.ts';
import type { RunHeader } from '../../ports/history.ts';
import type { Store } from './store.ts';
import { literal } from './text.ts';

/** The fence is known only when the script runs: it is the last of the header's values. */
export function withFence(store: Store, insert: string): string {
  const at = insert.indexOf('::jsonb,');
  if (at < 0) throw new GodwitError('GODWIT_INTERNAL', 'A record without its maker.');
  const rest = insert
    .slice(at + '::jsonb,'.length)
    .replace(/^\d+/, `(select fence from ${store.lock})`);
  return `${insert.slice(0, at)}::jsonb,${rest}`;
}

/** The same lock as godwit's; never waited for, because CREATE INDEX waits for who waits. */
export function takeFence(store: Store): string {
  return [
    raiseIf(
      `not pg_catalog.pg_try_advisory_lock(${store.lockKey})`,
      'somebody else holds the lock of godwit',
    ),
    `begin;update ${store.lock} set fence = fence + 1, mode = 'advisory', command = 'script',`,
    `  by = null, token = null, since = clock_timestamp(), pid = pg_backend_pid();commit;`,
  ].join('\n');
}

/** Refuses what is done already, or was begun by somebody: a script may be run twice. */
export function guardStep(store: Store, { kind, version, id, direction }: RunHeader): string {
  const of = `kind = ${literal(kind)} and version = ${literal(version)}`;
  const newest = `coalesce((select status from ${store.history} where ${of} and event = 'ended'
    and status in ('applied','reverted') order by seq desc limit 1), 'reverted')`;
  const [wrong, said] =
    direction === 'up' ? ['applied', 'is applied already'] : ['reverted', 'is not applied'];
  const open = `exists (select 1 from ${store.history} s where s.${of.replace(' and ', ' and s.')}
    and s.event = 'started' and not exists
      (select 1 from ${store.history} e where e.run = s.run and e.event = 'ended')
    and not exists (select 1 from ${store.history} l where l.${of.replace(' and ', ' and l.')}
      and l.seq > s.seq and l.run <> s.run))`;
  return [
    raiseIf(`${newest} = ${literal(wrong)}`, `${id} ${said}; nothing of it was run`),
    raiseIf(open, `${id} was begun and not ended; go on with: godwit up`),
  ].join('\n');
}

function raiseIf(condition: string, message: string): string {
  const text = literal(`godwit: ${message}`).replaceAll('%', '%%');
  return `do $godwit$ begin if ${condition} then raise exception ${text}; end if; end $godwit$;`;
}
