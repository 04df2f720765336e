import { parseExpectation } from '../core/checks/expectation.ts';
import { isRegistry, type PublicIdTables, registryProblems } from '../core/public-ids/registry.ts';
import { parseSpan } from './span.ts';
import {
  anything,
  atLeastOne,
  bytes,
  type Check,
  call,
  count,
  either,
  flag,
  isRecord,
  list,
  milliseconds,
  oneOf,
  positive,
  record,
  shape,
  shown,
  text,
  textOrTexts,
  texts,
} from './value-checks.ts';

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
