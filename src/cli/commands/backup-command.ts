import type { CommandSpec } from '../command-spec.ts';
import { parseBytes, parseDays } from '../parse-amounts.ts';
import { collect, parseCount } from '../parse-values.ts';

const ACTIONS = ['create', 'list', 'restore', 'prune', 'verify'];

/** `godwit backup ACTION ID`. */
export const BACKUP_COMMAND: Omit<CommandSpec, 'group'> = {
  name: 'backup',
  summary: 'full copies of the database: make, list, restore, verify, prune',
  details:
    'restore takes the newest if none is named, asks, replaces what is there and compares it. up --backup takes one before it begins.',
  arguments: [
    { name: '<action>', description: 'what to do', choices: ACTIONS },
    { name: '[id]', description: 'which backup, or what its id begins with' },
  ],
  options: [
    {
      flags: '--only <name>',
      description: 'just this schema or collection; repeatable',
      parse: collect,
    },
    { flags: '--reason <text>', description: 'why, for whoever lists them later' },
    { flags: '--plain', description: 'create: also the file that psql restores' },
    {
      flags: '--other-database',
      description: 'restore the backup of another database, or host, into this one',
    },
    { flags: '--rehearse', description: 'verify: restore it into a scratch database too' },
    { flags: '--keep <n>', description: 'prune: the newest n', parse: parseCount },
    { flags: '--keep-days <n>', description: 'prune: none older than this', parse: parseDays },
    {
      flags: '--keep-bytes <size>',
      description: 'prune: the newest that have no more together, such as 20GB',
      parse: parseBytes,
    },
    { flags: '--dry-run', description: 'prune: show what would go' },
  ],
  load: () => import('./backup.ts'),
};
