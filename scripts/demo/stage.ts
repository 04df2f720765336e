import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';

const BIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A project's folder on the stage, and the shell in it. */
export interface Stage {
  readonly folder: string;
  /** Variables that are set in this shell. */
  readonly env?: Readonly<Record<string, string>>;
}

// Ctrl-C, or a reader that goes away, ends the story, not its cleaning up.
let ended = false;
process.on('SIGINT', () => {
  ended = true;
});
process.stdout.on('error', () => {
  ended = true;
});

export function title(text: string): void {
  say(`\n${pc.bold(pc.cyan(text))}\n${pc.cyan('─'.repeat(text.length))}`);
}

/** The story between two commands. */
export function tell(...lines: readonly string[]): void {
  say(`\n${lines.join('\n')}`);
}

/**
 * Types a command as a person would, shows what it prints, and insists on its exit code:
 * the demo must not tell of what did not happen.
 */
export async function type(stage: Stage, command: string, expected = 0): Promise<void> {
  const code = await start(stage, command).done;
  if (code !== expected) throw new Error(`${command} ended with ${code}, not ${expected}`);
  if (code !== 0) say(pc.dim(`(exit code ${code})`));
}

/** Types a command, and kills it with no chance to clean up once this holds. */
export async function kill(
  stage: Stage,
  command: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  const { child, done } = start(stage, command);
  let running = true;
  void done.finally(() => {
    running = false;
  });
  while (running && !(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  const code = await done;
  if (code !== null) throw new Error(`${command} ended with ${code} before it was killed`);
  say(pc.dim('Killed'));
}

function start(stage: Stage, command: string) {
  if (ended) throw new Error('it was stopped');
  say(`\n${pc.green('$')} ${pc.bold(command)}`);
  const [program, ...args] = command.split(' ');
  if (program !== 'godwit') throw new Error(`the demo types godwit commands, not ${program}`);
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: stage.folder,
    env: { ...quietEnvironment(), ...stage.env },
    // Errors stand where they happened in the story, also when it goes into a file.
    stdio: ['ignore', 'inherit', process.stdout],
  });
  const done = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { child, done };
}

/** Shows a file as an editor would. */
export async function show(stage: Stage, file: string): Promise<void> {
  const text = await readFile(`${stage.folder}/${file}`, 'utf8');
  const lines = text.trimEnd().split('\n');
  say(`\n${pc.dim(`── ${file}`)}`);
  lines.forEach((line, index) => {
    say(`${pc.dim(String(index + 1).padStart(4))}  ${line}`);
  });
}

/** What the database itself says. */
export function look(question: string, answer: string): void {
  say(`\n${pc.dim('?')} ${question}\n  ${answer}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The databases of whoever watches are none of the demo's. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(DATABASE_URL|GODWIT_.*|MONGODB_URI|NODE_ENV|PG[A-Z]+|npm_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
