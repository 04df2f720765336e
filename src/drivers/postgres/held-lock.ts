import type { LockHolder } from '../../ports/session.ts';

/** A lock that is held, whichever way it is kept. */
export interface HeldLock {
  readonly fence: number;
  /** Whether it is a session's lock, which ends with its connection. */
  readonly ofSession: boolean;
  /** A holder that had died, and whose place was taken. */
  readonly succeeded: LockHolder | undefined;
  /** Aborted with a GodwitError as reason. */
  readonly lost: AbortSignal;
  /**
   * Begins a transaction under the lock. Returns statements that have to be put before
   * the work, in the same message: all of them, or none when they were sent already
   * because the fence had to be looked at.
   *
   * @param settings statements for right after BEGIN
   * @throws GodwitError GODWIT_LOCK_LOST
   */
  begin(settings: readonly string[]): Promise<readonly string[]>;
  /** Statements for right before COMMIT. */
  closing(): readonly string[];
  /** The backend that works for us now, for cancelling. */
  backendPid(): number | undefined;
  /** Safe to call twice. */
  release(): Promise<void>;
}
