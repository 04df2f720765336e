import { GodwitError } from '../errors.ts';
import type { SqlClient } from '../ports/context.ts';
import type { CodeBody, SqlText } from '../ports/migration.ts';

/** Adds a `.verify.sql` to a code migration: after its own `verify`, zero rows are good. */
export function withSqlVerify(body: CodeBody, sql: SqlText): CodeBody {
  return {
    ...body,
    verify: async (call) => {
      await body.verify?.(call);
      const { query } = call.ctx as Partial<SqlClient>;
      if (!query) {
        throw new GodwitError(
          'GODWIT_UNSUPPORTED',
          `${sql.file} cannot be run: this database has no SQL.`,
          {
            where: { file: sql.file },
            next: [`delete ${sql.file}, and verify in the code migration`],
          },
        );
      }
      const { rows } = await query.call(call.ctx, substitute(sql, call.ctx.variables));
      if (rows.length > 0) throw verifyFailed(sql, rows);
    },
  };
}

function substitute(sql: SqlText, variables: Readonly<Record<string, string>>): string {
  if (!sql.variables) return sql.text;
  return sql.text.replace(/\$\{([A-Za-z_][\w.-]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) return value;
    throw new GodwitError(
      'GODWIT_VARIABLE_MISSING',
      `${sql.file} uses the variable ${name}, which has no value.`,
      {
        where: { file: sql.file },
        next: [`give it: --var ${name}=value`],
      },
    );
  });
}

function verifyFailed(sql: SqlText, rows: readonly unknown[]): GodwitError {
  const sample = JSON.stringify(rows[0])?.slice(0, 200) ?? '';
  const message = `${sql.file} found ${rows.length} row(s) where none may be; the first: ${sample}`;
  return new GodwitError('GODWIT_VERIFY_FAILED', message, {
    where: { file: sql.file, line: sql.line },
  });
}
