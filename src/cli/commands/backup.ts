import type { BackupEntry } from '../../app/backup/types.ts';
import type { Migrator } from '../../app/types.ts';
import { GodwitError } from '../../errors.ts';
import type { Target } from '../../ports/driver.ts';
import type { CommandRun } from '../command-spec.ts';
import { askYes, guardProduction } from '../confirm.ts';
import { type Context, eachDatabase, oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import {
  renderBackups,
  renderCreated,
  renderPruned,
  renderRestored,
  renderVerified,
} from '../render/backup.ts';

interface Options {
  readonly only?: readonly string[];
  readonly reason?: string;
  readonly plain?: boolean;
  readonly otherDatabase?: boolean;
  readonly rehearse?: boolean;
  readonly keep?: number;
  readonly keepDays?: number;
  readonly keepBytes?: number;
  readonly dryRun?: boolean;
}
type Action = (context: Context, id: string | undefined, options: Options) => Promise<number>;

export const run: CommandRun = (context, { args, options }) => {
  const [action, id] = args as [string, string | undefined];
  const perform = ACTIONS[action];
  if (perform === undefined) throw new GodwitError('GODWIT_USAGE', `There is no ${action}.`);
  return perform(context, id, options as Options);
};

const ACTIONS: Readonly<Record<string, Action>> = {
  async create(context, _id, { only, reason, plain }) {
    const migrator = await oneDatabase(context, 'backup create');
    const report = await migrator.backup.create({ only, reason, plain, ...signals(context) });
    context.view.result(report, () => renderCreated(report, context.view.style));
    return EXIT.done;
  },
  list: (context) =>
    eachDatabase(context, 'backup list', async (migrator) => {
      const listing = await migrator.backup.list();
      const { style, width } = context.view;
      context.view.result(listing, () => renderBackups(listing, style, width));
      return EXIT.done;
    }),
  async restore(context, id, options) {
    const { only, otherDatabase } = options;
    const migrator = await oneDatabase(context, 'backup restore');
    const chosen = await chosenBackup(context, migrator, id, options);
    const report = await migrator.backup.restore(chosen, {
      ...{ only, otherDatabase, confirmed: true },
      ...signals(context),
    });
    context.view.result(report, () => renderRestored(report, context.view.style));
    return EXIT.done;
  },
  async verify(context, id, { rehearse }) {
    const migrator = await oneDatabase(context, 'backup verify');
    const report = await migrator.backup.verify(id, { rehearse, ...signals(context) });
    const bad = report.summary.error > 0;
    context.view.result(report, () => renderVerified(report, context.view.style), bad);
    return bad ? EXIT.failed : EXIT.done;
  },
  async prune(context, _id, { keep, keepDays, keepBytes, dryRun }) {
    const migrator = await oneDatabase(context, 'backup prune');
    const { view } = context;
    if (!dryRun) view.target('backup prune', await migrator.target());
    const asked = keep !== undefined || keepDays !== undefined || keepBytes !== undefined;
    const retention = { count: keep, days: keepDays, bytes: keepBytes };
    const options = { ...(asked && { keep: retention }), ...signals(context) };
    if (!dryRun) {
      const { removed } = await migrator.backup.prune({ ...options, dryRun: true });
      const what = `remove ${removed.length} backups`;
      if (removed.length > 0) await guardProduction(context, migrator, what, 'godwit backup prune');
    }
    const report = await migrator.backup.prune({ ...options, dryRun, confirmed: true });
    context.view.result(report, () => renderPruned(report));
    return EXIT.done;
  },
};

function isOf({ driver, host, database }: BackupEntry, target: Target): boolean {
  return driver === target.driver && host === target.host && database === target.database;
}

/** Says what will be replaced by what, and asks. @returns the id that was agreed to */
async function chosenBackup(
  context: Context,
  migrator: Migrator,
  id: string | undefined,
  { otherDatabase: other = false, only }: Options,
): Promise<string> {
  const { view } = context;
  const { dir, backups } = await migrator.backup.list();
  const target = await migrator.target();
  const own = backups.filter((each) => isOf(each, target));
  // The newest is the newest of this database; another's has to be named, or asked for.
  const unnamed = other || own.length === 0 ? backups : own;
  const named = id === undefined ? unnamed : backups.filter((each) => each.id.startsWith(id));
  const backup = named.at(-1);
  if (backup === undefined || (id !== undefined && named.length > 1 && backup.id !== id)) {
    const message =
      backup === undefined
        ? `There is no backup ${id ?? ''} in ${dir}.`.replace('  ', ' ')
        : `${id} may be any of ${named.map((each) => each.id).join(', ')}.`;
    throw new GodwitError('GODWIT_BACKUP_UNKNOWN', message, {
      state: 'Nothing was changed.',
      next: ['godwit backup list'],
    });
  }
  view.target('backup restore', target);
  const whose = isOf(backup, target) ? '' : ` of ${backup.database} at ${backup.host},`;
  const what = (only ?? backup.only)?.join(', ');
  view.say(
    `  ${backup.id},${whose} ${backup.reason}, replaces ${what ?? 'what is'} in ${target.database} now.\n`,
  );
  const command = `godwit backup restore ${backup.id}`;
  await guardProduction(context, migrator, `replace ${what ?? 'everything'}`, command);
  const { production } = await migrator.settings();
  if (!production) await askYes(context, '  Replace it?', command);
  return backup.id;
}

function signals(context: Context): { signal: AbortSignal; abort: AbortSignal } {
  const { signal, abort } = context.stops();
  return { signal, abort };
}
