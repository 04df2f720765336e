import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder's files look like. */
export type Layout = 'code' | 'sql' | 'node-pg-migrate' | 'dbmate' | 'goose';

const TEXTS: Readonly<Record<Layout, string>> = {
  code: 'exports.up = async (db, client) => {};\n\nexports.down = async (db, client) => {};\n',
  sql: 'select 1;\n',
  'node-pg-migrate': '-- Up Migration\nselect 1;\n\n-- Down Migration\nselect 1;\n',
  dbmate: '-- migrate:up\nselect 1;\n\n-- migrate:down\nselect 1;\n',
  goose: '-- +goose Up\nselect 1;\n\n-- +goose Down\nselect 1;\n',
};

/**
 * A folder `migrations` with so many no-ops, each of its own text, in a new folder.
 *
 * @returns the folder around it
 */
export async function makeProject(root: string, layout: Layout, count: number): Promise<string> {
  const project = join(root, `${layout}-${count}`);
  const folder = join(project, 'migrations');
  await mkdir(folder, { recursive: true });
  const code = layout === 'code';
  const first = Date.UTC(2026, 0, 1);
  for (let index = 0; index < count; index++) {
    const version = new Date(first + index * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
    const name = `${version}_step_${index + 1}.${code ? 'js' : 'sql'}`;
    const comment = `${code ? '//' : '--'} Step ${index + 1}.\n`;
    // goose and dbmate want their marks first.
    await writeFile(join(folder, name), `${TEXTS[layout]}${comment}`);
  }
  return project;
}
