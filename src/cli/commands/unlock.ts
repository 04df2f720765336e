import type { CommandRun } from '../command-spec.ts';
import { askYes, guardProduction } from '../confirm.ts';
import { type Context, oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { showHolder } from '../render/target.ts';

export const run: CommandRun = async (context, _invocation) => {
  const { view } = context;
  const migrator = await oneDatabase(context, 'unlock');
  const target = await migrator.target();
  view.target('unlock', target);
  const holder = await migrator.lockHolder();
  if (holder === undefined) return show(context, false, undefined, 'Nobody holds the lock.');
  view.say(`  The lock is held by ${showHolder(holder)}.\n`);
  if (holder.alive)
    view.say('  It may still be at work: what it does is not undone by taking its lock.\n');
  await guardProduction(context, migrator, 'take the lock away', 'godwit unlock');
  const { production } = await migrator.settings();
  if (!production) await askYes(context, '  Take the lock away?', 'godwit unlock');
  const unlocked = await migrator.unlock(holder);
  const text = unlocked ? 'The lock is free.' : 'Somebody else has it by now; nothing was done.';
  show(context, unlocked, holder, text);
  return unlocked ? EXIT.done : EXIT.lock;
};

function show({ view }: Context, unlocked: boolean, holder: unknown, text: string): number {
  const sign = unlocked ? view.style.green(view.style.signs.done) : view.style.signs.pending;
  view.result({ unlocked, holder: holder ?? null }, () => `  ${sign} ${text}\n`);
  return EXIT.done;
}
