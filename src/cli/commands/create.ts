import type { CreateOptions } from '../../app/options.ts';
import type { Migrator } from '../../app/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { askOne, canAsk } from '../confirm.ts';
import { type Context, oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const name = (args[0] as string[]).join(' ');
  const migrator = await oneDatabase(context, 'create');
  const { rename, remove, ...rest } = options as CreateOptions & {
    readonly rename?: string[];
    readonly remove?: string[];
  };
  const given: CreateOptions = { ...rest, renames: rename ?? [], removals: remove ?? [] };
  const how = rest.fromModels ? await askAboutFields(context, migrator, given) : rest;
  const report = await migrator.create(name, how);
  const { style } = context.view;
  context.view.result(report, () =>
    report.files.length === 0
      ? `  ${style.green(style.signs.done)} Models and database agree: nothing to write.\n`
      : report.files.map((file) => `  ${style.green(style.signs.done)} ${file}\n`).join(''),
  );
  return EXIT.done;
};

/** A field that is gone was renamed, or removed, or is to stay: only a person knows. */
async function askAboutFields(
  context: Context,
  migrator: Migrator,
  given: CreateOptions,
): Promise<CreateOptions> {
  if (!canAsk(context)) return given;
  const { fields } = await migrator.modelChanges({ snapshot: given.snapshot });
  const renames = [...(given.renames ?? [])];
  const removals = [...(given.removals ?? [])];
  const taken = new Set<string>();
  const isSettled = (collection: string, field: string): boolean =>
    [...renames.map((text) => text.split(':')[0]), ...removals].some(
      (text) => text === field || text === `${collection}.${field}`,
    );
  for (const { collection, field, candidates } of fields.flatMap(({ removed }) => removed)) {
    if (isSettled(collection, field)) continue;
    const full = `${collection}.${field}`;
    const free = candidates.filter((to) => !taken.has(`${collection}.${to}`));
    const choices = free.map((to, at) => `    ${at + 1}  it is called ${to} now\n`).join('');
    const answer = await askOne(
      context,
      `  ${full} is in no model any more.\n${choices}    r  remove it from the documents\n    k  keep it in the documents\n  Which (k): `,
    );
    const to = free[Number(answer) - 1];
    if (to !== undefined) {
      renames.push(`${full}:${to}`);
      taken.add(`${collection}.${to}`);
    } else if (answer.toLowerCase() === 'r') removals.push(full);
  }
  return { ...given, renames, removals };
}
