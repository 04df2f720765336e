import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GodwitError, type Place, thrownMessage } from '../errors.ts';
import type { CodePlace } from './code-body.ts';

type Compile = (path: string, source: string) => Promise<string>;

/** Turns what importing threw into GODWIT_IMPORT_FAILED that points into the user's file. */
export async function importFailed(
  error: unknown,
  place: CodePlace,
  source: string,
  compile: Compile,
): Promise<GodwitError> {
  const isSyntax = error instanceof SyntaxError || isParseError(error);
  const spot =
    placeInStack(error, place.path) ??
    (isSyntax ? await placeBySyntax(place.path, source, compile) : undefined);
  const at = spot?.line === undefined ? '' : `:${spot.line}`;
  const cause = cleanMessage(error);
  return new GodwitError(
    'GODWIT_IMPORT_FAILED',
    `${place.file}${at} cannot be imported: ${cause}`,
    {
      where: { file: place.file, ...spot },
      state: 'Nothing of this migration was run.',
      next: nextSteps(error, place),
      cause: error,
    },
  );
}

function isParseError(error: unknown): boolean {
  return thrownMessage(error).startsWith('ParseError');
}

/** The first line of a stack that names the file: a syntax error's, or the throwing frame. */
function placeInStack(error: unknown, path: string): Place | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = (error.stack ?? '').split('\n');
  for (const [index, line] of lines.entries()) {
    const match = /(?:^|[\s(])((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+)(?::(\d+))?\)?\s*$/.exec(
      line,
    );
    if (!match || !isSameFile(match[1] ?? '', path)) continue;
    return { line: Number(match[2]), column: columnOf(match[3], error, lines[index + 2]) };
  }
  return undefined;
}

/** From the position, else from the caret that Node prints below the line. */
function columnOf(
  position: string | undefined,
  error: unknown,
  caret: string | undefined,
): number | undefined {
  // The transformer counts from 0, Node from 1.
  if (position !== undefined) return Number(position) + (isParseError(error) ? 1 : 0);
  const offset = caret && /^\s*\^+\s*$/.test(caret) ? caret.indexOf('^') : -1;
  return offset < 0 ? undefined : offset + 1;
}

function isSameFile(shown: string, path: string): boolean {
  if (!shown.startsWith('file:')) return isAbsolute(shown) && normalize(shown) === normalize(path);
  try {
    return fileURLToPath(shown.replace(/\?.*$/, '')) === path;
  } catch {
    return false;
  }
}

function normalize(path: string): string {
  return path.replaceAll('\\', '/');
}

/** Node does not say where an ES module's syntax error is; the transformer does. */
async function placeBySyntax(
  path: string,
  source: string,
  compile: Compile,
): Promise<Place | undefined> {
  try {
    const compiled = await compile(path, source);
    const match = /__JITI_ERROR__ = (\{.*\})/s.exec(compiled);
    const found = match?.[1] ? (JSON.parse(match[1]) as { line?: number; column?: number }) : {};
    if (found.line === undefined) return undefined;
    return { line: found.line, column: (found.column ?? 0) + 1 };
  } catch {
    return undefined;
  }
}

/** Without the position and the require stack, which are told apart from the message. */
function cleanMessage(error: unknown): string {
  const [first = ''] = thrownMessage(error).split('\n');
  return first.replace(/^ParseError:\s*/, '').trim();
}

function nextSteps(error: unknown, place: CodePlace): string[] {
  const missing = missingPackage(error);
  if (missing) return [`npm install ${missing}`];
  return [`correct ${place.file}, then run the same command again`];
}

/** Name of a package that is not installed; undefined for a missing file. */
export function missingPackage(error: unknown): string | undefined {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  const name = /Cannot find (?:module|package) '((?:@[^/']+\/)?[^./@'][^/']*)/.exec(
    thrownMessage(error),
  );
  return name?.[1];
}
