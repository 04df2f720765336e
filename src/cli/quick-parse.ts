import type { ArgumentSpec, CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMANDS } from './commands/table.ts';
import { GLOBAL_OPTIONS, type GlobalValues } from './global-options.ts';
import { namesOf, type OptionNames } from './option-names.ts';
import type { Parsed } from './parsed.ts';

/**
 * Understands plain command lines without loading commander, which would cost a command
 * like `status` a fifth of its time. Whatever is unusual or wrong is left to commander: a
 * test holds the two to the same answers.
 *
 * @returns undefined when commander must look at it
 */
export function quickParse(argv: readonly string[]): Parsed | undefined {
  const globals: Record<string, unknown> = { color: true };
  const options: Record<string, unknown> = {};
  const words: string[] = [];
  let known = flagsOf(
    GLOBAL_OPTIONS.flatMap((group) => group.options),
    globals,
  );
  let command: CommandSpec | undefined;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-') || word === '-') {
      if (command !== undefined) words.push(word);
      else {
        command = COMMANDS.find(({ name, alias }) => name === word || alias === word);
        if (command === undefined) return undefined;
        known = new Map([...known, ...flagsOf(command.options ?? [], options)]);
      }
      continue;
    }
    const taken = takeFlag(known, argv, i);
    if (taken === undefined) return undefined;
    i = taken;
  }
  const args = command && argumentsOf(command.arguments ?? [], words);
  if (command === undefined || args === undefined) return undefined;
  return { command, args, options, globals: globals as GlobalValues };
}

interface Flag extends OptionNames {
  readonly spec: OptionSpec;
  /** Where its value goes. */
  readonly into: Record<string, unknown>;
}

function flagsOf(specs: readonly OptionSpec[], into: Record<string, unknown>): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const spec of specs) {
    const flag = { ...namesOf(spec), spec, into };
    flags.set(flag.long, flag);
    if (flag.short !== undefined) flags.set(flag.short, flag);
  }
  return flags;
}

/** @returns the index of the last word that belongs to the flag */
function takeFlag(
  known: Map<string, Flag>,
  argv: readonly string[],
  index: number,
): number | undefined {
  const word = argv[index] ?? '';
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const flag = known.get(equals < 0 ? word : word.slice(0, equals));
  if (flag === undefined) return undefined;
  if (!flag.takesValue) {
    if (equals >= 0) return undefined;
    flag.into[flag.key] = !flag.negated;
    return index;
  }
  const text = equals < 0 ? argv[index + 1] : word.slice(equals + 1);
  if (text === undefined || (equals < 0 && text.startsWith('-'))) return undefined;
  const value = readValue(flag.spec, text, flag.into[flag.key]);
  if (value === undefined) return undefined;
  flag.into[flag.key] = value;
  return equals < 0 ? index + 1 : index;
}

function argumentsOf(
  specs: readonly ArgumentSpec[],
  words: readonly string[],
): unknown[] | undefined {
  const values: unknown[] = [];
  for (const [index, spec] of specs.entries()) {
    const variadic = spec.name.includes('...');
    const text = words[index];
    if (text === undefined) {
      if (spec.name.startsWith('<')) return undefined;
      values.push(variadic ? [] : undefined);
    } else if (variadic) return [...values, words.slice(index)];
    else {
      const value = readValue(spec, text, undefined);
      if (value === undefined) return undefined;
      values.push(value);
    }
  }
  return words.length > specs.length ? undefined : values;
}

function readValue(spec: OptionSpec | ArgumentSpec, text: string, previous: unknown): unknown {
  if (spec.choices !== undefined && !spec.choices.includes(text)) return undefined;
  if (spec.parse === undefined) return text;
  try {
    return spec.parse(text, previous);
  } catch {
    return undefined;
  }
}
