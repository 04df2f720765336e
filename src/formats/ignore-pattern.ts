/** Folders inside a migrations folder that never hold migrations. */
const IGNORED_FOLDERS = new Set([
  'node_modules',
  'templates',
  'utils',
  'test',
  'tests',
  '__tests__',
  '__mocks__',
]);

/** Hidden names, and folders that hold other things beside migrations. */
export function isIgnoredFolder(name: string): boolean {
  return name.startsWith('.') || IGNORED_FOLDERS.has(name);
}

/**
 * Compiles `ignore` patterns: `*` and `?` within a name, `**` across folders, `{a,b}`
 * alternatives. A pattern without `/` is matched with the base name, one with `/` with
 * the path below the migrations folder or below the project.
 */
export function compileIgnore(
  patterns: readonly string[],
): (base: string, ...paths: readonly string[]) => boolean {
  if (patterns.length === 0) return () => false;
  const names: RegExp[] = [];
  const paths: RegExp[] = [];
  for (const pattern of patterns) {
    const clean = pattern.replace(/^\.\//, '').replace(/\/$/, '');
    (clean.includes('/') ? paths : names).push(globToRegExp(clean.replace(/^\//, '')));
  }
  return (base, ...candidates) =>
    names.some((name) => name.test(base)) ||
    candidates.some((candidate) => paths.some((path) => path.test(candidate)));
}

function globToRegExp(glob: string): RegExp {
  let depth = 0;
  const body = glob.replace(/\*\*\/?|\*|\?|[{},]|[.+^$()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token === '{') {
      depth++;
      return '(?:';
    }
    if (token === '}' && depth > 0) {
      depth--;
      return ')';
    }
    if (token === ',') return depth > 0 ? '|' : ',';
    return `\\${token}`;
  });
  return new RegExp(`^${body}${')'.repeat(depth)}$`, 'su');
}
