import type { ErrorInfo } from './errors.ts';
import type { LockHolder, Outcome, Target } from './ports/driver.ts';
import type { Direction } from './ports/migration.ts';

/** Which run an event is about. */
export interface RunRef {
  readonly run: string;
  readonly id: string;
  readonly direction: Direction;
}

/**
 * All that can happen, as one closed union. Terminal, JSON lines, log files and
 * dashboard show these and nothing else.
 */
export type GodwitEvent =
  | { readonly type: 'target'; readonly target: Target; readonly command: string }
  | {
      readonly type: 'lock.waiting';
      readonly holder: LockHolder | undefined;
      readonly waitedMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'lock.acquired';
      readonly fence: number;
      readonly waitedMs: number;
      readonly succeeded?: LockHolder | undefined;
    }
  | { readonly type: 'lock.lost'; readonly error: ErrorInfo }
  | { readonly type: 'lock.released'; readonly fence: number }
  | { readonly type: 'history.imported'; readonly mirror: string; readonly ids: readonly string[] }
  | {
      readonly type: 'plan.ready';
      readonly direction: Direction;
      readonly ids: readonly string[];
      readonly fingerprint: string;
    }
  | (RunRef & {
      readonly type: 'run.started';
      readonly index: number;
      readonly total: number;
      readonly description?: string | undefined;
    })
  | (RunRef & { readonly type: 'run.log'; readonly message: string })
  | (RunRef & {
      readonly type: 'run.statement';
      readonly statement: number;
      readonly total: number;
      readonly transactional: boolean;
    })
  | (RunRef & {
      readonly type: 'run.retrying';
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly blockers: readonly string[];
    })
  | (RunRef & { readonly type: 'run.ended'; readonly outcome: Outcome })
  | { readonly type: 'stopping'; readonly signal: string; readonly at: 'once' | 'after-current' }
  | { readonly type: 'warning'; readonly code: string; readonly message: string };

export type Emit = (event: GodwitEvent) => void;
