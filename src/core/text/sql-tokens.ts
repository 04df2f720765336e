import type { SqlPart } from '../../ports/sql-part.ts';
import { SqlReader } from './sql-reader.ts';
import { directiveOf, TokenStream } from './token-stream.ts';

/**
 * SQL as its tokens. Left out: comments, white space, empty statements and the last
 * semicolon; unquoted words are folded to lower case, as PostgreSQL does. Kept to the
 * letter: strings, dollar quotes, quoted names, COPY data. White space that matters
 * stays as a mark: a line break between two strings, which joins them, and any gap next
 * to characters that are not SQL's, such as those of `${name}`.
 *
 * @param parts of the text, in order
 * @param dataLength characters of the data of the COPY of that number, from 0
 */
export function sqlTokens(
  parts: Iterable<SqlPart>,
  take: (text: string) => void,
  dataLength: (copy: number) => number,
): void {
  const stream = new TokenStream(take);
  let copies = 0;
  let previous: SqlReader['kind'] = 'semicolon';
  let semicolon = false;
  let gap = '';
  let touchy = false;
  for (const { kind: partKind, text, state } of parts) {
    if (partKind === 'data') {
      stream.more(text);
      continue;
    }
    const reader = new SqlReader(text, state);
    while (reader.next()) {
      const { kind, start, end } = reader;
      const token = text.slice(start, end);
      if (kind === 'space' || kind === 'comment') {
        gap += kind === 'space' ? token : ' ';
        const directive = kind === 'comment' ? directiveOf(token) : undefined;
        if (directive !== undefined) stream.add('!', directive);
        continue;
      }
      if (kind === 'semicolon') {
        semicolon ||= previous !== 'semicolon';
      } else {
        if (semicolon) stream.add(';', '');
        semicolon = false;
        const foreign = kind === 'variable' || (kind === 'punct' && '${}\\'.includes(token));
        if (foreign || touchy) stream.add(gap === '' ? '=' : '_', '');
        if (kind === 'string' && previous === 'string' && /[\r\n]/.test(gap)) stream.add('/', '');
        const letter = LETTERS[kind] ?? 'p';
        if (kind === 'copyData' && partKind === 'copy') stream.begin(letter, dataLength(copies++));
        else stream.add(letter, kind === 'word' ? fold(token) : token);
        touchy = foreign;
      }
      previous = kind;
      gap = '';
    }
  }
  stream.end();
}

const LETTERS: Partial<Record<SqlReader['kind'], string>> = {
  word: 'w',
  quoted: 'q',
  string: 's',
  dollar: 'd',
  number: 'n',
  copyData: 'c',
};

/** ASCII only: what the server does with other letters depends on its encoding. */
function fold(word: string): string {
  return /[A-Z]/.test(word) ? word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : word;
}
