import type { Finding, FindingSeverity } from '../../ports/finding.ts';

const COMMANDS: Readonly<Record<FindingSeverity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
};

/** Workflow commands that GitHub Actions shows beside the lines of a pull request. */
export function toGithub(findings: readonly Finding[]): string {
  return findings.map(toCommand).join('');
}

function toCommand({ code, severity, where, message, fix }: Finding): string {
  const properties = [
    ['file', where.file],
    ['line', where.line],
    ['col', where.line === undefined ? undefined : where.character],
    ['title', code],
  ] as const;
  const said = properties
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(',');
  const text = fix === '' ? message : `${message}\nInstead: ${fix}`;
  return `::${COMMANDS[severity]} ${said}::${escapeData(text)}\n`;
}

/** Lines end a command, and `%` begins an escape. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
