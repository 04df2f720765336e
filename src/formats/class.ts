import type { MirrorSpec } from '../ports/history.ts';
import { classBody } from './class-body.ts';
import { readCode, readLiterals } from './code-migration.ts';
import { CODE_EXTENSIONS } from './file-names.ts';
import type { Format, MigrationFile, MigrationFiles, ReadOptions, ReadResult } from './format.ts';

/**
 * The collection that teams with class migrations look at: one document per applied
 * migration, by its name.
 */
export const migrationsMirror: MirrorSpec = {
  name: 'migrations',
  create: 'always',
  shape: {
    key: { field: 'name', value: 'id' },
    label: 'version',
    appliedAt: 'appliedAt',
    status: 'status',
    description: 'description',
    author: 'author',
    durationMs: 'executionTime',
    result: 'result',
    error: 'error',
  },
};

/**
 * `class X extends MigrationBase` with `up()`, `down()` and a constructor that takes
 * mongoose, exported as it is or under its name. The timestamp of the file's name is the
 * identity; `version` is a label, and with `description` and `author` it is read from the
 * source, without running it.
 */
export const classFormat: Format = {
  name: 'class',
  extensions: CODE_EXTENSIONS,
  detect: isClass,
  read: readClass,
};

const CLASS = /\bclass\b[^{]*\bextends\s+(?:[\w$]+\s*\.\s*)*\(?MigrationBase\b/;
/** Of a team's own base class, which stands between. */
const IMPORTS_BASE =
  /\bMigrationBase\b[^;\n]*(?:\brequire\s*\(|\bfrom\s*['"])|['"][^'"\n]*\/MigrationBase(?:\.[cm]?[jt]s)?['"]/;

function isClass(file: MigrationFile): boolean {
  if (!CODE_EXTENSIONS.includes(file.extension)) return false;
  const source = file.source.text();
  if (!source.includes('MigrationBase')) return false;
  return CLASS.test(source) || (/\bclass\b/.test(source) && IMPORTS_BASE.test(source));
}

function readClass(files: MigrationFiles, options: ReadOptions): ReadResult {
  const { main } = files;
  const literals = readLiterals(main.source.text());
  const label = typeof literals.version === 'string' ? literals.version : undefined;
  return readCode('class', files, options, literals, main.version, { label, toBody: classBody });
}
