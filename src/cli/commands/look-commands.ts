import type { CommandSpec } from '../command-spec.ts';
import { parseCount } from '../parse-values.ts';
import { all, id } from './common-options.ts';
import { SCHEMA_COMMAND } from './schema-command.ts';
import { TEST_COMMAND } from './test-command.ts';

const LINT_DETAILS =
  'squawk (squawk-cli) and secretlint (@secretlint/core with its recommended preset) are asked where they are installed. A comment switches a finding off: -- godwit-lint: off CODE reason';

const LOOK = 'Look:';

export const LOOK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'status',
    group: LOOK,
    summary: 'the state of every migration',
    options: [
      {
        flags: '--check',
        description: 'exit 3 when work is pending or files drifted, 1 after a failure',
      },
    ],
    load: () => import('./status.ts'),
  },
  {
    name: 'list',
    group: LOOK,
    summary: 'the migrations in the folder; needs no database',
    load: () => import('./list.ts'),
  },
  {
    name: 'show',
    group: LOOK,
    summary: 'one migration: its state, files and runs',
    arguments: [id],
    load: () => import('./show.ts'),
  },
  {
    name: 'history',
    group: LOOK,
    summary: 'every run, newest last',
    arguments: [{ ...id, name: '[id]', description: 'only of this migration' }],
    options: [{ flags: '--limit <n>', description: 'the newest n', parse: parseCount }],
    load: () => import('./history.ts'),
  },
  {
    name: 'validate',
    group: LOOK,
    summary: 'import every file, and ask the database whether all is as it should be',
    options: [
      {
        flags: '--documents',
        description: "MongoDB: also read every document against its collection's validator",
      },
    ],
    load: () => import('./validate.ts'),
  },
  {
    name: 'lint',
    group: LOOK,
    summary: 'read the files for what is dangerous; needs no database, and asks one for sizes',
    details: LINT_DETAILS,
    arguments: [
      {
        name: '[targets...]',
        description: 'files, folders, ids or versions (what is not applied, and the seeds)',
        completes: 'file',
      },
    ],
    options: [
      {
        flags: '--since <ref>',
        description: 'only what is new or edited beside this branch of git, such as main',
      },
      {
        flags: '--output <form>',
        description: 'how findings are written (text)',
        choices: ['text', 'json', 'sarif', 'github'],
      },
      {
        flags: '--check <severity>',
        description: 'exit 1 from this severity on (error)',
        choices: ['error', 'warning', 'info'],
      },
      { ...all, description: 'also what is applied already' },
      { flags: '--offline', description: 'ask no database, even where one is configured' },
    ],
    load: () => import('./lint.ts'),
  },
  { ...TEST_COMMAND, group: LOOK },
  { ...SCHEMA_COMMAND, group: LOOK },
  {
    name: 'doctor',
    group: LOOK,
    summary: 'check connection, rights, server, lock and history',
    load: () => import('./doctor.ts'),
  },
];
