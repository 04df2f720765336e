import { GodwitError } from '../errors.ts';

/**
 * Parses JSON (a byte order mark is skipped).
 *
 * @throws GODWIT_CONFIG_UNREADABLE with line and column
 */
export function readJson(text: string, file: string): unknown {
  const clean = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(clean);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new GodwitError('GODWIT_CONFIG_UNREADABLE', `It is not valid JSON: ${message}`, {
      where: { file, ...placeIn(clean, message) },
      state: 'No database was contacted.',
      cause: error,
    });
  }
}

/** V8 names an offset, or only what it met at the end of the input. */
function placeIn(text: string, message: string): { line?: number; column?: number } {
  const offset = /position (\d+)/.exec(message)?.[1];
  const at = offset === undefined ? endOffset(text, message) : Number(offset);
  if (at === undefined) return {};
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

function endOffset(text: string, message: string): number | undefined {
  return message.includes('end of JSON') ? text.trimEnd().length : undefined;
}
