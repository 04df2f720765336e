/**
 * The few corners of libpg-query's tree that are looked at. Its own types name every
 * node there is; these name what is read, so that a new major version of the parser can
 * only make a field absent.
 */
export interface Option {
  readonly DefElem?: {
    readonly defname?: string;
    readonly arg?: {
      readonly String?: { readonly sval?: string };
      readonly Boolean?: { readonly boolval?: boolean };
      readonly Integer?: { readonly ival?: number };
      readonly List?: {
        readonly items?: readonly { readonly String?: { readonly sval?: string } }[];
      };
    };
  };
}

export interface Named {
  readonly String?: { readonly sval?: string };
}

export interface Relation {
  readonly schemaname?: string;
  readonly relname?: string;
}

export interface Tree {
  readonly TransactionStmt?: {
    readonly kind?: string;
    readonly options?: readonly unknown[];
    readonly chain?: boolean;
  };
  readonly IndexStmt?: {
    readonly idxname?: string;
    readonly relation?: Relation;
    readonly concurrent?: boolean;
    readonly if_not_exists?: boolean;
  };
  readonly DropStmt?: { readonly concurrent?: boolean };
  readonly ReindexStmt?: { readonly kind?: string; readonly params?: readonly Option[] };
  readonly VacuumStmt?: { readonly is_vacuumcmd?: boolean };
  readonly ClusterStmt?: { readonly relation?: Relation };
  readonly DiscardStmt?: { readonly target?: string };
  readonly AlterDatabaseStmt?: { readonly options?: readonly Option[] };
  readonly AlterEnumStmt?: {
    readonly typeName?: readonly Named[];
    readonly newVal?: string;
    readonly oldVal?: string;
  };
  readonly AlterTableStmt?: {
    readonly cmds?: readonly {
      readonly AlterTableCmd?: {
        readonly subtype?: string;
        readonly def?: { readonly PartitionCmd?: { readonly concurrent?: boolean } };
      };
    }[];
  };
  readonly CreateSubscriptionStmt?: { readonly options?: readonly Option[] };
  readonly AlterSubscriptionStmt?: { readonly kind?: string; readonly options?: readonly Option[] };
  readonly CallStmt?: { readonly funccall?: { readonly funcname?: readonly Named[] } };
  readonly DoStmt?: { readonly args?: readonly Option[] };
  readonly CreateFunctionStmt?: {
    readonly is_procedure?: boolean;
    readonly funcname?: readonly Named[];
    readonly options?: readonly Option[];
  };
  readonly [other: string]: unknown;
}

/** The last part of a qualified name. */
export function lastName(names: readonly Named[] | undefined): string | undefined {
  return names?.at(-1)?.String?.sval;
}

/** A boolean option; `WITH (connect)` without a value is true. */
export function flag(
  options: readonly Option[] | undefined,
  name: string,
  otherwise: boolean,
): boolean {
  const option = options?.find((each) => each.DefElem?.defname === name)?.DefElem;
  if (!option) return otherwise;
  const { arg } = option;
  if (arg === undefined) return true;
  if (arg.Boolean) return arg.Boolean.boolval === true;
  if (arg.Integer) return (arg.Integer.ival ?? 0) !== 0;
  return !/^(f|fa|fal|fals|false|of|off|n|no|0)$/i.test(arg.String?.sval ?? 'true');
}

/** The body of a routine or a DO block, as written between its quotes. */
export function bodyOf(options: readonly Option[] | undefined): string {
  const arg = options?.find((each) => each.DefElem?.defname === 'as')?.DefElem?.arg;
  return (
    arg?.String?.sval ?? arg?.List?.items?.map((item) => item.String?.sval ?? '').join('\n') ?? ''
  );
}
