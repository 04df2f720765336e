import type { Finding, FindingSeverity } from '../../ports/finding.ts';
import type { SqlText } from '../../ports/migration.ts';
import { placeFound } from '../place.ts';
import type { SqlStatement } from '../read-sql.ts';
import { classify, describe, type Sizes } from '../sizes.ts';
import { type Subject, subjectOf } from '../subject.ts';
import { adviseOn, type Danger, dangerOf, IMPLIED_BY, UNWANTED } from './advice.ts';
import type { SquawkAnswer } from './run.ts';

/** squawk's answers about one `up`, as findings, weighed by what the database says. */
export function squawkFindings(
  up: SqlText,
  statements: readonly SqlStatement[],
  answers: readonly SquawkAnswer[],
  sizes: Sizes | undefined,
): Finding[] {
  const lines = up.text.split('\n');
  const placed = answers
    .filter(({ rule }) => !UNWANTED.has(rule))
    .map((answer) => {
      const line = up.line + answer.line;
      const character = characterOf(lines[answer.line] ?? '', answer.column);
      return { answer, line, character, statement: statementAt(statements, line, character) };
    });
  const implied = ({ answer, statement }: (typeof placed)[number]): boolean =>
    placed.some(
      (other) =>
        other.statement === statement &&
        (IMPLIED_BY[answer.rule] ?? []).includes(other.answer.rule),
    );
  return placed
    .filter((one) => !implied(one))
    .map(({ answer, line, character, statement }) => {
      const subject = statement && subjectOf(statement);
      const { severity, more } = weigh(answer, subject, sizes);
      return placeFound(`squawk/${answer.rule}`, severity, {
        where: { line, character, ...tableOf(subject) },
        message: `${answer.message}${more}`,
        fix: adviseOn(answer.rule, statement, answer.help),
      });
    });
}

/** squawk counts the bytes of a line. */
function characterOf(line: string, bytes: number): number {
  return Buffer.from(line).subarray(0, bytes).toString().length + 1;
}

/** The last statement that begins at or before this place. */
function statementAt(
  statements: readonly SqlStatement[],
  line: number,
  character: number,
): SqlStatement | undefined {
  return statements.findLast(
    (one) => one.line < line || (one.line === line && one.character <= character),
  );
}

function tableOf(subject: Subject | undefined): { schema?: string; table?: string } {
  if (subject?.table === undefined) return {};
  const { schema, name } = subject.table;
  return { ...(schema !== undefined && { schema }), table: name };
}

function weigh(
  { rule, level }: SquawkAnswer,
  subject: Subject | undefined,
  sizes: Sizes | undefined,
): { severity: FindingSeverity; more: string } {
  if (level === 'Error') return { severity: 'error', more: '' };
  const danger = dangerOf(rule);
  if (danger === 'style') return { severity: 'info', more: '' };
  const { table } = subject ?? {};
  if (danger === 'clients' || !sizes || !table) return { severity: 'warning', more: '' };
  return weighTable(danger, table.name, sizes.of(table.schema, table.name));
}

function weighTable(
  danger: Danger,
  name: string,
  size: ReturnType<Sizes['of']>,
): { severity: FindingSeverity; more: string } {
  if (!size) return { severity: 'info', more: ` No danger now: there is no table ${name} yet.` };
  const kind = classify(size);
  const measured = ` ${name} has ${describe(size)}`;
  if (kind === 'small') return { severity: 'info', more: `${measured}: no danger now.` };
  const severity = kind === 'large' && danger === 'size' ? 'error' : 'warning';
  return { severity, more: `${measured}.` };
}
