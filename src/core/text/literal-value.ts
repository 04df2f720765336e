import type { LiteralValue } from './literals.ts';
import type { ScriptTokenKind } from './script-lexer.ts';

/** The value of one literal token; undefined when it is none, or not a plain one. */
export function literalValue(kind: ScriptTokenKind, token: string): LiteralValue | undefined {
  switch (kind) {
    case 'string':
      return token.length > 1 && token.endsWith(token[0] as string)
        ? cook(token.slice(1, -1))
        : undefined;
    case 'template':
      return /^`[\s\S]*`$/.test(token)
        ? cook(token.slice(1, -1).replace(/\r\n?/g, '\n'))
        : undefined;
    case 'number':
      return numberValue(token);
    case 'word':
      return token === 'true' ? true : token === 'false' ? false : undefined;
    default:
      return undefined;
  }
}

function numberValue(token: string): number | undefined {
  // A bigint is no JSON, and `010` means different things in different modes.
  if (/n$/.test(token) || /^0\d/.test(token)) return undefined;
  const value = Number(token.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : value;
}

const ESCAPE = /\\(?:u\{([\da-fA-F]+)\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|\r\n|([\s\S]))/g;
const SHORT: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
  '\n': '',
  '\r': '',
  '\u2028': '',
  '\u2029': '',
};

function cook(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(ESCAPE, (_, long?: string, four?: string, two?: string, one?: string) => {
    const digits = long ?? four ?? two;
    if (digits !== undefined) {
      const code = Number.parseInt(digits, 16);
      return code > 0x10ffff
        ? '\ufffd'
        : four === undefined
          ? String.fromCodePoint(code)
          : String.fromCharCode(code);
    }
    return one === undefined ? '' : (SHORT[one] ?? one);
  });
}
