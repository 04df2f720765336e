import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Series } from '../support/interleave.ts';
import type { Command } from '../support/measured-spawn.ts';
import { median, medianRatio } from '../support/statistics.ts';
import { formatMs, table } from '../support/table.ts';

export interface Clients {
  readonly psql: string;
  readonly pgDump: string;
}

export interface SqlBench extends Clients {
  /** For files that are made; removed at the end. */
  readonly root: string;
  /** godwit's command line. */
  readonly bin: string;
  readonly rounds: number;
  newDatabase(): Promise<string>;
  progress(text: string): void;
}

const HOME = '/usr/lib/postgresql';

/** Those beside the server that `startPostgres({ version: 'system' })` starts: the newest. */
export function findClients(): Clients {
  const versions = existsSync(HOME) ? readdirSync(HOME) : [];
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const [psql = '', pgDump = '', server = ''] = ['psql', 'pg_dump', 'postgres'].map((name) =>
      join(HOME, version, 'bin', name),
    );
    if ([psql, pgDump, server].every((path) => existsSync(path))) return { psql, pgDump };
  }
  throw new Error(`This needs a PostgreSQL server with psql and pg_dump in ${HOME}.`);
}

/** `godwit up` of the folder `migrations` in a project. */
export function godwitUp({ bin }: SqlBench, project: string, url: string): Command {
  const args = [bin, 'up', '--url', url, '--dir', 'migrations'];
  return { program: process.execPath, args, cwd: project };
}

export function psqlFile(
  { psql, root }: SqlBench,
  file: string,
  url: string,
  more: readonly string[] = [],
): Command {
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...more, '-f', file, url];
  return { program: psql, args, cwd: root };
}

/** @param base whose rounds the others are compared with */
export function renderBeside(
  series: readonly Series[],
  base: string,
  more: (one: Series) => readonly string[] = () => [],
  titles: readonly string[] = [],
): string {
  const of = series.find(({ name }) => name === base);
  const ratio = (one: Series, pick: (run: Series['runs'][number]) => number): string =>
    of ? medianRatio(one.runs.map(pick), of.runs.map(pick)).toFixed(2) : '';
  return table(
    ['', 'CPU', 'wall', 'CPU ratio', 'wall ratio', ...titles],
    series.map((one) => [
      one.name,
      formatMs(median(one.runs.map(({ cpuMs }) => cpuMs))),
      formatMs(median(one.runs.map(({ wallMs }) => wallMs))),
      ratio(one, ({ cpuMs }) => cpuMs),
      ratio(one, ({ wallMs }) => wallMs),
      ...more(one),
    ]),
  );
}
