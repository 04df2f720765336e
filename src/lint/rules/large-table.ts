import { type SqlStatement, says } from '../read-sql.ts';
import type { Rule } from '../rule.ts';
import { classify, describe } from '../sizes.ts';
import { type Subject, subjectOf } from '../subject.ts';

interface Harm {
  readonly what: string;
  readonly fix: string;
}

/**
 * What takes as long as the table is large, where the connected database has a large one.
 * Where squawk says it of the same statement its finding is the one that is raised.
 */
export const largeTable: Rule = {
  code: 'GODWIT_LINT_LARGE_TABLE',
  *check({ statements }, { sizes }) {
    if (!sizes) return;
    for (const statement of statements) {
      const subject = subjectOf(statement);
      const { table } = subject;
      const size = table && sizes.of(table.schema, table.name);
      if (!table || !size || classify(size) !== 'large') continue;
      const harm = harmOf(statement, subject);
      if (!harm) continue;
      const { schema } = table;
      yield {
        where: {
          line: statement.line,
          character: statement.character,
          ...(schema !== undefined && { schema }),
          table: table.name,
        },
        message: `${table.name} has ${describe(size)}, and this ${harm.what}.`,
        fix: harm.fix,
      };
    }
  },
};

function harmOf(statement: SqlStatement, { action }: Subject): Harm | undefined {
  switch (action) {
    case 'create index':
      if (says(statement, 'concurrently')) return undefined;
      return { what: 'blocks every write while it is built', fix: 'create index concurrently …' };
    case 'update':
    case 'delete':
      if (says(statement, 'where')) return undefined;
      return {
        what: 'holds all its rows locked in one transaction until the last is done',
        fix: 'do it in chunks: defineBackfill, or ctx.backfill in a migration',
      };
    case 'alter table':
      return harmOfAlter(statement);
    default:
      return undefined;
  }
}

function harmOfAlter(statement: SqlStatement): Harm | undefined {
  if (says(statement, 'set not null')) {
    return {
      what: 'reads all of it while nobody may read or write',
      fix: 'add a check (… is not null) not valid; validate it in the next migration, then set not null',
    };
  }
  const adds = says(statement, 'add constraint') || says(statement, 'add foreign key');
  if (adds && !says(statement, 'not valid') && !says(statement, 'using index')) {
    return {
      what: 'checks every row while writes wait',
      fix: 'add the constraint NOT VALID; validate it in the next migration',
    };
  }
  const typed =
    says(statement, 'set data type') || /\balter\s+(column\s+)?\S+\s+type\b/i.test(statement.text);
  if (typed) {
    return {
      what: 'rewrites all of it while nobody may read or write',
      fix: 'add a column of the new type, fill it with a backfill, then swap',
    };
  }
  return undefined;
}
