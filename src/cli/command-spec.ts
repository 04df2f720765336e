import type { Context } from './context.ts';

/** What a value completes to in a shell. */
export type Completes = 'file' | 'folder' | 'migration' | 'database';

export interface OptionSpec {
  /** As commander takes them, such as `-q, --quiet` or `--url <url>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[] | undefined;
  readonly parse?: ((value: string, previous: unknown) => unknown) | undefined;
  readonly completes?: Completes | undefined;
}

export interface ArgumentSpec {
  /** As commander takes them, such as `<id>`, `[steps]`, `[ids...]`. */
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[] | undefined;
  readonly parse?: ((value: string, previous: unknown) => unknown) | undefined;
  readonly completes?: Completes | undefined;
}

export interface CommandSpec {
  readonly name: string;
  readonly alias?: string | undefined;
  readonly group: string;
  readonly summary: string;
  /** Below the summary in the command's own help. */
  readonly details?: string | undefined;
  readonly arguments?: readonly ArgumentSpec[] | undefined;
  readonly options?: readonly OptionSpec[] | undefined;
  /** Lazily: each command loads what it needs, and no more. */
  readonly load: () => Promise<{ readonly run: CommandRun }>;
}

/** @returns the exit code */
export type CommandRun = (context: Context, invocation: Invocation) => Promise<number>;

export interface Invocation {
  /** One per declared argument; a variadic one is a list. */
  readonly args: readonly unknown[];
  /** The command's own options, by their camel-case names. */
  readonly options: Readonly<Record<string, unknown>>;
}
