import type { Rule } from '../rule.ts';

/** What a migration does should not depend on whose machine it runs on. */
export const environment: Rule = {
  code: 'GODWIT_LINT_ENVIRONMENT',
  *check({ file, script }) {
    if (!script || !file.migration) return;
    for (const [i, { line, character }] of script.tokens.entries()) {
      if (!script.is(i, 'process', '.', 'env') || script.is(i - 1, '.')) continue;
      const name = script.is(i + 3, '.') ? script.text(i + 4) : script.string(i + 4);
      const secret = name !== undefined && /SECRET|PASSW|TOKEN|KEY|CREDENTIAL/i.test(name);
      yield {
        where: { line, character },
        message: `${file.migration.id} reads ${name ?? 'the environment'}: ${secret ? 'a secret that it writes stays in the database, its backups and perhaps the history' : 'it does something else on another machine'}.`,
        fix: secret
          ? 'write no secret from a migration; let the application set it'
          : 'write the value into the file, or pass it as a variable: godwit up --var NAME=VALUE',
        severity: secret ? 'warning' : 'info',
      };
    }
  },
};
