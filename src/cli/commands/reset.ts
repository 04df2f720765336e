import type { ResetReport } from '../../app/reports.ts';
import type { Migrator } from '../../app/types.ts';
import { GodwitError } from '../../errors.ts';
import type { CommandRun } from '../command-spec.ts';
import { askText, askYes } from '../confirm.ts';
import { type Context, oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { plural } from '../render/measures.ts';

/** Refused in production and for a database whose name nobody said; asks otherwise. */
export const run: CommandRun = async (context, { options }) => {
  const migrator = await oneDatabase(context, 'reset');
  // Throws in production, before anything is shown or asked.
  const preview = await migrator.reset({ dryRun: true });
  const { view } = context;
  if (options.dryRun) {
    view.result(preview, () => render(context, preview));
    return EXIT.done;
  }
  const target = await migrator.target();
  view.target('reset', target);
  if (view.mode === 'text') view.note(render(context, preview));
  const databaseName = await nameOf(context, migrator, options['databaseName']);
  const { signal, abort } = context.stops();
  const report = await migrator.reset({ databaseName, signal, abort });
  view.result(report, () => render(context, report));
  return EXIT.done;
};

/** Typing the name is telling it, and saying yes at once. */
async function nameOf(
  context: Context,
  migrator: Migrator,
  flag: unknown,
): Promise<string | undefined> {
  const { database } = await migrator.target();
  const { resettable } = await migrator.settings();
  const told = flag === undefined ? resettable : [String(flag)];
  if (told.includes(database)) {
    await askYes(context, `  Drop all of it?`, `godwit reset --database-name ${database}`);
    return database;
  }
  const mayAsk = told.length === 0 && !context.globals.yes && context.io.stdin.isTTY;
  // The library refuses, and says what to type.
  if (!mayAsk) return flag === undefined ? undefined : String(flag);
  const typed = await askText(context, `  Type the database's name to drop all of it: `);
  if (typed === database) return typed;
  throw new GodwitError('GODWIT_RESET_REFUSED', `"${typed}" is not ${database}.`, {
    state: 'Nothing was dropped.',
  });
}

function render({ view }: Context, { dropped, dryRun }: ResetReport): string {
  const { style } = view;
  if (dropped.length === 0) return `  ${style.green(style.signs.done)} It is empty.\n`;
  const lines = dropped.map(({ kind, name, count }) => {
    const rows = count === undefined ? '' : `  ${style.dim(`about ${count}`)}`;
    return `  ${dryRun ? style.signs.pending : style.green(style.signs.done)} ${style.dim(kind)} ${name}${rows}\n`;
  });
  const what = plural(dropped.length, 'object');
  return `\n${lines.join('')}\n  ${dryRun ? `This would drop ${what}.` : `${what} dropped.`}\n`;
}
