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
  const tokens = new Tokens(new TokenStream(take));
  let copies = 0;
  for (const { kind, text, state } of parts) {
    if (kind === 'data') {
      tokens.data(text);
      continue;
    }
    tokens.read(new SqlReader(text, state), kind === 'copy');
    if (kind === 'copy') tokens.beginData(dataLength(copies++));
  }
  tokens.end();
}

class Tokens {
  readonly #stream: TokenStream;
  #previous: SqlReader['kind'] = 'semicolon';
  #semicolon = false;
  #gap = '';
  #touchy = false;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  /** @param hasData the text ends where the data of its last statement begins */
  read(reader: SqlReader, hasData: boolean): void {
    const { text } = reader;
    while (reader.next()) {
      const { kind, start, end } = reader;
      if (hasData && kind === 'copyData' && end === text.length) return;
      const token = text.slice(start, end);
      if (kind === 'space' || kind === 'comment') this.#skip(kind, token);
      else this.#token(kind, token);
    }
  }

  beginData(length: number): void {
    this.#before('copyData', '');
    this.#stream.begin(LETTERS.copyData ?? 'c', length);
  }

  data(text: string): void {
    this.#stream.more(text);
  }

  end(): void {
    this.#stream.end();
  }

  #skip(kind: 'space' | 'comment', token: string): void {
    this.#gap += kind === 'space' ? token : ' ';
    const directive = kind === 'comment' ? directiveOf(token) : undefined;
    if (directive !== undefined) this.#stream.add('!', directive);
  }

  #token(kind: SqlReader['kind'], token: string): void {
    this.#before(kind, token);
    if (kind === 'semicolon') return;
    this.#stream.add(LETTERS[kind] ?? 'p', kind === 'word' ? fold(token) : token);
  }

  /** Marks of what stood between this token and the one before. */
  #before(kind: SqlReader['kind'], token: string): void {
    const stream = this.#stream;
    const previous = this.#previous;
    if (kind === 'semicolon') {
      this.#semicolon ||= previous !== 'semicolon';
    } else {
      if (this.#semicolon) stream.add(';', '');
      this.#semicolon = false;
      const foreign = kind === 'variable' || (kind === 'punct' && '${}\\'.includes(token));
      if (foreign || this.#touchy) stream.add(this.#gap === '' ? '=' : '_', '');
      if (kind === 'string' && previous === 'string' && /[\r\n]/.test(this.#gap)) {
        stream.add('/', '');
      }
      this.#touchy = foreign;
    }
    this.#previous = kind;
    this.#gap = '';
  }
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
