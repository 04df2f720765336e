import type { Finding, FindingSeverity } from '../../ports/finding.ts';
import { VERSION } from '../../version.ts';

const LEVELS: Readonly<Record<FindingSeverity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/** SARIF 2.1.0, as code scanning reads it. */
export function toSarif(findings: readonly Finding[]): object {
  const codes = [...new Set(findings.map(({ code }) => code))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'godwit',
            semanticVersion: VERSION,
            rules: codes.map((id) => ({ id, shortDescription: { text: id } })),
          },
        },
        // Columns are counted as editors do.
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => toResult(finding, codes)),
      },
    ],
  };
}

function toResult({ code, severity, where, message, fix }: Finding, codes: readonly string[]) {
  const { file, line, character } = where;
  const region =
    line === undefined
      ? {}
      : { region: { startLine: line, ...(character !== undefined && { startColumn: character }) } };
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: fix === '' ? message : `${message}\nInstead: ${fix}` },
    ...(file !== undefined && {
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }],
    }),
  };
}

/** A relative reference: `#`, `?`, `%`, spaces and a `:` in the first part would mean something. */
function uriOf(file: string): string {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  return uri.replaceAll('%40', '@').replaceAll('%2B', '+');
}
