import type { ActualCollection, Plain, SyncOperation, SyncStep } from '../../ports/definition.ts';
import { same } from './canonical.ts';
import { sameCollation } from './collation.ts';
import { conflict, operation } from './operation.ts';
import type { SyncPolicy } from './policy.ts';
import type { WantedCollection } from './wanted.ts';

/** Why a validator is set where there was none. */
export const NO_VALIDATOR = 'has no validator';

const REWRITE = 'write a migration that copies it: godwit create NAME';

export function createCollection(wanted: WantedCollection): SyncOperation {
  const { name, view, options, validator } = wanted;
  const about = { collection: name, reasons: ['missing'], from: wanted.from.join(', ') };
  if (view) {
    const steps: SyncStep[] = [{ do: 'createCollection', options: { ...view } }];
    return operation({ action: 'create-view', ...about, steps });
  }
  const all = { ...options, ...(validator && validatorOf(wanted)) };
  const steps: SyncStep[] = [{ do: 'createCollection', options: all }];
  return operation({ action: 'create-collection', ...about, steps });
}

function validatorOf({ validator, validationLevel, validationAction }: WantedCollection): Plain {
  return {
    validator: validator ?? {},
    validationLevel: validationLevel ?? 'strict',
    validationAction: validationAction ?? 'error',
  };
}

/** Differences of a view, or of a collection but for its indexes. */
export function diffCollection(
  wanted: WantedCollection,
  actual: ActualCollection,
  policy: SyncPolicy,
): SyncOperation[] {
  const { name } = wanted;
  if (wanted.view) {
    if (actual.type !== 'view')
      return [
        conflict(
          name,
          undefined,
          'is a collection, and a view is wanted',
          'rename or drop the collection in a migration',
        ),
      ];
    return diffView(wanted, actual, policy);
  }
  if (actual.type === 'view')
    return [
      conflict(
        name,
        undefined,
        'is a view, and a collection is wanted',
        'drop the view in a migration',
      ),
    ];
  return [...diffOptions(wanted, actual), ...diffValidator(wanted, actual)];
}

function diffView(
  { name, view, from }: WantedCollection,
  { view: present }: ActualCollection,
  policy: SyncPolicy,
): SyncOperation[] {
  if (!view || !present) return [];
  const about = { action: 'change-view', collection: name, from: from.join(', ') } as const;
  if (view.collation && !sameCollation(view.collation, present.collation)) {
    const steps: SyncStep[] = [
      { do: 'dropCollection' },
      { do: 'createCollection', options: { ...view } },
    ];
    const reasons = ['its collation differs: a view takes another only when it is made again'];
    const { rebuild } = policy;
    return [
      operation({
        ...about,
        destructive: true,
        status: rebuild ? 'pending' : 'blocked',
        reasons,
        steps,
        ...(!rebuild && { fix: 'allow it: godwit sync --rebuild' }),
      }),
    ];
  }
  const { viewOn, pipeline } = view;
  if (viewOn === present.viewOn && JSON.stringify(pipeline) === JSON.stringify(present.pipeline))
    return [];
  if (viewOn === present.viewOn && same(pipeline, present.pipeline)) return [];
  const reasons = [
    viewOn === present.viewOn
      ? 'its pipeline differs'
      : `is on ${present.viewOn}, and ${viewOn} is wanted`,
  ];
  return [
    operation({ ...about, reasons, steps: [{ do: 'collMod', change: { viewOn, pipeline } }] }),
  ];
}

function diffValidator(wanted: WantedCollection, actual: ActualCollection): SyncOperation[] {
  if (wanted.validator === undefined) return [];
  const none = wanted.validator === null;
  const before = Object.keys(actual.validator ?? {}).length > 0 ? actual.validator : undefined;
  if (none && before === undefined) return [];
  const change = validatorOf(wanted);
  const isSame =
    same(change['validator'], before ?? {}) &&
    change['validationLevel'] === (actual.validationLevel ?? 'strict') &&
    change['validationAction'] === (actual.validationAction ?? 'error');
  if (isSame) return [];
  const reasons = [
    none ? 'has a validator, and none is wanted' : before ? 'its validator differs' : NO_VALIDATOR,
  ];
  return [
    operation({
      action: 'set-validator',
      collection: wanted.name,
      severity: 'warning',
      destructive: false,
      reasons,
      from: wanted.from.join(', '),
      steps: [{ do: 'collMod', change }],
    }),
  ];
}

/** What `collMod` can change is changed; the rest needs the collection to be copied. */
function diffOptions(wanted: WantedCollection, actual: ActualCollection): SyncOperation[] {
  const change: Record<string, unknown> = {};
  const reasons: string[] = [];
  const stuck: string[] = [];
  for (const [option, value] of Object.entries(wanted.options ?? {})) {
    if (value === undefined) continue;
    // Without `capped` its measures mean nothing.
    const ofCapped = option === 'size' || option === 'max';
    if (ofCapped && actual.options['capped'] !== true) continue;
    const present = actual.options[option];
    const verdict = compare(option, value, present);
    if (verdict === 'same') continue;
    if (verdict === 'stuck') stuck.push(option);
    else {
      Object.assign(change, verdict);
      reasons.push(`${option} is ${shown(present)}, and ${shown(value)} is wanted`);
    }
  }
  const operations: SyncOperation[] = [];
  if (reasons.length > 0) {
    const steps: SyncStep[] = [{ do: 'collMod', change }];
    operations.push(
      operation({
        action: 'change-options',
        collection: wanted.name,
        from: wanted.from.join(', '),
        reasons,
        steps,
      }),
    );
  }
  if (stuck.length > 0) {
    const reason = `${stuck.join(', ')} can only be chosen when it is created`;
    operations.push(conflict(wanted.name, undefined, reason, REWRITE));
  }
  return operations;
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

type Verdict = 'same' | 'stuck' | Plain;

function compare(option: string, value: unknown, present: unknown): Verdict {
  switch (option) {
    case 'capped':
      return Boolean(value) === Boolean(present) ? 'same' : 'stuck';
    case 'size':
      // Rounded up by the server.
      return Math.ceil(Number(value) / 256) * 256 === Number(present)
        ? 'same'
        : { cappedSize: value };
    case 'max':
      return Number(value) === Number(present) ? 'same' : { cappedMax: value };
    case 'expireAfterSeconds':
      return Number(value) === Number(present) ? 'same' : { expireAfterSeconds: value };
    case 'changeStreamPreAndPostImages':
      return same(value, present ?? { enabled: false }) ? 'same' : { [option]: value };
    case 'collation':
      return sameCollation(value as Plain, present as Plain | undefined) ? 'same' : 'stuck';
    case 'clusteredIndex':
      return present === undefined ? 'stuck' : 'same';
    case 'timeseries':
      return compareSeries(value as Plain, present as Plain | undefined);
    default:
      // What the server does not report back cannot be compared.
      return 'same';
  }
}

function compareSeries(value: Plain, present: Plain | undefined): Verdict {
  if (
    value['timeField'] !== present?.['timeField'] ||
    value['metaField'] !== present?.['metaField']
  )
    return 'stuck';
  const { granularity } = value;
  if (granularity === undefined || granularity === present?.['granularity']) return 'same';
  return { timeseries: { granularity } };
}
