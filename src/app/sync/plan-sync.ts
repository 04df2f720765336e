import { unfinishedReset } from '../../core/reset-record.ts';
import { diff, fingerprintOf, isUnique } from '../../core/sync/diff.ts';
import { isDrift } from '../../core/sync/drift.ts';
import { mergeDefinitions } from '../../core/sync/wanted.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type {
  ActualCollection,
  DefinitionReader,
  IndexDefinition,
  SyncOperation,
} from '../../ports/definition.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Project } from '../project.ts';
import { readRecords } from '../read-state.ts';
import { refuseHalfReset } from '../with-session.ts';
import { findDefinitions } from './find-definitions.ts';
import type { SyncPlan, SyncPlanOptions } from './types.ts';

/** How many offending values are shown. */
const SHOWN = 5;

/** As `planSync`, and says first which database it is about. */
export async function showDifference(
  project: Project,
  options: SyncPlanOptions,
): Promise<SyncPlan> {
  const driver = await project.driver();
  const { target } = driver;
  project.emit({ type: 'target', target, command: project.options.command ?? 'sync' });
  const plan = await planSync(project, options);
  // What is half dropped may well be as defined: that it is complete nobody shall read.
  if (plan.summary.pending + plan.summary.blocked === 0) await refuseHalfDropped(driver);
  return plan;
}

async function refuseHalfDropped(driver: Driver): Promise<void> {
  const { history, holder } = await readRecords(driver);
  refuseHalfReset(unfinishedReset(history, holder, driver.target.database));
}

/** The difference between what is defined and what is. Writes nothing. */
export async function planSync(project: Project, options: SyncPlanOptions): Promise<SyncPlan> {
  const [settings, driver] = await Promise.all([project.settings(), project.driver()]);
  const reader = await readerOf(driver);
  const wanted = mergeDefinitions(await findDefinitions(project));
  const [actual, hidden] = await Promise.all([reader.read(), reader.hidden()]);
  const { sync } = settings;
  const operations = diff(wanted, actual, {
    rebuild: options.rebuild ?? sync.rebuild,
    hideForMs: options.hideForMs ?? sync.hideForMs,
    drop: options.drop ?? sync.drop,
    ignore: sync.ignore,
    hidden,
    now: new Date(),
  });
  const definitions =
    options.precheck === false ? operations : await precheck(operations, actual, reader);
  const count = (status: SyncOperation['status']): number =>
    definitions.filter((one) => one.status === status).length;
  return {
    definitions,
    summary: {
      defined: wanted.length,
      pending: count('pending'),
      blocked: count('blocked'),
      waiting: count('waiting'),
    },
    drift: definitions.some(isDrift),
    fingerprint: fingerprintOf(definitions),
  };
}

export async function readerOf(driver: Driver): Promise<DefinitionReader> {
  const reader = await driver.definitions?.();
  if (reader) return reader;
  throw new GodwitError(
    'GODWIT_UNSUPPORTED',
    'Definitions and models are of MongoDB collections: this database has none.',
    { state: 'Nothing was changed.', next: ['write migrations: godwit create NAME'] },
  );
}

/** Blocks what duplicates are in the way of, before anything is done. */
async function precheck(
  operations: readonly SyncOperation[],
  actual: readonly ActualCollection[],
  reader: DefinitionReader,
): Promise<SyncOperation[]> {
  const checked: SyncOperation[] = [];
  for (const operation of operations) {
    const collection = actual.find(({ name }) => name === operation.collection);
    const due = collection && operation.status === 'pending' && isUnique(operation);
    const index = due && uniqueIndexOf(operation, collection);
    checked.push(index ? await checkUnique(operation, index, reader) : operation);
  }
  return checked;
}

function uniqueIndexOf(
  { steps, index }: SyncOperation,
  { indexes }: ActualCollection,
): IndexDefinition | undefined {
  for (const step of steps) if (step.do === 'createIndex') return step.index;
  return indexes.find(({ name }) => name === index);
}

async function checkUnique(
  operation: SyncOperation,
  index: IndexDefinition,
  reader: DefinitionReader,
): Promise<SyncOperation> {
  try {
    const offending = await reader.offending(operation.collection, index, SHOWN + 1);
    if (offending.length === 0) return operation;
    const shown = offending.slice(0, SHOWN);
    const many = offending.length > SHOWN ? `more than ${SHOWN}` : String(offending.length);
    const values = offending.length === 1 ? 'value is' : 'values are';
    return {
      ...operation,
      status: 'blocked',
      severity: 'error',
      reasons: [...operation.reasons, `${many} ${values} not unique`],
      fix: 'give each document a value of its own, or take the others away, then: godwit sync',
      offending: shown,
    };
  } catch (thrown) {
    const reason = `it is not known whether its values are unique: ${thrownMessage(thrown)}`;
    return { ...operation, severity: 'warning', reasons: [...operation.reasons, reason] };
  }
}
