import type { HiddenIndex } from '../../ports/definition.ts';

/** What may be done, and how. */
export interface SyncPolicy {
  /** Indexes with the same keys and other options may be built anew. */
  readonly rebuild: boolean;
  /** How long an index is hidden before it is dropped, in ms; 0: dropped at once. */
  readonly hideForMs: number;
  /** Whether indexes that nothing defines are dropped at all. */
  readonly drop: boolean;
  /** Names of indexes that are left alone in every collection, with `*` for anything. */
  readonly ignore: readonly string[];
  readonly hidden: readonly HiddenIndex[];
  readonly now: Date;
}

/** Whether a name is one of the patterns, in which `*` is anything. */
export function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
  });
}
