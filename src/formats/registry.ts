import type { MirrorSpec } from '../ports/history.ts';
import type { Format, FormatName } from './format.ts';
import { godwitFormat } from './godwit.ts';
import { moduleFormat } from './module.ts';
import { sqlFormat } from './sql.ts';

/**
 * Every format, in the order in which they are asked whether a file is theirs: the more
 * particular first. A new tool's format is one file and one line here.
 */
export const FORMATS: readonly Format[] = [sqlFormat, moduleFormat, godwitFormat];

export const FORMAT_NAMES: readonly FormatName[] = FORMATS.map((format) => format.name);

/** The format of this name; undefined when there is none. */
export function findFormat(name: string): Format | undefined {
  return FORMATS.find((format) => format.name === name);
}

/** The mirror that a config names, such as `migrationHistory`. */
export function findMirror(name: string): MirrorSpec | undefined {
  for (const { mirrors } of FORMATS) {
    if (mirrors && Object.hasOwn(mirrors, name)) return mirrors[name];
  }
  return undefined;
}

/** Names that `findMirror` knows, for error messages. */
export function mirrorNames(): string[] {
  return FORMATS.flatMap(({ mirrors }) => Object.keys(mirrors ?? {}));
}
