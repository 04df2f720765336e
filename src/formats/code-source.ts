import { normalizedChecksum, rawChecksum } from '../core/checksum.ts';
import { canonicalVersion, splitVersionedName } from '../core/ordering.ts';
import { GodwitError } from '../errors.ts';
import type { AnyContext, BaseContext } from '../ports/context.ts';
import type {
  Kind,
  Migration,
  MigrationBody,
  SqlText,
  TransactionMode,
} from '../ports/migration.ts';
import type { MigrationSource, SourceProblem } from '../ports/source.ts';
import type { MigrationSpec } from './define-migration.ts';
import { refuseDuplicates } from './duplicates.ts';

/** `id` alone (`001_create_users`), or `version` and perhaps `name`. */
export interface CodeMigrationIdentity {
  /** Begins with the version, as a file's stem does. Default `version_name`. */
  readonly id?: string | undefined;
  readonly version?: string | number | undefined;
  readonly name?: string | undefined;
  /** Default `migration`. */
  readonly kind?: Kind | undefined;
}

/** Functions, given the context. Without a file there is nothing to take a checksum of. */
export type FunctionMigration<C extends BaseContext = AnyContext> = CodeMigrationIdentity &
  MigrationSpec<C>;

/** SQL text; its checksum is that of `sql`. */
export interface SqlMigration extends CodeMigrationIdentity {
  readonly sql: string;
  readonly downSql?: string | undefined;
  /** Zero rows are good. */
  readonly verifySql?: string | undefined;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly transaction?: boolean | undefined;
  /** Replace `${name}`. Default false. */
  readonly variables?: boolean | undefined;
}

export type CodeMigration<C extends BaseContext = AnyContext> = FunctionMigration<C> | SqlMigration;

/**
 * Migrations registered in code. `up` and the others are given the context, as in
 * `defineMigration`.
 *
 * @example
 * codeSource([{ id: '001_theme', up: ({ db }) => db.collection('users').updateMany({}, { $set: { theme: 'light' } }) }]);
 */
export function codeSource(migrations: readonly CodeMigration[]): MigrationSource {
  return {
    list: async () => {
      const read: Migration[] = [];
      const problems: SourceProblem[] = [];
      migrations.forEach((migration, index) => {
        const result = readMigration(migration, `migrations[${index}]`);
        if ('code' in result) problems.push(result);
        else read.push(result);
      });
      const checked = refuseDuplicates(read);
      return { migrations: checked.migrations, problems: [...problems, ...checked.problems] };
    },
  };
}

function readMigration(migration: CodeMigration, place: string): Migration | SourceProblem {
  const identity = readIdentity(migration);
  if (!identity) {
    return invalid(
      place,
      'GODWIT_FILE_NAME_INVALID',
      'it has no version',
      'give it an id such as "001_create_users", or a version',
    );
  }
  const isSql = 'sql' in migration;
  if (isSql ? typeof migration.sql !== 'string' : typeof migration.up !== 'function') {
    return invalid(
      identity.id,
      'GODWIT_FILE_INVALID',
      'it has neither an up function nor sql',
      'give it up(ctx) or sql',
    );
  }
  return {
    kind: migration.kind ?? 'migration',
    ...identity,
    format: 'code',
    file: undefined,
    description: migration.description,
    author: migration.author,
    checksum: isSql ? textChecksum(migration.sql) : undefined,
    reversible: isSql ? migration.downSql !== undefined : typeof migration.down === 'function',
    transaction: transactionMode(migration.transaction),
    idempotent: isSql ? undefined : migration.idempotent,
    load: async () => (isSql ? sqlBody(migration, identity.id) : codeBody(migration, identity.id)),
  };
}

function readIdentity({
  id,
  version,
  name,
}: CodeMigration): Pick<Migration, 'id' | 'version' | 'name'> | undefined {
  const split = id === undefined ? undefined : splitVersionedName(id);
  const given = version === undefined ? undefined : String(version).trim();
  const canonical = given ? canonicalVersion(given) : split?.version;
  if (!canonical) return undefined;
  const shown = name ?? split?.name ?? id ?? '';
  return {
    id: id ?? (shown ? `${given}_${shown}` : (given ?? '')),
    version: canonical,
    name: shown,
  };
}

function sqlBody(migration: SqlMigration, id: string): MigrationBody {
  const sql = (text: string): SqlText => ({
    text,
    file: id,
    line: 1,
    transaction: transactionMode(migration.transaction),
    variables: migration.variables ?? false,
  });
  return {
    type: 'sql',
    up: sql(migration.sql),
    down: migration.downSql === undefined ? undefined : sql(migration.downSql),
    verify: migration.verifySql === undefined ? undefined : sql(migration.verifySql),
  };
}

function codeBody(migration: FunctionMigration, id: string): MigrationBody {
  const { down, verify } = migration;
  for (const [name, value] of Object.entries({ down, verify })) {
    if (value === undefined || value === null || typeof value === 'function') continue;
    throw new GodwitError(
      'GODWIT_FILE_INVALID',
      `${id} is no migration: its ${name} is no function.`,
      {
        state: 'Nothing of this migration was run.',
      },
    );
  }
  return {
    type: 'code',
    path: undefined,
    // Called as methods: an object or an instance may use `this`. The caller knows C.
    up: ({ ctx }) => migration.up(ctx as AnyContext),
    down: down && (({ ctx }) => migration.down?.(ctx as AnyContext)),
    verify: verify && (({ ctx }) => migration.verify?.(ctx as AnyContext)),
    transaction: transactionMode(migration.transaction),
    idempotent: migration.idempotent ?? false,
    description: migration.description,
    author: migration.author,
  };
}

function transactionMode(transaction: boolean | undefined): TransactionMode {
  if (transaction === undefined) return 'auto';
  return transaction ? 'always' : 'never';
}

function textChecksum(text: string): Migration['checksum'] {
  return { raw: rawChecksum(text), normalized: () => normalizedChecksum(text, 'sql') };
}

function invalid(
  place: string,
  code: SourceProblem['code'],
  message: string,
  fix: string,
): SourceProblem {
  return { code, message: `${place}: ${message}`, files: [place], fix };
}
