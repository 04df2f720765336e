import { tellUncaught } from '../app/run/uncaught.ts';
import { errorInfo, GodwitError, thrownMessage } from '../errors.ts';
import { EXIT } from './exit.ts';
import { renderError } from './render/error.ts';
import { jsonDocument, jsonLine } from './render/json.ts';
import { hasUnicode, makeStyle } from './render/style.ts';

/** What is used of the process, so that tests can play it. */
export interface Ending {
  on(event: 'exit', listener: (code: number) => void): unknown;
  on(event: 'uncaughtException', listener: (thrown: unknown) => void): unknown;
  on(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown;
  exitCode?: typeof process.exitCode;
  exit(code: number): unknown;
  /** Writes at once: in `exit` nothing else is written any more. */
  write(stream: 1 | 2, text: string): void;
}

/**
 * Sees to it that a process that ends in the middle of its work never looks like one that
 * did it: a migration that calls `process.exit`, that waits for what never comes, or that
 * leaves a promise without a `catch`.
 *
 * @returns to be called when the work is done
 */
export function watchEnding(ending: Ending, argv: readonly string[]): () => void {
  let done = false;
  const say = (error: GodwitError): void => {
    done = true;
    ending.exitCode = EXIT.failed;
    sayLast(error, ending, argv);
  };
  let failing = false;
  const crash = (thrown: unknown): void => {
    // What it leaves behind goes wrong too, while its failure is being recorded.
    if (failing) return;
    failing = tellUncaught(thrown);
    const end = (): void => {
      if (!done) say(uncaught(thrown));
      ending.exit(EXIT.failed);
    };
    if (failing) setTimeout(end, RECORDED_WITHIN_MS).unref();
    else end();
  };
  ending.on('uncaughtException', crash);
  ending.on('unhandledRejection', crash);
  ending.on('exit', (code) => {
    if (!done && code !== EXIT.stopped) say(leftEarly());
  });
  return () => {
    done = true;
  };
}

/** For the end of a run that failed; then the process ends, whatever is recorded. */
const RECORDED_WITHIN_MS = 15_000;

const STATE = 'What was recorded stands; a transaction that was open is rolled back.';

function leftEarly(): GodwitError {
  return new GodwitError(
    'GODWIT_MIGRATION_FAILED',
    'The process ended before its work was done: something called process.exit, or waited for what never comes.',
    { state: STATE, next: ['godwit status'] },
  );
}

function uncaught(thrown: unknown): GodwitError {
  return new GodwitError(
    'GODWIT_MIGRATION_FAILED',
    `An error that nothing was waiting for: ${thrownMessage(thrown)}`,
    {
      state: STATE,
      next: [
        'godwit status',
        'await every promise that a migration makes; --debug says where it came from',
      ],
      cause: thrown,
    },
  );
}

function sayLast(error: GodwitError, ending: Ending, argv: readonly string[]): void {
  const document = { error: errorInfo(error) };
  if (argv.includes('--json-lines')) {
    ending.write(1, jsonLine({ type: 'result', result: document }));
  } else if (argv.includes('--json')) ending.write(1, jsonDocument(document));
  const style = makeStyle(false, hasUnicode(process.env));
  ending.write(2, `\n${renderError(error, { style, root: '.', cwd: '.' })}`);
  const { cause } = error;
  if (argv.includes('--debug') && cause instanceof Error) ending.write(2, `\n${cause.stack}\n`);
}
