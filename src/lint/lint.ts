import { thrownMessage } from '../errors.ts';
import type { Finding, FindingSeverity } from '../ports/finding.ts';
import { LINT_CODES, type LintCode } from './codes.ts';
import { readDirectives } from './directives.ts';
import type { LintFile } from './file.ts';
import { placeFound } from './place.ts';
import { ScriptScan } from './read-script.ts';
import { readSql } from './read-sql.ts';
import type { Found, LintContext, Reading } from './rule.ts';
import { RULES } from './rules/index.ts';
import type { SecretScanner } from './secrets/scan.ts';
import { securedTables } from './secured.ts';
import { asSent } from './squawk/as-sent.ts';
import { squawkFindings } from './squawk/findings.ts';
import { runSquawk, type SquawkAnswer } from './squawk/run.ts';

/** Programs and packages that know more rules. */
export interface LintTools {
  /** Path of squawk; `false`: not wanted; undefined: not installed. */
  readonly squawk: string | false | undefined;
  readonly secrets: SecretScanner | false | undefined;
}

export interface LintRequest extends Omit<LintContext, 'secured'> {
  /** Absolute folder of the project. */
  readonly root: string;
  readonly files: readonly LintFile[];
  /** All SQL of the project, also of files that are not looked at: it may secure their tables. */
  readonly all: readonly LintFile[];
  readonly tools: LintTools;
  /** Severity by code; `off` drops it. */
  readonly rules: Readonly<Record<string, FindingSeverity | 'off'>>;
}

/** Everything that the rules, squawk and secretlint have to say. Runs no migration. */
export async function lintFiles(request: LintRequest): Promise<Finding[]> {
  const { files, root, tools } = request;
  const readings = files.map(readFile);
  const context: LintContext = { ...request, secured: securedTables(request.all) };
  const answers = await askSquawk(root, tools.squawk, readings);
  const findings: Finding[] = [...missingTools(tools, files)];
  for (const [i, reading] of readings.entries()) {
    const found = [...ownFindings(reading, context)];
    const { up } = reading.file.migration ?? {};
    const said = answers.findings.get(i);
    if (up && said) found.push(...squawkFindings(up, reading.statements, said, context.sizes));
    if (tools.secrets) found.push(...(await tools.secrets(reading.file)));
    findings.push(...settle(reading, found));
  }
  return applyRules([...findings, ...answers.problems], request.rules);
}

function readFile(file: LintFile): Reading {
  const { up } = file.migration ?? {};
  return {
    file,
    statements: up && !file.applied ? readSql(up) : [],
    script: file.language === 'script' ? new ScriptScan(file.text) : undefined,
  };
}

function* ownFindings(reading: Reading, context: LintContext): Generator<Finding> {
  for (const rule of RULES) {
    if (reading.file.applied && !rule.always) continue;
    for (const found of rule.check(reading, context)) yield own(rule.code, found);
  }
}

export function own(code: LintCode, found: Found): Finding {
  return placeFound(code, LINT_CODES[code], found);
}

/** Comments that switch off, then what squawk says too, then the file's name and order. */
function settle({ file, statements }: Reading, found: readonly Finding[]): Finding[] {
  const { hides, mistakes } = readDirectives(file);
  const all = [...found, ...mistakes.map((one) => own('GODWIT_LINT_DIRECTIVE', one))];
  const within = ({ where }: Finding) =>
    statements.findLast(({ line }) => line <= (where.line ?? 0));
  const doubled = (one: Finding): boolean =>
    one.code === 'GODWIT_LINT_LARGE_TABLE' &&
    all.some(
      (other) =>
        other.code.startsWith('squawk/') &&
        other.severity === 'error' &&
        other.where.table === one.where.table &&
        within(other) === within(one),
    );
  const id = file.migration?.id;
  return all
    .filter((one) => !hides(one) && !doubled(one))
    .map((one) => ({
      ...one,
      where: { file: file.file, ...(id !== undefined && { id }), ...one.where },
    }))
    .sort((a, b) => (a.where.line ?? 0) - (b.where.line ?? 0));
}

async function askSquawk(
  root: string,
  program: LintTools['squawk'],
  readings: readonly Reading[],
): Promise<{ findings: Map<number, SquawkAnswer[]>; problems: Finding[] }> {
  const findings = new Map<number, SquawkAnswer[]>();
  if (!program) return { findings, problems: [] };
  const asked = readings.flatMap(({ file }, index) => {
    const { up, inTransaction = true } = file.migration ?? {};
    return up && !file.applied ? [{ index, text: asSent(up), inTransaction }] : [];
  });
  if (asked.length === 0) return { findings, problems: [] };
  try {
    const answers = await runSquawk(program, root, asked);
    for (const [i, { index }] of asked.entries()) findings.set(index, answers[i] ?? []);
    return { findings, problems: [] };
  } catch (thrown) {
    const problem = own('GODWIT_LINT_NO_SQUAWK', {
      message: `squawk could not be asked: ${thrownMessage(thrown)}`,
      fix: 'npm install --save-dev squawk-cli',
      severity: 'warning',
    });
    return { findings, problems: [problem] };
  }
}

/** Said once, as information. */
function* missingTools(tools: LintTools, files: readonly LintFile[]): Generator<Finding> {
  const sql = files.some(({ migration }) => migration?.up !== undefined);
  if (tools.squawk === undefined && sql) {
    yield own('GODWIT_LINT_NO_SQUAWK', {
      message: 'squawk is not installed: it knows some thirty more rules for PostgreSQL.',
      fix: 'npm install --save-dev squawk-cli',
    });
  }
  if (tools.secrets === undefined && files.length > 0) {
    yield own('GODWIT_LINT_NO_SECRETLINT', {
      message: 'secretlint is not installed: it knows what credentials look like.',
      fix: 'npm install --save-dev @secretlint/core @secretlint/secretlint-rule-preset-recommend',
    });
  }
}

function applyRules(findings: readonly Finding[], rules: LintRequest['rules']): Finding[] {
  return findings.flatMap((finding) => {
    const wanted = Object.hasOwn(rules, finding.code) ? rules[finding.code] : undefined;
    if (wanted === 'off') return [];
    return [wanted === undefined ? finding : { ...finding, severity: wanted }];
  });
}
