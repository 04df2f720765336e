import { Argument, Command, CommanderError, Option } from 'commander';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMANDS } from './commands/table.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import type { Parsed } from './parsed.ts';
import { renderHelp } from './render/help.ts';

/** What the words turned out to be: a command to run, or text to print. */
export type ParseResult =
  | { readonly type: 'command'; readonly parsed: Parsed }
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'version' }
  | { readonly type: 'error'; readonly message: string; readonly help: string };

/** Understands the words of a command line. Runs nothing. */
export function parse(argv: readonly string[], columns: number | undefined): ParseResult {
  let parsed: Parsed | undefined;
  let text = '';
  let help = 'godwit --help';
  const program = buildProgram(columns, (found) => {
    parsed = found;
  });
  const writeText = (chunk: string) => {
    text += chunk;
  };
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: writeText,
      writeErr: writeText,
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(columns),
      getErrHelpWidth: () => helpWidth(columns),
    });
    command.exitOverride((error) => {
      if (command !== program) help = `godwit ${command.name()} --help`;
      throw error;
    });
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { type: 'version' };
    if (error.exitCode === 0 || error.code === 'commander.help') return { type: 'help', text };
    return { type: 'error', message: readable(error.message), help };
  }
  return parsed === undefined
    ? { type: 'help', text: program.helpInformation() }
    : { type: 'command', parsed };
}

function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? 80, 100);
}

function buildProgram(columns: number | undefined, found: (parsed: Parsed) => void): Command {
  const program = new Command('godwit')
    .version('0', '-V, --version', "godwit's version")
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the same for one command')
    .showSuggestionAfterError(true)
    .configureHelp({ formatHelp: () => renderHelp(helpWidth(columns)) });
  for (const { options } of GLOBAL_OPTIONS) {
    for (const option of options) program.addOption(optionOf(option));
  }
  for (const spec of COMMANDS) program.addCommand(commandOf(spec, found));
  return program;
}

function commandOf(spec: CommandSpec, found: (parsed: Parsed) => void): Command {
  const command = new Command(spec.name).summary(spec.summary).description(describe(spec));
  command.helpOption('-h, --help', 'this text');
  command.addHelpText('after', '\nFlags that every command takes: godwit --help');
  if (spec.alias) command.alias(spec.alias);
  for (const argument of spec.arguments ?? []) command.addArgument(argumentOf(argument));
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.action((...words: unknown[]) => {
    const args = words.slice(0, spec.arguments?.length ?? 0);
    found({ command: spec, args, options: command.opts(), globals: command.parent?.opts() ?? {} });
  });
  return command;
}

function describe(spec: CommandSpec): string {
  const summary = `${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.`;
  return spec.details ? `${summary}\n\n${spec.details}` : summary;
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices) option.choices([...spec.choices]);
  if (spec.parse) option.argParser(spec.parse);
  return option;
}

function argumentOf(spec: ArgumentSpec): Argument {
  const argument = new Argument(spec.name, spec.description);
  if (spec.choices) argument.choices([...spec.choices]);
  if (spec.parse) argument.argParser(spec.parse);
  return argument;
}

/** `error: unknown option '--foo'\n(Did you mean --for?)` as a sentence. */
function readable(message: string): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const sentence = `${first[0]?.toUpperCase() ?? ''}${first.slice(1)}`;
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1');
  return suggestion === '' ? sentence : `${sentence}. ${suggestion}`;
}
