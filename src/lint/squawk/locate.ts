import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The squawk of the project, else godwit's own; undefined when there is none. The program
 * itself, not its script in JavaScript, which would start a second Node.js.
 *
 * @param root the project's folder, absolute
 */
export function locateSquawk(root: string): string | undefined {
  const name = process.platform === 'win32' ? 'squawk.exe' : 'squawk';
  const program = `@squawk-cli/${process.platform}-${process.arch}/bin/${name}`;
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    try {
      const script = createRequire(from).resolve('squawk-cli/js/index.js');
      return createRequire(script).resolve(program);
    } catch {
      // Not there: the next place.
    }
  }
  return undefined;
}
