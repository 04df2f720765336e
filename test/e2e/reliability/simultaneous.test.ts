import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport, StatusReport } from '../../../src/app/reports.ts';
import { rounds } from '../../support/rounds.ts';
import { runCli, runJson } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';
import { type Bench, mongoBench, postgresBench } from './databases.ts';

const PROCESSES = 16;
const MIGRATIONS = 5;

describe.each([
  ['mongodb', mongoBench],
  ['postgres', postgresBench],
])('%s: many `up` at once', (_name, open) => {
  let bench: Bench;
  let folder: TestFolder;

  beforeAll(async () => {
    bench = await open();
    folder = await createFolder(bench.migrations(MIGRATIONS, 10));
  });
  afterAll(async () => {
    await folder.remove();
    await bench.stop();
  });

  it('runs each migration once, and every process ends with 0', async () => {
    for (let round = 0; round < rounds(1, 30); round++) {
      const url = await bench.database();
      const options = { cwd: folder.path };
      const results = await Promise.all(
        Array.from({ length: PROCESSES }, () => runCli(['up', '--url', url, '--json'], options)),
      );
      expect(results.map((r) => [r.code, r.code === 0 ? '' : r.stderr + r.stdout])).toEqual(
        Array.from({ length: PROCESSES }, () => [0, '']),
      );
      const applied = results.map((r) => (JSON.parse(r.stdout) as RunReport).summary.applied);
      expect(applied.reduce((sum, n) => sum + n, 0)).toBe(MIGRATIONS);
      expect([...(await bench.marks(url)).values()]).toEqual(Array(MIGRATIONS).fill(1));
      const { json } = await runJson<StatusReport>(['status', '--url', url], options);
      expect(json.summary.applied).toBe(MIGRATIONS);
      expect(json.lock).toBeNull();
    }
  });
});
