import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listEarly } from '../../../src/app/list-early.ts';
import type { MigratorOptions } from '../../../src/app/options.ts';
import { openProject, type Project } from '../../../src/app/project.ts';
import { seedProject } from '../../../src/app/seeds/seed-project.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';

const SQL = 'select 1;\n';

describe('listEarly', () => {
  let folder: TestFolder;
  const opened: Project[] = [];

  beforeEach(async () => {
    folder = await createFolder({
      'migrations/001_a.sql': SQL,
      'migrations/sub/.keep': '',
      'next/001_a.sql': SQL,
      'next/002_b.sql': SQL,
      'seeds/001_a.sql': SQL,
    });
    // The folders are old, and no time goes by.
    const later = Date.now() + 60_000;
    vi.spyOn(Date, 'now').mockReturnValue(later);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const project of opened.splice(0)) await project.close();
    await folder.remove();
  });

  function open(options: Partial<MigratorOptions> = {}): Project {
    const url = 'postgres://127.0.0.1:1/none';
    const project = openProject({ root: folder.path, url, dir: 'migrations', ...options });
    opened.push(project);
    return project;
  }

  const path = (name: string) => join(folder.path, name);
  const write = (name: string) => writeFile(path(name), SQL);

  /** What is listed, with what happens between the reading and the lock. */
  async function ids(
    meanwhile: () => unknown,
    project = open(),
  ): Promise<{ ids: string[]; times: number; problems: string[] }> {
    const list = vi.spyOn(project, 'list');
    const listing = listEarly(project);
    await vi.waitFor(() => expect(list).toHaveBeenCalled());
    await list.mock.results[0]?.value;
    await meanwhile();
    const { migrations, problems } = await listing();
    return {
      ids: migrations.map((one) => one.id),
      times: list.mock.calls.length,
      problems: problems.map(({ code }) => code),
    };
  }

  const nothing = () => undefined;
  const once = { ids: ['001_a'], times: 1, problems: [] };

  it('reads once where nothing was changed', async () => {
    expect(await ids(nothing)).toEqual(once);
  });

  it('reads once what is in code alone', async () => {
    const project = open({ migrations: [{ id: '001_a', sql: SQL }] });
    expect(await ids(nothing, project)).toEqual(once);
  });

  it.each(['002_b.sql', 'sub/002_b.sql'])('reads again when %s is new', async (name) => {
    const found = await ids(() => write(`migrations/${name}`));
    expect(found).toEqual({ ids: ['001_a', '002_b'], times: 2, problems: [] });
  });

  it('reads again when a file is gone', async () => {
    await write('migrations/002_b.sql');
    const found = await ids(() => rm(path('migrations/001_a.sql')));
    expect(found).toEqual({ ids: ['002_b'], times: 2, problems: [] });
  });

  it('reads again when the folder is another', async () => {
    const found = await ids(async () => {
      await rename(path('migrations'), path('old'));
      await rename(path('next'), path('migrations'));
    });
    expect(found).toEqual({ ids: ['001_a', '002_b'], times: 2, problems: [] });
  });

  it('reads again when a link leads elsewhere', async () => {
    await symlink('migrations', path('current'));
    const found = await ids(
      async () => {
        await rm(path('current'));
        await symlink('next', path('current'));
      },
      open({ dir: 'current' }),
    );
    expect(found).toEqual({ ids: ['001_a', '002_b'], times: 2, problems: [] });
  });

  it('reads again when one of two folders was not there', async () => {
    const found = await ids(
      async () => {
        await mkdir(path('more'));
        await write('more/002_b.sql');
      },
      open({ dir: ['migrations', 'more'] }),
    );
    expect(found).toEqual({ ids: ['001_a', '002_b'], times: 2, problems: [] });
  });

  it('says what is wrong with a folder that cannot be read by then', async () => {
    const found = await ids(async () => {
      await rename(path('migrations'), path('old'));
      await symlink('migrations', path('migrations'));
    });
    expect(found).toEqual({ ids: [], times: 2, problems: ['GODWIT_FILE_UNREADABLE'] });
  });

  it('reads seeds again, whatever happened', async () => {
    const found = await ids(() => write('seeds/002_b.sql'), seedProject(open()));
    expect(found).toEqual({ ids: ['001_a', '002_b'], times: 2, problems: [] });
  });

  it('reads again a folder of this moment: a second change may show the same time', async () => {
    vi.restoreAllMocks();
    await write('migrations/002_b.sql');
    expect((await ids(nothing)).times).toBe(2);
  });

  it('reads again when the lock was waited for', async () => {
    const later = Date.now() + 2000;
    const { times } = await ids(() => vi.spyOn(Date, 'now').mockReturnValue(later));
    expect(times).toBe(2);
  });

  it('reads again where the first reading failed, and is rejected as the second is', async () => {
    const project = open();
    const list = vi.spyOn(project, 'list').mockRejectedValueOnce(new Error('for a moment'));
    const passing = listEarly(project);
    await vi.waitFor(() => expect(list).toHaveBeenCalled());
    expect((await passing()).migrations).toHaveLength(1);
    list.mockRejectedValue(new Error('for good'));
    await expect(listEarly(project)()).rejects.toThrow('for good');
  });
});
