import type { Snapshot } from '../../../ports/snapshot.ts';
import { isWrapper } from './values.ts';

/** A snapshot as a migration in JavaScript, which needs nothing but the driver. */
export function snapshotScript({ objects }: Snapshot): string {
  const lines = objects.map(({ kind, name, of, definition }) => {
    const value = code(JSON.parse(definition), '  ');
    if (kind !== 'index') return `  await db.createCollection(${quote(name)}, ${value});\n`;
    return `  await db.command({ createIndexes: ${quote(of ?? '')}, indexes: [${value}] });\n`;
  });
  const body = lines.join('');
  const imports = body.includes('EJSON.deserialize(')
    ? "import { BSON } from 'mongodb';\n\nconst { EJSON } = BSON;\n\n"
    : '';
  return `// Schema, as godwit wrote it.\n${imports}export async function up(db) {\n${body}}\n`;
}

function code(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (isWrapper(value)) return `EJSON.deserialize({ value: ${JSON.stringify(value)} }).value`;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((each) => `${inner}${code(each, inner)},\n`).join('')}${indent}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? quote(value) : JSON.stringify(value);
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, each]) => `${inner}${nameOf(key)}: ${code(each, inner)},\n`);
  return `{\n${lines.join('')}${indent}}`;
}

function nameOf(key: string): string {
  // As a literal `__proto__` would set the prototype.
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function quote(text: string): string {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inside.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}
