import { canonicalVersion, splitVersionedName } from '../core/ordering.ts';
import type { Replaces } from '../ports/migration.ts';

/**
 * Reads what a baseline stands for: ids or versions, and in brackets behind a baseline
 * among them what that one stood for.
 *
 * @example
 * readReplaces('003_baseline (001_users, 002_email), 004_orders');
 * // { versions: ['3', '4'], covered: ['1', '2'] }
 */
export function readReplaces(text: string | undefined): Replaces | undefined {
  if (text === undefined) return undefined;
  const inner = [...text.matchAll(/\(([^()]*)\)/g)].map(([, inside]) => inside ?? '').join(' ');
  const versions = versionsIn(text.replaceAll(/\([^()]*\)/g, ' '));
  return versions.length === 0 ? undefined : { versions, covered: versionsIn(inner) };
}

function versionsIn(text: string): string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  return words.map((word) => splitVersionedName(word)?.version ?? canonicalVersion(word));
}
