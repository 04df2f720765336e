import { randomUUID } from 'node:crypto';
import { normalizedChecksum, rawChecksum } from '../../core/checksum.ts';
import {
  hasRepeatables,
  listRepeatables,
  type RepeatableFile,
  readRepeatable,
} from '../../formats/repeatable-source.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import type { VersionRecord } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import type { Project } from '../project.ts';
import type { SyncReport, SyncResult } from '../sync/types.ts';
import type { Work } from '../with-session.ts';

/** A file that differs from what was run last. */
interface DueScript {
  readonly file: RepeatableFile;
  readonly text: string;
  readonly operation: SyncOperation;
}

/** Whether the project has repeatable files, and a database that runs them. */
export async function hasScripts(project: Project): Promise<boolean> {
  const settings = await project.settings();
  if (!hasRepeatables(settings)) return false;
  return (await project.driver()).capabilities.sql;
}

/** For `plan` and `status`. Reads only. */
export async function scriptsNow(project: Project): Promise<SyncOperation[]> {
  return (await findDue(project)).map(({ operation }) => operation);
}

async function findDue(project: Project): Promise<DueScript[]> {
  const [settings, driver] = await Promise.all([project.settings(), project.driver()]);
  const files = listRepeatables(settings);
  if (files.length === 0) return [];
  const records = new Map(
    (await driver.history.versions())
      .filter(({ kind }) => kind === 'definition')
      .map((record) => [record.version, record]),
  );
  return files.flatMap((file) => {
    const text = readRepeatable(file);
    const reason = reasonOf(text, records.get(versionOf(file)));
    return reason === undefined ? [] : [{ file, text, operation: operationOf(file, reason) }];
  });
}

/** As for migrations: what a formatter did is no change. */
function reasonOf(text: string, record: VersionRecord | undefined): string | undefined {
  if (record === undefined) return 'never run';
  if (record.state !== 'applied') return `its last run is ${record.state}`;
  if (record.checksum === rawChecksum(text)) return undefined;
  return record.normalized === normalizedChecksum(text, 'sql')
    ? undefined
    : 'changed since it was run';
}

/** No migration's version has a colon. */
function versionOf({ name }: RepeatableFile): string {
  return `definition:${name}`;
}

function operationOf({ name, file }: RepeatableFile, reason: string): SyncOperation {
  return {
    id: `run-definition ${name}`,
    action: 'run-definition',
    collection: name,
    status: 'pending',
    severity: 'info',
    destructive: false,
    reasons: [reason],
    from: file,
    steps: [],
  };
}

/** All that changed, in one transaction with their records; under the lock of `up`. */
export async function runScripts(work: Work): Promise<SyncReport> {
  const started = performance.now();
  const { project, session, stop } = work;
  const due = await findDue(project);
  if (due.length === 0) return reportOf([], started);
  const operations = due.map(({ operation }) => operation);
  project.emit({ type: 'sync.started', operations });
  due.forEach(({ operation }, index) => {
    project.emit({ type: 'sync.operation', operation, index, total: due.length });
  });
  const jobs = due.map((one) => jobOf(work, one));
  const outcomes = stop.aborted ? [] : await session.executeTogether(jobs, { reorder: true });
  const results = due.map(({ operation }, index) => resultOf(operation, outcomes[index]));
  for (const { status, durationMs, error, ...operation } of results) {
    if (status !== 'done' && status !== 'failed') continue;
    const done = { ...operation, status: 'pending' as const };
    project.emit({ type: 'sync.done', operation: done, status, durationMs, error });
  }
  return reportOf(results, started);
}

function jobOf(
  { settings, session, by, stop, abort, project }: Work,
  { file, text }: DueScript,
): Job {
  return {
    header: {
      run: randomUUID(),
      kind: 'definition',
      version: versionOf(file),
      id: file.name,
      name: file.name,
      direction: 'up',
      checksum: rawChecksum(text),
      normalized: normalizedChecksum(text, 'sql'),
      by,
      fence: session.fence,
    },
    step: {
      type: 'sql',
      sql: {
        text,
        file: file.file,
        line: 1,
        transaction: 'auto',
        variables: settings.substituteVariables,
      },
    },
    transaction: 'always',
    resume: 'restart',
    mirrors: [],
    limits: {
      lockTimeoutMs: settings.statementLockTimeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      lockRetries: settings.lockRetries,
    },
    variables: settings.variables,
    emit: project.emit,
    stop,
    abort,
  };
}

function resultOf(operation: SyncOperation, outcome: Outcome | undefined): SyncResult {
  if (outcome?.status === 'applied') {
    return { ...operation, status: 'done', durationMs: outcome.durationMs };
  }
  // One failed; the others were rolled back with it.
  const failed = outcome?.status === 'failed' && outcome.error?.where !== undefined;
  const { error } = outcome ?? {};
  return {
    ...operation,
    status: failed ? 'failed' : 'skipped',
    durationMs: outcome?.durationMs ?? 0,
    ...(error && { error }),
  };
}

const STATUSES = ['done', 'failed', 'blocked', 'waiting', 'withheld', 'skipped'] as const;

function reportOf(definitions: readonly SyncResult[], started: number): SyncReport {
  const summary = Object.fromEntries(
    STATUSES.map((status) => [status, definitions.filter((one) => one.status === status).length]),
  ) as SyncReport['summary'];
  const bad =
    definitions.find(({ status }) => status === 'failed') ?? definitions.find(({ error }) => error);
  const durationMs = Math.round(performance.now() - started);
  if (!bad?.error) return { definitions, summary, durationMs };
  const stopped = bad.error.code === 'GODWIT_STOPPED';
  const error = {
    ...bad.error,
    code: stopped ? bad.error.code : ('GODWIT_DEFINITION_FAILED' as const),
    message: stopped
      ? bad.error.message
      : `The definition ${bad.collection} failed: ${bad.error.message}`,
    state: 'All definitions are as they were; the migrations before them are applied.',
    next: [`once ${bad.from ?? 'it'} is mended: godwit up`],
  };
  return { definitions, summary, durationMs, error };
}
