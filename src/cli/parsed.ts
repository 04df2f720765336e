import type { CommandSpec, Invocation } from './command-spec.ts';
import type { GlobalValues } from './global-options.ts';

/** A command line that was understood. */
export interface Parsed extends Invocation {
  readonly command: CommandSpec;
  readonly globals: GlobalValues;
}
