import type { ProjectFacts } from './inspect-project.ts';

/** The config that `init` writes: what fits is set, what may be wanted stands in comments. */
export function renderConfig(facts: ProjectFacts): {
  readonly file: string;
  readonly text: string;
} {
  const body = [
    ...connection(facts),
    '',
    '  // Folder or folders of migrations, relative to this file.',
    `  dir: '${facts.dir ?? 'migrations'}',`,
    '',
    "  // How `godwit create` numbers and writes new files: 'timestamp' or 'number';",
    "  // 'sql', 'ts', 'js', 'cjs' or 'mjs'.",
    `  versions: '${facts.versions}',`,
    `  language: '${facts.language}',`,
    ...layout(facts),
    ...mirror(facts),
    '',
    '  // How long `godwit up` waits for another one, in milliseconds.',
    '  // lockTimeoutMs: 60_000,',
    '',
    "  // A file older than one that is applied: 'warn', 'refuse' or 'allow'.",
    "  // outOfOrder: 'warn',",
    ...sqlOptions(facts),
  ];
  return facts.typescript ? typescript(body) : javascript(body);
}

function connection({ database, env }: ProjectFacts): string[] {
  const names = env.map((name) => `'${name}'`).join(', ');
  if (database === undefined) {
    return [
      '  // Variables that may hold the connection URL; the first that is set is used.',
      '  // `.env` is read.',
      "  // env: ['DATABASE_URL'],",
      '',
      '  // Used when none of them is set: PGlite in the folder `.godwit`, no server needed.',
      "  defaultUrl: 'embedded:postgres',",
    ];
  }
  const url =
    database === 'mongodb' ? 'mongodb://127.0.0.1:27017/NAME' : 'postgres://127.0.0.1:5432/NAME';
  return [
    '  // Variables that may hold the connection URL; the first that is set is used.',
    '  // `.env` is read.',
    `  env: [${names}],`,
    '',
    '  // Used when none of them is set.',
    `  // defaultUrl: '${url}',`,
  ];
}

function layout({ layout: name, language }: ProjectFacts): string[] {
  if (name === undefined) return [];
  return [
    '',
    '  // Class migrations: they move from pending/ to completed/ as they are applied, and the',
    '  // collection `migrations` is kept in step.',
    `  layout: '${name}',`,
    '',
    '  // A copy of the whole database in backup/migrations, before every run that has work.',
    "  backup: { mode: 'full', keep: { count: 5 } },",
    ...(language === 'ts' ? ["  // New files are JavaScript unless this says 'ts'."] : []),
  ];
}

function mirror({ migrationHistory }: ProjectFacts): string[] {
  if (!migrationHistory) return [];
  return [
    '',
    '  // The collection `migrationHistory` is kept in step with what is applied, and what',
    '  // is recorded there by hand counts.',
    "  mirror: 'migrationHistory',",
  ];
}

function sqlOptions({ database }: ProjectFacts): string[] {
  if (database === 'mongodb') return [];
  return [
    '',
    '  // Longest wait for a table inside a migration, in milliseconds, before it is tried again.',
    '  // statementLockTimeoutMs: 5_000,',
  ];
}

function typescript(body: readonly string[]) {
  const text = `import type { GodwitConfig } from 'godwit';\n\nexport default {\n${body.join('\n')}\n} satisfies GodwitConfig;\n`;
  return { file: 'godwit.config.ts', text };
}

function javascript(body: readonly string[]) {
  const text = `/** @type {import('godwit').GodwitConfig} */\nexport default {\n${body.join('\n')}\n};\n`;
  return { file: 'godwit.config.mjs', text };
}
