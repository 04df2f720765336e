import type { SnapshotSection } from '../../../ports/snapshot.ts';

/** Place of a kind in a dump, as far as dependencies leave a choice. */
export const KINDS = [
  'schema',
  'extension',
  'collation',
  'type',
  'domain',
  'sequence',
  'function',
  'procedure',
  'aggregate',
  'table',
  'default',
  'inheritance',
  'partition',
  'sequence owner',
  'view',
  'materialized view',
  'index',
  'constraint',
  'index partition',
  'statistics',
  'rule',
  'trigger',
  'foreign key',
  'policy',
  'row security',
  'event trigger',
  'default privileges',
] as const;

export type Kind = (typeof KINDS)[number];

/** One thing that a dump makes. */
export interface Piece {
  readonly kind: Kind;
  /** Identity within the kind, quoted as the server would. */
  readonly name: string;
  readonly of?: string | undefined;
  readonly section: SnapshotSection;
  /** What of `pg_depend` means this piece, such as `pg_class:16384`. */
  readonly means: readonly string[];
  /** Pieces it must follow, beyond what `pg_depend` says, by what they mean. */
  readonly needs?: readonly string[] | undefined;
  /** SQL, each without its semicolon. */
  readonly statements: readonly string[];
  /** The same in parts that can be made apart, for when things depend on each other. */
  readonly split?: (() => readonly Piece[]) | undefined;
}

export function list(items: readonly string[], indent = '  '): string {
  return items.map((item) => `${indent}${item}`).join(',\n');
}
