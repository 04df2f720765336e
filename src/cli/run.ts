import { errorInfo, GodwitError, toGodwitError } from '../errors.ts';
import { createContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { GlobalValues } from './global-options.ts';
import type { Io } from './io.ts';
import type { Parsed } from './parsed.ts';
import { quickParse } from './quick-parse.ts';
import { type ErrorSetting, renderError } from './render/error.ts';
import { createView, type View } from './view.ts';

/**
 * The command line: understands the words, runs the command, shows what came of it.
 * Never throws and never ends the process.
 *
 * @param argv the words after the program's name
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const quick = quickParse(argv);
  if (quick !== undefined) return runCommand(quick, io);
  const { parse } = await import('./program.ts');
  const result = parse(argv, io.stdout.columns);
  switch (result.type) {
    case 'version': {
      const { VERSION } = await import('../version.ts');
      io.stdout.write(`${VERSION}\n`);
      return EXIT.done;
    }
    case 'help':
      io.stdout.write(result.text);
      return argv.length === 0 ? EXIT.usage : EXIT.done;
    case 'error':
      return usageError(argv, io, result);
    case 'command':
      return runCommand(result.parsed, io);
  }
}

async function runCommand(parsed: Parsed, io: Io): Promise<number> {
  const { command, globals } = parsed;
  const view = createView(io, globals);
  const context = createContext(io, globals, view);
  try {
    const { run: runIt } = await command.load();
    return await runIt(context, parsed);
  } catch (thrown) {
    return fail(thrown, view, context.errors(), globals);
  } finally {
    await context.close().catch((error: unknown) => fail(error, view, context.errors(), globals));
    view.close();
  }
}

/** `{ error }` alone: the command could not begin. */
function fail(thrown: unknown, view: View, setting: ErrorSetting, { debug }: GlobalValues): number {
  const error = toGodwitError(thrown);
  view.result({ error: errorInfo(error) }, () => '');
  view.complain(renderError(withAdvice(error), setting));
  if (debug) view.complain(`\n${stackOf(error)}\n`);
  return error.exitCode;
}

function withAdvice(error: GodwitError): GodwitError {
  if (error.code !== 'GODWIT_INTERNAL' || error.next !== undefined) return error;
  return new GodwitError(error.code, error.message, {
    where: error.where,
    state: error.state,
    next: ['run it again with --debug, and report what it says'],
  });
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** The words were not understood, so the flags are looked for in the raw words. */
function usageError(
  argv: readonly string[],
  io: Io,
  { message, help }: { readonly message: string; readonly help: string },
): number {
  const globals: GlobalValues = {
    json: argv.includes('--json'),
    jsonLines: argv.includes('--json-lines'),
    color: !argv.includes('--no-color'),
  };
  const view = createView(io, globals);
  const error = new GodwitError('GODWIT_USAGE', message, { next: [help] });
  if (view.mode !== 'text') view.result({ error: errorInfo(error) }, () => '');
  view.complain(renderError(error, { style: view.style, root: io.cwd, cwd: io.cwd }));
  view.close();
  return EXIT.usage;
}
