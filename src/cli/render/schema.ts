import type { SchemaDiffReport, SquashReport } from '../../app/schema/types.ts';
import { diffLines, type SchemaChange } from '../../core/schema-diff.ts';
import { plural } from './measures.ts';
import type { Style } from './style.ts';

/** What was added, removed and changed, with definitions. */
export function renderSchemaDiff(report: SchemaDiffReport, style: Style): string {
  const { changes, summary, warnings, from, to } = report;
  const notes = warnings.map((each) => `  ${style.yellow(style.signs.warning)} ${each}\n`).join('');
  const sides = `  ${style.dim('from')}  ${from}\n  ${style.dim('to')}    ${to}\n`;
  if (changes.length === 0) {
    return `${sides}\n${notes}  ${style.green(style.signs.done)} The schemas are the same.\n`;
  }
  const { added, removed, changed } = summary;
  const total = `\n  ${added} added, ${removed} removed, ${changed} changed\n`;
  return `${sides}${notes}${changes.map((change) => renderChange(change, style)).join('')}${total}`;
}

function renderChange(change: SchemaChange, style: Style): string {
  const { kind, name, before, after } = change;
  const title = `${kind} ${style.bold(name)}`;
  if (before === undefined)
    return `\n  ${style.green('+')} ${title}\n${indent(after, style.green)}`;
  if (after === undefined) return `\n  ${style.red('-')} ${title}\n${indent(before, style.red)}`;
  const lines = diffLines(before, after).map(({ sign, text }) => {
    const line = `    ${sign} ${text}`.trimEnd();
    return `${sign === '+' ? style.green(line) : sign === '-' ? style.red(line) : line}\n`;
  });
  return `\n  ${style.yellow('~')} ${title}\n${lines.join('')}`;
}

function indent(text: string | undefined, paint: (line: string) => string): string {
  return (text ?? '')
    .split('\n')
    .map((line) => `${paint(`      ${line}`.trimEnd())}\n`)
    .join('');
}

export function renderSquash(report: SquashReport, style: Style): string {
  const { file, replaces, moved, recorded, warnings, dryRun } = report;
  const done = style.green(style.signs.done);
  const would = dryRun ? 'would stand' : 'stands';
  return [
    ...warnings.map((each) => `  ${style.yellow(style.signs.warning)} ${each}\n`),
    `  ${done} ${file} ${would} for ${plural(replaces.length, 'migration')}: ${replaces.join(', ')}\n`,
    ...moved
      .slice(0, 1)
      .map(({ to }) => `  ${done} their files are in ${to.replace(/\/[^/]*$/, '')}\n`),
    ...(recorded ? [`  ${done} this database counts as having it\n`] : []),
  ].join('');
}
