import type { SqlPart, SqlState } from '../../ports/sql-part.ts';
import { findCopyEnd, SqlReader } from './sql-reader.ts';

/** Characters of a part, but for a statement or a row of data that is longer. */
const LEAST = 256 * 1024;

const START: SqlState = { backslashEscapes: false, copy: 'no' };

/** A text that is held whole, as its only part. */
export function wholePart(text: string): SqlPart {
  return { kind: 'sql', text, offset: 0, line: 1, column: 1, state: START };
}

/**
 * Cuts SQL that comes in chunks into parts that end where a statement does, so that each
 * can be read by itself. Only what was not cut yet is held. What closes nothing reaches to
 * the end of what has come, so that a `;` in what was read is surely the statement's own.
 *
 * @param chunks the text; no chunk ends in the middle of a character
 * @param least characters that are looked through at once
 */
export function* cutSql(chunks: Iterable<string>, least = LEAST): Generator<SqlPart, void> {
  const cutter = new Cutter();
  for (const chunk of chunks) {
    cutter.add(chunk);
    // Twice as much after a search in vain: a statement of any length is read in linear time.
    while (cutter.length >= Math.max(least, cutter.searched * 2)) {
      const part = cutter.next(false);
      if (part) yield part;
    }
  }
  for (let part = cutter.next(true); part; part = cutter.next(true)) yield part;
}

class Cutter {
  /** Characters in which no end of a statement was found. */
  searched = 0;
  #window = '';
  #inData = false;
  #state = START;
  #offset = 0;
  #line = 1;
  #column = 1;

  get length(): number {
    return this.#window.length;
  }

  add(chunk: string): void {
    this.#window += chunk;
  }

  /** @param ended nothing more comes */
  next(ended: boolean): SqlPart | undefined {
    if (this.#window === '' || (this.length === this.searched && !ended)) return undefined;
    const part = this.#inData ? this.#data(ended) : this.#sql(ended);
    this.searched = part ? 0 : this.length;
    return part;
  }

  #sql(ended: boolean): SqlPart | undefined {
    const text = this.#window;
    const reader = new SqlReader(text, this.#state);
    let end = 0;
    let { backslashEscapes } = reader;
    while (reader.next()) {
      if (reader.kind !== 'semicolon') continue;
      if (reader.readsStdinNext) {
        // The data begins behind the line, whose end has to be there.
        reader.next();
        if (reader.end >= text.length && !ended) break;
        this.#inData = true;
        return this.#take('copy', reader.end, { backslashEscapes, copy: 'no' });
      }
      end = reader.end;
      ({ backslashEscapes } = reader);
    }
    if (ended) return this.#take('sql', text.length, START);
    return end === 0 ? undefined : this.#take('sql', end, { backslashEscapes, copy: 'no' });
  }

  #data(ended: boolean): SqlPart | undefined {
    const text = this.#window;
    const lines = ended ? text.length : text.lastIndexOf('\n') + 1;
    const end = findCopyEnd(text, 0);
    if (end >= lines && !ended) {
      return lines === 0 ? undefined : this.#take('data', lines, this.#state);
    }
    this.#inData = false;
    const state: SqlState = { ...this.#state, copy: 'end' };
    if (end > 0) return this.#take('data', end, state);
    this.#state = state;
    return this.#sql(ended);
  }

  #take(kind: SqlPart['kind'], end: number, state: SqlState): SqlPart {
    const text = this.#window.slice(0, end);
    const part = {
      kind,
      text,
      offset: this.#offset,
      line: this.#line,
      column: this.#column,
      state: this.#state,
    };
    this.#window = this.#window.slice(end);
    this.#state = state;
    this.#offset += end;
    this.#advance(text);
    return part;
  }

  #advance(text: string): void {
    let lineStart = 0;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', lineStart)) {
      this.#line++;
      lineStart = i + 1;
    }
    this.#column = lineStart === 0 ? this.#column + text.length : text.length - lineStart + 1;
  }
}
