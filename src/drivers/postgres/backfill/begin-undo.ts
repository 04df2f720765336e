import { setTimeout as sleep } from 'node:timers/promises';
import { busy, nothingKept } from '../../../core/backfill/refuse-undo.ts';
import type { LedgerHead, WorkerReport } from '../../../ports/backfill-ledger.ts';
import type { Actor } from '../../../ports/history.ts';
import { jsonLiteral, literal } from '../text.ts';
import { aliveSql, readHeads } from './head.ts';
import { unknownLedger } from './ledger-state.ts';
import type { Place } from './place.ts';
import type { Patience } from './pool.ts';

/** A chunk under way is waited for: no statement of its own takes longer. */
const PATIENT: Patience = { lockMs: 60_000, statementMs: 120_000 };

/** How long the server may take to notice that a client is gone. */
const NOTICE_MS = 3_000;
const PAUSE_MS = 100;

/**
 * From here on nobody works on the ledger but who undoes it: what a worker has under way
 * commits before this returns, or never.
 */
export async function beginUndo(
  place: Place,
  ledger: string,
  worker: WorkerReport,
): Promise<LedgerHead> {
  const before = await headOf(place, ledger);
  await refuseUnkept(place, before);
  const until = performance.now() + NOTICE_MS;
  while (!(await turn(place, ledger, worker))) {
    const { name, state, workers } = await headOf(place, ledger);
    const others = workers.filter(({ id }) => id !== worker.id);
    const present = others.some(({ by }) => !isEnded(by, worker.by));
    if (present || performance.now() > until) throw busy(name, state, others);
    await sleep(PAUSE_MS);
  }
  // In a message of its own: who cuts a range holds a chunk while it waits for the ledger.
  await place.pool.run(
    `update ${place.tables.chunk} set state = 'void', worker = null, token = null
    where ledger = ${literal(ledger)} and state in ('waiting', 'claimed')`,
    PATIENT,
  );
  return headOf(place, ledger);
}

async function headOf(place: Place, ledger: string): Promise<LedgerHead> {
  const [head] = await readHeads(place, ledger);
  if (head === undefined) throw unknownLedger(ledger);
  return head;
}

async function refuseUnkept(
  { pool, tables }: Place,
  { ledger, name, state, progress }: LedgerHead,
): Promise<void> {
  if (state === 'undoing' || state === 'undone') return;
  if (progress.changed + progress.deleted === 0) return;
  const [kept] = await pool.run(
    `select 1 from ${tables.touched} where ledger = ${literal(ledger)} limit 1`,
  );
  if (kept?.rowCount === 0) throw nothingKept(name);
}

/** Whether a process of this machine is gone, and the server has only not noticed yet. */
function isEnded({ host, pid }: Actor, self: Actor): boolean {
  if (host !== self.host) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** @returns false when there is no such ledger, or others are at work on it */
async function turn(
  place: Place,
  ledger: string,
  { id, by, rows }: WorkerReport,
): Promise<boolean> {
  const t = place.tables;
  const name = literal(ledger);
  const pid = place.embedded ? 'null' : 'pg_catalog.pg_backend_pid()';
  const others = `exists (select 1 from ${t.worker} w where w.ledger = ${name}
    and w.id <> ${literal(id)} and ${aliveSql(place, 'w')})`;
  // The lock first: of two that begin at once, the second sees the first.
  const results = await place.pool.run(
    `select 1 from ${t.ledger} where ledger = ${name} for update;
    with u as (update ${t.ledger} l set state = 'undoing', control = '{}', ended_at = null, error = null
      where l.ledger = ${name} and (l.state not in ('running', 'undoing') or not ${others}) returning 1)
    insert into ${t.worker} as w (ledger, id, by, rows, pid, heartbeat_at)
      select ${name}, ${literal(id)}, ${jsonLiteral(by)}, ${rows}, ${pid}, pg_catalog.clock_timestamp() from u
      on conflict (ledger, id) do update set heartbeat_at = excluded.heartbeat_at
    returning 1`,
  );
  return results.at(-1)?.rowCount === 1;
}
