import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { resolveSettings } from '../config/index.ts';
import type { Settings } from '../config/settings.ts';
import { compareVersions } from '../core/ordering.ts';
import { thrownMessage, toGodwitError } from '../errors.ts';
import type { Emit, GodwitEvent } from '../events.ts';
import { codeSource } from '../formats/code-source.ts';
import { refuseDuplicates } from '../formats/duplicates.ts';
import { folderSource } from '../formats/folder-source.ts';
import type { Driver } from '../ports/driver.ts';
import type { MirrorSpec } from '../ports/history.ts';
import type { SourceListing } from '../ports/source.ts';
import { openDriver } from './open-driver.ts';
import type { MigratorOptions } from './options.ts';

/** A project with its settings, files and database, each looked at when first needed. */
export interface Project {
  readonly options: MigratorOptions;
  settings(): Promise<Settings>;
  /** The files as they are now, in version order. */
  list(): Promise<SourceListing>;
  driver(): Promise<Driver>;
  /** What is kept in step with the history. */
  mirrors(): Promise<readonly MirrorSpec[]>;
  readonly emit: Emit;
  /** Tells listeners of a command that was rejected; its caller has the error anyway. */
  fail(command: string, thrown: unknown): Promise<void>;
  listen(listener: Emit): () => void;
  close(): Promise<void>;
}

export function openProject(options: MigratorOptions): Project {
  const listeners = new Set<Emit>();
  const emit = (event: GodwitEvent): void => {
    for (const listener of listeners) tell(listener, event);
  };
  const settings = once(() => resolveProjectSettings(options));
  const logs = once(async () => {
    const asked = await settings();
    if (asked.logs === undefined) return undefined;
    const { startLogs } = await import('./logs/start-logs.ts');
    const opened = startLogs(asked, options, emit);
    listeners.add(opened.listen);
    return opened;
  });
  const driver = once(async () => {
    await logs();
    return openDriver(await settings(), emit);
  });
  return {
    options,
    settings,
    driver,
    mirrors: async () => (await settings()).mirrors,
    emit,
    async fail(command, thrown) {
      // A config that cannot be read says nothing about logs either.
      await logs().catch(() => undefined);
      emit({ type: 'command.failed', command, error: toGodwitError(thrown).toJSON() });
    },
    list: async () => sorted(await listSource(options, settings)),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      const opened = driver.started();
      if (opened) await (await opened.catch(() => undefined))?.close();
      (await logs.started()?.catch(() => undefined))?.close();
    },
  };
}

/** Presentation that fails is no reason to leave a migration half-way. */
function tell(listener: Emit, event: GodwitEvent): void {
  try {
    listener(event);
  } catch (thrown) {
    process.emitWarning(`A listener of godwit's events failed: ${thrownMessage(thrown)}`);
  }
}

function resolveProjectSettings(options: MigratorOptions): Promise<Settings> {
  const { root, config, database, environment, processEnv, ...rest } = options;
  const { command: _command, migrations: _migrations, backfills: _backfills, ...more } = rest;
  const { models: _models, collections: _collections, ...overrides } = more;
  return resolveSettings({
    root: resolve(root ?? '.'),
    config,
    database,
    environment,
    overrides,
    processEnv: processEnv ?? process.env,
  });
}

async function listSource(
  options: MigratorOptions,
  settings: () => Promise<Settings>,
): Promise<SourceListing> {
  if (options.migrations) {
    return { ...(await codeSource(options.migrations).list()), folders: new Map() };
  }
  const { root, dirs, format, layout, substituteVariables, migrations } = await settings();
  const copies = layout !== undefined;
  const folder = folderSource({ root, dirs, format, copies, variables: substituteVariables });
  if (migrations.length === 0) return folder.list();
  // What the config registers may be all there is.
  const found = dirs.some((dir) => existsSync(dir)) ? await folder.list() : undefined;
  return withRegistered(await codeSource(migrations).list(), found);
}

function withRegistered(registered: SourceListing, found: SourceListing | undefined) {
  if (found === undefined) return registered;
  const checked = refuseDuplicates([...registered.migrations, ...found.migrations]);
  const problems = [...registered.problems, ...found.problems, ...checked.problems];
  return { migrations: checked.migrations, problems, folders: found.folders };
}

function sorted(listing: SourceListing): SourceListing {
  const migrations = [...listing.migrations].sort((a, b) => compareVersions(a.version, b.version));
  return { ...listing, migrations };
}

interface Once<T> {
  (): Promise<T>;
  /** The call under way or done; undefined when there was none. */
  started(): Promise<T> | undefined;
}

/** Runs at most once at a time, and again only after a failure. */
function once<T>(make: () => Promise<T>): Once<T> {
  let made: Promise<T> | undefined;
  const call = (): Promise<T> => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(call, { started: () => made });
}
