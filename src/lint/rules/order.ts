import { compareVersions } from '../../core/ordering.ts';
import type { Rule } from '../rule.ts';

/** A new file that sorts before what others have applied already. */
export const order: Rule = {
  code: 'GODWIT_LINT_ORDER',
  always: true,
  *check({ file }, { base }) {
    const { migration } = file;
    if (!migration || !base?.newest || !base.added.has(file.file)) return;
    if (compareVersions(migration.version, base.newest.version) > 0) return;
    yield {
      message: `${migration.id} is new, and older than ${base.newest.id}, the newest on ${base.name}: databases that have that one would apply it out of order.`,
      fix: `give it a version above ${base.newest.version}`,
    };
  },
};
