import type { Document } from 'mongodb';
import { invalid, refused } from './place.ts';

/**
 * A field, top-level or nested (`address.city`). Elements of arrays are meant by the same
 * path, as in a query: `items.price` is the price of every item.
 */
export type FieldPath = string;

/** @throws GodwitError GODWIT_HELPER_INVALID, and GODWIT_HELPER_REFUSED for `_id` */
export function checkPath(what: string, path: unknown, writes = true): asserts path is FieldPath {
  if (typeof path !== 'string' || path === '') {
    throw invalid(what, `needs the name of a field, not ${JSON.stringify(path) ?? 'undefined'}`);
  }
  const wrong = path
    .split('.')
    .find((part) => part === '' || part.startsWith('$') || part.includes('\0'));
  if (wrong !== undefined) throw invalid(what, `cannot use the field ${JSON.stringify(path)}`);
  if (/(?:^|\.)\d+(?:\.|$)/.test(path)) {
    throw invalid(
      what,
      `cannot use ${path}: an element of an array is not named by its number here`,
    );
  }
  if (writes && (path === '_id' || path.startsWith('_id.'))) {
    throw refused(what, 'the _id of a document cannot be changed');
  }
}

/** `a.b.c`: `a`, `a.b`. */
export function prefixesOf(path: FieldPath): string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

/** Documents in which the path leads through objects, or through nothing as yet. */
export function throughObjects(path: FieldPath): Document[] {
  return prefixesOf(path).map((prefix) => ({
    $or: [
      { [prefix]: { $exists: false } },
      { $and: [{ [prefix]: { $type: 'object' } }, { [prefix]: { $not: { $type: 'array' } } }] },
    ],
  }));
}

/** Documents in which the path leads through an array; undefined where none can. */
export function throughArrays(path: FieldPath): Document | undefined {
  const prefixes = prefixesOf(path);
  if (prefixes.length === 0) return undefined;
  return { $or: prefixes.map((prefix) => ({ [prefix]: { $type: 'array' } })) };
}

/** Documents in which something on the way is neither: `null`, a text. Nothing can be set there. */
export function blocked(path: FieldPath): Document | undefined {
  const prefixes = prefixesOf(path);
  if (prefixes.length === 0) return undefined;
  return {
    $or: prefixes.map((prefix) => ({
      $and: [
        { [prefix]: { $exists: true } },
        { [prefix]: { $not: { $type: ['object', 'array'] } } },
      ],
    })),
  };
}

/** What becomes of the object that holds the field: an expression over it. */
export type Leaf = (holder: unknown, field: string) => unknown;

/**
 * An update pipeline that changes every object which holds the path's last field, through
 * objects and arrays alike. What is neither stays as it is.
 */
export function changeHolders(path: FieldPath, leaf: Leaf): Document[] {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) return [{ $replaceWith: leaf('$$ROOT', first) }];
  const changed = inside(`$${first}`, rest, leaf, 0);
  return [{ $set: { [first]: changed } }];
}

function inside(value: unknown, parts: readonly string[], leaf: Leaf, depth: number): unknown {
  const [field = '', ...rest] = parts;
  const name = `v${depth}`;
  const here = `$$${name}`;
  const below =
    rest.length === 0
      ? leaf(here, field)
      : {
          $cond: [
            { $in: [{ $type: `${here}.${field}` }, ['object', 'array']] },
            {
              $mergeObjects: [here, { [field]: inside(`${here}.${field}`, rest, leaf, depth + 1) }],
            },
            here,
          ],
        };
  const each = { $cond: [{ $eq: [{ $type: here }, 'object'] }, below, here] };
  return {
    $cond: [
      { $isArray: [value] },
      { $map: { input: value, as: name, in: each } },
      { $let: { vars: { [name]: value }, in: each } },
    ],
  };
}

/** The holder without one of its fields. */
export function without(holder: unknown, field: string): Document {
  return {
    $arrayToObject: {
      $filter: {
        input: { $objectToArray: holder },
        as: 'pair',
        cond: { $ne: ['$$pair.k', field] },
      },
    },
  };
}

export function isMissing(holder: unknown, field: string): Document {
  return { $eq: [{ $type: `${String(holder)}.${field}` }, 'missing'] };
}
