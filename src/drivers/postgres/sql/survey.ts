import { type Control, controlOf } from './blocks.ts';
import { isCandidate } from './need.ts';
import { parseStatement } from './parser.ts';
import { type Range, StatementScan } from './split.ts';
import type { ReadStatement, TextPlace } from './statement.ts';
import type { Tree } from './tree.ts';

/** A statement that decides how the file is run, with its number from 0. */
export interface Noted {
  readonly index: number;
  readonly statement: ReadStatement;
  /** Undefined when the parser cannot read it. */
  readonly tree: Tree | undefined;
  readonly control: Control | undefined;
}

/** What one pass over a file found. Ordinary statements are counted and forgotten. */
export interface Survey {
  readonly noted: readonly Noted[];
  readonly count: number;
  readonly dropped: readonly Range[];
  readonly switchesEscapes: boolean;
  readonly hasCopyData: boolean;
}

/** @throws GodwitError GODWIT_FILE_INVALID for what only psql understands */
export async function survey(text: string, at: TextPlace): Promise<Survey> {
  const scan = new StatementScan(text, at);
  const noted: Noted[] = [];
  let count = 0;
  let hasCopyData = false;
  for (const statement of scan.statements()) {
    hasCopyData ||= statement.copyData !== undefined;
    if (isCandidate(statement.words, statement.text)) {
      const tree = await parseStatement(statement.text);
      noted.push({ index: count, statement, tree, control: tree && controlOf(tree) });
    }
    count++;
  }
  const { dropped, switchesEscapes } = scan;
  return { noted, count, dropped, switchesEscapes, hasCopyData };
}
