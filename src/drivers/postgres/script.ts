import { GodwitError } from '../../errors.ts';
import type { ScriptStep } from '../../ports/driver.ts';
import { insertEndedHere, insertEvent } from './history-sql.ts';
import { mirrorStatements } from './mirror.ts';
import { analyse, mayNeedParser } from './sql/index.ts';
import { begin, localRole, type Store } from './store.ts';
import { schemaScript } from './schema.ts';
import { ident } from './text.ts';

/**
 * The SQL that somebody may run by hand with psql instead of `up`, history included. It
 * stops at the first error, and what was done before is recorded.
 *
 * @throws GodwitError GODWIT_FILE_INVALID for a file that only psql could read
 */
export async function writeScript(store: Store, steps: readonly ScriptStep[]): Promise<string> {
  const parts = [
    '-- Written by godwit. Run it with: psql -v ON_ERROR_STOP=1 -f <this file>',
    '\\set ON_ERROR_STOP on',
    `set client_encoding to 'UTF8';`,
    `${begin(store)}\nset local client_min_messages = warning;\n${schemaScript(store)};\ncommit;`,
    takeFence(store),
  ];
  for (const step of steps) parts.push(await writeStep(store, step));
  parts.push(giveBack(store));
  return `${parts.join('\n\n')}\n`;
}

/** The same lock as godwit's, so that no `up` runs at the same time. */
function takeFence(store: Store): string {
  return [
    `select pg_advisory_lock(${store.lockKey});`,
    `${begin(store)}update ${store.lock} set fence = fence + 1, mode = 'advisory', command = 'script',`,
    `  by = null, since = clock_timestamp(), pid = pg_backend_pid();commit;`,
  ].join('\n');
}

function giveBack(store: Store): string {
  return `select pg_advisory_unlock(${store.lockKey});`;
}

async function writeStep(store: Store, step: ScriptStep): Promise<string> {
  const { header, sql } = step;
  const title = `-- ${header.id} (${header.direction}), from ${sql.file}`;
  const mode = step.transaction === 'auto' ? sql.transaction : step.transaction;
  const analysis =
    mode === 'never' || mayNeedParser(sql.text)
      ? await analyse(sql.text, { file: sql.file, line: sql.line })
      : undefined;
  if (mode === 'never' || analysis?.mode === 'statements') {
    return [title, outside(store, step)].join('\n');
  }
  return [title, inside(store, step, analysis?.message ?? sql.text)].join('\n');
}

function inside(store: Store, { header, mirrors }: ScriptStep, text: string): string {
  const status = header.direction === 'up' ? 'applied' : 'reverted';
  const record = insertEndedHere(store, header, { status }).replace(/ returning duration_ms$/, '');
  return [
    `begin;${localRole(store)}`,
    text.trimEnd(),
    // The line break above ends a comment, this semicolon the last statement.
    `;reset session authorization;reset all;${localRole(store)}`,
    `${withFence(store, record)};`,
    ...mirrorStatements(mirrors, { header, status }).map((statement) => `${statement};`),
    'commit;',
  ].join('\n');
}

function outside(store: Store, { header, sql, mirrors }: ScriptStep): string {
  const status = header.direction === 'up' ? 'applied' : 'reverted';
  const started = insertEvent(store, { ...header, event: 'started', resume: 'ask' });
  const ended = insertEvent(store, {
    ...header,
    event: 'ended',
    status,
    effect: 'complete',
    via: 'run',
    durationMs: 0,
  });
  return [
    `${begin(store)}${withFence(store, started)};commit;`,
    ...(store.role === undefined ? [] : [`set role ${ident(store.role)};`]),
    sql.text.trimEnd(),
    ';reset session authorization;reset all;',
    begin(store),
    `${withFence(store, ended)};`,
    ...mirrorStatements(mirrors, { header, status, durationMs: 0 }).map((each) => `${each};`),
    'commit;',
  ].join('\n');
}

/** The fence is known only when the script runs: it is the last of the header's values. */
function withFence(store: Store, insert: string): string {
  const at = insert.indexOf('::jsonb,');
  if (at < 0) throw new GodwitError('GODWIT_INTERNAL', 'A record without its maker.');
  const rest = insert
    .slice(at + '::jsonb,'.length)
    .replace(/^\d+/, `(select fence from ${store.lock})`);
  return `${insert.slice(0, at)}::jsonb,${rest}`;
}
