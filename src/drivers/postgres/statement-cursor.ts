import type { AnalysedStatement, StatementList } from './sql/index.ts';

/**
 * Statements by number. Of a long file only two are held: to go forwards reads on, to go
 * back further, or to data that was read, reads the file from its beginning.
 */
export class StatementCursor {
  readonly #list: StatementList;
  #reading: Iterator<AnalysedStatement> | undefined;
  #index = -1;
  #current: AnalysedStatement | undefined;
  #previous: AnalysedStatement | undefined;
  /** The data of the current one was asked for. */
  #spent = false;

  constructor(list: StatementList) {
    this.#list = list;
  }

  /** Undefined behind the last, when all of the file was read. */
  at(index: number): AnalysedStatement | undefined {
    if (index === this.#index - 1 && this.#previous && !this.#previous.copyParts) {
      return this.#previous;
    }
    if (index < this.#index || (index === this.#index && this.#spent)) this.close();
    this.#reading ??= this.#list[Symbol.iterator]();
    while (this.#index < index && (this.#index < 0 || this.#current)) this.#next(this.#reading);
    return this.#index === index ? this.#current : undefined;
  }

  /** Those of a group, from its first on. */
  *group(from: number, group: number): Generator<AnalysedStatement, void> {
    for (let index = from; ; index++) {
      const statement = this.at(index);
      if (statement?.group !== group) return;
      yield statement;
    }
  }

  close(): void {
    this.#reading?.return?.();
    this.#reading = undefined;
    this.#index = -1;
    this.#current = undefined;
    this.#previous = undefined;
    this.#spent = false;
  }

  #next(reading: Iterator<AnalysedStatement>): void {
    const { done, value } = reading.next();
    this.#previous = this.#current;
    this.#current = done ? undefined : this.#watched(value);
    this.#spent = false;
    this.#index++;
  }

  #watched(statement: AnalysedStatement): AnalysedStatement {
    const { copyParts } = statement;
    return copyParts ? { ...statement, copyParts: this.#spending(copyParts) } : statement;
  }

  *#spending(parts: Iterable<string>): Generator<string, void> {
    this.#spent = true;
    yield* parts;
  }
}
