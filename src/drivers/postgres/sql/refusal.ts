import { SqlLexer } from '../../../core/text/sql-lexer.ts';
import { bodyOf, flag, type Tree } from './tree.ts';

/**
 * What PostgreSQL (12 to 18) refuses inside a transaction block, by the statement alone.
 * Not seen here, because only the catalog knows: CLUSTER and REINDEX of a partitioned
 * table, a procedure from elsewhere that commits. Those fail cleanly with SQLSTATE 25001
 * or 2D000, and `-- godwit: no-transaction` is the answer.
 *
 * @returns the command's name as PostgreSQL puts it, or undefined when it may run in one
 */
export function refusedInTransaction(tree: Tree): string | undefined {
  if (tree.IndexStmt?.concurrent) return 'CREATE INDEX CONCURRENTLY';
  if (tree.DropStmt?.concurrent) return 'DROP INDEX CONCURRENTLY';
  if (tree.VacuumStmt?.is_vacuumcmd) return 'VACUUM';
  if (tree['CreatedbStmt']) return 'CREATE DATABASE';
  if (tree['DropdbStmt']) return 'DROP DATABASE';
  if (tree['CreateTableSpaceStmt']) return 'CREATE TABLESPACE';
  if (tree['DropTableSpaceStmt']) return 'DROP TABLESPACE';
  if (tree['AlterSystemStmt']) return 'ALTER SYSTEM';
  if (tree['DropSubscriptionStmt']) return 'DROP SUBSCRIPTION';
  if (tree.DiscardStmt?.target === 'DISCARD_ALL') return 'DISCARD ALL';
  if (tree.ClusterStmt && !tree.ClusterStmt.relation) return 'CLUSTER without a table';
  if (tree.DoStmt && commits(bodyOf(tree.DoStmt.args))) return 'DO with COMMIT or ROLLBACK in it';
  return refusedReindex(tree) ?? refusedAlter(tree) ?? refusedSubscription(tree);
}

function refusedReindex({ ReindexStmt: reindex }: Tree): string | undefined {
  if (!reindex) return undefined;
  if (flag(reindex.params, 'concurrently', false)) return 'REINDEX CONCURRENTLY';
  const wide = /_(SCHEMA|SYSTEM|DATABASE)$/.exec(reindex.kind ?? '');
  return wide ? `REINDEX ${wide[1]}` : undefined;
}

function refusedAlter(tree: Tree): string | undefined {
  const options = tree.AlterDatabaseStmt?.options;
  if (options?.some((option) => option.DefElem?.defname === 'tablespace')) {
    return 'ALTER DATABASE SET TABLESPACE';
  }
  const detaches = tree.AlterTableStmt?.cmds?.some(
    ({ AlterTableCmd: command }) =>
      command?.subtype === 'AT_DetachPartition' && command.def?.PartitionCmd?.concurrent,
  );
  return detaches ? 'ALTER TABLE … DETACH PARTITION CONCURRENTLY' : undefined;
}

function refusedSubscription(tree: Tree): string | undefined {
  const created = tree.CreateSubscriptionStmt;
  if (created) {
    const connects = flag(created.options, 'connect', true);
    return flag(created.options, 'create_slot', connects)
      ? 'CREATE SUBSCRIPTION that creates a slot'
      : undefined;
  }
  const altered = tree.AlterSubscriptionStmt;
  switch (altered?.kind?.replace('ALTER_SUBSCRIPTION_', '')) {
    case 'REFRESH':
    case 'REFRESH_PUBLICATION':
    case 'REFRESH_SEQUENCES':
      return 'ALTER SUBSCRIPTION … REFRESH';
    case 'SET_PUBLICATION':
    case 'ADD_PUBLICATION':
    case 'DROP_PUBLICATION':
      return flag(altered?.options, 'refresh', true)
        ? 'ALTER SUBSCRIPTION with refresh'
        : undefined;
    case 'OPTIONS':
      return altered?.options?.some(({ DefElem: option }) =>
        /^(failover|two_phase)$/.test(option?.defname ?? ''),
      )
        ? 'ALTER SUBSCRIPTION SET (failover or two_phase)'
        : undefined;
    default:
      return undefined;
  }
}

/** Whether a PL/pgSQL body ends a transaction: the words as code, not in its literals. */
export function commits(body: string): boolean {
  if (!/\b(commit|rollback)\b/i.test(body)) return false;
  const lexer = new SqlLexer(body);
  let previous = '';
  while (lexer.next()) {
    if (lexer.kind === 'space' || lexer.kind === 'comment') continue;
    const word = lexer.kind === 'word' ? body.slice(lexer.start, lexer.end).toLowerCase() : '';
    // `ON COMMIT DROP` is about a temporary table.
    if ((word === 'commit' && previous !== 'on') || word === 'rollback') return true;
    previous = word;
  }
  return false;
}
