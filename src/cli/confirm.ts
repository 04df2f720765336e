import type { Migrator } from '../app/types.ts';
import { GodwitError } from '../errors.ts';
import type { Context } from './context.ts';

/**
 * Asks a question that is answered with yes or no. `--yes` answers it.
 *
 * @throws GODWIT_CONFIRMATION_NEEDED when the answer is no, or nobody can be asked
 */
export async function askYes(context: Context, question: string, command: string): Promise<void> {
  if (context.globals.yes) return;
  insistOnPerson(context, question, command);
  const answer = await ask(context, `${question} (y/N) `);
  if (!/^y(es)?$/i.test(answer.trim())) throw declined();
}

/**
 * In production, has the database's name typed before something that is hard to undo.
 *
 * @param what such as `revert migrations`
 * @throws GODWIT_CONFIRMATION_NEEDED
 */
export async function guardProduction(
  context: Context,
  migrator: Migrator,
  what: string,
  command: string,
): Promise<void> {
  const { production } = await migrator.settings();
  if (!production || context.globals.yes) return;
  const { database, host } = await migrator.target();
  const question = `This is production: ${what} in ${database} at ${host}.`;
  insistOnPerson(context, question, command);
  const answer = await ask(context, `${question}\nType the database's name to go on: `);
  if (answer.trim() !== database) throw declined();
}

/** What a person types at the terminal. */
export async function askText(context: Context, question: string): Promise<string> {
  return (await ask(context, question)).trim();
}

function insistOnPerson({ io }: Context, question: string, command: string): void {
  if (io.stdin.isTTY && io.stderr.isTTY) return;
  throw new GodwitError(
    'GODWIT_CONFIRMATION_NEEDED',
    `${question} This must be confirmed, and there is no terminal to ask at.`,
    {
      state: 'Nothing was changed.',
      next: [`if it is meant, the same command with --yes: ${command} … --yes`],
    },
  );
}

/** Whether there is somebody to ask, and `--yes` did not say not to. */
export function canAsk({ io, globals }: Context): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true && globals.yes !== true;
}

/** A question with a short answer; empty at the end of input. */
export async function askOne(context: Context, question: string): Promise<string> {
  return (await ask(context, question)).trim();
}

async function ask({ io, view }: Context, question: string): Promise<string> {
  const { createInterface } = await import('node:readline');
  view.say(question);
  const lines = createInterface({ input: io.stdin, terminal: false });
  return new Promise((answered) => {
    lines.once('line', answered);
    // End of input, or Ctrl-D, is a no.
    lines.once('close', () => answered(''));
  }).finally(() => lines.close()) as Promise<string>;
}

function declined(): GodwitError {
  return new GodwitError('GODWIT_CONFIRMATION_NEEDED', 'Not confirmed.', {
    state: 'Nothing was changed.',
  });
}
