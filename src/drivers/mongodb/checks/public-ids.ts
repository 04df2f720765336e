import type { Collection, Document } from 'mongodb';
import { CHECK_CODES } from '../../../core/checks/codes.ts';
import type { PublicIdColumn } from '../../../ports/checks.ts';
import type { Finding } from '../../../ports/finding.ts';
import type { ListedIndex } from './indexes.ts';

/** Public ids that are missing, double, wrong or not unique. */
export async function checkPublicIds(
  collection: Collection,
  { column, prefix }: PublicIdColumn,
  indexes: readonly ListedIndex[],
  most: number,
): Promise<Finding[]> {
  const { collectionName: table } = collection;
  const unique = indexes.some(
    ({ key = {}, unique }) =>
      unique === true && Object.keys(key).length === 1 && key[column] !== undefined,
  );
  const findings: Finding[] = [];
  const add = (code: string, message: string, fix: string): void => {
    findings.push({ code, severity: 'warning', where: { table, column }, message, fix });
  };
  const named = `db.getCollection(${JSON.stringify(table)})`;
  const missing = await collection.countDocuments({ [column]: null }, { limit: most });
  if (missing > 0) {
    const message = `${count(missing, most)} of ${table} without a ${column}.`;
    add(CHECK_CODES.publicIdMissing, message, 'godwit backfill public-ids');
  }
  const wrong = { $nor: [{ [column]: null }, { [column]: { $regex: `^${quoteRegex(prefix)}_` } }] };
  const bad = await collection.countDocuments(wrong, { limit: most });
  if (bad > 0) {
    const message = `${count(bad, most)} of ${table} whose ${column} does not begin with ${prefix}_.`;
    add(CHECK_CODES.publicIdPrefix, message, `${named}.find(${JSON.stringify(wrong)})`);
  }
  if (unique) return findings;
  add(
    CHECK_CODES.publicIdIndex,
    `Nothing makes ${table}.${column} unique.`,
    `${named}.createIndex({ ${JSON.stringify(column)}: 1 }, { unique: true })`,
  );
  const pipeline: Document[] = [
    { $match: { [column]: { $ne: null } } },
    { $group: { _id: `$${column}`, n: { $sum: 1 } } },
    { $match: { n: { $gt: 1 } } },
    { $limit: most },
    { $count: 'n' },
  ];
  const [double] = await collection.aggregate(pipeline, { allowDiskUse: true }).toArray();
  if (double) {
    const message = `${double['n']} ${column} of ${table} ${double['n'] === 1 ? 'is' : 'are'} there more than once.`;
    add(
      CHECK_CODES.publicIdDuplicate,
      message,
      `${named}.aggregate(${JSON.stringify(pipeline.slice(0, 3))})`,
    );
  }
  return findings;
}

function count(found: number, most: number): string {
  const many = found >= most ? `at least ${found}` : String(found);
  return `${many} ${found === 1 ? 'document' : 'documents'}`;
}

function quoteRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
