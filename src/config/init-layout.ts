import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { classTemplate } from '../formats/templates/class.ts';
import { TASKS } from '../formats/templates/tasks.ts';

/** What `node migrations/migrate.js …` runs: the project's godwit, from the project's folder. */
const MIGRATE = `#!/usr/bin/env node
// node migrations/migrate.js up | down [--all] | status | list | history | create <name>
const { dirname, join, resolve } = require('node:path');

const manifest = require.resolve('godwit/package.json');
process.chdir(resolve(__dirname, '..'));
require(join(dirname(manifest), require(manifest).bin.godwit));
`;

function reexport(name: string, before = ''): string {
  return `// godwit's own, under the name that migrations require.
const { ${name} } = require('godwit/mongoose');
${before}
module.exports = ${name};
module.exports.${name} = ${name};
`;
}

/** Wherever a program that uses it was started, its project is this one. */
const TRACKER_ROOT = `
MigrationTracker.root ??= require('node:path').resolve(__dirname, '../..');
`;

/** Files of the layout, by their path in the migrations folder. */
function layoutFiles(isModule: boolean): Record<string, string> {
  const templates = Object.entries(TASKS).map(([name, task]) => [
    `templates/${name}.js`,
    `// ${task.about}. Used by: node migrations/migrate.js create <name> --template ${name}\n${classTemplate(
      {
        className: 'TemplateName',
        description: 'TEMPLATE_DESCRIPTION',
        author: 'TEMPLATE_AUTHOR',
        syntax: 'cjs',
        utils: '../utils',
      },
      task,
    )}`,
  ]);
  return {
    'migrate.js': MIGRATE,
    'pending/.gitkeep': '',
    'completed/.gitkeep': '',
    ...Object.fromEntries(templates),
    'utils/MigrationBase.js': reexport('MigrationBase'),
    'utils/MigrationTracker.js': reexport('MigrationTracker', TRACKER_ROOT),
    'utils/MigrationHelper.js': reexport('MigrationHelper'),
    // The files are CommonJS, whatever the project is.
    ...(isModule && { 'package.json': '{ "type": "commonjs" }\n' }),
  };
}

/** Writes what is missing of the layout. Never overwrites. */
export async function writeLayout(
  root: string,
  dir: string,
  isModule: boolean,
): Promise<{ readonly written: string[]; readonly kept: string[] }> {
  const written: string[] = [];
  const kept: string[] = [];
  for (const [path, text] of Object.entries(layoutFiles(isModule))) {
    const target = join(root, dir, path);
    await mkdir(dirname(target), { recursive: true });
    try {
      await writeFile(target, text, { flag: 'wx' });
      written.push(`${dir}/${path}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      kept.push(`${dir}/${path}`);
    }
  }
  return { written, kept };
}
