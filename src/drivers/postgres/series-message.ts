import type { SqlText } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import { recordStatements } from './execute-file.ts';
import { executeEnded, insertEndedHere, prepareEnded } from './history-sql.ts';
import type { Piece } from './prepare-sql.ts';
import { literal } from './text.ts';
import { appliedStatus, cleanSession, settingsOf, type Workplace } from './workplace.ts';

/** What the server says when it is to send results on: see `PUSH`. */
export const PUSHED = 'godwit';

/**
 * The server holds results back until its buffer is full, and sends them with a notice:
 * otherwise a slow file would be announced when it is over. A notice, unlike a warning, is
 * not written to the server's log.
 */
const PUSH = `do 'begin raise notice $n$${PUSHED}$n$; end'`;

/**
 * Only the last commit of a message waits for the disk, and with it all before it are on
 * the disk too: the log is written in order, work and record side by side. What a crash of
 * the server takes away in between is found out before anything is reported (`settle`).
 */
const LATER = 'set local synchronous_commit=off';

/**
 * So many plain files in a row go through in fewer statements, each of which costs a small
 * file as much as itself: the session has their settings, and the INSERT of their records.
 */
const WORTH_PREPARING = 4;

/** What a row changes in the session, as it was. */
export const RESTORED: readonly string[] = [
  'reset lock_timeout',
  'reset statement_timeout',
  'reset synchronous_commit',
  'deallocate all',
];

/** Setting of the session that says which message came to its end last. */
const DONE = 'godwit.done';

export interface Item {
  readonly job: Job;
  readonly source: SqlText;
  readonly piece: Piece;
  /** It takes no time, and need not be cleaned up after. */
  readonly plain: boolean;
}

/** Files as one message. */
export interface Message {
  /** Names the column by which records are known among the results. */
  readonly marker: string;
  /** For each file what goes before it, its text, and what follows. */
  readonly files: readonly (readonly [before: string, text: string, after: string])[];
  /** Behind the last file. */
  readonly end: string;
  /** How many of godwit's own statements stand before each file. */
  readonly own: readonly number[];
  /**
   * What a row at the head of the message has prepared, sent before it: the server copies
   * the text that a statement was prepared in each time it is executed, and with the files
   * behind it that is 100 kB. Files before a row must not find it there.
   */
  readonly prepared: string | undefined;
  /** The session's settings are changed on the way. */
  readonly changesSession: boolean;
}

/** godwit's statements around a file's. */
interface Around {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** @param previous the message that it may be sent behind, before that one is answered */
export async function writeMessage(
  place: Workplace,
  items: readonly Item[],
  previous: Message | undefined,
): Promise<Message> {
  const marker = `godwit_${items[0]?.job.header.run ?? ''}`;
  const rows = rowsOf(items, place);
  const prepared = rows[0] ? preparedFor(place, items[0] as Item, marker) : undefined;
  const guard = previous && follows(place) ? [guardOf(previous.marker, prepared && marker)] : [];
  const files: [string, string, string][] = [];
  const own: number[] = [];
  for (const [index, item] of items.entries()) {
    const { before, after } = rows[index]
      ? await inRow(place, items, index, { rows, marker })
      : await byItself(place, items, index, marker);
    const ahead = index === 0 ? [...guard, ...before] : before;
    own.push(ahead.length);
    // The line break ends a comment on the file's last line, the semicolon its statement.
    const [head, tail] = [ahead.map((text) => `${text};`).join(''), `\n;${after.join(';')};`];
    files.push([head, item.piece.text, tail]);
  }
  const end = follows(place) ? `set ${DONE}=${literal(marker)};` : '';
  return { marker, files, end, own, prepared, changesSession: rows.includes(true) };
}

/** Whether one message may be sent behind another: it says in the session that it is done. */
export function follows({ owned, keepsSession }: Workplace): boolean {
  return owned && keepsSession;
}

/**
 * The server runs a message also when the one before it failed, unless that left a failed
 * transaction. So it begins with what is an error then, and that skips the rest of it.
 */
function guardOf(previous: string, prepared: string | undefined): string {
  const done = `pg_catalog.current_setting('${DONE}',true)=${literal(previous)}`;
  const names = 'select name from pg_catalog.pg_prepared_statements';
  const ready = prepared === undefined ? done : `${done} and ${literal(prepared)} in (${names})`;
  return `select (case when ${ready} then '1' else 'not run: what is before it failed' end)::pg_catalog.int4`;
}

/** Which of the files stand in a row of plain ones that is worth it. */
function rowsOf(items: readonly Item[], { owned, store }: Workplace): readonly boolean[] {
  const rows = items.map(() => false);
  // A caller's session is no place for it, and a role is taken on for one transaction.
  if (!owned || store.role !== undefined) return rows;
  const settings = items.map(({ job, plain }) => plain && job.limits);
  for (let from = 0, to = 0; from < rows.length; from = to) {
    for (to = from + 1; settings[to] === settings[from] && to < rows.length; ) to++;
    if (settings[from] && to - from >= WORTH_PREPARING) rows.fill(true, from, to);
  }
  return rows;
}

async function byItself(
  place: Workplace,
  items: readonly Item[],
  index: number,
  marker: string,
): Promise<Around> {
  const { job, plain } = items[index] as Item;
  const next = items[index + 1];
  const settings = next === undefined ? settingsOf(job) : [...settingsOf(job), LATER];
  const begin = await place.lock.begin(settings);
  const before = index === 0 || plain ? begin : [...begin, PUSH];
  const clean = plain && next?.plain ? [] : cleanSession(place);
  const of = { status: appliedStatus(job), backup: job.backup, column: marker };
  const record = insertEndedHere(place.store, job.header, of);
  return { before, after: recordStatements(place, job, { record, clean }) };
}

async function inRow(
  place: Workplace,
  items: readonly Item[],
  index: number,
  { rows, marker }: { readonly rows: readonly boolean[]; readonly marker: string },
): Promise<Around> {
  const item = items[index] as Item;
  const before = rows[index - 1] ? [] : await beforeRow(place, item, index > 0 && marker);
  const record = executeEnded(marker, item.job.header, appliedStatus(item.job));
  const isLast = index === items.length - 1;
  const commit = rows[index + 1]
    ? ['commit and chain']
    : [...RESTORED, ...(isLast ? [] : [LATER]), 'commit'];
  return { before, after: recordStatements(place, item.job, { record, clean: [], commit }) };
}

/** @param marker where the record is prepared in the message itself */
async function beforeRow(
  place: Workplace,
  item: Item,
  marker: string | false,
): Promise<readonly string[]> {
  const settings = [...settingsOf(item.job), LATER];
  const begin = await place.lock.begin(settings.map((text) => text.replace(/^set local/, 'set')));
  return marker === false ? begin : [...begin, preparedFor(place, item, marker)];
}

/** Those that follow are recorded by the same process, under the same lock and backup. */
function preparedFor(place: Workplace, { job }: Item, marker: string): string {
  const { by, fence } = job.header;
  return prepareEnded(place.store, marker, { by, fence, backup: job.backup });
}
