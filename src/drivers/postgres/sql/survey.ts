import { setImmediate } from 'node:timers/promises';
import { detach, type SqlInput } from '../../../core/text/long-sql.ts';
import { type Control, controlOf } from './blocks.ts';
import { newValueOf } from './enum-value.ts';
import { definesCommitting, isCandidate } from './need.ts';
import { isCopy } from './pieces.ts';
import { committingProcedure, refusal } from './refused-statement.ts';
import { type Range, StatementScan } from './split.ts';
import type { ReadStatement, TextPlace } from './statement.ts';
import type { Tree } from './tree.ts';

/** A statement that decides how the file is run, with its number from 0. */
export interface Noted {
  readonly index: number;
  /** Its text only as far as it is shown. */
  readonly statement: ReadStatement;
  /** Undefined when the parser cannot read it. */
  readonly tree: Tree | undefined;
  readonly control: Control | undefined;
}

/** What one pass over a file found. Statements that decide nothing are counted and forgotten. */
export interface Survey {
  readonly noted: readonly Noted[];
  /** Procedures that commit, and the number of the first statement that defines each. */
  readonly defined: ReadonlyMap<string, number>;
  readonly count: number;
  readonly dropped: readonly Range[];
  readonly switchesEscapes: boolean;
  readonly hasCopyData: boolean;
}

const SHOWN = 500;

/** @throws GodwitError GODWIT_FILE_INVALID for what only psql understands */
export async function survey(input: SqlInput, at: TextPlace): Promise<Survey> {
  const scan = new StatementScan(input, at);
  const trees = new Trees();
  const noted: Noted[] = [];
  const defined = new Map<string, number>();
  let count = 0;
  let hasCopyData = false;
  let commits = false;
  let { part } = scan;
  for (const statement of scan.statements()) {
    const { words, text } = statement;
    hasCopyData ||= isCopy(statement);
    commits ||= definesCommitting(words, text);
    // A procedure from elsewhere that commits fails cleanly: other calls are not looked at.
    if (words[0] === 'call' ? commits : isCandidate(words, text)) {
      const note = noteOf(count, statement, await trees.of(text));
      const procedure = note.tree && committingProcedure(note.tree);
      if (procedure !== undefined && !defined.has(procedure)) defined.set(procedure, count);
      if (decides(note, defined)) noted.push(note);
    }
    count++;
    if (scan.part === part) continue;
    // Of a long file: others get their turn in between.
    if (count > 1) await setImmediate();
    part = scan.part;
  }
  const { dropped, switchesEscapes } = scan;
  return { noted, defined, count, dropped, switchesEscapes, hasCopyData };
}

function noteOf(index: number, statement: ReadStatement, tree: Tree | undefined): Noted {
  const words = statement.words.map(detach);
  const kept = { ...statement, words, text: detach(statement.text.slice(0, SHOWN)) };
  return { index, statement: kept, tree, control: tree && controlOf(tree) };
}

function decides(note: Noted, defined: Survey['defined']): boolean {
  if (note.control !== undefined || newValueOf(note).length > 0) return true;
  return refusal(defined, note) !== undefined;
}

/** A file may say BEGIN and COMMIT a hundred thousand times. */
class Trees {
  readonly #known = new Map<string, Promise<Tree | undefined>>();

  of(text: string): Promise<Tree | undefined> {
    const key = text.length > 40 || this.#known.size > 100 ? undefined : text;
    const found = key === undefined ? undefined : this.#known.get(key);
    if (found) return found;
    // Apart, for its own import of a package: code with one in it is not kept for the next start.
    const tree = import('./parser.ts').then(({ parseStatement }) => parseStatement(text));
    if (key !== undefined) this.#known.set(detach(key), tree);
    return tree;
  }
}
