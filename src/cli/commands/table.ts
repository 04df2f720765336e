import type { CommandSpec } from '../command-spec.ts';
import { LOOK_COMMANDS } from './look-commands.ts';
import { MIGRATE_COMMANDS } from './migrate-commands.ts';
import { PROJECT_COMMANDS } from './project-commands.ts';
import { REPAIR_COMMANDS } from './repair-commands.ts';

/** Every command. Help, parsing and completion are made from it. */
export const COMMANDS: readonly CommandSpec[] = [
  ...MIGRATE_COMMANDS,
  ...LOOK_COMMANDS,
  ...REPAIR_COMMANDS,
  ...PROJECT_COMMANDS,
];
