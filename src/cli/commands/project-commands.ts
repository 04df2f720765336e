import type { CommandSpec, OptionSpec } from '../command-spec.ts';
import { collect } from '../parse-values.ts';
import { versions } from './common-options.ts';

const language: OptionSpec = {
  flags: '--language <name>',
  description: 'language of the file',
  choices: ['ts', 'js', 'cjs', 'mjs', 'sql'],
};

const template: OptionSpec = {
  flags: '--template <name>',
  description:
    'addField, transform, schema, seed, backfill, online-change, validator, or a file in templates/',
};

const PROJECT = 'Project:';

export const PROJECT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    group: PROJECT,
    summary: 'write a config, a folder and package.json scripts that fit the project',
    options: [
      {
        flags: '--layout <name>',
        description: 'classes: pending/, completed/, templates/, utils/ and migrate.js',
        choices: ['classes'],
      },
    ],
    load: () => import('./init.ts'),
  },
  {
    name: 'create',
    group: PROJECT,
    summary: 'write a new migration',
    arguments: [{ name: '<name...>', description: 'what it does, such as "add email to users"' }],
    options: [
      language,
      versions,
      template,
      { flags: '--seed', description: 'a seed instead of a migration' },
      {
        flags: '--from-models',
        description: 'write what takes the database to what the Mongoose models say, and back',
      },
      {
        flags: '--snapshot',
        description: 'with --from-models: compare with the last snapshot, and keep one',
      },
      {
        flags: '--rename <old:new>',
        description: 'with --from-models: a field has another name now (repeatable)',
        parse: collect,
      },
      {
        flags: '--remove <field>',
        description: "with --from-models: a field's values go (repeatable)",
        parse: collect,
      },
    ],
    load: () => import('./create.ts'),
  },
  {
    name: 'completion',
    group: PROJECT,
    summary: 'print a script that completes commands in a shell',
    arguments: [{ name: '<shell>', description: 'which shell', choices: ['bash', 'zsh', 'fish'] }],
    load: () => import('./completion.ts'),
  },
];
