export {
  type AnalysedStatement,
  type AnalyseOptions,
  type Analysis,
  analyse,
  type StatementList,
} from './analyse.ts';
export { inputMayNeedParser, mayNeedParser } from './need.ts';
export { cutPieces, isCopy, MOST_CHARACTERS, type Piece, piecesOf } from './pieces.ts';
export { placeOf } from './place.ts';
export { isPlain } from './plain.ts';
export { StatementScan, splitStatements } from './split.ts';
export type { Statement, TextPlace } from './statement.ts';
