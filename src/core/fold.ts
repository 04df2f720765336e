import type { HistoryEvent, VersionRecord } from '../ports/history.ts';

/**
 * Folds the log into one record per version. Drivers may fold inside the database, as
 * long as the result is the same (the contract suite compares).
 *
 * @param events oldest first
 * @returns records in order of first appearance
 */
export function foldHistory(events: Iterable<HistoryEvent>): VersionRecord[] {
  const records = new Map<string, VersionRecord>();
  for (const event of events) {
    const key = recordKey(event);
    records.set(key, fold(records.get(key), event));
  }
  return [...records.values()];
}

/** Kinds have version spaces of their own. */
export function recordKey(of: { readonly kind: string; readonly version: string }): string {
  return `${of.kind}:${of.version}`;
}

function fold(before: VersionRecord | undefined, event: HistoryEvent): VersionRecord {
  switch (event.event) {
    case 'started':
      return { ...identity(before, event), state: 'open', resume: event.resume };
    case 'checkpoint':
      return {
        ...identity(before, event),
        state: 'open',
        resume: before?.resume ?? 'checkpoint',
        checkpoint: {
          statements: event.statements,
          prefix: event.prefix,
          ...(event.before && { before: true }),
        },
      };
    case 'accepted':
      return before
        ? {
            ...before,
            checksum: event.checksum,
            normalized: event.normalized,
            id: event.id,
            name: event.name,
          }
        : { ...identity(before, event), state: 'pending' };
    case 'ended':
      return ended(before, event);
  }
}

type Ended = Extract<HistoryEvent, { event: 'ended' }>;

function ended(before: VersionRecord | undefined, event: Ended): VersionRecord {
  if (event.status === 'applied') {
    return {
      ...described(event),
      state: 'applied',
      appliedAt: event.at,
      appliedSeq: event.seq,
      durationMs: event.durationMs,
      effect: 'complete',
    };
  }
  if (event.status === 'reverted')
    return { ...described(event), state: 'pending', effect: 'complete' };
  // A revert that was rolled back changed nothing: what was applied still is.
  if (event.direction === 'down' && event.effect === 'none' && before?.appliedSeq !== undefined) {
    const { checkpoint: _checkpoint, resume: _resume, ...kept } = before;
    return { ...kept, state: 'applied', direction: 'up', error: event.error, effect: 'none' };
  }
  const same = before?.run === event.run;
  return {
    ...identity(before, event),
    state: 'failed',
    error: event.error,
    effect: event.effect,
    durationMs: event.durationMs,
    ...(same && before.resume && { resume: before.resume }),
    ...(same && before.checkpoint && { checkpoint: before.checkpoint }),
  };
}

function described(event: HistoryEvent): Omit<VersionRecord, 'state'> {
  return {
    kind: event.kind,
    version: event.version,
    id: event.id,
    name: event.name,
    direction: event.direction,
    run: event.run,
    fence: event.fence,
    checksum: event.checksum,
    normalized: event.normalized,
    description: event.description,
    author: event.author,
    ...(event.label !== undefined && { label: event.label }),
  };
}

/** What is known of the version so far, with this event's run on top. */
function identity(
  before: VersionRecord | undefined,
  event: HistoryEvent,
): Omit<VersionRecord, 'state'> {
  const checkpoint = before?.run === event.run ? before.checkpoint : undefined;
  return {
    ...described(event),
    // A revert under way has not un-applied anything yet.
    ...(event.direction === 'down' && {
      appliedAt: before?.appliedAt,
      appliedSeq: before?.appliedSeq,
    }),
    ...(checkpoint && { checkpoint }),
  };
}
