import type { OptionSpec } from './command-spec.ts';

/** A flag's spellings, and what its value is called once parsed. */
export interface OptionNames {
  /** Such as `-C`. */
  readonly short: string | undefined;
  /** Such as `--cwd`. */
  readonly long: string;
  /** Such as `cwd`; of `--no-color` it is `color`. */
  readonly key: string;
  readonly negated: boolean;
  readonly takesValue: boolean;
}

export function namesOf({ flags }: OptionSpec): OptionNames {
  const words = flags.split(/[ ,]+/);
  const long = words.find((word) => word.startsWith('--')) ?? '';
  const negated = long.startsWith('--no-');
  const key = long
    .slice(negated ? 5 : 2)
    .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return {
    short: words.find((word) => /^-[^-]/.test(word)),
    long,
    key,
    negated,
    takesValue: flags.includes('<'),
  };
}
