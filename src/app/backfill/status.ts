import { busy } from '../../core/backfill/refuse-undo.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { BackfillControl, LedgerHead } from '../../ports/backfill-ledger.ts';
import type { Project } from '../project.ts';
import { withBackfills } from './engine.ts';
import { listDefined, unknownBackfill } from './find.ts';
import type {
  BackfillControlReport,
  BackfillEntry,
  BackfillListing,
  BackfillState,
  BackfillStatus,
} from './types.ts';

const POISONED_SHOWN = 100;
/** A worker that was heard of in this time works. */
const ALIVE_MS = 15_000;

/** Those of the folder and those that the database knows of, newest last. */
export async function list(project: Project): Promise<BackfillListing> {
  const [defined, heads] = await Promise.all([
    listDefined(project),
    withDatabase(project, (backfills) => backfills.list()),
  ]);
  const begun = new Set(heads.map(({ ledger }) => ledger));
  const fresh = defined.filter(({ name }) => !begun.has(`backfill:${name}`));
  const fileOf = (ledger: string): string | null =>
    defined.find(({ name }) => `backfill:${name}` === ledger)?.file ?? null;
  return {
    backfills: [
      ...heads.map((head) => toEntry(head, fileOf(head.ledger))),
      ...fresh.map(({ name, file, target }) => newEntry(name, file, target)),
    ],
  };
}

/** @throws GodwitError GODWIT_BACKFILL_UNKNOWN */
export async function status(project: Project, name: string): Promise<BackfillStatus> {
  const { backfills } = await list(project);
  const entry = findNamed(backfills, name);
  if (entry === undefined)
    throw unknownBackfill(
      name,
      backfills.map((one) => one.name),
    );
  const { ledger } = entry;
  const poisoned =
    ledger === null
      ? []
      : await withDatabase(project, (database) => database.poisoned(ledger, POISONED_SHOWN));
  return { backfill: entry, poisoned };
}

/** Asks those who work on it, who hear of it within two seconds. */
export async function control(
  project: Project,
  name: string,
  change: BackfillControl,
): Promise<BackfillControlReport> {
  return withDatabase(project, async (database) => {
    const heads = await database.list();
    const head = findNamed(heads, name);
    if (head === undefined)
      throw unknownBackfill(
        name,
        heads.map((one) => one.name),
      );
    if (head.state === 'undoing') throw busy(head.name, head.state, alive(head));
    await database.control(head.ledger, change);
    if (change.cancelled && alive(head).length === 0) {
      // Nobody is there who could end it.
      await database.end(head.ledger, 'cancelled', {});
    }
    const after = (await database.head(head.ledger)) ?? head;
    return {
      name: after.name,
      ledger: after.ledger,
      control: after.control,
      state: stateOf(after),
      workers: alive(after).length,
    };
  });
}

function findNamed<T extends { readonly name: string; readonly ledger: string | null }>(
  all: readonly T[],
  name: string,
): T | undefined {
  return (
    all.find(({ ledger }) => ledger === name || ledger === `backfill:${name}`) ??
    all.findLast((one) => one.name === name)
  );
}

async function withDatabase<T>(
  project: Project,
  work: (backfills: Backfills) => Promise<T>,
): Promise<T> {
  return withBackfills(await project.driver(), 1, work);
}

function alive({ workers }: LedgerHead): LedgerHead['workers'] {
  const newest = Math.max(...workers.map(({ heartbeatAt }) => heartbeatAt.getTime()));
  const now = Math.max(Date.now(), newest);
  return workers.filter(({ heartbeatAt }) => now - heartbeatAt.getTime() < ALIVE_MS);
}

function stateOf(head: LedgerHead): BackfillState {
  if (head.state !== 'running' && head.state !== 'paused') return head.state;
  if (alive(head).length === 0) return 'interrupted';
  return head.control.paused ? 'paused' : 'running';
}

function toEntry(head: LedgerHead, file: string | null): BackfillEntry {
  const { progress, total, startedAt, endedAt } = head;
  const state = stateOf(head);
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const rate = state === 'running' && seconds > 0 ? Math.round(progress.rows / seconds) : null;
  const left = Math.max(0, total - progress.rows);
  return {
    name: head.name,
    ledger: head.ledger,
    file,
    state,
    target: head.target,
    generation: head.generation,
    sweep: head.sweep,
    guarantee: head.guarantee,
    progress,
    total,
    exact: head.exact,
    done: total > 0 ? Math.min(1, progress.rows / total) : null,
    rate,
    etaMs: rate ? Math.round((left / rate) * 1000) : null,
    control: head.control,
    workers: alive(head),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    error: head.error ?? null,
    summary: head.summary ?? null,
  };
}

function newEntry(name: string, file: string | null, target: string): BackfillEntry {
  return {
    name,
    ledger: null,
    file,
    state: 'new',
    target,
    generation: 0,
    sweep: 0,
    guarantee: null,
    progress: null,
    total: null,
    exact: false,
    done: null,
    rate: null,
    etaMs: null,
    control: {},
    workers: [],
    startedAt: null,
    endedAt: null,
    error: null,
    summary: null,
  };
}
