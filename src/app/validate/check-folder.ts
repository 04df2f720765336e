import type { Settings } from '../../config/settings.ts';
import { CHECK_CODES } from '../../core/checks/codes.ts';
import { findingsOfRows } from '../../core/checks/found-rows.ts';
import { thrownMessage, toGodwitError } from '../../errors.ts';
import {
  type CheckFile,
  listCheckFiles,
  loadCheck,
  readSqlCheck,
} from '../../formats/check-source.ts';
import type { Checks, FoundRow, Objection } from '../../ports/checks.ts';
import type { Finding, FindingSeverity } from '../../ports/finding.ts';
import type { SqlText } from '../../ports/migration.ts';

/** Runs the checks of the project's own folder. SQL is for the databases that speak it. */
export async function askFolder(settings: Settings, checks: Checks): Promise<Finding[]> {
  const { root, checksDir } = settings;
  const findings: Finding[] = [];
  for (const file of listCheckFiles(root, checksDir)) {
    if (file.type === 'sql' && !checks.rows) continue;
    findings.push(...(await askFile(file, settings, checks)));
  }
  return findings;
}

async function askFile(file: CheckFile, settings: Settings, checks: Checks): Promise<Finding[]> {
  try {
    if (file.type === 'code') {
      return findingsOfRows(file, rowsOf(file, await callCheck(file, settings, checks)));
    }
    const sql = readSqlCheck(file, settings.substituteVariables);
    const answer = (await checks.rows?.(sql, settings.variables)) ?? [];
    if (Array.isArray(answer))
      return findingsOfRows({ ...file, severity: severityOf(sql) }, answer);
    const { message, where } = answer as Objection;
    return [failed(file, message, where.line)];
  } catch (thrown) {
    const { code, message, where } = toGodwitError(thrown, 'GODWIT_VALIDATION_FAILED');
    if (code === 'GODWIT_CONNECTION_LOST') throw thrown;
    return [failed(file, message, where?.line)];
  }
}

/** `-- godwit: warning` on a line of its own. */
function severityOf({ text }: SqlText): FindingSeverity | undefined {
  const word = /^\s*--\s*godwit:\s*(error|warning|info)\s*$/im.exec(text)?.[1];
  return word?.toLowerCase() as FindingSeverity | undefined;
}

async function callCheck(
  file: CheckFile,
  { variables }: Settings,
  checks: Checks,
): Promise<unknown> {
  const check = await loadCheck(file);
  return checks.call(({ positional }) => check(...positional, { variables }));
}

/** Nothing and `true` are good; texts and objects are what was found. */
function rowsOf({ name }: CheckFile, answer: unknown): readonly FoundRow[] {
  if (answer === undefined || answer === null || answer === true) return [];
  if (answer === false) return [{ message: `${name} gave back false.` }];
  const list = listOf(answer);
  return list.map((one) =>
    typeof one === 'object' && one !== null ? (one as FoundRow) : { message: String(one) },
  );
}

function listOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  if (typeof answer === 'object' && answer !== null) {
    const { findings, rows } = answer as { findings?: unknown; rows?: unknown };
    if (Array.isArray(findings)) return findings;
    if (Array.isArray(rows)) return rows;
  }
  return [answer];
}

function failed({ name, file }: CheckFile, why: string, line: number | undefined): Finding {
  return {
    code: CHECK_CODES.folderFailed,
    severity: 'error',
    where: { file, ...(line !== undefined && { line }) },
    message: `The check ${name} could not be asked: ${thrownMessage(why)}`,
    fix: `mend ${file}${line === undefined ? '' : `:${line}`}, then: godwit validate`,
  };
}
