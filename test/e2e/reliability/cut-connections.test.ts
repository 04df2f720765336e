import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunReport, StatusReport } from '../../../src/app/reports.ts';
import { IN_TIME_MS } from '../../support/in-time.ts';
import { rounds } from '../../support/rounds.ts';
import { runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type Bench, mongoBench, postgresBench } from './databases.ts';

const MIGRATIONS = 4;

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now();
  const result = await work();
  return { result, ms: performance.now() - started };
}

describe.each([
  ['mongodb', mongoBench],
  ['postgres', postgresBench],
])('%s: the connection is cut in mid-run', (_name, open) => {
  let bench: Bench;
  let folder: TestFolder;
  let proxy: TcpProxy;

  beforeAll(async () => {
    bench = await open();
    folder = await createFolder(bench.migrations(MIGRATIONS, 150));
  });
  afterAll(async () => {
    await folder.remove();
    await bench.stop();
  });
  beforeEach(async () => {
    proxy = await startProxy({ host: bench.host, port: bench.port });
  });
  afterEach(() => proxy.stop());

  /** The same database, through the proxy. A replica set would lead the driver around it. */
  function through(url: string): string {
    const detour = new URL(url);
    detour.port = String(proxy.port);
    detour.searchParams.delete('replicaSet');
    if (bench.name === 'mongodb') detour.searchParams.set('directConnection', 'true');
    return detour.href;
  }

  it('recovers, or ends with a coded error in time; the history is true', async () => {
    for (let round = 0; round < rounds(3, 25); round++) {
      const url = await bench.database();
      const options = { cwd: folder.path };
      const running = startCli(['up', '--url', through(url), '--json'], options);
      await sleep(500 + Math.random() * 700);
      proxy.cut();
      const result = await Promise.race([running.done, sleep(IN_TIME_MS + 2_000, undefined)]);
      if (result === undefined) running.kill('SIGKILL');
      expect(result, 'ended in time after the cut').toBeDefined();
      if (result?.code !== 0) {
        const { runs, error } = JSON.parse(result?.stdout ?? '') as Partial<RunReport>;
        expect(error?.code ?? runs?.at(-1)?.error?.code).toMatch(/^GODWIT_/);
      }
      await finish(url);
    }
  });

  it('refuses with a coded error when the server is gone for good', async () => {
    const url = await bench.database();
    const status = ['status', '--url', through(url), '--json'];
    // What starting a process takes here now is not what is asked about.
    const well = await timed(() => runCli(status, { cwd: folder.path }));
    proxy.refuse();
    const { result, ms } = await timed(() => runCli(status, { cwd: folder.path }));
    expect(ms - well.ms).toBeLessThan(IN_TIME_MS);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'GODWIT_CONNECT_FAILED' } });
    expect(result.code).toBe(2);
  });

  /** What is called applied left one mark; the next `up` reaches the end. */
  async function finish(url: string): Promise<void> {
    const options = { cwd: folder.path };
    const again = await runCli(['up', '--retry', '--url', url, '--lock-timeout', '30s'], options);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const { json } = await runJson<StatusReport>(['status', '--url', url], options);
    expect(json.summary).toMatchObject({ applied: MIGRATIONS, pending: 0 });
    const marks = await bench.marks(url);
    expect([...marks.keys()].sort()).toEqual([1, 2, 3, 4]);
    if (bench.name === 'postgres') expect(Math.max(...marks.values())).toBe(1);
  }
});
