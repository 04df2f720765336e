import { describe, expect, it } from 'vitest';
import { toGithub } from '../../../src/lint/report/github.ts';
import { toSarif } from '../../../src/lint/report/sarif.ts';
import type { Finding } from '../../../src/ports/finding.ts';

const FINDINGS: readonly Finding[] = [
  {
    code: 'squawk/ban-drop-column',
    severity: 'error',
    where: { file: 'my migrations/100%/a,b:c#1.sql', line: 3, character: 7, id: '001_a' },
    message: '50% of\r\nclients, at least: break',
    fix: 'keep it',
  },
  {
    code: 'GODWIT_LINT_NO_WAY_BACK',
    severity: 'info',
    where: { file: 'ä.sql' },
    message: 'm',
    fix: '',
  },
  { code: 'GODWIT_LINT_NO_SQUAWK', severity: 'warning', where: {}, message: 'n', fix: 'f' },
];

interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { name: string; rules: { id: string }[] } };
    readonly columnKind: string;
    readonly results: readonly {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations?: readonly {
        physicalLocation: {
          artifactLocation: { uri: string };
          region?: { startLine: number; startColumn?: number };
        };
      }[];
    }[];
  }[];
}

describe('SARIF', () => {
  const { $schema, version, runs } = toSarif(FINDINGS) as Sarif;
  const [run] = runs;

  it('has the structure of version 2.1.0', () => {
    expect([$schema, version, runs.length]).toEqual([
      'https://json.schemastore.org/sarif-2.1.0.json',
      '2.1.0',
      1,
    ]);
    expect(run?.tool.driver.name).toBe('godwit');
    expect(run?.columnKind).toBe('utf16CodeUnits');
    expect(run?.results).toHaveLength(3);
    for (const { ruleId, ruleIndex, level, message, locations } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      expect(['error', 'warning', 'note', 'none']).toContain(level);
      expect(message.text).not.toBe('');
      for (const { physicalLocation } of locations ?? []) {
        expect(new URL(physicalLocation.artifactLocation.uri, 'file:///x/').protocol).toBe('file:');
        expect(physicalLocation.region?.startLine ?? 1).toBeGreaterThan(0);
      }
    }
  });

  it('gives places as references that mean the same file', () => {
    const [first, second, third] = run?.results ?? [];
    const { artifactLocation, region } = first?.locations?.[0]?.physicalLocation ?? {};
    expect(artifactLocation?.uri).toBe('my%20migrations/100%25/a%2Cb%3Ac%231.sql');
    expect(decodeURIComponent(new URL(artifactLocation?.uri ?? '', 'file:///x/').pathname)).toBe(
      '/x/my migrations/100%/a,b:c#1.sql',
    );
    expect(region).toEqual({ startLine: 3, startColumn: 7 });
    expect(second?.locations?.[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: '%C3%A4.sql' },
    });
    expect(third?.locations).toBeUndefined();
  });
});

it('GitHub annotations are one line each, escaped', () => {
  expect(toGithub(FINDINGS).split('\n')).toEqual([
    '::error file=my migrations/100%25/a%2Cb%3Ac#1.sql,line=3,col=7,title=squawk/ban-drop-column::50%25 of%0D%0Aclients, at least: break%0AInstead: keep it',
    '::notice file=ä.sql,title=GODWIT_LINT_NO_WAY_BACK::m',
    '::warning title=GODWIT_LINT_NO_SQUAWK::n%0AInstead: f',
    '',
  ]);
});
