import type { ArgumentSpec, CommandSpec, Completes, OptionSpec } from '../command-spec.ts';
import { COMMANDS } from '../commands/table.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';

/** A command as the shells' scripts need it. */
export interface CompletedCommand {
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What its first argument completes to. */
  readonly values: Values;
}

export interface CompletedFlag {
  /** Such as `-q` and `--quiet`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined when it takes no value. */
  readonly values: Values | undefined;
}

/** Fixed words, or something a shell finds by itself. */
export interface Values {
  readonly words: readonly string[];
  readonly kind: Completes | undefined;
}

export function completedCommands(): CompletedCommand[] {
  return COMMANDS.map((command) => ({
    names: command.alias ? [command.name, command.alias] : [command.name],
    summary: command.summary,
    flags: (command.options ?? []).map(completedFlag),
    values: valuesOf(mainArgument(command)),
  }));
}

export function globalFlags(): CompletedFlag[] {
  const help: CompletedFlag = { names: ['-h', '--help'], description: 'help', values: undefined };
  return [...GLOBAL_OPTIONS.flatMap(({ options }) => options.map(completedFlag)), help];
}

/** Of `mark <id> <state>` the id: shells complete the state from the message that follows. */
function mainArgument(command: CommandSpec): ArgumentSpec | undefined {
  return command.arguments?.[0];
}

function completedFlag(option: OptionSpec): CompletedFlag {
  const names = option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
  const takesValue = /[<[]/.test(option.flags);
  return {
    names,
    description: option.description,
    values: takesValue ? valuesOf(option) : undefined,
  };
}

function valuesOf(spec: ArgumentSpec | OptionSpec | undefined): Values {
  return { words: spec?.choices ?? [], kind: spec?.completes };
}
