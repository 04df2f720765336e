import { existsSync } from 'node:fs';
import { readLiteralProperties } from '../core/text/literals.ts';
import { GodwitError } from '../errors.ts';
import type { CodeBody, Migration, TransactionMode } from '../ports/migration.ts';
import { type CodePlace, codeBody } from './code-body.ts';
import { hasDown } from './code-outline.ts';
import { isTypeScript } from './file-names.ts';
import type { FormatName, MigrationFiles, ReadOptions, ReadResult } from './format.ts';
import { fileProblem } from './format.ts';
import { readReplaces } from './replaces.ts';
import { lazyChecksum, sourceFile } from './source-file.ts';
import { readCompanion } from './sql.ts';
import { withSqlVerify } from './sql-verify.ts';

const PROPERTIES = [
  'version',
  'description',
  'author',
  'transaction',
  'idempotent',
  'replaces',
] as const;

export type Literals = Readonly<Partial<Record<(typeof PROPERTIES)[number], unknown>>>;

/** Properties that are literals in the source. Most files name none: they are not parsed. */
export function readLiterals(source: string): Literals {
  if (!/\b(?:version|description|author|transaction|idempotent|replaces)\b/.test(source)) return {};
  return readLiteralProperties(source, PROPERTIES);
}

/** How a code format differs from the others. */
export interface CodeKind {
  /** The author's own version, where the file's name is the identity. */
  readonly label?: string | undefined;
  readonly toBody?: typeof codeBody | undefined;
}

/** What all code formats share: everything but the identity. */
export function readCode(
  format: FormatName,
  files: MigrationFiles,
  options: ReadOptions,
  literals: Literals,
  version: string,
  { label, toBody = codeBody }: CodeKind = {},
): ReadResult {
  const { main } = files;
  if (files.down) {
    const fix = `move its work into down of ${main.source.file}, or make both SQL files`;
    return fileProblem(
      'GODWIT_FILE_INVALID',
      files.down.source.file,
      'the down of a code migration stands in the same file as its up',
      fix,
    );
  }
  const verify = files.verify && readCompanion(files.verify, options);
  if (verify && 'problem' in verify) return verify;
  const source = main.source.text();
  const place: CodePlace = { path: main.source.path, file: main.source.file };
  let reversible: { readonly down: boolean | undefined } | undefined;
  const migration: Migration = {
    kind: options.kind,
    version,
    id: main.stem,
    name: main.name,
    format,
    file: main.source.file,
    description: stringOf(literals.description),
    author: stringOf(literals.author),
    replaces: readReplaces(stringOf(literals.replaces)),
    label,
    checksum: lazyChecksum(main.source, isTypeScript(main.extension) ? 'ts' : 'js'),
    // Only `down` and `show` ask: `status` of thousands need not look.
    get reversible() {
      reversible ??= { down: hasDown(source) };
      return reversible.down;
    },
    transaction: declaredMode(literals.transaction),
    idempotent: typeof literals.idempotent === 'boolean' ? literals.idempotent : undefined,
    load: async (): Promise<CodeBody> => {
      refuseChanged(place, source);
      const { loadModule } = await import('./load-module.ts');
      const body = toBody(await loadModule(place, source), place);
      return verify ? withSqlVerify(body, verify.text) : body;
    },
  };
  return { migration };
}

/** What runs must be what was listed and hashed, however long the plan has been waiting. */
function refuseChanged({ path, file }: CodePlace, source: string): void {
  if (!existsSync(path) || sourceFile(path, file).text() === source) return;
  throw new GodwitError('GODWIT_PLAN_CHANGED', `${file} was edited after the plan was made.`, {
    where: { file },
    state: 'Nothing of this migration was run.',
    next: ['godwit plan'],
  });
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Undefined where only importing would tell. */
function declaredMode(value: unknown): TransactionMode | undefined {
  return typeof value === 'boolean' ? (value ? 'always' : 'never') : undefined;
}
