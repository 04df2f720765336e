import { thrownMessage } from '../../../errors.ts';
import type { Expectation, ExpectationAnswer } from '../../../ports/checks.ts';
import { type Connection, isServerError } from '../connection.ts';
import { ident, literal } from '../text.ts';
import type { Asking } from './checks.ts';
import { combine, type Facts, type Policy, readFacts } from './probe-facts.ts';
import { readCandidates, type Table } from './probe-rows.ts';
import { readOnly } from './read-only.ts';

/** What was found out: whether the role can, or why that cannot be told. */
interface Answer {
  readonly can: boolean | undefined;
  readonly reason: string;
  readonly fix?: string | undefined;
}

/**
 * Tries what roles can do, as those roles, in a transaction that cannot write and is rolled
 * back. `select` is done; for the others the rights are looked up and the policies are asked
 * about rows, so that no trigger fires and no sequence moves.
 */
export async function probeExpectations(
  asking: Asking,
  expectations: readonly Expectation[],
): Promise<ExpectationAnswer[]> {
  if (expectations.length === 0) return [];
  return readOnly(asking, async () => {
    const { connection } = asking;
    // Policies are written down, and read again as another role, by the same search path.
    await connection.simple(
      `select pg_catalog.set_config('search_path', (select pg_catalog.string_agg(
        pg_catalog.quote_ident(s), ',') from pg_catalog.unnest(pg_catalog.current_schemas(false)) s), true)`,
    );
    const facts = await readFacts(connection, expectations);
    const answers: ExpectationAnswer[] = [];
    for (const [i, expectation] of expectations.entries()) {
      const own = facts[i];
      if (!own) continue;
      answers.push(judge(expectation, own, await probe(connection, expectation, own)));
    }
    return answers;
  });
}

function judge(expectation: Expectation, { table }: Facts, answer: Answer): ExpectationAnswer {
  const { role, schema, text, can } = expectation;
  const where = {
    ...((table?.schema ?? schema) && { schema: table?.schema ?? schema }),
    table: expectation.table,
    role,
    expectation: text,
  };
  const { reason, fix } = answer;
  if (answer.can === undefined) return { expectation, verdict: 'unknown', reason, fix, where };
  if (answer.can === can) return { expectation, verdict: 'holds', where };
  return { expectation, verdict: 'broken', reason, fix, where };
}

async function probe(
  connection: Connection,
  expectation: Expectation,
  facts: Facts,
): Promise<Answer> {
  const { role, action } = expectation;
  const { table } = facts;
  if (!facts.roleExists) return unknown(`there is no role ${role}`, `create role ${ident(role)}`);
  if (!table) return unknown(`there is no table ${expectation.table}`, 'godwit status');
  const name = `${ident(table.schema)}.${ident(table.name)}`;
  if (!facts.schemaUsage) {
    const fix = `grant usage on schema ${ident(table.schema)} to ${ident(role)}`;
    return cannot(`${role} may not use the schema ${table.schema}`, fix);
  }
  if (!facts.right) {
    return cannot(
      `${role} has not the right to ${action} there`,
      `grant ${action} on ${name} to ${ident(role)}`,
    );
  }
  const candidates = await readCandidates(connection, table, expectation);
  const entered = await become(connection, expectation);
  if (entered !== undefined) {
    return unknown(entered, `grant ${ident(role)} to current_user`);
  }
  try {
    return await tryAs(connection, expectation, facts, table, candidates);
  } catch (error) {
    if (connection.lost.aborted || !isServerError(error)) throw error;
    return cannot(`the server refuses it: ${thrownMessage(error)}`);
  } finally {
    if (!connection.lost.aborted) await connection.simple('rollback to savepoint godwit_probe');
  }
}

/** @returns why not */
async function become(
  connection: Connection,
  { role, claims }: Expectation,
): Promise<string | undefined> {
  const all = { role, ...claims };
  const settings = [
    ['request.jwt.claims', JSON.stringify(all)],
    // As older versions of PostgREST hand them on, one by one.
    ...Object.entries(all)
      .filter(([key]) => /^\w+$/.test(key))
      .map(([key, value]) => [
        `request.jwt.claim.${key}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
  ].map(([key, value]) => `pg_catalog.set_config(${literal(key)}, ${literal(value)}, true)`);
  await connection.simple('savepoint godwit_probe');
  try {
    await connection.simple(`select ${settings.join(',')};set local role ${ident(role)}`);
    return undefined;
  } catch (error) {
    if (connection.lost.aborted || !isServerError(error)) throw error;
    await connection.simple('rollback to savepoint godwit_probe');
    return `this user cannot become ${role}: ${error.message}`;
  }
}

type Candidates = Awaited<ReturnType<typeof readCandidates>>;

async function tryAs(
  connection: Connection,
  expectation: Expectation,
  { policies, selectRight }: Facts,
  table: Table,
  candidates: Candidates,
): Promise<Answer> {
  const { role, action } = expectation;
  const name = `${ident(table.schema)}.${ident(table.name)}`;
  const found = async (from: string, condition: string): Promise<boolean> => {
    const [result] = await connection.simple(`select 1 from ${from} where ${condition} limit 1`);
    return (result?.rowCount ?? 0) > 0;
  };
  const sees = action === 'select' && (await found(name, 'true'));
  const [active] = await connection.simple(
    `select pg_catalog.row_security_active(${literal(name)}::pg_catalog.regclass)`,
  );
  if (active?.rows[0]?.[0] !== 't') {
    return can(
      `${role} has the right to, and row level security does not hold it back`,
      `alter table ${name} enable row level security`,
    );
  }
  const permissive = policies.filter((policy) => policy.permissive).map(({ name }) => name);
  const letIn = `by ${permissive.length === 1 ? 'the policy' : 'the policies'} ${permissive.map((one) => `"${one}"`).join(', ')}`;
  const dropIt = permissive[0] && `drop policy ${ident(permissive[0])} on ${name}`;
  if (sees) return can(`${role} sees rows, ${letIn}`, dropIt);
  const condition = combine(policies, conditionFor(action));
  const noWay = `create policy ${ident(`${table.name}_${action}`)} on ${name} for ${action} to ${ident(role)} ${action === 'insert' ? 'with check' : 'using'} (…)`;
  if (condition === undefined) return cannot(`no policy lets ${role} ${action} there`, noWay);
  const atRest = action === 'update' || action === 'delete';
  if (atRest && selectRight && (await found(name, condition))) {
    return can(`${role} may ${action} rows, ${letIn}`, dropIt);
  }
  // A row that is there but hidden must not count for what can only be done to visible ones.
  const tried = action === 'insert' || !candidates.sampled || !selectRight;
  if (tried && (await found(candidates.from, condition))) {
    return can(`${role} may ${action} rows, ${letIn}`, dropIt);
  }
  if (
    candidates.sampled ||
    expectation.row !== undefined ||
    (action === 'insert' && !expectation.can)
  ) {
    return cannot(`no row is one that the policies let ${role} ${action}`, noWay);
  }
  return unknown(
    'the table shows no row to tell by',
    action === 'insert'
      ? `name a row: ${expectation.text} with row {…}`
      : 'ask again when it holds rows: godwit validate',
  );
}

/** What a policy asks of a row that is read, written, or both. */
function conditionFor(action: Expectation['action']): (policy: Policy) => string | undefined {
  if (action === 'insert') return ({ check, using }) => check ?? using;
  if (action !== 'update') return ({ using }) => using;
  return ({ using, check }) =>
    using === undefined ? undefined : check === undefined ? using : `(${using}) and (${check})`;
}

function can(reason: string, fix?: string): Answer {
  return { can: true, reason, fix };
}

function cannot(reason: string, fix?: string): Answer {
  return { can: false, reason, fix };
}

function unknown(reason: string, fix?: string): Answer {
  return { can: undefined, reason, fix };
}
