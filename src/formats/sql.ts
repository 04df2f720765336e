import type { Migration, SqlBody, SqlText } from '../ports/migration.ts';
import { SQL_EXTENSIONS } from './file-names.ts';
import {
  type Format,
  fileProblem,
  type MigrationFile,
  type MigrationFiles,
  type ReadOptions,
  type ReadResult,
} from './format.ts';
import { readReplaces } from './replaces.ts';
import { lazyChecksum, type SourceFile } from './source-file.ts';
import { parseSqlFile, type SqlFile, type SqlFileError, type SqlSection } from './sql-sections.ts';

/** SQL files: `NNN_name.sql`, `.up.sql`, `.down.sql`, `.verify.sql`, or sections in one. */
export const sqlFormat: Format = {
  name: 'sql',
  extensions: SQL_EXTENSIONS,
  detect: (file) => SQL_EXTENSIONS.includes(file.extension),
  read: readSql,
};

function readSql(files: MigrationFiles, options: ReadOptions): ReadResult {
  const main = parse(files.main);
  if ('problem' in main) return main;
  const up = main.parsed.whole ?? main.parsed.sections.up;
  if (!up) {
    return invalid(files.main, 'it has section markers but no -- godwit:up', 'add -- godwit:up');
  }
  const parts: { down?: SqlText; verify?: SqlText } = {};
  for (const role of ['down', 'verify'] as const) {
    const result = readPart(files, main.parsed, role, options);
    if (result && 'problem' in result) return result;
    if (result) parts[role] = result.text;
  }
  const body: SqlBody = {
    type: 'sql',
    up: sqlText(files.main, up, options),
    ...parts,
  };
  const sources = [files.main, files.down, files.verify].flatMap((file) => file?.source ?? []);
  return { migration: migration(files.main, main.parsed, body, { ...options, sources }) };
}

/** `down` or `verify`: a section of the main file, or a companion, but not both. */
function readPart(
  files: MigrationFiles,
  main: SqlFile,
  role: 'down' | 'verify',
  options: ReadOptions,
): { readonly text: SqlText } | Extract<ReadResult, { problem: object }> | undefined {
  const inside = main.sections[role];
  const companion = files[role];
  if (!companion) {
    return inside?.hasStatement ? { text: sqlText(files.main, inside, options) } : undefined;
  }
  if (inside) {
    return invalid(
      companion,
      `${files.main.source.file} has a -- godwit:${role} section too`,
      `keep one of the two`,
    );
  }
  return readCompanion(companion, options);
}

/**
 * Reads a `.down.sql` or `.verify.sql`. One without a statement counts as not written,
 * so that a forgotten `down` is refused instead of undoing nothing.
 */
export function readCompanion(
  file: MigrationFile,
  options: ReadOptions,
): { readonly text: SqlText } | Extract<ReadResult, { problem: object }> | undefined {
  const result = parse(file);
  if ('problem' in result) return result;
  const { whole } = result.parsed;
  if (!whole) return invalid(file, 'a companion file has no sections', 'remove the markers');
  return whole.hasStatement ? { text: sqlText(file, whole, options) } : undefined;
}

function parse(
  file: MigrationFile,
): { readonly parsed: SqlFile } | Extract<ReadResult, { problem: object }> {
  const parsed = parseSqlFile(file.source.long() ?? file.source.text());
  return 'error' in parsed ? sectionProblem(file, parsed.error) : { parsed };
}

function sectionProblem(
  file: MigrationFile,
  error: SqlFileError,
): Extract<ReadResult, { problem: object }> {
  return invalid(file, `line ${error.line}: ${error.message}`, error.fix);
}

function invalid(
  file: MigrationFile,
  message: string,
  fix: string,
): Extract<ReadResult, { problem: object }> {
  return fileProblem('GODWIT_FILE_INVALID', file.source.file, message, fix);
}

function sqlText(file: MigrationFile, section: SqlSection, options: ReadOptions): SqlText {
  const { line, transaction } = section;
  const variables = section.variables ?? options.variables;
  const rest = { file: file.source.file, line, transaction, variables };
  if (!section.parts) return { text: section.text, ...rest };
  return {
    get text() {
      return section.text;
    },
    parts: section.parts,
    ...rest,
  };
}

function migration(
  file: MigrationFile,
  parsed: SqlFile,
  body: SqlBody,
  { kind, sources }: Pick<ReadOptions, 'kind'> & { readonly sources: readonly SourceFile[] },
): Migration {
  return {
    kind,
    version: file.version,
    id: file.stem,
    name: file.name,
    format: 'sql',
    file: file.source.file,
    description: parsed.description,
    author: parsed.author,
    replaces: readReplaces(parsed.replaces),
    checksum: lazyChecksum(file.source, 'sql'),
    reversible: body.down !== undefined,
    transaction: body.up.transaction,
    load: async () => {
      for (const source of sources) source.long()?.refuseChanged();
      return body;
    },
  };
}
