import type { Document } from 'mongodb';
import {
  isNaNValue,
  LAST_RANK,
  NUMBER_RANK,
  OBJECT_RANK,
  rankOf,
  sameValue,
  typesBetween,
} from './bson-order.ts';
import type { ChunkDocument, Edge, NativeKey } from './documents.ts';
import { isPlainObject } from './keys.ts';

export interface KeyShape {
  readonly fields: readonly string[];
  /** One text for one value. */
  text(value: unknown): string;
}

/** Conditions of which exactly one holds for each row of a chunk. */
export type Alternatives = readonly Document[];

/** A chunk as a query, with the backfill's own filter. */
export function chunkQuery(shape: KeyShape, chunk: ChunkDocument, filter: unknown): Document {
  return withFilter(chunkAlternatives(shape, chunk), filter);
}

/** The filter stands in every branch, so that each is planned with its own index bounds. */
export function withFilter(alternatives: Alternatives, filter: unknown): Document {
  const own = filter as Document | undefined;
  const joined = alternatives.map((one) => join(one, own));
  return joined.length === 1 && joined[0] ? joined[0] : { $or: joined };
}

function join(a: Document, b: Document | undefined): Document {
  const parts = [a, b].filter((part) => part !== undefined && Object.keys(part).length > 0);
  return parts.length > 1 ? { $and: parts } : (parts[0] ?? {});
}

function chunkAlternatives(shape: KeyShape, chunk: ChunkDocument): Alternatives {
  return chunk.keys
    ? keyAlternatives(shape.fields, chunk.keys)
    : rangeAlternatives(shape, chunk.low, chunk.high);
}

export function keyAlternatives(
  fields: readonly string[],
  keys: readonly NativeKey[],
): Alternatives {
  const [field] = fields;
  if (fields.length === 1 && field !== undefined) {
    return [{ [field]: { $in: keys.map(([value]) => value) } }];
  }
  return keys.map((key) => equalTo(fields, key));
}

export function equalTo(fields: readonly string[], key: NativeKey): Document {
  return Object.fromEntries(fields.map((field, index) => [field, equality(key[index])]));
}

/** Without `$eq` where it may go: only then the server takes its short way to an `_id`. */
function equality(value: unknown): unknown {
  const isOperand =
    value instanceof RegExp || isPlainObject(value) || rankOf(value) === OBJECT_RANK;
  return isOperand ? { $eq: value } : value;
}

/**
 * Rows between two keys in the order of the index, over all BSON types, each alternative
 * with tight bounds: `a = low and b > …`, `a between`, `a = high and b <= …`.
 */
export function rangeAlternatives(
  shape: KeyShape,
  low: Edge | undefined,
  high: Edge | undefined,
): Alternatives {
  return lexical(shape, 0, low, high);
}

function lexical(
  shape: KeyShape,
  at: number,
  low: Edge | undefined,
  high: Edge | undefined,
): Alternatives {
  const field = shape.fields[at];
  if (field === undefined || (low === undefined && high === undefined)) return [{}];
  const [from, to] = [low?.key[at], high?.key[at]];
  if (at === shape.fields.length - 1) return between(field, bound(from, low), bound(to, high));
  if (low && high && sameValue(from, to, shape.text)) {
    return prefixed(field, from, lexical(shape, at + 1, low, high));
  }
  const open = (value: unknown, edge: Edge | undefined): Bound | undefined =>
    edge && { value, inclusive: false };
  return [
    ...(low ? prefixed(field, from, lexical(shape, at + 1, low, undefined)) : []),
    ...between(field, open(from, low), open(to, high)),
    ...(high ? prefixed(field, to, lexical(shape, at + 1, undefined, high)) : []),
  ];
}

function prefixed(field: string, value: unknown, rest: Alternatives): Alternatives {
  return rest.map((one) => join({ [field]: { $eq: value } }, one));
}

interface Bound {
  readonly value: unknown;
  readonly inclusive: boolean;
}

function bound(value: unknown, edge: Edge | undefined): Bound | undefined {
  return edge && { value, inclusive: edge.inclusive };
}

/** Values of one field between two others, all types that lie between included. */
function between(field: string, low: Bound | undefined, high: Bound | undefined): Alternatives {
  const [from, to] = [low ? rankOf(low.value) : -1, high ? rankOf(high.value) : LAST_RANK + 1];
  if (low && high && from === to) return withinRank(field, low, high);
  const types = typesBetween(from, to);
  return [
    ...(low ? withinRank(field, low, undefined) : []),
    ...(types.length > 0 ? [typeCondition(field, types)] : []),
    ...(high ? withinRank(field, undefined, high) : []),
  ];
}

/** A field that is missing stands in the index as null. */
function typeCondition(field: string, types: readonly string[]): Document {
  if (!types.includes('null')) return { [field]: { $type: types } };
  return { $or: [{ [field]: { $type: types } }, { [field]: null }] };
}

/** Bounds of one rank, at least one of them given. NaN, the least number, compares with nothing. */
function withinRank(field: string, low: Bound | undefined, high: Bound | undefined): Alternatives {
  const rank = rankOf((low ?? high)?.value);
  if (rank === 0 || rank === 1 || rank === LAST_RANK) return single(field, low, high);
  const lowNaN = low !== undefined && isNaNValue(low.value);
  const highNaN = high !== undefined && isNaNValue(high.value);
  const found: Document[] = [];
  const withNaN = rank === NUMBER_RANK && (low === undefined || (lowNaN && low.inclusive));
  if (withNaN && (!highNaN || high.inclusive)) found.push({ [field]: { $eq: Number.NaN } });
  if (highNaN) return found;
  const range: Document = {};
  if (lowNaN) range['$gte'] = Number.NEGATIVE_INFINITY;
  else if (low) range[low.inclusive ? '$gte' : '$gt'] = low.value;
  if (high) range[high.inclusive ? '$lte' : '$lt'] = high.value;
  return [...found, { [field]: range }];
}

/** Ranks with one value only. */
function single(field: string, low: Bound | undefined, high: Bound | undefined): Alternatives {
  const included = (low?.inclusive ?? true) && (high?.inclusive ?? true);
  return included ? [{ [field]: { $eq: (low ?? high)?.value } }] : [];
}
