import type { Rule } from '../rule.ts';

/** A migration that cannot be reverted. A baseline never can. */
export const noWayBack: Rule = {
  code: 'GODWIT_LINT_NO_WAY_BACK',
  *check({ file }) {
    const { migration, language } = file;
    if (migration?.reversible !== false || migration.baseline) return;
    const fix =
      language === 'sql'
        ? `write ${file.file.replace(/(\.up)?\.sql$/i, '.down.sql')}, or a -- godwit:down section`
        : 'write its down';
    yield { message: `${migration.id} has no down: it cannot be reverted.`, fix };
  },
};
