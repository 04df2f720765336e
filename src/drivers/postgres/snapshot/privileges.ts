import type { Owned } from './rows.ts';

const PRIVILEGES: Readonly<Record<string, string>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  m: 'MAINTAIN',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
};

/** Rights of one role: a letter each, true when it may hand them on. */
type Rights = Map<string, boolean>;

/** Rights by role; `PUBLIC` is everybody. */
type Acl = Map<string, Rights>;

export interface Grants {
  /** Such as `TABLE public.users`. */
  readonly on: string;
  /** For a column's rights. */
  readonly column?: string | undefined;
  /** Letters of all rights that there are, when `ALL` may be written for them. */
  readonly all?: string | undefined;
}

/** REVOKE and GRANT that lead from the rights that an object is made with to its own. */
export function grantStatements(owned: Owned, grants: Grants): string[] {
  if (owned.acl === null) return [];
  const usual = parseAcl(owned.usual);
  const all = grants.all ?? lettersOf(usual, unquoted(owned.owner));
  return changeRights(usual, parseAcl(owned.acl), { ...grants, all });
}

/** The same, for two lists of aclitem as JSON. `prefix` comes before GRANT and REVOKE. */
export function changeOf(
  before: string | null,
  after: string | null,
  grants: Grants,
  prefix = '',
): string[] {
  return changeRights(parseAcl(before), parseAcl(after), grants, prefix);
}

function changeRights(before: Acl, after: Acl, grants: Grants, prefix = ''): string[] {
  const statements: string[] = [];
  const roles = [...new Set([...before.keys(), ...after.keys()])].sort();
  for (const role of roles) {
    const [had, has] = [before.get(role), after.get(role)];
    const lost = [...(had?.keys() ?? [])].filter((letter) => !has?.has(letter));
    if (lost.length > 0) {
      statements.push(`${prefix}REVOKE ${named(lost, grants)} ON ${grants.on} FROM ${role}`);
    }
  }
  for (const role of roles) {
    const [had, has] = [before.get(role), after.get(role)];
    for (const option of [false, true]) {
      const won = [...(has ?? [])].filter(
        ([letter, may]) => may === option && had?.get(letter) !== may,
      );
      if (won.length === 0) continue;
      const names = named(
        won.map(([letter]) => letter),
        grants,
      );
      const handOn = option ? ' WITH GRANT OPTION' : '';
      statements.push(`${prefix}GRANT ${names} ON ${grants.on} TO ${role}${handOn}`);
    }
  }
  return statements;
}

function named(letters: readonly string[], { column, all }: Grants): string {
  const whole =
    all !== undefined && all.length > 1 && [...all].every((each) => letters.includes(each));
  if (whole && letters.length === all.length)
    return column === undefined ? 'ALL' : `ALL (${column})`;
  return Object.keys(PRIVILEGES)
    .filter((letter) => letters.includes(letter))
    .map((letter) => `${PRIVILEGES[letter]}${column === undefined ? '' : ` (${column})`}`)
    .join(', ');
}

function lettersOf(acl: Acl, role: string): string {
  const own = acl.get(quoted(role)) ?? [...acl.values()].find((rights) => rights.size > 1);
  return [...(own?.keys() ?? [])].join('');
}

/** `grantee=rights/grantor`, the rights a letter each, `*` after one that may be handed on. */
function parseAcl(json: string | null): Acl {
  const acl: Acl = new Map();
  for (const item of json === null ? [] : (JSON.parse(json) as string[])) {
    const [grantee, rest] = readName(item);
    const rights = acl.get(grantee) ?? new Map<string, boolean>();
    for (const [, letter = '', star] of (rest.split('/')[0] ?? '').matchAll(/([A-Za-z])(\*?)/g)) {
      rights.set(letter, star === '*' || rights.get(letter) === true);
    }
    acl.set(grantee, rights);
  }
  return acl;
}

function readName(item: string): [string, string] {
  if (item.startsWith('"')) {
    const end = /^"(?:[^"]|"")*"/.exec(item)?.[0] ?? '""';
    return [quoted(end.slice(1, -1).replaceAll('""', '"')), item.slice(end.length + 1)];
  }
  const at = item.indexOf('=');
  return [at === 0 ? 'PUBLIC' : quoted(item.slice(0, at)), item.slice(at + 1)];
}

/** A role's name is quoted unless it is plain, and not a word that means something here. */
function quoted(name: string): string {
  const plain =
    /^[a-z_][a-z0-9_]*$/.test(name) &&
    !/^(public|user|current_user|session_user|current_role|none|all|group|authorization|default)$/.test(
      name,
    );
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Who is given rights, unquoted; an empty list where nothing was said. */
export function rolesIn(acl: string | null): string[] {
  return [...parseAcl(acl).keys()].map(unquoted);
}

export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
