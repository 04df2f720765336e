import type { BackfillSpec } from '../../ports/backfill-spec.ts';
import { parseWindow } from './windows.ts';

const KEYS: readonly (keyof BackfillSpec)[] = [
  'name',
  'description',
  'collection',
  'table',
  'filter',
  'set',
  'sql',
  'transform',
  'transformBatch',
  'transformTimeoutMs',
  'fields',
  'key',
  'chunk',
  'concurrency',
  'throttle',
  'order',
  'onError',
  'sweep',
  'verify',
  'backup',
];
/** What a timer can wait for. */
const MOST_MS = 2 ** 31 - 1;
const CHANGES = ['set', 'sql', 'transform', 'transformBatch'] as const;
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,99}$/u;

/**
 * Everything that is wrong with a definition, each in a sentence.
 *
 * @param sql whether the database is one of SQL
 */
export function checkSpec(spec: BackfillSpec, sql: boolean): string[] {
  const given = spec as Readonly<Record<string, unknown>>;
  return [
    ...unknownKeys(given, KEYS, ''),
    ...checkTarget(spec, sql),
    ...checkChange(spec, sql),
    ...checkTransform(spec),
    ...checkTimeout(spec),
    ...checkFilter(spec, sql),
    ...checkNames(spec),
    ...checkChunk(spec),
    ...checkThrottle(spec),
    ...checkWords(given),
  ];
}

function unknownKeys(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
): string[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => `${prefix}${key} is not a known key`);
}

function checkTarget({ collection, table }: BackfillSpec, sql: boolean): string[] {
  const [right, wrong] = sql
    ? (['table', 'collection'] as const)
    : (['collection', 'table'] as const);
  const of = { collection, table };
  const problems: string[] = [];
  if (!isText(of[right])) problems.push(`${right} must name what is changed`);
  if (of[wrong] !== undefined)
    problems.push(`${wrong} is for ${sql ? 'MongoDB' : 'PostgreSQL'}: use ${right}`);
  return problems;
}

function checkChange(spec: BackfillSpec, sql: boolean): string[] {
  const given = CHANGES.filter((name) => spec[name] !== undefined);
  const list = CHANGES.join(', ');
  if (given.length === 0) return [`one of ${list} must say what is done`];
  if (given.length > 1) return [`only one of ${list} can be used, not ${given.join(' and ')}`];
  const problems: string[] = [];
  if (spec.sql !== undefined) problems.push(...checkSql(spec.sql, sql));
  if (spec.set !== undefined)
    problems.push(...(sql ? checkExpressions(spec.set) : checkUpdate(spec.set)));
  return problems;
}

function checkSql(text: unknown, sql: boolean): string[] {
  if (!sql) return ['sql is for PostgreSQL: use set or transform'];
  if (!isText(text)) return ['sql must be a text'];
  const problems: string[] = [];
  if (!/^\s*(update|delete)\b/i.test(text)) problems.push('sql must be one UPDATE or DELETE');
  if (text.split('{{chunk}}').length !== 2)
    problems.push('sql must contain {{chunk}} once, in its WHERE');
  return problems;
}

function checkExpressions(set: unknown): string[] {
  if (!isObject(set) || Object.keys(set).length === 0) {
    return [
      "set must be an object of columns and SQL expressions, such as { email: 'lower(email)' }",
    ];
  }
  return Object.entries(set).flatMap(([column, expression]) =>
    isText(expression) ? [] : [`set.${column} must be an SQL expression as text`],
  );
}

function checkUpdate(set: unknown): string[] {
  if (Array.isArray(set))
    return set.length > 0 && set.every(isObject) ? [] : ['set must have stages'];
  if (!isObject(set) || Object.keys(set).length === 0) {
    return ['set must be fields, update operators or a pipeline'];
  }
  const operators = Object.keys(set).filter((key) => key.startsWith('$')).length;
  return operators === 0 || operators === Object.keys(set).length
    ? []
    : ['set mixes update operators with plain fields'];
}

function checkTransform(spec: BackfillSpec): string[] {
  const problems: string[] = [];
  for (const name of ['transform', 'transformBatch'] as const) {
    const value = spec[name];
    const good =
      value === undefined || typeof value === 'function' || isText(value) || value instanceof URL;
    if (!good) problems.push(`${name} must be a function, or the path of a module`);
  }
  const inJavaScript = spec.transform !== undefined || spec.transformBatch !== undefined;
  if (spec.fields !== undefined && !inJavaScript)
    problems.push('fields are for transform and transformBatch');
  return problems;
}

function checkFilter({ filter, verify }: BackfillSpec, sql: boolean): string[] {
  const problems: string[] = [];
  const isFilter = (value: unknown) => (sql ? isText(value) : isObject(value));
  const kind = sql ? 'a condition in SQL' : 'a query';
  if (filter !== undefined && !isFilter(filter)) problems.push(`filter must be ${kind}`);
  if (verify !== undefined && typeof verify !== 'function' && !isFilter(verify)) {
    problems.push(`verify must be a function, or ${kind} that no row may match`);
  }
  return problems;
}

function checkNames({ name, fields, key }: BackfillSpec): string[] {
  const problems: string[] = [];
  if (name !== undefined && !(typeof name === 'string' && NAME.test(name))) {
    problems.push('name must be of letters, digits, "_", "-" and "."');
  }
  if (fields !== undefined && !isTexts(fields)) problems.push('fields must be a list of names');
  if (key !== undefined && !isText(key) && !isTexts(key)) {
    problems.push('key must be a name or a list of names');
  }
  return problems;
}

function checkTimeout({ transformTimeoutMs: limit, transform, transformBatch }: BackfillSpec) {
  if (limit === undefined) return [];
  if ((transform ?? transformBatch) === undefined) {
    return ['transformTimeoutMs is for a transform; what the database computes has its own'];
  }
  return isCount(limit, MOST_MS) ? [] : [`transformTimeoutMs must be from 1 to ${MOST_MS}, in ms`];
}

function checkChunk({ chunk, concurrency }: BackfillSpec): string[] {
  const problems: string[] = [];
  if (concurrency !== undefined && !isCount(concurrency, 64)) {
    problems.push('concurrency must be a whole number from 1 to 64');
  }
  if (isObject(chunk)) {
    problems.push(...unknownKeys(chunk, ['start', 'min', 'max', 'targetMs'], 'chunk.'));
    for (const [key, value] of Object.entries(chunk)) {
      if (value !== undefined && !isCount(value))
        problems.push(`chunk.${key} must be a whole number from 1`);
    }
  } else if (chunk !== undefined && !isCount(chunk)) {
    problems.push('chunk must be a whole number of rows from 1, or { start, min, max, targetMs }');
  }
  return problems;
}

const LIMITS = ['maxRate', 'maxLagMs', 'maxWaiting', 'maxRetainedWal'];

function checkThrottle({ throttle }: BackfillSpec): string[] {
  if (throttle === undefined) return [];
  if (!isObject(throttle)) return ['throttle must be an object'];
  const problems = unknownKeys(throttle, [...LIMITS, 'nice', 'windows'], 'throttle.');
  for (const key of LIMITS) {
    const value = throttle[key];
    if (value !== undefined && !isNumber(value, 0, Number.MAX_VALUE)) {
      problems.push(`throttle.${key} must be a number from 0`);
    }
  }
  const { nice, windows } = throttle;
  if (nice !== undefined && !isNumber(nice, 0, 0.9))
    problems.push('throttle.nice must be from 0 to 0.9');
  if (windows !== undefined) {
    const list = Array.isArray(windows) ? windows : [windows];
    for (const window of list) {
      if (typeof window === 'string' && parseWindow(window)) continue;
      problems.push(
        `throttle.windows: "${String(window)}" is not like 22:00-06:00 or sat,sun 00:00-24:00`,
      );
    }
  }
  return problems;
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  order: ['ascending', 'descending'],
  onError: ['stop', 'skip-and-record'],
  sweep: ['once', 'until-empty'],
  backup: ['touched'],
};

function checkWords(given: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(WORDS).flatMap(([key, words]) =>
    given[key] === undefined || words.includes(given[key] as string)
      ? []
      : [`${key} must be ${words.map((word) => `"${word}"`).join(' or ')}`],
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isCount(value: unknown, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isNumber(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && value >= from && value <= to;
}
