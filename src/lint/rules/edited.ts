import type { Rule } from '../rule.ts';

/** A migration that is on the base branch, and may be applied anywhere, was changed. */
export const edited: Rule = {
  code: 'GODWIT_LINT_EDITED',
  always: true,
  *check({ file }, { base }) {
    if (!file.migration || !base?.edited.has(file.file)) return;
    yield {
      message: `${file.migration.id} is on ${base.name} already and was edited: databases that have applied it will not get the change.`,
      fix: `git checkout ${base.name} -- ${file.file}, and write the change as a new migration: godwit create`,
    };
  },
};
