import { describe, expect, it } from 'vitest';
import type { RunReport, StatusEntry, StatusReport } from '../../../src/app/reports.ts';
import { renderError, showPlace } from '../../../src/cli/render/error.ts';
import { renderEvents } from '../../../src/cli/render/events.ts';
import { createLive } from '../../../src/cli/render/live.ts';
import { showDuration } from '../../../src/cli/render/measures.ts';
import { planDocument, renderPlan } from '../../../src/cli/render/plan.ts';
import { renderRunReport } from '../../../src/cli/render/run-report.ts';
import { renderStatus } from '../../../src/cli/render/status.ts';
import { makeStyle, wantsColor } from '../../../src/cli/render/style.ts';
import { renderTable, visibleWidth } from '../../../src/cli/render/table.ts';
import type { Plan } from '../../../src/core/plan.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import { project } from '../config/project.ts';

const plain = makeStyle(false);
const setting = (root: string) => ({ style: plain, root, cwd: root });

describe('an error', () => {
  it('says what, where, with a caret, the state and what to type', async () => {
    const root = await project({
      'migrations/003_x.sql': '-- third\nALTER TABLE users\n\tADD emial text;\n',
    });
    const text = renderError(
      {
        code: 'GODWIT_MIGRATION_FAILED',
        message: 'column "emial" does not exist',
        where: { file: 'migrations/003_x.sql', line: 3, column: 6, statement: 'ALTER TABLE …' },
        state: 'The transaction was rolled back: nothing of it stays.',
        next: ['edit migrations/003_x.sql', 'godwit up'],
      },
      setting(root),
    );
    expect(text).toMatchInlineSnapshot(`
      "✗ column "emial" does not exist
        at migrations/003_x.sql:3:6

          2 | ALTER TABLE users
        > 3 | 	ADD emial text;
            | 	    ^

        State  The transaction was rolled back: nothing of it stays.
        Next   edit migrations/003_x.sql
               godwit up
        Code   GODWIT_MIGRATION_FAILED
      "
    `);
  });

  it('shows the statement where the file cannot be read', () => {
    const where = { file: 'gone.sql', line: 3, statement: 'SELECT 1\nFROM x' };
    expect(
      renderError({ code: 'GODWIT_MIGRATION_FAILED', message: 'no', where }, setting('/nowhere')),
    ).toMatchInlineSnapshot(`
      "✗ no
        at gone.sql:3

          | SELECT 1
          | FROM x

        Code   GODWIT_MIGRATION_FAILED
      "
    `);
  });

  it('names files as they can be typed', () => {
    expect(showPlace({ file: 'a/b.sql', line: 1, column: 2 }, '/p', '/p/a')).toBe('b.sql:1:2');
    expect(showPlace({ file: 'a/b.sql', column: 2 }, '/p', '/q')).toBe('/p/a/b.sql');
    expect(showPlace({ line: 4 }, '/p', '/q')).toBe('line 4');
  });
});

const entry = (
  version: string,
  state: StatusEntry['state'],
  more: Partial<StatusEntry> = {},
): StatusEntry => ({
  id: `00${version}_name_${state}`,
  version,
  name: `name_${state}`,
  description: null,
  author: null,
  kind: 'migration',
  state,
  appliedAt: null,
  durationMs: null,
  checksum: null,
  file: null,
  ...more,
});
const none = {
  applied: 0,
  pending: 0,
  running: 0,
  failed: 0,
  interrupted: 0,
  modified: 0,
  missing: 0,
};
const status: StatusReport = {
  database: { driver: 'postgres', name: 'shop', host: 'db:5432' },
  migrations: [
    entry('1', 'applied', {
      appliedAt: new Date(2026, 10, 20, 2, 3, 4).toISOString(),
      durationMs: 12,
      description: 'Users',
    }),
    entry('2', 'modified', {
      appliedAt: new Date(2026, 10, 20, 2, 3, 5).toISOString(),
      durationMs: 1234,
    }),
    entry('3', 'failed', {
      error: { code: 'GODWIT_MIGRATION_FAILED', message: 'no such column\nmore' },
    }),
    entry('4', 'pending'),
  ],
  summary: { ...none, applied: 1, pending: 1, failed: 1, modified: 1 },
  lock: null,
  problems: [],
};

describe('status', () => {
  it('shows each migration, the counts and what fits', () => {
    expect(renderStatus(status, plain, undefined)).toMatchInlineSnapshot(`
      "postgres shop at db:5432

        ✓  001_name_applied   applied   2026-11-20 02:03:04  12 ms  Users
        !  002_name_modified  modified  2026-11-20 02:03:05  1.2 s
        ✗  003_name_failed    failed                                no such column
        ·  004_name_pending   pending

        1 applied, 1 pending, 1 failed, 1 modified

        Next   godwit show 003_name_failed
               godwit up
               godwit accept 002_name_modified
      "
    `);
  });

  it('drops columns that a narrow terminal has no room for', () => {
    const lines = renderStatus(status, plain, 50).split('\n');
    expect(Math.max(...lines.slice(1, 7).map(visibleWidth))).toBeLessThanOrEqual(50);
  });

  it('is empty in words', () => {
    expect(renderStatus({ ...status, migrations: [], summary: none }, plain, 80)).toMatch(
      /No migrations/,
    );
  });
});

describe('a plan', () => {
  const plan = {
    direction: 'up',
    steps: [
      {
        id: '002_b',
        version: '2',
        direction: 'up',
        transaction: 'never',
        reasons: ['pending'],
        migration: { description: 'B' },
        record: undefined,
      },
    ],
    problems: [
      {
        code: 'GODWIT_OUT_OF_ORDER',
        severity: 'warning',
        id: '002_b',
        message: '002_b is older than 003_c.',
        fix: 'rename it',
      },
    ],
    fingerprint: 'abc123',
  } as unknown as Plan;

  it('shows steps, problems and the command that runs it', () => {
    expect(renderPlan(plan, 'godwit up --plan abc123', plain, undefined)).toMatchInlineSnapshot(`
      "  Up: 1 migration

         1  002_b  without a transaction  pending  B

        ! 002_b is older than 003_c. GODWIT_OUT_OF_ORDER
          Next  rename it

        Run    godwit up --plan abc123
      "
    `);
    expect(renderPlan({ ...plan, steps: [], problems: [] }, '', plain, undefined)).toBe(
      '  ✓ Nothing to do.\n',
    );
  });

  it('as JSON has nothing of the inside', () => {
    expect(planDocument(plan)).toEqual({
      direction: 'up',
      steps: [
        { id: '002_b', version: '2', direction: 'up', transaction: 'never', reasons: ['pending'] },
      ],
      problems: plan.problems,
      fingerprint: 'abc123',
    });
  });
});

describe('the end of a run', () => {
  const report: RunReport = {
    runs: [
      { id: '001_a', version: '1', direction: 'up', status: 'applied', durationMs: 3 },
      {
        id: '002_b',
        version: '2',
        direction: 'up',
        status: 'failed',
        durationMs: 3,
        error: { code: 'GODWIT_MIGRATION_FAILED', message: 'no' },
      },
    ],
    summary: { applied: 1, reverted: 0, failed: 1, remaining: 2 },
    durationMs: 1500,
    warnings: [],
  };

  it('says what went wrong, and counts', () => {
    expect(renderRunReport(report, setting('/p'))).toMatchInlineSnapshot(`
      "
        ✗ no

          Code   GODWIT_MIGRATION_FAILED

        1 applied, 1 failed, 2 remaining  in 1.5 s
      "
    `);
  });

  it('says the same error once', () => {
    const error = { code: 'GODWIT_LOCK_LOST', message: 'no' } as const;
    const both = { ...report, runs: report.runs.map((run) => ({ ...run, error })), error };
    expect(
      renderRunReport({ ...both, runs: both.runs.slice(1) }, setting('/p')).match(
        /GODWIT_LOCK_LOST/g,
      ),
    ).toHaveLength(1);
  });
});

describe('events', () => {
  const by = { host: 'h', user: 'ann', pid: 7, godwit: '0' };
  const holder = { by, command: 'up', since: new Date(2026, 0, 2, 3, 4, 5), fence: 1, alive: true };
  const run = { run: 'r', id: '001_a', direction: 'up' } as const;
  const events: GodwitEvent[] = [
    {
      type: 'target',
      command: 'up',
      target: { driver: 'postgres', host: 'db:5432', database: 'shop', user: 'app' },
    },
    {
      type: 'target',
      command: 'up',
      target: { driver: 'postgres', host: 'db:5432', database: 'shop', user: 'app' },
    },
    { type: 'lock.waiting', holder, waitedMs: 0, timeoutMs: 60_000 },
    { type: 'lock.waiting', holder, waitedMs: 500, timeoutMs: 60_000 },
    { type: 'lock.acquired', fence: 2, waitedMs: 1500 },
    { type: 'plan.ready', direction: 'up', ids: ['001_a'], fingerprint: 'f' },
    { type: 'run.started', ...run, index: 0, total: 1 },
    { type: 'run.log', ...run, message: 'two\nlines' },
    {
      type: 'run.retrying',
      ...run,
      attempt: 2,
      delayMs: 1000,
      reason: 'lock time-out',
      blockers: ['pid 4'],
    },
    {
      type: 'run.ended',
      ...run,
      outcome: {
        status: 'applied',
        effect: 'complete',
        durationMs: 4,
        transactional: true,
        recorded: true,
      },
    },
    { type: 'warning', code: 'X', message: 'careful' },
    { type: 'lock.released', fence: 2 },
  ];
  const show = (more: object) => {
    let text = '';
    const live = createLive({ write: () => {} }, false);
    const listener = renderEvents({
      style: plain,
      live,
      quiet: false,
      verbose: false,
      write: (part) => (text += part),
      ...more,
    });
    for (const event of events) listener(event);
    return text;
  };

  it('become lines', () => {
    expect(show({})).toMatchInlineSnapshot(`
      "up → postgres shop at db:5432 as app

        Waiting for the lock, up to 1 m 00 s: held by ann@h (pid 7, up) since 2026-01-02 03:04:05
        Got the lock after 1.5 s
          two
          lines
          ! lock time-out; try 2 in 1.0 s; in the way: pid 4
        ✓ 001_a  4 ms
        ! careful
      "
    `);
  });

  it('are more with --verbose and fewer with --quiet', () => {
    expect(show({ verbose: true })).toMatch(/fingerprint f/);
    expect(show({ quiet: true })).not.toMatch(/two/);
    expect(show({ quiet: true })).toMatch(/careful/);
  });
});

describe('the live line', () => {
  it('is erased before other text, and gone at the end', () => {
    let text = '';
    const live = createLive({ write: (part) => (text += part), columns: 20 }, true);
    live.show(() => 'working on something long');
    live.around(() => (text += 'log\n'));
    live.hide();
    expect(text).toMatch(/working on somethin\r\u001b\[2Klog\n/);
    expect(text.endsWith('\r\u001b[2K')).toBe(true);
  });
});

describe('measures', () => {
  it.each([
    [0.4, '<1 ms'],
    [12.3, '12 ms'],
    [1234, '1.2 s'],
    [185_000, '3 m 05 s'],
    [7_500_000, '2 h 05 m'],
  ])('%d ms is %s', (ms, text) => expect(showDuration(ms)).toBe(text));

  it('knows how wide text is', () => {
    expect(visibleWidth('\u001b[31mred\u001b[39m')).toBe(3);
    expect(visibleWidth('日本')).toBe(4);
    expect(visibleWidth('e\u0301')).toBe(1);
    expect(
      renderTable(
        [
          ['a', '', '日'],
          ['bbb', '', 'c'],
        ],
        undefined,
      ),
    ).toBe('  a    日\n  bbb  c\n');
  });

  it('colour is for terminals, unless told', () => {
    const tty = { write: () => {}, isTTY: true };
    expect(wantsColor(tty, {}, true)).toBe(true);
    expect(wantsColor(tty, { NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColor(tty, { CI: 'true' }, true)).toBe(false);
    expect(wantsColor(tty, {}, false)).toBe(false);
    expect(wantsColor({ write: () => {} }, {}, true)).toBe(false);
    expect(wantsColor({ write: () => {} }, { FORCE_COLOR: '1', NO_COLOR: '1' }, true)).toBe(true);
  });
});
