import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One answer of squawk's, as it gives it. Lines and columns count from 0, columns in bytes. */
export interface SquawkAnswer {
  readonly line: number;
  readonly column: number;
  readonly level: string;
  readonly message: string;
  readonly help: string | null;
  readonly rule: string;
}

export interface SquawkFile {
  /** SQL as it will be sent. */
  readonly text: string;
  readonly inTransaction: boolean;
}

/** Files of one call: a command line has an end. */
const BATCH = 200;
const MOST_OUTPUT = 256 * 1024 * 1024;

/**
 * Asks squawk about SQL. A project's `.squawk.toml` counts.
 *
 * @param program path of squawk
 * @param root folder whose configuration counts, absolute
 * @returns answers per file, in the order of the files
 * @throws Error when squawk cannot be started or does not answer in its format
 */
export async function runSquawk(
  program: string,
  root: string,
  files: readonly SquawkFile[],
): Promise<SquawkAnswer[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-lint-'));
  try {
    const answers = files.map((): SquawkAnswer[] => []);
    const paths = new Map<string, number>();
    await Promise.all(
      files.map(({ text }, i) => {
        const path = join(folder, `${i}.sql`);
        paths.set(path, i);
        return writeFile(path, text, { mode: 0o600 });
      }),
    );
    for (const inTransaction of [true, false]) {
      const wanted = [...paths].filter(([, i]) => files[i]?.inTransaction === inTransaction);
      for (let from = 0; from < wanted.length; from += BATCH) {
        const batch = wanted.slice(from, from + BATCH).map(([path]) => path);
        for (const { file, answer } of await ask(program, root, inTransaction, batch)) {
          answers[paths.get(file) ?? -1]?.push(answer);
        }
      }
    }
    return answers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ask(
  program: string,
  root: string,
  inTransaction: boolean,
  paths: readonly string[],
): Promise<{ file: string; answer: SquawkAnswer }[]> {
  const mode = inTransaction ? '--assume-in-transaction' : '--no-assume-in-transaction';
  const output = await execute(program, ['--reporter', 'json', mode, ...paths], root);
  const found: unknown = JSON.parse(output);
  if (!Array.isArray(found)) throw new Error('squawk did not answer with a list.');
  return found.map(({ file, line, column, level, message, help, rule_name: rule }) => ({
    file: String(file),
    answer: {
      ...{ line: Number(line), column: Number(column), level: String(level) },
      ...{ message: String(message), rule: String(rule) },
      help: typeof help === 'string' ? help : null,
    },
  }));
}

/** Exit code 1 is "found something". */
function execute(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, maxBuffer: MOST_OUTPUT, windowsHide: true };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (stdout.trimStart().startsWith('[')) resolve(stdout);
      else if (error === null) resolve('[]');
      else reject(new Error(stderr.trim().split('\n')[0] || error.message));
    });
  });
}
