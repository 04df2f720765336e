import type { CommandSpec } from '../command-spec.ts';
import { BACKUP_COMMAND } from './backup-command.ts';
import { id, reason } from './common-options.ts';
import { SQUASH_COMMAND } from './schema-command.ts';

const RESET_DETAILS =
  "Refused in production, and for a database whose name was not said, here or by the config's resettable. godwit's own records go too.";

const REPAIR = 'Repair:';

export const REPAIR_COMMANDS: readonly CommandSpec[] = [
  { ...BACKUP_COMMAND, group: REPAIR },
  {
    name: 'mark',
    group: REPAIR,
    summary: 'record by hand that a migration is applied, or is not',
    arguments: [
      id,
      { name: '<state>', description: 'what it is', choices: ['applied', 'pending'] },
    ],
    options: [reason],
    load: () => import('./mark.ts'),
  },
  {
    name: 'accept',
    group: REPAIR,
    summary: 'take edited files as the applied ones',
    arguments: [{ ...id, name: '[ids...]', description: 'ids or versions of modified migrations' }],
    options: [{ flags: '--all', description: 'every modified one' }, reason],
    load: () => import('./accept.ts'),
  },
  {
    name: 'baseline',
    group: REPAIR,
    summary: 'record everything up to a version as applied, without running it',
    arguments: [{ ...id, name: '<version>', description: 'up to and with this version or id' }],
    options: [reason],
    load: () => import('./baseline.ts'),
  },
  { ...SQUASH_COMMAND, group: REPAIR },
  {
    name: 'unlock',
    group: REPAIR,
    summary: 'take the lock away from whoever holds it',
    load: () => import('./unlock.ts'),
  },
  {
    name: 'reset',
    group: REPAIR,
    summary: 'drop everything in a database of development',
    details: RESET_DETAILS,
    options: [
      { flags: '--database-name <name>', description: 'the database that may be emptied' },
      { flags: '--dry-run', description: 'say what would be dropped' },
    ],
    load: () => import('./reset.ts'),
  },
];
