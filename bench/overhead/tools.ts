import type { Command } from '../support/measured-spawn.ts';
import type { Layout } from './folders.ts';

export type Verb = 'status' | 'up';

/** One of the programs compared, on one kind of database. */
export interface Tool {
  readonly name: string;
  readonly layout: Layout;
  /** Its command line for a project folder and a database that is its own. */
  command(verb: Verb, project: string, url: string): Command;
}

/** A server that hands out empty databases. */
export interface Bench {
  readonly title: string;
  readonly tools: readonly Tool[];
  newDatabase(): Promise<string>;
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
export function godwitTool(bin: string, layout: Layout): Tool {
  return {
    name: 'godwit',
    layout,
    command: (verb, project, url) =>
      nodeCommand(project, [bin, verb, '--url', url, '--dir', 'migrations']),
  };
}

/** A script of ours: `SCRIPT status|up URL FOLDER`. */
export function scriptTool(name: string, script: string, layout: Layout): Tool {
  return {
    name,
    layout,
    command: (verb, project, url) =>
      nodeCommand(project, [script, verb, url, `${project}/migrations`]),
  };
}
