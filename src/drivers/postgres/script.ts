import type { ScriptStep } from '../../ports/driver.ts';
import { insertEndedHere, insertEvent } from './history-sql.ts';
import { mirrorStatements } from './mirror.ts';
import { schemaScript } from './schema.ts';
import { guardStep, takeFence, withFence } from './script-fence.ts';
import { statementsOf, textOf } from './script-outside.ts';
import { type AnalysedStatement, analyse, mayNeedParser } from './sql/index.ts';
import { begin, localRole, type Store } from './store.ts';

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

function giveBack(store: Store): string {
  return `select pg_advisory_unlock(${store.lockKey});`;
}

async function writeStep(store: Store, step: ScriptStep): Promise<string> {
  const { header, sql } = step;
  const title = `-- ${header.id} (${header.direction}), from ${sql.file}`;
  const mode = step.transaction === 'auto' ? sql.transaction : step.transaction;
  const lines = [title, guardStep(store, header)];
  if (mode !== 'never' && !mayNeedParser(sql.text)) {
    return [...lines, inside(store, step, sql.text)].join('\n');
  }
  const unwrap = mode !== 'never';
  const analysis = await analyse(sql.text, { file: sql.file, line: sql.line, unwrap });
  if (mode === 'never' || analysis.mode === 'statements') {
    return [...lines, outside(store, step, analysis.statements)].join('\n');
  }
  const text = analysis.message ?? analysis.statements.map(textOf).join('\n');
  return [...lines, inside(store, step, text)].join('\n');
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
    ...mirrorStatements(store, mirrors, { header, status }).map((statement) => `${statement};`),
    'commit;',
  ].join('\n');
}

function outside(store: Store, step: ScriptStep, statements: readonly AnalysedStatement[]): string {
  const { header, mirrors } = step;
  const status = header.direction === 'up' ? 'applied' : 'reverted';
  const ended = insertEvent(store, {
    ...header,
    event: 'ended',
    status,
    effect: 'complete',
    via: 'run',
    durationMs: 0,
  });
  return [
    ...statementsOf(store, step, statements),
    'reset session authorization;reset all;',
    begin(store),
    `${withFence(store, ended)};`,
    ...mirrorStatements(store, mirrors, { header, status, durationMs: 0 }).map(
      (each) => `${each};`,
    ),
    'commit;',
  ].join('\n');
}
