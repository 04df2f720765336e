import type { ArgumentSpec, OptionSpec } from '../command-spec.ts';

export const reason: OptionSpec = {
  flags: '--reason <text>',
  description: 'why, for whoever reads the history later',
};
export const only: OptionSpec = {
  flags: '--only <id>',
  description: 'just this one',
  completes: 'migration',
};
export const all: OptionSpec = { flags: '--all', description: 'everything that is applied' };
export const to: OptionSpec = {
  flags: '--to <version>',
  description: 'down to, and without, this one',
  completes: 'migration',
};
export const id: ArgumentSpec = {
  name: '<id>',
  description: "a migration's id or version",
  completes: 'migration',
};
export const versions: OptionSpec = {
  flags: '--versions <kind>',
  description: 'how the file is numbered',
  choices: ['timestamp', 'number'],
};
