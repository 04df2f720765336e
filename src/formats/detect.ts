import type { Format, MigrationFile } from './format.ts';
import { FORMATS } from './registry.ts';

/**
 * The format that reads this file: the configured one, or the first that claims it.
 * Undefined when the configured one does not read such files.
 */
export function detectFormat(file: MigrationFile, configured?: Format): Format | undefined {
  if (configured) return configured.extensions.includes(file.extension) ? configured : undefined;
  return FORMATS.find((format) => format.detect(file));
}
