import type { BackfillReport, BackfillRunOptions } from '../../app/backfill/types.ts';
import type { Migrator } from '../../app/types.ts';
import { GodwitError } from '../../errors.ts';
import type { BackfillControl } from '../../ports/backfill-ledger.ts';
import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { type Context, oneDatabase } from '../context.ts';
import { EXIT, exitOfCode } from '../exit.ts';
import {
  renderBackfillStatus,
  renderBackfills,
  renderControl,
  renderDryRun,
  renderUndo,
} from '../render/backfill.ts';
import { renderError } from '../render/error.ts';
import { whilePublishing } from './publishing.ts';

type Options = Readonly<Record<string, unknown>>;
type Action = (
  context: Context,
  migrator: Migrator,
  name: string,
  options: Options,
) => Promise<number>;

export const run: CommandRun = async (context, { args, options }) => {
  const [action, name] = args as [string, string | undefined];
  const migrator = await oneDatabase(context, 'backfill');
  if (action === 'list' || (action === 'status' && name === undefined)) {
    return list(context, migrator);
  }
  if (action === 'public-ids') {
    const { runPublicIds } = await import('./public-ids.ts');
    const run = runOptions(context, options);
    return runPublicIds(context, migrator, name, { ...options, ...run }, isDryRun(context));
  }
  const perform = ACTIONS[action];
  if (name === undefined || perform === undefined) throw nameMissing(action);
  return perform(context, migrator, name, options);
};

const work: Action = async (context, migrator, name, options) => {
  const run = runOptions(context, options);
  if (options.dryRun || isDryRun(context)) {
    const dry = await migrator.backfill.dryRun(name, run);
    context.view.result(dry, () => renderDryRun(dry, context.view.style));
    return EXIT.done;
  }
  if (options.again) {
    const what = `run ${name} again, over rows that were done`;
    await guardProduction(context, migrator, what, `godwit backfill run ${name} --again`);
  }
  const begin = () => migrator.backfill.run(name, run);
  const report = await whilePublishing(context, migrator, options, run.control, begin);
  return showReport(context, name, report);
};

const control =
  (
    ask: (
      migrator: Migrator,
      name: string,
      options: Options,
    ) => ReturnType<Migrator['backfill']['pause']>,
  ): Action =>
  async (context, migrator, name, options) => {
    const report = await ask(migrator, name, options);
    context.view.result(report, () => renderControl(report, context.view.style));
    return EXIT.done;
  };

const ACTIONS: Readonly<Record<string, Action>> = {
  run: work,
  async retry(context, migrator, name, options) {
    if (options.dryRun || isDryRun(context)) return foretell(context, migrator, name, 'retry');
    const run = runOptions(context, options);
    const begin = () => migrator.backfill.retry(name, run);
    const report = await whilePublishing(context, migrator, options, run.control, begin);
    return showReport(context, name, report);
  },
  async status(context, migrator, name) {
    const status = await migrator.backfill.status(name);
    const { style, width } = context.view;
    context.view.result(status, () => renderBackfillStatus(status, style, width));
    return EXIT.done;
  },
  pause: control((migrator, name) => migrator.backfill.pause(name)),
  resume: control((migrator, name) => migrator.backfill.resume(name)),
  cancel: control((migrator, name) => migrator.backfill.cancel(name)),
  throttle: control((migrator, name, options) => {
    const change = controlOf(options);
    if (Object.keys(change).length === 0) throw nothingAsked(name);
    return migrator.backfill.throttle(name, change);
  }),
  async undo(context, migrator, name, options) {
    if (options.dryRun || isDryRun(context)) return foretell(context, migrator, name, 'undo');
    await guardProduction(context, migrator, `undo ${name}`, `godwit backfill undo ${name}`);
    const { signal, abort } = context.stops();
    const report = await migrator.backfill.undo(name, { signal, abort });
    context.view.result(report, () => renderUndo(report, context.view.style));
    return report.error === undefined ? EXIT.done : exitOfCode(report.error.code);
  },
};

/** Tells what is there to retry or undo, and leaves it. */
async function foretell(
  context: Context,
  migrator: Migrator,
  name: string,
  action: 'retry' | 'undo',
): Promise<number> {
  const status = await migrator.backfill.status(name);
  const { style, width } = context.view;
  context.view.result(
    status,
    () =>
      `${renderBackfillStatus(status, style, width)}  A dry run: nothing was written. For real: godwit backfill ${action} ${name}\n`,
  );
  return EXIT.done;
}

async function list(context: Context, migrator: Migrator): Promise<number> {
  const listing = await migrator.backfill.list();
  const { style, width } = context.view;
  context.view.result(listing, () => renderBackfills(listing.backfills, style, width));
  return EXIT.done;
}

function showReport({ view, errors }: Context, name: string, report: BackfillReport): number {
  const { error, ran, summary } = report;
  view.result(
    report,
    () => {
      if (error)
        return `\n${renderError(new GodwitError(error.code, error.message, error), errors())}`;
      if (ran) return '';
      return `  ${name} is ${summary.state} already. Again, from the beginning: godwit backfill run ${name} --again\n`;
    },
    error !== undefined,
  );
  return error === undefined ? EXIT.done : exitOfCode(error.code);
}

function runOptions(context: Context, options: Options): BackfillRunOptions {
  const { signal, abort } = context.stops();
  const { chunk, concurrency, window, again, acceptDefinition } = options as {
    chunk?: number;
    concurrency?: number;
    window?: string[];
    again?: boolean;
    acceptDefinition?: boolean;
  };
  const control = controlOf(options);
  return { chunk, concurrency, windows: window, again, acceptDefinition, control, signal, abort };
}

function controlOf({ maxRate, maxLag, nice, concurrency }: Options): BackfillControl {
  return {
    ...(maxRate !== undefined && { maxRate: maxRate as number }),
    ...(maxLag !== undefined && { maxLagMs: maxLag as number }),
    ...(nice !== undefined && { nice: nice as number }),
    ...(concurrency !== undefined && { concurrency: concurrency as number }),
  };
}

function isDryRun({ io }: Context): boolean {
  return /^(1|true|yes)$/i.test(io.env['DRY_RUN'] ?? '');
}

function nameMissing(action: string): GodwitError {
  return new GodwitError('GODWIT_USAGE', `Which backfill? ${action} needs its name.`, {
    state: 'Nothing was changed.',
    next: ['godwit backfill list', `godwit backfill ${action} <name>`],
  });
}

function nothingAsked(name: string): GodwitError {
  return new GodwitError('GODWIT_USAGE', 'Say what to change.', {
    state: 'Nothing was changed.',
    next: [
      `godwit backfill throttle ${name} --max-rate 1000`,
      `godwit backfill throttle ${name} --nice 0.5`,
    ],
  });
}
