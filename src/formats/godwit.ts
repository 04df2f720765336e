import { readCode, readLiterals } from './code-migration.ts';
import { CODE_EXTENSIONS } from './file-names.ts';
import type { Format, MigrationFiles, ReadOptions, ReadResult } from './format.ts';

/**
 * `export default defineMigration({...})`, or `up`, `down`, `verify` exported by name
 * (`exports.up` in CommonJS). The file's name is the identity. Claims every code file
 * that no other format claims.
 */
export const godwitFormat: Format = {
  name: 'godwit',
  extensions: CODE_EXTENSIONS,
  detect: (file) => CODE_EXTENSIONS.includes(file.extension),
  read: readGodwit,
};

function readGodwit(files: MigrationFiles, options: ReadOptions): ReadResult {
  const literals = readLiterals(files.main.source.text());
  return readCode('godwit', files, options, literals, files.main.version);
}
