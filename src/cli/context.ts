import { resolve } from 'node:path';
import type { MigratorOptions } from '../app/options.ts';
import type { Migrator } from '../app/types.ts';
import { GodwitError } from '../errors.ts';
import type { GlobalValues } from './global-options.ts';
import type { Io } from './io.ts';
import { migratorOptions } from './migrator-options.ts';
import { type Found, findProject } from './project.ts';
import type { ErrorSetting } from './render/error.ts';
import { listenForStops, type Stops } from './signals.ts';
import type { View } from './view.ts';

/** What a command has to work with. */
export interface Context {
  readonly io: Io;
  readonly globals: GlobalValues;
  readonly view: View;
  readonly cwd: string;
  /** The config and its databases; read once. */
  project(): Promise<Found>;
  /** Opens one database's migrator; closed when the command ends. */
  open(
    command: string,
    database?: string,
    overrides?: Pick<MigratorOptions, 'url'>,
  ): Promise<Migrator>;
  /** `signal` and `abort` for methods that write. */
  stops(): Stops;
  /** How errors are shown. */
  errors(): ErrorSetting;
  close(): Promise<void>;
}

export function createContext(io: Io, globals: GlobalValues, view: View): Context {
  const cwd = resolve(io.cwd, globals.cwd ?? '.');
  const opened: Migrator[] = [];
  let found: Promise<Found> | undefined;
  let stops: Stops | undefined;
  let root = cwd;
  const project = () => {
    found ??= findProject(io, globals, cwd);
    return found;
  };
  return {
    io,
    globals,
    view,
    cwd,
    project,
    async open(command, database, overrides) {
      const { config, env } = await project();
      const { createMigrator } = await import('../app/create-migrator.ts');
      const migrator = createMigrator({
        ...migratorOptions(globals),
        ...{ root: cwd, config, command, processEnv: env },
        database: database ?? globals.database,
        ...overrides,
      });
      opened.push(migrator);
      migrator.on(view.events());
      migrator.on(({ type }) => {
        if (type === 'backfill.started') void import('./v8.ts').then((own) => own.collectSooner());
      });
      const settings = await migrator.settings();
      root = settings.root;
      if (settings.driver === 'pglite') (await import('./v8.ts')).compileLater();
      return migrator;
    },
    stops() {
      stops ??= listenForStops(io, (text) => {
        // A terminal shows `^C` first.
        const gap = io.stdin.isTTY ? '\n' : '';
        view.say(`${gap}  ${text}\n`);
      });
      return stops;
    },
    errors: () => ({ style: view.style, root, cwd }),
    async close() {
      stops?.dispose();
      for (const migrator of opened.splice(0)) await migrator.close();
    },
  };
}

/**
 * Does the same with every database of the project, or with the one that was named.
 *
 * @returns the exit code that matters most
 * @throws GODWIT_DATABASE_UNKNOWN with JSON and several databases: there is one document
 */
export async function eachDatabase(
  context: Context,
  command: string,
  work: (migrator: Migrator) => Promise<number>,
): Promise<number> {
  const { databases } = await context.project();
  const { globals, view } = context;
  if (globals.database !== undefined || databases.length < 2)
    return work(await context.open(command));
  if (view.mode !== 'text') throw whichDatabase(command, databases);
  const codes: number[] = [];
  for (const name of databases) {
    view.say(`${codes.length > 0 ? '\n' : ''}${view.style.bold(name)}\n`);
    codes.push(await work(await context.open(command, name)));
    // After a failure the databases that follow are left as they are.
    if (command === 'up' && codes.at(-1) !== 0) break;
  }
  return codes.find((code) => code === 1) ?? codes.find((code) => code !== 0) ?? 0;
}

/** The migrator of a command that must not do the same to several databases. */
export async function oneDatabase(context: Context, command: string): Promise<Migrator> {
  const { databases } = await context.project();
  if (context.globals.database === undefined && databases.length > 1) {
    throw whichDatabase(command, databases);
  }
  return context.open(command);
}

function whichDatabase(command: string, databases: readonly string[]): GodwitError {
  return new GodwitError(
    'GODWIT_DATABASE_UNKNOWN',
    `The project has several databases (${databases.join(', ')}): say which one.`,
    {
      state: 'No database was contacted.',
      next: databases.map((name) => `godwit ${command} --database ${name}`),
    },
  );
}
