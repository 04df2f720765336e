import type { Settings } from '../config/settings.ts';
import { CHECK_CODES } from '../core/checks/codes.ts';
import { parseExpectation } from '../core/checks/expectation.ts';
import { applySeverities, switchedOff } from '../core/checks/severities.ts';
import { entriesOf } from '../core/public-ids/registry.ts';
import { withVariables } from '../core/variables.ts';
import type { Checks, Expectation } from '../ports/checks.ts';
import type { Driver } from '../ports/driver.ts';
import type { Finding } from '../ports/finding.ts';
import type { Migration, MigrationBody, SqlText } from '../ports/migration.ts';
import { askFolder } from './validate/check-folder.ts';

export interface DatabaseQuestion {
  readonly settings: Settings;
  readonly driver: Driver;
  /** Their verify is asked again. */
  readonly applied: readonly Migration[];
  /** What they need is looked for. */
  readonly pending: readonly Migration[];
  /** Also what can only be known by reading every document. */
  readonly documents?: boolean | undefined;
  /** A plan goes down: what newer migrations granted is gone on purpose. */
  readonly goingBack?: boolean | undefined;
}

/**
 * Everything that is asked of the database itself: verify of what is applied, the built-in
 * checks, the project's own, expectations of roles. Reads only.
 */
export async function askDatabase(question: DatabaseQuestion): Promise<Finding[]> {
  const { settings, driver, documents = false } = question;
  const checks = await driver.checks?.();
  if (!checks) return [];
  const off = switchedOff(settings.checks);
  try {
    const findings = [
      ...(off.has(CHECK_CODES.verify) ? [] : await askVerifies(question, checks)),
      ...(off.has(CHECK_CODES.extension) ? [] : await askExtensions(question, checks)),
      ...(await checks.builtIn({
        exposedSchemas: settings.exposedSchemas,
        publicIds: entriesOf(settings.publicIds),
        documents,
        off,
      })),
      ...(await askOwn(question, checks)),
      ...(await askExpectations(question, checks)),
    ];
    return applySeverities(findings, settings.checks);
  } finally {
    await checks.close();
  }
}

/** On the way back a check may ask for what is gone on purpose. */
async function askOwn(
  { settings, goingBack = false }: DatabaseQuestion,
  checks: Checks,
): Promise<Finding[]> {
  const findings = await askFolder(settings, checks);
  return findings.filter(({ code }) => !(goingBack && code === CHECK_CODES.folderFailed));
}

async function askVerifies(
  { applied, settings }: DatabaseQuestion,
  checks: Checks,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const migration of applied) {
    const body = await bodyOf(migration);
    const step = body && verifyOf(body);
    if (!step) continue;
    const objection = await checks.verify(migration, step, settings.variables);
    if (!objection) continue;
    const { id, file } = migration;
    const { line, file: at = file } = objection.where;
    findings.push({
      code: CHECK_CODES.verify,
      severity: 'error',
      where: { id, file: at, ...(line !== undefined && { line }) },
      message: `What the verify of ${id} asks for is not so: ${objection.message}`,
      fix: `mend the data, or bring ${at ?? `the verify of ${id}`} up to date, then: godwit validate`,
    });
  }
  return findings;
}

function verifyOf(body: MigrationBody): Parameters<Checks['verify']>[1] | undefined {
  if (body.type === 'sql') return body.verify && { type: 'sql', sql: body.verify };
  return body.verify && { type: 'code', run: body.verify, body };
}

/** What cannot be read is told elsewhere. */
function bodyOf(migration: Migration): Promise<MigrationBody | undefined> {
  return migration.load().catch(() => undefined);
}

async function askExtensions(
  { pending, settings }: DatabaseQuestion,
  checks: Checks,
): Promise<Finding[]> {
  if (!checks.missingExtensions) return [];
  const sql: SqlText[] = [];
  for (const migration of pending) {
    if (migration.format !== 'sql') continue;
    const body = await bodyOf(migration);
    if (body?.type === 'sql') sql.push(...readable(body.up, settings));
  }
  return checks.missingExtensions(sql);
}

/** A variable without a value is told when the file is run. */
export function readable(sql: SqlText, { variables }: Settings): SqlText[] {
  try {
    return [withVariables(sql, variables)];
  } catch {
    return [];
  }
}

/** On the way back only what nobody may do still has to hold, and of tables that are there. */
async function askExpectations(
  { settings, goingBack = false }: DatabaseQuestion,
  checks: Checks,
): Promise<Finding[]> {
  const expectations = settings.expectations.flatMap((input): Expectation[] => {
    const parsed = parseExpectation(input);
    return typeof parsed === 'string' ? [] : parsed.filter(({ can }) => !(goingBack && can));
  });
  if (expectations.length === 0 || !checks.expectations) return [];
  const answers = await checks.expectations(expectations);
  return answers.flatMap(({ expectation, verdict, reason, fix, where }): Finding[] => {
    const broken = verdict === 'broken';
    if (verdict === 'holds' || (goingBack && !broken)) return [];
    return [
      {
        code: broken ? CHECK_CODES.expectation : CHECK_CODES.expectationUnknown,
        severity: broken ? 'error' : 'warning',
        where,
        message: broken
          ? `Expected: ${expectation.text}. But ${reason}.`
          : `Expected: ${expectation.text}. It cannot be told: ${reason}.`,
        fix: fix ?? 'look at the rights and policies of the table',
      },
    ];
  });
}
