import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { schemeOf } from '../../config/url.ts';
import { diffSnapshots } from '../../core/schema-diff.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type { Driver, Target } from '../../ports/driver.ts';
import type { Snapshot } from '../../ports/snapshot.ts';
import type { Project } from '../project.ts';
import { openBeside, withScratch } from './scratch.ts';
import { takeSnapshot } from './take-snapshot.ts';
import type { SchemaDiffOptions, SchemaDiffReport } from './types.ts';

interface Side {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/** Compares two databases, or a dump and a database, or two dumps. */
export async function diffSides(
  project: Project,
  options: SchemaDiffOptions,
): Promise<SchemaDiffReport> {
  if (options.from === undefined) {
    throw new GodwitError('GODWIT_USAGE', 'Say what to compare with.', {
      state: 'Nothing was done.',
      next: [
        'a dump: godwit schema diff --from schema.sql',
        'another database: godwit schema diff --from URL',
        'what is pending: godwit schema diff --plan',
      ],
    });
  }
  const opened: Driver[] = [];
  try {
    const from = await readSide(project, options.from, options, opened);
    const to = await readSide(project, options.to, options, opened);
    refuseKinds(from, to);
    return report(from, to);
  } finally {
    for (const driver of opened) await driver.close();
  }
}

export function report(from: Side, to: Side): SchemaDiffReport {
  const warnings = new Set([...from.snapshot.warnings, ...to.snapshot.warnings]);
  const [one, other] = [from.snapshot, to.snapshot].map(({ server }) => server.split('.')[0]);
  if (one && other && one !== other) {
    warnings.add(
      `The servers are of versions ${from.snapshot.server} and ${to.snapshot.server}, which may write the same thing in different words.`,
    );
  }
  return {
    from: from.name,
    to: to.name,
    ...diffSnapshots(from.snapshot, to.snapshot),
    warnings: [...warnings],
  };
}

async function readSide(
  project: Project,
  given: string | undefined,
  options: SchemaDiffOptions,
  opened: Driver[],
): Promise<Side> {
  if (given === undefined) {
    const driver = await project.driver();
    return { name: nameOf(driver.target), snapshot: await takeSnapshot(driver, options) };
  }
  if (/^[a-z][a-z0-9+]+:/i.test(given) && schemeOf(given) !== undefined) {
    const driver = await openBeside(project, given);
    opened.push(driver);
    return { name: nameOf(driver.target), snapshot: await takeSnapshot(driver, options) };
  }
  return readDump(project, given, options, opened);
}

export function nameOf({ driver, database, host }: Target): string {
  return `${driver} ${database} at ${host}`;
}

async function readDump(
  project: Project,
  file: string,
  options: SchemaDiffOptions,
  opened: readonly Driver[],
): Promise<Side> {
  const { root } = await project.settings();
  const text = await readText(resolve(root, file), file);
  const name = basename(file);
  if (/^\s*\{/.test(text)) return { name, snapshot: parseSnapshot(text, file) };
  if (!/\.sql$/i.test(file)) throw notADump(file, 'it is neither JSON nor an .sql file');
  // The server that the other side runs on writes definitions in the same words.
  const beside = opened[0] ?? (await project.driver());
  return withScratch(project, beside, options.scratch, async (scratch) => {
    await scratch.load(text);
    return { name, snapshot: await takeSnapshot(scratch.driver, options) };
  });
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new GodwitError(
      'GODWIT_FILE_UNREADABLE',
      `${shown} cannot be read: ${thrownMessage(cause)}`,
      {
        where: { file: shown },
        state: 'Nothing was done.',
        cause,
      },
    );
  }
}

function parseSnapshot(text: string, file: string): Snapshot {
  let value: Partial<Snapshot>;
  try {
    value = JSON.parse(text) as Partial<Snapshot>;
  } catch (cause) {
    throw notADump(file, `it is not JSON: ${thrownMessage(cause)}`);
  }
  if (value.format !== 1 || !Array.isArray(value.objects)) {
    throw notADump(file, 'it was not written by godwit schema dump --json');
  }
  return { ...value, roles: value.roles ?? [], warnings: value.warnings ?? [] } as Snapshot;
}

function notADump(file: string, why: string): GodwitError {
  return new GodwitError('GODWIT_SNAPSHOT_INVALID', `${file} is no schema dump: ${why}.`, {
    where: { file },
    state: 'Nothing was done.',
    next: [
      'write one: godwit schema dump --file schema.sql',
      'or: godwit schema dump --json > schema.json',
    ],
  });
}

/** PostgreSQL and PGlite are the same to a schema. */
function refuseKinds(from: Side, to: Side): void {
  const kinds = [from, to].map(({ snapshot }) => snapshot.driver === 'mongodb');
  if (kinds[0] === kinds[1]) return;
  throw new GodwitError('GODWIT_USAGE', `${from.name} and ${to.name} are of different kinds.`, {
    state: 'Nothing was done.',
  });
}
