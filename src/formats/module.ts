import { canonicalVersion } from '../core/ordering.ts';
import type { MirrorSpec } from '../ports/history.ts';
import { readCode, readLiterals } from './code-migration.ts';
import { CODE_EXTENSIONS } from './file-names.ts';
import {
  type Format,
  fileProblem,
  type MigrationFile,
  type MigrationFiles,
  type ReadOptions,
  type ReadResult,
} from './format.ts';

/**
 * The collection that the plain CommonJS convention keeps: one document per applied
 * version. `existing`, because projects create it, and drop it, in migrations of theirs.
 */
export const migrationHistoryMirror: MirrorSpec = {
  name: 'migrationHistory',
  create: 'existing',
  shape: {
    key: { field: 'version', value: 'version-number' },
    appliedAt: 'appliedAt',
    status: 'status',
  },
};

/**
 * One exported object: `module.exports = { version, description, up(db), down(db) }` or
 * `module.exports = { async up(db, client) {}, async down(db, client) {} }`, or the same
 * as `export default {…}` and as named exports with `version`. A literal `version` is the
 * identity; otherwise the file's name is.
 */
export const moduleFormat: Format = {
  name: 'module',
  extensions: CODE_EXTENSIONS,
  detect: isModule,
  read: readModule,
};

function isModule(file: MigrationFile): boolean {
  if (!CODE_EXTENSIONS.includes(file.extension)) return false;
  const source = file.source.text();
  if (/\bdefineMigration\b/.test(source)) return false;
  return (
    /\bmodule\.exports\s*=(?!=)/.test(source) ||
    /\bexport\s*=\s*\{/.test(source) ||
    /\bexport\s+default\s*\{/.test(source) ||
    /\bexport\s+const\s+version\b|\bexports\.version\s*=/.test(source)
  );
}

function readModule(files: MigrationFiles, options: ReadOptions): ReadResult {
  const { main } = files;
  const literals = readLiterals(main.source.text());
  const version = literals.version;
  if (version === undefined) return readCode('module', files, options, literals, main.version);
  const identity = identityOf(version);
  if (identity === undefined) {
    return fileProblem(
      'GODWIT_FILE_INVALID',
      main.source.file,
      `its version ${JSON.stringify(version)} is no version`,
      'write a whole number such as 4, or a text such as "2024.1"',
    );
  }
  return readCode('module', files, options, literals, identity);
}

/** Undefined for what cannot identify: `1.10` as a number, `-1`, `true`, `''`. */
function identityOf(version: unknown): string | undefined {
  if (typeof version === 'number') {
    return Number.isSafeInteger(version) && version >= 0 ? String(version) : undefined;
  }
  if (typeof version !== 'string' || version.trim() === '') return undefined;
  return canonicalVersion(version);
}
