import { checkStatements, conditionOf } from '../core/public-ids/check-sql.ts';
import { kindOf, problemOf } from '../core/public-ids/form.ts';
import {
  DEFAULT_LENGTH,
  entriesOf,
  type PublicIdEntry,
  type PublicIdInput,
  REGISTRY,
  registryProblems,
} from '../core/public-ids/registry.ts';
import { GodwitError } from '../errors.ts';
import { drawCuid, drawCuid2 } from './draw.ts';
import type { IdRegistry, IdsOptions, ParsedId, PublicId } from './types.ts';

/**
 * Defines which table's public ids begin with what. One registry serves the program, the
 * checks of `godwit validate` and `godwit backfill public-ids`: give it to the config as
 * `publicIds`.
 *
 * @param tables prefix by table or collection (`patients` or `clinic.patients`), without `_`;
 *   an object where the column is not `public_id`
 * @param options `length`: characters drawn behind the prefix, 2 to 32 (24)
 * @returns the registry, which draws, checks and takes apart ids, and writes constraints
 * @throws GodwitError GODWIT_PUBLIC_IDS_INVALID, which lists all that is wrong
 * @example
 * ```ts
 * import { defineIds } from 'godwit/ids';
 *
 * export const ids = defineIds({ patients: 'pat', appointments: 'apt' });
 * const id = ids.create('patients'); // pat_tz4a98xxat96iws9zmbrgj3a
 * ids.parse('patients', request.params.id); // throws unless it is one of a patient
 * ```
 */
export function defineIds<const Tables extends Readonly<Record<string, PublicIdInput>>>(
  tables: Tables,
  options: IdsOptions = {},
): IdRegistry<Tables> {
  const { length = DEFAULT_LENGTH } = options;
  refuseInvalid(tables, length);
  return new Ids(tables, length) as unknown as IdRegistry<Tables>;
}

class Ids {
  readonly entries: readonly PublicIdEntry[];
  readonly [REGISTRY]: { readonly tables: Readonly<Record<string, PublicIdInput>>; length: number };
  readonly #byName: ReadonlyMap<string, PublicIdEntry>;

  constructor(tables: Readonly<Record<string, PublicIdInput>>, length: number) {
    this.entries = entriesOf(tables);
    this.#byName = new Map(this.entries.map((entry) => [entry.name, entry]));
    this[REGISTRY] = { tables, length };
  }

  create(table: string): PublicId {
    return `${this.#entry(table).prefix}_${drawCuid2(this[REGISTRY].length)}` as PublicId;
  }

  createLegacy(table: string): PublicId {
    return `${this.#entry(table).prefix}_${drawCuid()}` as PublicId;
  }

  parse(...call: [unknown] | [string, unknown]): ParsedId {
    const [table, value] = call.length === 1 ? [undefined, call[0]] : call;
    const entry = table === undefined ? undefined : this.#entry(table);
    const problem = problemOf(value, this.entries, entry);
    if (problem !== undefined) throw new GodwitError('GODWIT_PUBLIC_ID_INVALID', problem);
    const id = value as PublicId;
    const at = id.indexOf('_');
    const [prefix, body] = [id.slice(0, at), id.slice(at + 1)];
    const owner = entry ?? this.entries.find((one) => one.prefix === prefix);
    return { id, table: owner?.name ?? '', prefix, body, kind: kindOf(body) };
  }

  is(table: string, value: unknown): boolean {
    return this.problem(table, value) === undefined;
  }

  problem(table: string, value: unknown): string | undefined {
    return problemOf(value, this.entries, this.#entry(table));
  }

  condition(table: string): string {
    return conditionOf(this.#entry(table));
  }

  checkSql(table?: string): string {
    const entries = table === undefined ? this.entries : [this.#entry(table)];
    return entries
      .flatMap(checkStatements)
      .map((statement) => `${statement};\n`)
      .join('');
  }

  #entry(table: string): PublicIdEntry {
    const entry = this.#byName.get(table);
    if (entry !== undefined) return entry;
    throw new GodwitError(
      'GODWIT_PUBLIC_IDS_INVALID',
      `The registry of public ids has no table ${table}. It has: ${[...this.#byName.keys()].join(', ')}.`,
    );
  }
}

function refuseInvalid(tables: Readonly<Record<string, PublicIdInput>>, length: number): void {
  const problems = registryProblems(tables);
  if (!Number.isInteger(length) || length < 2 || length > 32) {
    problems.push(`length must be a whole number from 2 to 32, not ${length}`);
  }
  if (problems.length === 0) return;
  throw new GodwitError(
    'GODWIT_PUBLIC_IDS_INVALID',
    `The registry of public ids cannot be used:\n${problems.map((one) => `  - ${one}`).join('\n')}`,
    { state: 'No database was contacted.' },
  );
}
