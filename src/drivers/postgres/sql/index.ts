export { type AnalysedStatement, type AnalyseOptions, type Analysis, analyse } from './analyse.ts';
export { mayNeedParser } from './need.ts';
export { placeOf } from './place.ts';
export { splitStatements } from './split.ts';
export type { Statement, TextPlace } from './statement.ts';
