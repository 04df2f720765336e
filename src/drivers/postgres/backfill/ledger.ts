import { busy } from '../../../core/backfill/refuse-undo.ts';
import { GodwitError } from '../../../errors.ts';
import type { BeginOptions } from '../../../ports/backfill.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { LedgerHead } from '../../../ports/backfill-ledger.ts';
import { jsonLiteral, literal } from '../text.ts';
import { aliveSql, readHeads } from './head.ts';
import { inspectOnce } from './inspect.ts';
import { keyJson, keyOrder } from './key-sql.ts';
import type { Place } from './place.ts';
import { createTables } from './tables.ts';
import type { Target } from './target.ts';

/** Makes the ledger, resumes it, or begins it anew. */
export async function begin(
  place: Place,
  job: BackfillJob,
  options: BeginOptions,
): Promise<LedgerHead> {
  const target = await place.target(job);
  await createTables(place.pool, place.store, place.tables);
  for (let attempt = 1; attempt <= 10; attempt++) {
    const [head] = await readHeads(place, job.ledger);
    const next = head && decide(head, job, options);
    if (next === 'keep') return head as LedgerHead;
    await (next === 'resume'
      ? resume(place, job, head as LedgerHead)
      : start(place, job, options, target, head));
    // Somebody else may have been faster, with another definition.
    const [now] = await readHeads(place, job.ledger);
    if (now && now.state !== 'failed') return now;
  }
  throw new GodwitError('GODWIT_INTERNAL', `The ledger ${job.ledger} cannot be begun.`);
}

function decide(
  head: LedgerHead,
  job: BackfillJob,
  { mode, acceptDefinition }: BeginOptions,
): 'keep' | 'resume' | 'again' {
  if (head.state === 'undoing') throw busy(head.name, head.state, []);
  const over = ['complete', 'cancelled', 'undone'].includes(head.state);
  // Whoever asks sees from its definition which one was completed.
  if (over) return mode === 'again' ? 'again' : 'keep';
  const changed = head.definition !== job.definition;
  if (changed && !acceptDefinition) throw definitionChanged(head);
  return head.state === 'failed' || changed ? 'resume' : 'keep';
}

function definitionChanged({ name, state, progress }: LedgerHead): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_CHANGED',
    `The backfill ${name} was edited since it was begun.`,
    {
      state: `Its ledger is ${state}, with ${progress.changed} rows changed by the definition of then.`,
      next: [
        `go on with the new definition: godwit backfill run ${name} --accept-definition`,
        `or give it up: godwit backfill cancel ${name}`,
      ],
    },
  );
}

async function resume(place: Place, job: BackfillJob, head: LedgerHead): Promise<void> {
  await place.pool.run(
    `update ${place.tables.ledger} set state = 'running', error = null, ended_at = null, summary = null,
      definition = ${literal(job.definition)}
    where ledger = ${literal(job.ledger)} and state in ('running', 'failed') and generation = ${head.generation}`,
  );
}

async function start(
  place: Place,
  job: BackfillJob,
  { by }: BeginOptions,
  target: Target,
  old: LedgerHead | undefined,
): Promise<void> {
  const { total, exact } = await inspectOnce(place, job);
  const t = place.tables;
  const generation = (old?.generation ?? 0) + 1;
  const ledger = literal(job.ledger);
  const columns =
    'ledger, name, target, generation, sweep, state, definition, first, bound, cut, total, exact, by';
  const values = `select ${ledger}, ${literal(job.name)}, ${literal(job.target)}, ${generation}, 1, 'running',
    ${literal(job.definition)}, e.first, e.bound, e.bound is null, ${total}, ${exact}, ${jsonLiteral(by)}
    from (select ${endKey(target, false)} as first, ${endKey(target, true)} as bound) e`;
  if (!old) {
    await place.pool.run(
      `insert into ${t.ledger} (${columns}) ${values} on conflict (ledger) do nothing`,
    );
    return;
  }
  // The row is replaced only if it is still the one that was looked at.
  const stale = `ledger = ${ledger} and generation < ${generation}`;
  await place.pool.run(
    `delete from ${t.worker} w where w.ledger = ${ledger} and not ${aliveSql(place, 'w')};
    delete from ${t.ledger} where ledger = ${ledger} and generation = ${old.generation} and state = ${literal(old.state)};
    insert into ${t.ledger} (${columns}) ${values} on conflict (ledger) do nothing;
    delete from ${t.chunk} where ${stale};delete from ${t.poison} where ${stale};
    ${old.state === 'cancelled' ? '' : `delete from ${t.touched} where ${stale}`}`,
  );
}

/** The first or the last key there is now. */
export function endKey(target: Target, last: boolean): string {
  return `(select ${keyJson(target)} from ${target.table} order by ${keyOrder(target, last)} limit 1)`;
}
