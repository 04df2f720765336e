import { substituteVariables } from '../core/variables.ts';
import { GodwitError } from '../errors.ts';
import type { PostgresContext } from '../ports/context.ts';
import type { CodeBody, SqlText } from '../ports/migration.ts';

/** Adds a `.verify.sql` to a code migration: after its own `verify`, zero rows are good. */
export function withSqlVerify(body: CodeBody, sql: SqlText): CodeBody {
  return {
    ...body,
    verifyFile: sql.file,
    verify: async (call) => {
      await body.verify?.(call);
      // The runner has made sure that this database speaks SQL.
      const ctx = call.ctx as PostgresContext;
      const { rows } = await ctx.query(textOf(sql, ctx.variables));
      if (rows.length > 0) throw verifyFailed(sql, rows);
    },
  };
}

function textOf(sql: SqlText, variables: Readonly<Record<string, string>>): string {
  return sql.variables ? substituteVariables(sql.text, variables, sql) : sql.text;
}

function verifyFailed(sql: SqlText, rows: readonly unknown[]): GodwitError {
  const sample = JSON.stringify(rows[0])?.slice(0, 200) ?? '';
  const message = `${sql.file} found ${rows.length} row(s) where none may be; the first: ${sample}`;
  return new GodwitError('GODWIT_VERIFY_FAILED', message, {
    where: { file: sql.file, line: sql.line },
  });
}
