import type { LintReport } from '../../app/reports.ts';
import type { Finding, FindingPlace } from '../../ports/finding.ts';
import { plural } from './measures.ts';
import type { Style } from './style.ts';

/** Findings by file, each with its code, why, and what to write instead. */
export function renderLint({ findings, summary }: LintReport, style: Style): string {
  const files = new Map<string, Finding[]>();
  for (const finding of findings) {
    const file = finding.where.file ?? '';
    files.set(file, [...(files.get(file) ?? []), finding]);
  }
  const parts = [...files].map(([file, own]) => {
    const lines = own.map((finding) => renderFinding(finding, style)).join('');
    return `${file === '' ? '' : `  ${style.bold(file)}\n`}${lines}\n`;
  });
  return `${parts.join('')}  ${verdict(summary, style)}\n`;
}

function renderFinding({ code, severity, where, message, fix }: Finding, style: Style): string {
  const sign =
    severity === 'error'
      ? style.red(style.signs.failed)
      : severity === 'warning'
        ? style.yellow(style.signs.warning)
        : style.signs.pending;
  const place = placeOf(where);
  const first = `  ${sign} ${place === '' ? '' : `${style.cyan(place)} `}${message} ${style.dim(code)}\n`;
  return severity === 'info' || fix === ''
    ? first
    : `${first}    ${style.dim('Instead')}  ${fix}\n`;
}

function placeOf({ line, character }: FindingPlace): string {
  if (line === undefined) return '';
  return character === undefined ? `${line}` : `${line}:${character}`;
}

function verdict({ error, warning, info }: LintReport['summary'], style: Style): string {
  if (error + warning + info === 0) return style.green('Nothing found.');
  const parts = [
    error > 0 ? style.red(plural(error, 'error')) : '',
    warning > 0 ? style.yellow(plural(warning, 'warning')) : '',
    info > 0 ? `${info} for information` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
