export { type AnalysedStatement, type AnalyseOptions, type Analysis, analyse } from './analyse.ts';
export { mayNeedParser } from './need.ts';
export { cutPieces, MOST_CHARACTERS, type Piece } from './pieces.ts';
export { placeOf } from './place.ts';
export { isPlain } from './plain.ts';
export { splitStatements } from './split.ts';
export type { Statement, TextPlace } from './statement.ts';
