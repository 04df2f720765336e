import type { Document } from 'mongodb';
import { CHECK_CODES } from '../../../core/checks/codes.ts';
import type { Finding } from '../../../ports/finding.ts';

/** As `listIndexes` tells it; one that is being built stands under `spec`. */
export interface ListedIndex extends Document {
  readonly name?: string;
  readonly key?: Document;
  readonly spec?: Document;
  readonly buildUUID?: unknown;
}

/** Indexes that are not ready, not used, or not needed. */
export function checkIndexes(table: string, listed: readonly ListedIndex[]): Finding[] {
  const building = listed.filter(({ buildUUID }) => buildUUID !== undefined);
  const ready = listed.filter(({ buildUUID }) => buildUUID === undefined);
  return [
    ...building.map(({ spec, name }) => {
      const index = String(spec?.['name'] ?? name);
      return {
        code: CHECK_CODES.buildingIndex,
        severity: 'info' as const,
        where: { table, index },
        message: `The index ${index} of ${table} is still being built.`,
        fix: 'wait for it: db.currentOp({ "command.createIndexes": { $exists: true } })',
      };
    }),
    ...ready.filter(({ hidden }) => hidden === true).map((index) => hidden(table, index)),
    ...ready.flatMap((index) => redundant(table, index, ready)),
  ];
}

function hidden(table: string, { name = '' }: ListedIndex): Finding {
  const quoted = `${JSON.stringify(table)}).`;
  return {
    code: CHECK_CODES.hiddenIndex,
    severity: 'warning',
    where: { table, index: name },
    message: `The index ${name} of ${table} is hidden: every write pays for it, no query uses it.`,
    fix: `db.getCollection(${quoted}dropIndex(${JSON.stringify(name)}), or unhideIndex`,
  };
}

/** A plain index whose fields are the first ones of another plain or unique one. */
function redundant(table: string, index: ListedIndex, all: readonly ListedIndex[]): Finding[] {
  const { name = '' } = index;
  if (name === '_id_' || !isPlain(index) || index['unique'] === true) return [];
  const keys = fields(index);
  const other = all.find((one) => {
    if (one === index || !isPlain(one)) return false;
    const theirs = fields(one);
    const begins = keys.every((key, i) => key === theirs[i]);
    const same = begins && theirs.length === keys.length;
    return begins && (!same || one['unique'] === true || (one.name ?? '') < name);
  });
  if (!other) return [];
  return [
    {
      code: CHECK_CODES.duplicateIndex,
      severity: 'warning',
      where: { table, index: name },
      message: `The index ${name} of ${table} answers nothing that ${other.name} does not.`,
      fix: `db.getCollection(${JSON.stringify(table)}).dropIndex(${JSON.stringify(name)})`,
    },
  ];
}

/** Nothing but its fields decides what it can answer. */
function isPlain(index: ListedIndex): boolean {
  const special = ['sparse', 'hidden'].some((option) => index[option] === true);
  const options = ['partialFilterExpression', 'expireAfterSeconds', 'collation'];
  const values = Object.values(index.key ?? {});
  return (
    !special &&
    options.every((option) => index[option] === undefined) &&
    values.every((value) => value === 1 || value === -1)
  );
}

function fields({ key = {} }: ListedIndex): string[] {
  return Object.entries(key).map(([field, order]) => `${field}:${order}`);
}
