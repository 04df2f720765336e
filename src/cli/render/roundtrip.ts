import type { RoundtripReport, RoundtripResult } from '../../app/roundtrip/types.ts';
import type { Difference, RowExample } from '../../core/roundtrip/report.ts';
import { diffLines } from '../../core/schema-diff.ts';
import { plural, showDuration } from './measures.ts';
import type { Style } from './style.ts';

/** Longest text of a row that is shown. */
const WIDTH = 160;

/** Each migration with what was not restored, and the count. */
export function renderRoundtrips(report: RoundtripReport, style: Style): string {
  const { database, sample, migrations, summary, durationMs } = report;
  const on = `  ${style.dim('on')}  ${database.driver} ${database.version}: ${database.where}\n`;
  const refused = sample && sample.refused > 0 ? `, ${sample.refused} of them refused` : '';
  const from = sample
    ? `  ${style.dim('with')}  ${plural(sample.rows, 'row')} of ${plural(sample.tables, 'table')}, anonymised${refused}\n`
    : '';
  if (migrations.length === 0) return `${on}${from}\n  There are no migrations.\n`;
  const parts = [
    summary.passed > 0 ? style.green(`${summary.passed} passed`) : '',
    summary.irreversible > 0 ? `${summary.irreversible} of them without a way back` : '',
    summary.failed > 0 ? style.red(`${summary.failed} failed`) : '',
    summary.skipped > 0 ? `${summary.skipped} skipped` : '',
  ].filter((part) => part !== '');
  const total = `\n  ${parts.join(', ')}  ${style.dim(`in ${showDuration(durationMs)}`)}\n`;
  return `${on}${from}\n${migrations.map((one) => renderResult(one, style)).join('')}${total}`;
}

function renderResult(result: RoundtripResult, style: Style): string {
  const { status, id, reversible, fixtures, durationMs, differences } = result;
  const sign = {
    passed: style.green(style.signs.done),
    failed: style.red(style.signs.failed),
    skipped: style.dim(style.signs.pending),
  }[status];
  const notes = [
    status === 'skipped' ? 'not tested' : showDuration(durationMs),
    ...(fixtures.length > 0 ? [plural(fixtures.length, 'fixture')] : []),
    ...(reversible ? [] : ['no way back: up only']),
  ].join(', ');
  const errors = [
    ['', result.error],
    ['up: ', result.up?.error],
    ['down: ', result.down?.error],
    ['up again: ', result.again?.error],
  ] as const;
  const told = errors.flatMap(([step, error]) => {
    if (error === undefined) return [];
    const { file, line } = error.where ?? {};
    const place = file === undefined ? '' : `  ${line === undefined ? file : `${file}:${line}`}`;
    return [`      ${style.red(`${step}${error.message}`)} ${style.dim(error.code + place)}\n`];
  });
  const found = differences.map((difference) => renderDifference(difference, style));
  return `  ${sign} ${id}  ${style.dim(notes)}\n${told.join('')}${found.join('')}`;
}

function renderDifference(difference: Difference, style: Style): string {
  const { severity, message, before, now, rows } = difference;
  const paint = severity === 'error' ? style.red : style.yellow;
  const head = `      ${paint(`${severity === 'error' ? style.signs.failed : style.signs.warning} ${message}`)}\n`;
  const definition = before === undefined && now === undefined ? '' : lines(before, now, style);
  const examples = (rows?.examples ?? []).map((one) => renderExample(one, style)).join('');
  return head + definition + examples;
}

function lines(before = '', now = '', style: Style): string {
  return diffLines(before, now)
    .filter(({ text }) => text !== '')
    .map(({ sign, text }) => {
      const line = `          ${sign} ${text}`.trimEnd();
      return `${sign === '+' ? style.green(line) : sign === '-' ? style.red(line) : style.dim(line)}\n`;
    })
    .join('');
}

function renderExample({ before, after }: RowExample, style: Style): string {
  const show = (sign: string, text: string | undefined) =>
    text === undefined ? '' : `          ${sign} ${cut(readable(text))}\n`;
  return style.red(show('-', before)) + style.green(show('+', after));
}

/** Extended JSON's types are only of use where nothing else differs: they are left out. */
function readable(text: string): string {
  return text
    .replace(/\{"\$number(?:Int|Long|Double|Decimal)":"([^"]*)"\}/g, '$1')
    .replace(/\{"\$oid":("[^"]*")\}/g, '$1')
    .replace(/\{"\$date":\{"\$numberLong":"(-?\d+)"\}\}/g, (all, ms: string) => {
      const date = new Date(Number(ms));
      return Number.isNaN(date.getTime()) ? all : `"${date.toISOString()}"`;
    });
}

function cut(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text;
}
