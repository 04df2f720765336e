import { parseExpectation } from '../core/checks/expectation.ts';
import { isRegistry, type PublicIdTables, registryProblems } from '../core/public-ids/registry.ts';
import { parseSpan } from './span.ts';
import { didYouMean } from './suggest.ts';

/** Says what is wrong with a value, or nothing. */
type Check = (value: unknown, path: string) => string[];

const text: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [`${path} must be a text, not ${shown(value)}`];
const flag: Check = (value, path) =>
  typeof value === 'boolean' ? [] : [`${path} must be true or false, not ${shown(value)}`];
const anything: Check = () => [];
const call: Check = (value, path) =>
  typeof value === 'function' ? [] : [`${path} must be a function, not ${shown(value)}`];
const milliseconds: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? []
    : [`${path} must be a number of milliseconds from 0, not ${shown(value)}`];
const bytes: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1_000
    ? []
    : [`${path} must be a whole number of bytes from 1000, not ${shown(value)}`];
const count: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [`${path} must be a whole number from 0, not ${shown(value)}`];
const atLeastOne: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1
    ? []
    : [`${path} must be a whole number from 1, not ${shown(value)}`];
const positive: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? []
    : [`${path} must be a number above 0, not ${shown(value)}`];

function oneOf(...allowed: readonly string[]): Check {
  return (value, path) => {
    if (typeof value === 'string' && allowed.includes(value)) return [];
    const hint = typeof value === 'string' ? didYouMean(value, allowed) : '';
    const list = allowed.map((word) => `"${word}"`).join(', ');
    return [`${path} must be one of ${list}, not ${shown(value)}.${hint}`.replace(/\.$/, '')];
  };
}

function either(first: Check, second: (value: unknown) => boolean, also: string): Check {
  return (value, path) =>
    second(value)
      ? []
      : first(value, path).map((problem) => problem.replace(/, not /, ` or ${also}, not `));
}

const texts: Check = (value, path) =>
  Array.isArray(value)
    ? value.flatMap((item, index) => text(item, `${path}[${index}]`))
    : [`${path} must be a list of texts, not ${shown(value)}`];
const textOrTexts: Check = (value, path) =>
  Array.isArray(value)
    ? value.length === 0
      ? [`${path} must not be an empty list`]
      : texts(value, path)
    : either(text, () => false, 'a list of texts')(value, path);
const list: Check = (value, path) =>
  Array.isArray(value) ? [] : [`${path} must be a list, not ${shown(value)}`];
const record: Check = (value, path) =>
  isRecord(value)
    ? Object.entries(value).flatMap(([key, item]) =>
        typeof item === 'string' ? [] : [`${path}.${key} must be a text, not ${shown(item)}`],
      )
    : [`${path} must be an object of texts, not ${shown(value)}`];

function shape(checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isRecord(value)) return [`${path} must be an object, not ${shown(value)}`];
    const missing = required
      .filter((key) => value[key] === undefined)
      .map((key) => `${path}.${key} is missing`);
    return [...checkKeys(value, checks, path), ...missing];
  };
}

const tls = shape({
  enabled: flag,
  caFile: text,
  certFile: text,
  keyFile: text,
  rejectUnauthorized: flag,
});
const hooks = shape({ beforeAll: call, beforeEach: call, afterEach: call, afterAll: call });
const mirror = shape(
  {
    name: text,
    create: oneOf('always', 'existing'),
    shape: shape(
      {
        key: shape({ field: text, value: oneOf('version-number', 'version', 'id', 'name') }, [
          'field',
          'value',
        ]),
        appliedAt: text,
        status: text,
        description: text,
        author: text,
        durationMs: text,
        result: text,
        label: text,
        error: text,
      },
      ['key'],
    ),
  },
  ['name', 'create', 'shape'],
);

const logs = shape({ dir: text, maxBytes: bytes, keep: count });
const sync = shape({
  onUp: flag,
  rebuild: flag,
  hideFor: (value, path) =>
    parseSpan(value) === undefined
      ? [`${path} must be a number of milliseconds, or such as "7d", not ${shown(value)}`]
      : [],
  drop: flag,
  ignore: texts,
  validators: flag,
});
const severities: Check = (value, path) =>
  isRecord(value)
    ? Object.entries(value).flatMap(([code, item]) =>
        /^GODWIT_[A-Z0-9_]+$/.test(code)
          ? oneOf('off', 'info', 'warning', 'error')(item, `${path}.${code}`)
          : [`${path}.${code} must be the code of a finding, such as GODWIT_CHECK_INVALID_INDEX`],
      )
    : [`${path} must be an object of severities by code, not ${shown(value)}`];
const lintRules: Check = (value, path) =>
  isRecord(value)
    ? Object.entries(value).flatMap(([code, item]) =>
        /^(GODWIT_LINT_[A-Z0-9_]+|(squawk|secretlint)\/[a-z0-9-]+)$/.test(code)
          ? oneOf('off', 'info', 'warning', 'error')(item, `${path}.${code}`)
          : [`${path}.${code} must be the code of a finding, such as squawk/ban-drop-column`],
      )
    : [`${path} must be an object of severities by code, not ${shown(value)}`];
const lint = shape({ rules: lintRules, idempotent: flag, squawk: flag, secretlint: flag });
const anyObject: Check = (value, path) =>
  isRecord(value) ? [] : [`${path} must be an object, not ${shown(value)}`];
const actions: Check = (value, path) =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    oneOf('select', 'insert', 'update', 'delete')(one, path),
  );
const expectationParts = shape(
  {
    role: text,
    can: actions,
    cannot: actions,
    on: textOrTexts,
    claims: anyObject,
    row: anyObject,
  },
  ['role', 'on'],
);
const expectation: Check = (value, path) => {
  const problems = typeof value === 'string' ? [] : expectationParts(value, path);
  if (problems.length > 0) return problems;
  const parsed = parseExpectation(value as Parameters<typeof parseExpectation>[0]);
  return typeof parsed === 'string' ? [`${path}: ${parsed}`] : [];
};
const publicId: Check = (value, path) =>
  typeof value === 'string'
    ? text(value, path)
    : shape({ prefix: text, column: text }, ['prefix'])(value, path);

const publicIds: Check = (value, path) => {
  if (isRegistry(value)) return [];
  if (!isRecord(value))
    return [`${path} must be an object of prefixes by table, not ${shown(value)}`];
  const problems = Object.entries(value).flatMap(([table, item]) =>
    publicId(item, `${path}.${table}`),
  );
  return problems.length > 0
    ? problems
    : registryProblems(value as PublicIdTables).map((problem) => `${path}: ${problem}`);
};

/** Keys of `DatabaseConfig`. */
export const DATABASE_KEYS: Readonly<Record<string, Check>> = {
  driver: oneOf('mongodb', 'postgres', 'pglite'),
  url: either(text, (value) => typeof value === 'function', 'a function'),
  env: texts,
  defaultUrl: text,
  client: anything,
  dir: textOrTexts,
  backfillDir: text,
  modelsDir: text,
  collectionsDir: text,
  definitions: texts,
  sync: (value, path) => (typeof value === 'boolean' ? [] : sync(value, path)),
  migrations: list,
  seedDir: text,
  seeds: list,
  fixturesDir: text,
  seedMirror: (value, path) =>
    value === false || typeof value === 'string' ? [] : mirror(value, path),
  resettable: textOrTexts,
  resetSchemas: texts,
  redis: text,
  format: text,
  layout: oneOf('classes'),
  mirror: (value, path) =>
    value === false || typeof value === 'string' ? [] : mirror(value, path),
  store: shape({ schema: text, prefix: text }),
  role: text,
  tls,
  lock: oneOf('auto', 'advisory', 'lease'),
  lockTimeoutMs: milliseconds,
  lockLeaseMs: milliseconds,
  connectTimeoutMs: milliseconds,
  statementLockTimeoutMs: milliseconds,
  statementTimeoutMs: milliseconds,
  lockRetries: count,
  outOfOrder: oneOf('warn', 'refuse', 'allow'),
  variables: record,
  hooks,
  singleTransaction: flag,
  logs: (value, path) =>
    typeof value === 'boolean' ? [] : either(logs, () => false, 'true or false')(value, path),
  backup: shape({
    mode: oneOf('none', 'full'),
    dir: text,
    keep: shape({ count: atLeastOne, days: positive, bytes: positive }),
    only: texts,
    pgDump: either(text, (value) => value === false, 'false'),
    compression: oneOf('gzip', 'zstd', 'none'),
    consistency: oneOf('any', 'snapshot'),
  }),
  checksDir: text,
  checks: severities,
  lint,
  expectations: (value, path) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => expectation(item, `${path}[${index}]`))
      : [`${path} must be a list of expectations, not ${shown(value)}`],
  exposedSchemas: texts,
  publicIds,
  validateAfter: (value, path) =>
    value === false ? [] : either(oneOf('plan', 'each'), () => false, 'false')(value, path),
};

/** Keys of `GodwitConfig`. */
export const CONFIG_KEYS: Readonly<Record<string, Check>> = {
  ...DATABASE_KEYS,
  databases: (value, path) =>
    isRecord(value)
      ? Object.keys(value).length === 0
        ? [`${path} must name at least one database`]
        : Object.entries(value).flatMap(([name, database]) =>
            shape(DATABASE_KEYS)(database, `${path}.${name}`),
          )
      : [`${path} must be an object of databases by name, not ${shown(value)}`],
  environment: text,
  envFiles: (value, path) =>
    value === false ? [] : either(texts, () => false, 'false')(value, path),
  versions: oneOf('timestamp', 'number'),
  language: oneOf('ts', 'js', 'cjs', 'mjs', 'sql'),
};

/**
 * Everything that is wrong with an object's keys; undefined values count as absent.
 *
 * @param path written before each key, empty at the top
 */
export function checkKeys(
  value: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  path = '',
): string[] {
  const problems: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const full = path === '' ? key : `${path}.${key}`;
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const hint = didYouMean(key, Object.keys(checks));
      problems.push(
        hint === '' ? `${full} is not a known key` : `${full} is not a known key.${hint}`,
      );
    } else if (item !== undefined) problems.push(...check(item, full));
  }
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for people, never long: it may hold a secret, so texts are shown only when short. */
function shown(value: unknown): string {
  if (value === '') return 'an empty text';
  if (typeof value === 'string')
    return value.length <= 24 && !value.includes(':') ? `"${value}"` : 'this text';
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
