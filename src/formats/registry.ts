import { classFormat } from './class.ts';
import type { Format, FormatName } from './format.ts';
import { godwitFormat } from './godwit.ts';
import { moduleFormat } from './module.ts';
import { sqlFormat } from './sql.ts';

/**
 * Every format, in the order in which they are asked whether a file is theirs: the more
 * particular first. A new tool's format is one file and one line here.
 */
export const FORMATS: readonly Format[] = [sqlFormat, classFormat, moduleFormat, godwitFormat];

export const FORMAT_NAMES: readonly FormatName[] = FORMATS.map((format) => format.name);

/** The format of this name; undefined when there is none. */
export function findFormat(name: string): Format | undefined {
  return FORMATS.find((format) => format.name === name);
}
