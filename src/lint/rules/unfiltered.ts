import type { ScriptScan } from '../read-script.ts';
import type { Rule } from '../rule.ts';
import { classify, describe } from '../sizes.ts';

const METHODS = new Set(['updateMany', 'deleteMany']);

/** `updateMany({}, …)` over a collection that the connected database says is not small. */
export const unfiltered: Rule = {
  code: 'GODWIT_LINT_UNFILTERED',
  *check({ script }, { sizes }) {
    if (!script || !sizes) return;
    for (const [i, { text, line, character }] of script.tokens.entries()) {
      if (!METHODS.has(text) || !script.is(i + 1, '(', '{', '}')) continue;
      const name = collectionBefore(script, i);
      const size = name === undefined ? undefined : sizes.of(undefined, name);
      if (name === undefined || !size) continue;
      const kind = classify(size);
      if (kind === 'small') continue;
      yield {
        where: { line, character, table: name },
        message: `${text} without a filter goes over all of ${name} in one go: ${describe(size)}. It cannot be resumed, and nothing slows it down.`,
        fix: `do it in chunks: await ctx.backfill({ collection: '${name}', filter: {…}, set: {…} })`,
        severity: kind === 'large' ? 'error' : 'warning',
      };
    }
  },
};

/** `db.collection('users').updateMany`: the name, where it is written out. */
function collectionBefore(script: ScriptScan, at: number): string | undefined {
  if (!script.is(at - 2, ')', '.') || !script.is(at - 4, '(')) return undefined;
  return script.is(at - 5, 'collection') ? script.string(at - 3) : undefined;
}
