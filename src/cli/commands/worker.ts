import type { WorkReport } from '../../distribution/index.ts';
import type { CommandRun } from '../command-spec.ts';
import { oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { plural, showDuration } from '../render/measures.ts';

export const run: CommandRun = async (context, { options }) => {
  const migrator = await oneDatabase(context, 'worker');
  const { workOnBackfills } = await import('../../distribution/index.ts');
  const { view } = context;
  const { signal, abort } = context.stops();
  const report = await workOnBackfills(migrator, {
    redis: options.redis as string | undefined,
    queue: options.queue as string | undefined,
    chunks: options.chunks as number | undefined,
    signal,
    abort,
    on: view.events(),
    onReady: (queue) =>
      view.note(`  Waiting for work at the queue ${queue}. Ctrl-C stops cleanly.\n`),
  });
  view.result(report, () => renderReport(report));
  return EXIT.done;
};

function renderReport({ jobs, finished, refused, durationMs }: WorkReport): string {
  const facts = [plural(jobs, 'job')];
  if (finished > 0) facts.push(`${plural(finished, 'backfill')} ended`);
  if (refused > 0) facts.push(`${plural(refused, 'job')} left to others`);
  return `  Stopped after ${showDuration(durationMs)}: ${facts.join(', ')}.\n`;
}
