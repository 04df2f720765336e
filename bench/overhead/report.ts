import type { Series } from '../support/interleave.ts';
import { median, medianRatio } from '../support/statistics.ts';
import { formatMs, table } from '../support/table.ts';

/** Medians of all, each beside the floor and beside godwit. */
export function renderSeries(series: readonly Series[]): string {
  const floor = series.find(({ name }) => name === 'floor');
  const godwit = series.find(({ name }) => name === 'godwit');
  const rows = series.map((one) => [
    one.name,
    formatMs(median(cpu(one))),
    formatMs(median(wall(one))),
    ratio(cpu(one), floor && cpu(floor)),
    ratio(wall(one), floor && wall(floor)),
    ratio(wall(one), godwit && wall(godwit)),
  ]);
  const header = ['', 'CPU', 'wall', 'CPU / floor', 'wall / floor', 'wall / godwit'];
  return table(header, rows);
}

/** How much more 10,000 cost than 1,000, beyond what starting costs (10 is linear). */
export function renderGrowth(few: Series, small: Series, large: Series): string {
  const started = median(cpu(few));
  const more = (median(cpu(large)) - started) / (median(cpu(small)) - started);
  return `${small.name}: ${more.toFixed(1)} times the CPU beyond the start for 10 times the migrations`;
}

function ratio(values: readonly number[], of: readonly number[] | undefined): string {
  return of ? medianRatio(values, of).toFixed(2) : '';
}

function cpu({ runs }: Series): number[] {
  return runs.map(({ cpuMs }) => cpuMs);
}

function wall({ runs }: Series): number[] {
  return runs.map(({ wallMs }) => wallMs);
}
