// What newer Node does when it is asked (`module.enableCompileCache`), for Node before 22.1: what
// V8 compiled is kept for the next start. Unlike v8-compile-cache, which keeps what is compiled
// at once, this keeps all that a run of the same command came to need: measured, the first saves
// nothing here, the second a seventh of the processor's time of `up` of 1,000 SQL files.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cachedDataVersionTag, deserialize, serialize } from 'node:v8';
import { Script } from 'node:vm';

interface Entry {
  /** Of the source. V8 itself compares no more than its length. */
  readonly hash: string;
  readonly code: Buffer;
}

/** By path. */
type Entries = Map<string, Entry>;

interface Compiled {
  readonly path: string;
  readonly hash: string;
  readonly script: Script;
}

type Compile = (this: NodeJS.Module, source: string, path: string, format?: string) => unknown;

/** What the drivers are made of. What else is in `node_modules` is left to Node. */
const DRIVERS =
  /[\\/]node_modules[\\/](?:pg|pgpass|bson|mongoose|kareem|mquery|mpath|sift|(?:pg|postgres|mongodb)-[\w-]+|mongodb\d*)[\\/](?!.*[\\/]node_modules[\\/])/;
/** Node looks up what a module imports by the module's own path; a script has none. */
const IMPORTS = /\bimport\s*(?:\(|\/[/*])/;
const WRAPPED = module.wrap('').indexOf('\n');
const DIGEST_BYTES = 32;
/** Of several projects' drivers, used by one godwit. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Keeps what this process compiles of godwit and the drivers, and uses what an earlier one kept.
 *
 * @param own folder of godwit's bundle
 * @param command what the process is for: another command needs other functions
 */
export function keepCompiledCode(own: string, command: string | undefined): void {
  const { env, execArgv } = process;
  const off = env['NODE_DISABLE_COMPILE_CACHE'] || env['NODE_V8_COVERAGE'];
  // Whoever sets Node up in another way, with loaders or source maps, has Node's own loading. And
  // where the system knows no owners, nobody can tell who wrote the file.
  if (off || env['NODE_OPTIONS'] || execArgv.length > 0 || !process.getuid) return;
  const file = join(folderOf(own), `${/^[a-z]+$/.exec(command ?? '')?.[0] ?? 'other'}.bin`);
  const kept = readEntries(file, process.getuid());
  const compiled: Compiled[] = [];
  const used = new Set<string>();
  const prototype = module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;

  prototype._compile = function compileKept(source, path, format) {
    const script = isOurs(source, path, format) ? scriptOf(source, path) : undefined;
    if (script === undefined) return compile.call(this, source, path, format);
    const body = script.runInThisContext();
    const require = Object.assign((id: string) => this.require(id), module.createRequire(path));
    return body.call(this.exports, this.exports, require, this, path, dirname(path));
  };

  function isOurs(source: string, path: string, format: string | undefined): boolean {
    if (!path.startsWith(own) && !DRIVERS.test(path)) return false;
    if (format !== undefined && format !== 'commonjs') return false;
    const mapped = (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled;
    return !mapped && !source.startsWith('#!') && !IMPORTS.test(source);
  }

  /** Nothing where the source is no CommonJS: Node may see a module in it. */
  function scriptOf(source: string, path: string): Script | undefined {
    const hash = digest(source).toString('base64');
    const known = kept.get(path);
    const cachedData = known?.hash === hash ? known.code : undefined;
    const place = { filename: path, columnOffset: -WRAPPED };
    try {
      const script = new Script(module.wrap(source), { ...place, cachedData });
      if (!cachedData || script.cachedDataRejected) compiled.push({ path, hash, script });
      used.add(path);
      return script;
    } catch {
      return undefined;
    }
  }

  const tag = cachedDataVersionTag();
  process.on('exit', (code) => {
    // V8 takes back only what was made with the settings of its start.
    if (code !== 0 || compiled.length === 0 || cachedDataVersionTag() !== tag) return;
    try {
      writeEntries(file, process.getuid?.(), withCompiled(kept, compiled, used));
    } catch {
      // The next start compiles again.
    }
  });
}

/** In a folder of its own for each godwit, and for each V8 with its settings. */
function folderOf(own: string): string {
  const given = process.env['NODE_COMPILE_CACHE'];
  const root = resolve(given || join(tmpdir(), `godwit-compile-cache-${process.getuid?.()}`));
  const key = digest(`1 ${own} ${cachedDataVersionTag()}`).toString('hex').slice(0, 16);
  return join(root, `godwit-${process.version}-${process.arch}-${key}`);
}

function withCompiled(kept: Entries, compiled: readonly Compiled[], used: Set<string>): Entries {
  const entries = new Map([...kept].filter(([path]) => existsSync(path)));
  for (const { path, hash, script } of compiled) {
    entries.set(path, { hash, code: script.createCachedData() });
  }
  const bytes = [...entries.values()].reduce((sum, { code }) => sum + code.length, 0);
  if (bytes <= MOST_BYTES) return entries;
  return new Map([...entries].filter(([path]) => used.has(path)));
}

/** Empty where there is nothing of use, or something that another user could have written. */
function readEntries(file: string, user: number): Entries {
  let opened: number | undefined;
  try {
    if (!isOwn(lstatSync(dirname(file)), user)) return new Map();
    // A pipe of that name would be waited for.
    opened = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(opened);
    if (!stats.isFile() || !isOwn(stats, user)) return new Map();
    const bytes = readFileSync(opened);
    const content = bytes.subarray(DIGEST_BYTES);
    if (!digest(content).equals(bytes.subarray(0, DIGEST_BYTES))) return new Map();
    return deserialize(content) as Entries;
  } catch {
    return new Map();
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Whole or not at all, beside processes that do the same. */
function writeEntries(file: string, user: number | undefined, entries: Entries): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user === undefined || !isOwn(lstatSync(folder), user)) return;
  const part = `${file}.${process.pid}`;
  try {
    const content = serialize(entries);
    writeFileSync(part, Buffer.concat([digest(content), content]), { flag: 'wx', mode: 0o600 });
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** The user's, and nobody else can write to it. A link is none. */
function isOwn(stats: Stats, user: number): boolean {
  return stats.uid === user && (stats.mode & 0o022) === 0 && !stats.isSymbolicLink();
}

function digest(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}
