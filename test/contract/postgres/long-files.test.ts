import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startBinary } from '../../cli/binary.ts';
import { SOAK } from '../../support/rounds.ts';

const MEGABYTE = 1024 * 1024;
const LINE = 'A line of some length, in which nothing is special; not even this. é€😀 ';
const TABLE = 'create unlogged table big (n int, t text);\n';

/** Writes its peak, in bytes, to a file when it ends. */
const PEAK = `import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.once('exit', () => {
  appendFileSync(process.env.PEAK_FILE, process.resourceUsage().maxRSS * 1024 + '\\n');
});`;

describe('long files on PostgreSQL', () => {
  let server: TestPostgres;
  let cwd: string;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
    cwd = await mkdtemp(join(tmpdir(), 'godwit long é '));
    await writeFile(join(cwd, 'peak.mjs'), PEAK);
  });
  afterAll(async () => {
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await rm(join(cwd, 'migrations'), { recursive: true, force: true });
    await mkdir(join(cwd, 'migrations'));
  });

  const pathOf = (name: string) => join(cwd, 'migrations', name);
  const write = (text: string, name = '001_big.sql') => writeFile(pathOf(name), text);
  const run = (url: string, ...args: string[]) => startBinary([...args, '--url', url], { cwd });
  const up = (url: string) => run(url, 'up', '--json');

  async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const ended = (url: string) =>
    ask(url, `select status, effect from godwit.history where event = 'ended' order by seq`);
  const applied = [{ status: 'applied', effect: 'complete' }];

  /** Statements of one row, of together so many bytes; numbers count on. */
  function inserts(bytes: number, from = 0, width = 20): { text: string; next: number } {
    const text = LINE.repeat(width);
    const lines: string[] = [];
    let next = from;
    for (let size = 0; size < bytes; size += text.length) {
      lines.push(`insert into big values (${next++}, '${text}');\n`);
    }
    return { text: lines.join(''), next };
  }

  function rows(bytes: number, from = 0): { text: string; next: number } {
    const text = LINE.repeat(20);
    const lines: string[] = [];
    let next = from;
    for (let size = 0; size < bytes; size += text.length) lines.push(`${next++}\t${text}\n`);
    return { text: lines.join(''), next };
  }

  /** Half of it statements, half of it rows. */
  function writeBig(megabytes: number): number {
    const file = openSync(pathOf('001_big.sql'), 'w');
    let n = 0;
    const add = ({ text, next }: { text: string; next: number }) => {
      writeSync(file, text);
      n = next;
    };
    writeSync(file, `-- godwit:up\n${TABLE}`);
    for (let i = 0; i < megabytes / 2; i++) add(inserts(MEGABYTE, n));
    writeSync(file, 'copy big from stdin;\n');
    for (let i = 0; i < megabytes / 2; i++) add(rows(MEGABYTE, n));
    writeSync(file, '\\.\n-- godwit:down\ndrop table big;\n');
    closeSync(file);
    return n;
  }

  async function peakOf(command: readonly string[], url: string): Promise<number> {
    const file = join(cwd, 'peaks');
    await rm(file, { force: true });
    // What is no longer held shall soon be gone; how soon, every version of Node has its own idea.
    const tight = '--max-semi-space-size=4 --max-old-space-size=128';
    const env = {
      NODE_OPTIONS: `${tight} --import=${encodeURI(`file://${join(cwd, 'peak.mjs')}`)}`,
      PEAK_FILE: file,
    };
    const { code, err } = await startBinary([...command, '--url', url], { cwd, env }).ended;
    expect(code, err).toBe(0);
    return Number(readFileSync(file, 'utf8')) / MEGABYTE;
  }

  it(
    'takes no more memory for one that is far longer',
    async () => {
      const commands = [['status'], ...(SOAK ? [['plan']] : []), ['up'], ['down', '--yes']];
      const peaks: number[][] = [];
      const short = SOAK ? 12 : 6;
      const sizes = SOAK ? [short, 50, 200] : [short, 36];
      for (const megabytes of sizes) {
        const count = writeBig(megabytes);
        const url = await server.createDatabase();
        const found: number[] = [];
        for (const command of commands) {
          found.push(await peakOf(command, url));
          if (command[0] !== 'up') continue;
          const all = await ask(url, 'select count(*)::int n, max(n) + 1 as m from big');
          expect(all).toEqual([{ n: count, m: count }]);
        }
        peaks.push(found);
      }
      const [least, most] = [peaks[0] ?? [], peaks.at(-1) ?? []];
      // Held once, 30 MB more would be 30 MB of bytes and 60 MB of text.
      const limit = Math.max(70, (sizes.at(-1) ?? 0) - short);
      for (const [at, [name]] of commands.entries()) {
        expect((most[at] ?? 0) - (least[at] ?? 0), `${name}: ${peaks}`).toBeLessThan(limit);
      }
    },
    SOAK ? 600_000 : 180_000,
  );

  const working = async (url: string, like: string) => {
    for (;;) {
      const active = await ask(
        url,
        `select from pg_stat_activity where query like '${like}' and pid <> pg_backend_pid()
          and backend_type = 'client backend' and datname = current_database()`,
      );
      if (active.length > 0) return;
      await sleep(5);
    }
  };

  async function killAndGoOn(url: string, moment: () => Promise<unknown>): Promise<void> {
    const running = up(url);
    await Promise.race([moment(), running.ended]);
    running.process.kill('SIGKILL');
    expect((await running.ended).code).toBeNull();
    const again = await up(url).ended;
    expect(again.code, again.out).toBe(0);
    expect(await ended(url)).toEqual(applied);
  }

  it('is done once, killed in the middle of its transaction', async () => {
    const { text, next } = inserts(6 * MEGABYTE);
    await write(`${TABLE}${text}`);
    const url = await server.createDatabase();
    await killAndGoOn(url, () => working(url, '%insert into big%'));
    expect(await ask(url, 'select count(*)::int n, max(n) m from big')).toEqual([
      { n: next, m: next - 1 },
    ]);
    const begun = await ask(url, `select event from godwit.history order by seq`);
    expect(begun).toEqual([{ event: 'ended' }]);
  });

  it('goes on where it was killed, statement by statement', async () => {
    const first = inserts(3 * MEGABYTE, 0, 1500);
    const copied = rows(2 * MEGABYTE, first.next);
    const second = inserts(3 * MEGABYTE, copied.next, 1500);
    await write(
      `-- godwit: no-transaction\n${TABLE}${first.text}copy big from stdin;\n${copied.text}\\.\n${second.text}`,
    );
    const url = await server.createDatabase();
    await killAndGoOn(url, async () => {
      await working(url, '%insert into big%');
      for (;;) {
        const [found] = await ask(url, 'select max(n) m from big').catch(() => []);
        if (Number(found?.['m'] ?? 0) >= copied.next + 3) return;
        await sleep(1);
      }
    });
    const all = await ask(url, 'select count(*)::int n, count(distinct n)::int d from big');
    expect(all).toEqual([{ n: second.next, d: second.next }]);
    // The second run began behind the rows.
    const [resumed] = await ask(
      url,
      `select statements from godwit.history where event = 'checkpoint'
        and run = (select run from godwit.history where event = 'ended') order by seq limit 1`,
    );
    expect(Number(resumed?.['statements'])).toBeGreaterThan(first.next + 2);
  });

  it('shares transactions around what needs to be alone, rows and all', async () => {
    const first = inserts(2 * MEGABYTE);
    const copied = rows(2 * MEGABYTE, first.next);
    const second = inserts(2 * MEGABYTE, copied.next);
    await write(
      `${TABLE}${first.text}copy big from stdin;\n${copied.text}\\.\n${second.text}
create index concurrently one on big (n);\nbegin;\ncopy big from stdin;\n${second.next}\tx\n\\.\ncommit;\ncreate index concurrently two on big (n);\n`,
    );
    const url = await server.createDatabase();
    const { code, out } = await up(url).ended;
    expect(code, out).toBe(0);
    expect(await ended(url)).toEqual(applied);
    const all = await ask(url, 'select count(*)::int n, count(distinct n)::int d from big');
    expect(all).toEqual([{ n: second.next + 1, d: second.next + 1 }]);
  });

  it('points at the line and column of what is wrong in it', async () => {
    const { text, next } = inserts(5 * MEGABYTE);
    await write(`${TABLE}${text}  selec 1;\n${text}`);
    const url = await server.createDatabase();
    const broken = JSON.parse((await up(url).ended).out);
    expect(broken.runs[0].error).toMatchObject({
      code: 'GODWIT_MIGRATION_FAILED',
      where: { file: 'migrations/001_big.sql', line: next + 2, column: 3, statement: 'selec 1' },
    });
    expect(await ended(url)).toEqual([{ status: 'failed', effect: 'none' }]);

    const copied = rows(5 * MEGABYTE);
    await write(`${TABLE}copy big from stdin;\n${copied.text}1\tx\ttoo many\n${copied.text}\\.\n`);
    const wrong = JSON.parse((await up(url).ended).out);
    expect(wrong.runs[0].error).toMatchObject({
      where: { line: copied.next + 3, statement: 'copy big from stdin' },
    });
    expect(await ask(url, `select to_regclass('big') r`)).toEqual([{ r: null }]);
  });

  it('is not run when it was changed after the plan was made', async () => {
    const { text } = inserts(5 * MEGABYTE);
    await write('select pg_sleep(2);', '001_first.sql');
    await write(`${TABLE}${text}`, '002_big.sql');
    const url = await server.createDatabase();
    const running = up(url);
    await working(url, '%pg_sleep(2)%');
    await appendFile(pathOf('002_big.sql'), 'insert into big values (-1);\n');
    const { code, out } = await running.ended;
    expect(code).not.toBe(0);
    expect(out).toContain('GODWIT_PLAN_CHANGED');
    expect(await ask(url, `select to_regclass('big') r`)).toEqual([{ r: null }]);
    expect(await ended(url)).toEqual([...applied, { status: 'failed', effect: 'none' }]);
    expect((await up(url).ended).code).toBe(0);
  });
});
