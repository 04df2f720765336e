import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { thrownMessage } from '../../../errors.ts';
import type { BuiltInRequest } from '../../../ports/checks.ts';
import type { Finding } from '../../../ports/finding.ts';
import { isServerError } from '../connection.ts';
import { anonymousWrites } from './anonymous-writes.ts';
import { type CatalogCheck, createQuestion } from './catalog-check.ts';
import type { Asking } from './checks.ts';
import { duplicateIndexes } from './duplicate-indexes.ts';
import { foreignKeyIndexes } from './foreign-key-indexes.ts';
import { invalidIndexes } from './invalid-indexes.ts';
import { askPublicIds } from './public-ids.ts';
import { rowSecurityWithoutPolicy, tablesWithoutRowSecurity } from './row-security.ts';
import { sequencesNearTheirEnd } from './sequences.ts';
import { unvalidatedConstraints } from './unvalidated-constraints.ts';

const CATALOG_CHECKS: readonly CatalogCheck[] = [
  invalidIndexes,
  duplicateIndexes,
  unvalidatedConstraints,
  foreignKeyIndexes,
  tablesWithoutRowSecurity,
  rowSecurityWithoutPolicy,
  anonymousWrites,
  sequencesNearTheirEnd,
];

/** Each check is a statement of its own: one that cannot be asked takes no other with it. */
export async function askBuiltIn(
  { connection, store }: Asking,
  request: BuiltInRequest,
): Promise<Finding[]> {
  const question = createQuestion(request, store.schema);
  const findings: Finding[] = [];
  const ask = async (name: string, work: () => Promise<Finding[]>): Promise<void> => {
    try {
      findings.push(...(await work()));
    } catch (error) {
      if (connection.lost.aborted || !isServerError(error)) throw error;
      findings.push(notAsked(name, error));
    }
  };
  for (const check of CATALOG_CHECKS) {
    if (request.off.has(check.code)) continue;
    await ask(check.code, async () => {
      const sql = check.sql(question);
      if (sql === undefined) return [];
      const [result] = await connection.simple(sql);
      const { code } = check;
      return (result?.rows ?? []).map((row) => ({
        code,
        severity: 'warning',
        ...check.finding(row),
      }));
    });
  }
  await ask('public ids', () => askPublicIds(connection, question, request.off));
  return findings;
}

function notAsked(name: string, error: unknown): Finding {
  return {
    code: CHECK_CODES.notAsked,
    severity: 'warning',
    where: {},
    message: `${name} could not be asked: ${thrownMessage(error)}`,
    fix: 'look at what this user may read: godwit doctor',
  };
}
