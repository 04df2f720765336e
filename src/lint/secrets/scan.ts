import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding } from '../../ports/finding.ts';
import type { LintFile } from '../file.ts';
import { placeFound } from '../place.ts';

/** As much of secretlint as is used. */
interface Core {
  lintSource(request: {
    readonly source: {
      readonly filePath: string;
      readonly content: string;
      readonly ext: string;
      readonly contentType: 'text';
    };
    readonly options: {
      readonly config: { readonly rules: readonly object[] };
      readonly maskSecrets: boolean;
      readonly noPhysicFilePath: boolean;
    };
  }): Promise<{ readonly messages: readonly Message[] }>;
}

interface Message {
  readonly message: string;
  readonly ruleId: string;
  readonly severity: string;
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
}

const PRESET = '@secretlint/secretlint-rule-preset-recommend';

/** Looks for credentials of the forms that are known. Never tells one. */
export type SecretScanner = (file: LintFile) => Promise<Finding[]>;

/**
 * The secretlint of the project, else godwit's own; undefined when there is none.
 *
 * @param root the project's folder, absolute
 */
export async function loadSecretScanner(root: string): Promise<SecretScanner | undefined> {
  const core = (await load('@secretlint/core', root)) as Core | undefined;
  const preset = (await load(PRESET, root)) as { readonly creator?: unknown } | undefined;
  if (core === undefined || preset?.creator === undefined) return undefined;
  const rules = [{ id: PRESET, rule: preset.creator, options: {} }];
  return async ({ file, text }) => {
    const { messages } = await core.lintSource({
      source: { filePath: file, content: text, ext: extname(file), contentType: 'text' },
      options: { config: { rules }, maskSecrets: true, noPhysicFilePath: true },
    });
    return messages.map((one) => toFinding(one));
  };
}

function toFinding({ message, ruleId, severity, loc }: Message): Finding {
  const rule = ruleId.replace(/^@secretlint\/secretlint-rule-/, '');
  const serious = severity === 'info' || severity === 'warning' ? severity : 'error';
  return placeFound(`secretlint/${rule}`, serious, {
    where: { line: loc.start.line, character: loc.start.column + 1 },
    message: `${withoutMasks(message)}: whoever can read the repository has it.`,
    fix: 'take it back where it was issued, and read the new one from the environment',
  });
}

/** The stars that stand for the secret say nothing. */
function withoutMasks(message: string): string {
  return message.replace(/\(\*+\)|:?\s*\*{3,}/g, '').replace(/[.:\s]+$/, '');
}

async function load(name: string, root: string): Promise<unknown> {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    try {
      return await import(pathToFileURL(createRequire(from).resolve(name)).href);
    } catch (thrown) {
      const { code } = thrown as { readonly code?: string };
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw thrown;
    }
  }
  return undefined;
}
