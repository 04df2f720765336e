import type { ScriptScan } from '../read-script.ts';
import type { Rule } from '../rule.ts';

/** A unique index that is built before the same file takes the duplicates away. */
export const uniqueTooEarly: Rule = {
  code: 'GODWIT_LINT_UNIQUE_TOO_EARLY',
  *check({ script }) {
    if (!script) return;
    const removes = script.tokens.findLastIndex(
      ({ text }, i) => text === 'removeDuplicates' && script.is(i + 1, '('),
    );
    if (removes < 0) return;
    const last = script.tokens[removes];
    for (const [i, { line, character }] of script.tokens.entries()) {
      if (i >= removes || !buildsUnique(script, i)) continue;
      yield {
        where: { line, character },
        message: `A unique index is built here, before removeDuplicates on line ${last?.line}: while there are duplicates it fails.`,
        fix: 'call removeDuplicates first',
      };
    }
  },
};

function buildsUnique(script: ScriptScan, at: number): boolean {
  const name = script.text(at);
  if (!script.is(at + 1, '(')) return false;
  if (name === 'createUniqueConstraint') return true;
  if (name !== 'createIndex') return false;
  const end = script.behind(at + 1);
  for (let i = at + 2; i < end; i++) if (script.is(i, 'unique', ':', 'true')) return true;
  return false;
}
