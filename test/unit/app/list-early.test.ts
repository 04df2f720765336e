import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listEarly } from '../../../src/app/list-early.ts';
import { openProject, type Project } from '../../../src/app/project.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';

const LONG_AGO = new Date('2026-01-01');

describe('listEarly', () => {
  let folder: TestFolder;
  let project: Project;
  let list: ReturnType<typeof vi.spyOn>;

  beforeEach(async () => {
    folder = await createFolder({
      'migrations/001_a.sql': 'select 1;\n',
      'migrations/sub/.keep': '',
    });
    for (const name of ['sub', ''])
      await utimes(join(folder.path, 'migrations', name), LONG_AGO, LONG_AGO);
    project = openProject({
      root: folder.path,
      url: 'postgres://127.0.0.1:1/none',
      dir: 'migrations',
    });
    list = vi.spyOn(project, 'list');
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await project.close();
    await folder.remove();
  });

  /** What is listed, with what happens between the reading and the lock. */
  async function ids(meanwhile: () => unknown): Promise<{ ids: string[]; times: number }> {
    const listing = listEarly(project);
    await vi.waitFor(() => expect(list).toHaveBeenCalled());
    await list.mock.results[0]?.value;
    await meanwhile();
    const { migrations } = await listing();
    return { ids: migrations.map((one) => one.id), times: list.mock.calls.length };
  }
  const write = (name: string) => writeFile(join(folder.path, 'migrations', name), 'select 2;\n');

  it('reads once where nothing was changed', async () => {
    expect(await ids(() => undefined)).toEqual({ ids: ['001_a'], times: 1 });
  });

  it.each(['002_b.sql', 'sub/002_b.sql'])('reads again when %s is new', async (name) => {
    expect(await ids(() => write(name))).toEqual({ ids: ['001_a', '002_b'], times: 2 });
  });

  it('reads again when a file is gone, and when the folder is another', async () => {
    await write('002_b.sql');
    await utimes(join(folder.path, 'migrations'), LONG_AGO, LONG_AGO);
    const gone = await ids(() => rm(join(folder.path, 'migrations/001_a.sql')));
    expect(gone).toEqual({ ids: ['002_b'], times: 2 });
    await utimes(join(folder.path, 'migrations'), LONG_AGO, LONG_AGO);
    list.mockClear();
    const moved = await ids(async () => {
      await rename(join(folder.path, 'migrations'), join(folder.path, 'old'));
      await mkdir(join(folder.path, 'migrations'));
      await write('003_c.sql');
    });
    expect(moved).toEqual({ ids: ['003_c'], times: 2 });
  });

  it('reads again a folder that was changed just before: a second change may show the same time', async () => {
    await write('002_b.sql');
    expect((await ids(() => undefined)).times).toBe(2);
  });

  it('reads again when the lock was waited for', async () => {
    const now = Date.now();
    const { times } = await ids(() => vi.spyOn(Date, 'now').mockReturnValue(now + 2000));
    expect(times).toBe(2);
  });

  it('is rejected only where it is asked', async () => {
    list.mockRejectedValue(new Error('no such folder'));
    const listing = listEarly(project);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await expect(listing()).rejects.toThrow('no such folder');
  });
});
