import type { Job, Outcome } from '../../ports/session.ts';
import { withAttempts } from './attempts.ts';
import { insertEndedHere } from './history-sql.ts';
import type { Interrupts } from './interrupt.ts';
import { mirrorStatements } from './mirror.ts';
import type { Piece, PreparedSql } from './prepare-sql.ts';
import { send, sendOwn } from './send.ts';
import { verifyInTransaction } from './verify.ts';
import { appliedStatus, cleanSession, settingsOf, type Workplace } from './workplace.ts';

interface RecordHow {
  readonly result?: unknown;
  readonly record?: string | undefined;
  readonly clean?: readonly string[] | undefined;
  readonly commit?: readonly string[] | undefined;
}

type WholeFile = Extract<PreparedSql, { mode: 'transaction' }>;

/**
 * A file and its record in one transaction, and, unless it is long, has to be verified or
 * carries COPY data, in one message: begin, settings, file, record, commit.
 */
export async function executeFile(
  place: Workplace,
  job: Job,
  file: WholeFile,
  interrupts: Interrupts,
): Promise<Outcome> {
  return withAttempts(place, job, interrupts, async () => {
    const after = recordStatements(place, job);
    let before = await place.lock.begin(settingsOf(job));
    const { source } = file;
    // The next one is read before this one is sent: the record goes with the last. What has
    // data of its own goes by itself anyway, and its data is behind it in a long file.
    let last: Piece | undefined;
    for (const piece of file.pieces) {
      if (last) {
        interrupts.check();
        await send(place, { before, piece: last, source, after: [] });
        before = [];
        last = undefined;
      }
      if (piece.copyParts) {
        interrupts.check();
        await send(place, { before, piece, source, after: [] });
        before = [];
      } else last = piece;
    }
    if (last && job.verify) {
      await send(place, { before, piece: last, source, after: [] });
      before = [];
    } else if (last) {
      const { after: results } = await send(place, {
        before,
        piece: last,
        source,
        after,
      });
      return done(job, results[after.indexOf(recordOf(after))]?.rows[0]?.[0]);
    }
    await sendOwn(place, before);
    await verifyInTransaction(place, job, [], interrupts);
    interrupts.check();
    const results = await sendOwn(place, after);
    return done(job, results[after.indexOf(recordOf(after))]?.rows[0]?.[0]);
  });
}

/**
 * From the end of the work to the commit.
 *
 * @param record the INSERT, where it is another than usual
 */
export function recordStatements(
  place: Workplace,
  job: Job,
  { result, record, clean = cleanSession(place), commit = ['commit'] }: RecordHow = {},
): string[] {
  const status = appliedStatus(job);
  const { header, backup } = job;
  return [
    ...clean,
    record ?? insertEndedHere(place.store, header, { status, result, backup }),
    ...mirrorStatements(place.store, job.mirrors, { header, status, result }),
    ...place.lock.closing(),
    ...commit,
  ];
}

function recordOf(statements: readonly string[]): string {
  return statements.find((statement) => statement.startsWith('insert into')) ?? '';
}

function done(job: Job, durationMs: string | null | undefined): Outcome {
  return {
    status: appliedStatus(job),
    effect: 'complete',
    durationMs: Number(durationMs ?? 0),
    transactional: true,
    recorded: true,
  };
}
