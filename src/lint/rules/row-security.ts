import type { Rule } from '../rule.ts';
import { keyOf } from '../sizes.ts';
import { subjectOf } from '../subject.ts';

/** A new table that an API would show whole to everybody with the right. */
export const rowSecurity: Rule = {
  code: 'GODWIT_LINT_RLS_MISSING',
  *check({ statements }, { exposedSchemas, secured }) {
    if (exposedSchemas.length === 0) return;
    // What a block of code does to which tables cannot be seen.
    if (statements.some(({ tokens, text }) => tokens[0]?.text === 'do' && SECURES.test(text))) {
      return;
    }
    for (const statement of statements) {
      const { action, table, temporary } = subjectOf(statement);
      if (action !== 'create table' || !table || temporary) continue;
      const schema = table.schema ?? 'public';
      if (!exposedSchemas.includes(schema)) continue;
      if (secured.has(keyOf(schema, table.name))) continue;
      const name = table.schema === undefined ? table.name : `${schema}.${table.name}`;
      yield {
        where: {
          line: statement.line,
          character: statement.character,
          schema,
          table: table.name,
        },
        message: `${name} is made in a schema that an API shows (${schema}), and no file gives it row level security.`,
        fix: `alter table ${name} enable row level security; create policy … on ${name} …`,
      };
    }
  },
};

const SECURES = /enable\s+row\s+level\s+security/i;
