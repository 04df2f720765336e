import type { Command } from '../support/measured-spawn.ts';
import type { Layout } from './folders.ts';

export type Verb = 'status' | 'up';

/** One of the programs compared, on one kind of database. */
export interface Tool {
  readonly name: string;
  readonly layout: Layout;
  /** Table or collection with a record for each migration, to see that it did its work. */
  readonly records: string;
  /** Its command line for a project folder and a database that is its own. */
  command(verb: Verb, project: string, url: string): Command;
}

/** A server that hands out empty databases. */
export interface Bench {
  readonly title: string;
  readonly tools: readonly Tool[];
  newDatabase(): Promise<string>;
  /** How many rows or documents there are. */
  count(url: string, records: string): Promise<number>;
  stop(): Promise<void>;
}

/** Command of a tool that runs on the Node that runs this. */
export function nodeCommand(
  project: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Command {
  return { program: process.execPath, args, cwd: project, env };
}

/** godwit's own command line, the same on every database. */
export function godwitTool(bin: string, layout: Layout, records: string): Tool {
  return {
    name: 'godwit',
    layout,
    records,
    command: (verb, project, url) =>
      nodeCommand(project, [bin, verb, '--url', url, '--dir', 'migrations']),
  };
}

/** A script of ours: `SCRIPT status|up URL FOLDER`. */
export function scriptTool(
  name: string,
  script: string,
  { layout, records }: Pick<Tool, 'layout' | 'records'>,
): Tool {
  return {
    name,
    layout,
    records,
    command: (verb, project, url) =>
      nodeCommand(project, [script, verb, url, `${project}/migrations`]),
  };
}
