/** A frame of the user's own code. Lines and columns count from 1. */
export interface Frame {
  /** The path that was looked for, as it was given. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const DEPTH = 5;

/**
 * Finds where in a file an error came from: the topmost frame of that file in the error's
 * stack, or in the stack of what caused it. Frames name files as paths, as URLs (ES
 * modules, percent-encoded, perhaps with a query), or with backslashes.
 *
 * @param error anything thrown
 * @param path absolute path of the user's file
 * @returns undefined when no frame is in that file
 * @example
 * const frame = findUserFrame(error, '/project/migrations/001_users.js');
 */
export function findUserFrame(error: unknown, path: string): Frame | undefined {
  const wanted = normalise(path);
  let current: unknown = error;
  for (let depth = 0; depth < DEPTH && current instanceof Object; depth++) {
    const { stack, cause } = current as { stack?: unknown; cause?: unknown };
    const frame = typeof stack === 'string' ? search(stack, wanted) : undefined;
    if (frame) return { file: path, ...frame };
    current = cause;
  }
  return undefined;
}

function search(stack: string, wanted: string): { line: number; column: number } | undefined {
  for (const text of stack.split('\n')) {
    const match = /^(.*?):(\d+):(\d+)\)?\s*$/.exec(text);
    if (!match) continue;
    const [, before = '', line, column] = match;
    if (isIn(normalise(before), wanted)) return { line: Number(line), column: Number(column) };
  }
  // A file that does not parse is named at the very top, without a column.
  const [first = ''] = stack.split('\n', 1);
  const syntax = /^(.*):(\d+)$/.exec(first.trim());
  if (syntax && isIn(normalise(syntax[1] ?? ''), wanted))
    return { line: Number(syntax[2]), column: 1 };
  return undefined;
}

/** `at up (file:///x/001.mjs` ends with the path, or with it and a query. */
function isIn(frame: string, wanted: string): boolean {
  const bare = frame.replace(/\?[^/]*$/, '');
  if (!bare.endsWith(wanted)) return false;
  const before = bare.slice(0, bare.length - wanted.length);
  return before === '' || /(?:[\s(]|file:\/\/\/?)$/.test(before);
}

function normalise(path: string): string {
  const slashes = path.replaceAll('\\', '/');
  if (!slashes.includes('%')) return slashes;
  try {
    return decodeURIComponent(slashes);
  } catch {
    return slashes;
  }
}
