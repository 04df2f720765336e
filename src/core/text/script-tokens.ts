import { ScriptLexer } from './script-lexer.ts';
import { directiveOf, TokenStream } from './token-stream.ts';

/**
 * JavaScript or TypeScript as its tokens, without comments, white space and the comma
 * that formatters put behind the last of several lines. Strings,
 * templates and regular expressions are kept to the letter, but for CR LF in templates,
 * which the language itself reads as LF. Line breaks stay as a mark where they may end a
 * statement, see `mayEndStatement`.
 */
export function scriptTokens(text: string, take: (part: string) => void): void {
  const stream = new TokenStream(take);
  const lexer = new ScriptLexer(text);
  let previous = '';
  let comma = false;
  while (lexer.next()) {
    const token = text.slice(lexer.start, lexer.end);
    if (lexer.kind === 'comment') {
      const directive = directiveOf(token);
      if (directive !== undefined) stream.add('!', directive);
      continue;
    }
    if (comma && !CLOSES.has(token)) stream.add('p', ',');
    comma = token === ',' && !BEFORE_ELISION.has(previous);
    if (comma) {
      previous = token;
      continue;
    }
    if (lexer.lineBreakBefore && mayEndStatement(previous, token, lexer)) stream.add('/', '');
    const literal = lexer.kind === 'template' || lexer.kind === 'string';
    stream.add(LETTERS[lexer.kind] ?? 'p', literal ? token.replace(/\r\n?/g, '\n') : token);
    previous = token;
  }
  stream.end();
}

const LETTERS: Partial<Record<ScriptLexer['kind'], string>> = {
  word: 'w',
  number: 'n',
  string: 's',
  template: 't',
  regex: 'r',
};

/** A comma before these that has something before it means nothing: `f(a, b,)`. */
const CLOSES = new Set([')', ']', '}']);
/** Behind these it makes an element: `[,]`, `[a,,]`. */
const BEFORE_ELISION = new Set([',', '[']);
/** A line break directly behind these always counts in the grammar. */
const RESTRICTED = new Set('return throw break continue yield async accessor using'.split(' '));
/** Tokens that can only go on with what stands before them. */
const CONTINUES = new Set(
  (
    ') ] } , ; : . ?. ? = += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??= ' +
    '* / % ** + - < > <= >= == != === !== << >> >>> & | ^ && || ?? ' +
    'else catch finally in instanceof'
  ).split(' '),
);

/**
 * Automatic semicolon insertion, seen from the safe side. A break changes the meaning
 * only behind a restricted word, or where the token before may be the last of a
 * statement and the one after may begin another, outside parentheses and square
 * brackets. Elsewhere formatters break lines at will and nothing changes. Where a break
 * is kept though it means nothing, a re-wrapped line shows as drift; never the reverse.
 * `(` and `[` count as beginnings, because behind a TypeScript type (`let a: b`, break,
 * `[c] = d`) they are.
 */
function mayEndStatement(previous: string, token: string, lexer: ScriptLexer): boolean {
  if (previous === '') return false;
  if (RESTRICTED.has(previous)) return !/^[);\],}]$/.test(token);
  if (lexer.inside === 'paren' || lexer.inside === 'head') return false;
  if (lexer.inside === 'square' || lexer.inside === 'template') return false;
  return lexer.couldEndBefore && !CONTINUES.has(token);
}
