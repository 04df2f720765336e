import { splitVersionedName } from '../core/ordering.ts';
import type { MigrationFileName, Role } from './format.ts';

const TYPESCRIPT_EXTENSIONS = ['.ts', '.mts', '.cts'] as const;
export const JAVASCRIPT_EXTENSIONS = ['.js', '.mjs', '.cjs'] as const;
export const CODE_EXTENSIONS: readonly string[] = [
  ...TYPESCRIPT_EXTENSIONS,
  ...JAVASCRIPT_EXTENSIONS,
];
export function isTypeScript(extension: string): boolean {
  return (TYPESCRIPT_EXTENSIONS as readonly string[]).includes(extension);
}

export const SQL_EXTENSIONS: readonly string[] = ['.sql'];

const DECLARATION = /\.d\.[cm]?ts$/i;
const TEST = /\.(?:test|spec)\.[^.]+$/i;
const ROLE = /^(.+)\.(up|down|verify)$/s;

export interface UnreadableName {
  readonly extension: string;
  readonly unreadable: string;
  readonly fix: string;
}

/**
 * What the name of a file says: a migration's name, a name that looks like one but cannot
 * be read, or undefined for a file that is no migration and is left alone.
 */
export function parseFileName(base: string): MigrationFileName | UnreadableName | undefined {
  if (!/^\d/.test(base) || DECLARATION.test(base) || TEST.test(base)) return undefined;
  const dot = base.lastIndexOf('.');
  if (dot < 1) return undefined;
  const extension = base.slice(dot).toLowerCase();
  const isSql = SQL_EXTENSIONS.includes(extension);
  if (!isSql && !CODE_EXTENSIONS.includes(extension)) return undefined;
  if (!isSql && extension !== base.slice(dot)) {
    return unreadable(
      extension,
      `the extension ${base.slice(dot)} is not lower case, so Node.js cannot import it`,
      `rename it to ${base.slice(0, dot)}${extension}`,
    );
  }
  return isSql ? parseSqlStem(base.slice(0, dot), extension) : parseCodeStem(base, dot, extension);
}

function parseSqlStem(whole: string, extension: string): MigrationFileName | UnreadableName {
  const match = ROLE.exec(whole);
  const stem = match?.[1] ?? whole;
  return versioned(stem, (match?.[2] ?? 'main') as Role, extension);
}

function parseCodeStem(
  base: string,
  dot: number,
  extension: string,
): MigrationFileName | UnreadableName {
  const whole = base.slice(0, dot);
  const match = ROLE.exec(whole);
  if (match) {
    return unreadable(
      extension,
      `code has no separate .${match[2]} file: up, down and verify stand in one file`,
      `put them together in ${match[1]}${extension}`,
    );
  }
  return versioned(whole, 'main', extension);
}

function versioned(
  stem: string,
  role: Role,
  extension: string,
): MigrationFileName | UnreadableName {
  const parts = splitVersionedName(stem);
  if (parts) return { stem, version: parts.version, name: parts.name, role, extension };
  const digits = /^[\d.]+/.exec(stem)?.[0].replace(/\.$/, '') ?? '';
  return unreadable(
    extension,
    `nothing separates the version ${digits} from the name`,
    `rename it to ${digits}_${stem.slice(digits.length)}${extension}, or add it to "ignore" if it is no migration`,
  );
}

function unreadable(extension: string, reason: string, fix: string): UnreadableName {
  return { extension, unreadable: reason, fix };
}
