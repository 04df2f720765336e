// Large SQL files beside psql, and `schema dump` beside pg_dump, all of the same major
// version: the server, psql and pg_dump are the machine's own.
//
//   npm run bench -- sql [--parts statements,dump,large] [--size small|medium|full]
//                        [--rounds 7] [--statements 5000] [--tables 500]
//                        [--megabytes 5,50] [--large-rounds 3]
//                        [--bin dist/cli/main.js] [--no-fsync] [--write]
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../src/testing/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { BENCH } from '../support/peers.ts';
import { appendResult } from '../support/results.ts';
import { ofSize } from '../support/sizes.ts';
import { compareDumps } from './dump.ts';
import { compareLarge } from './large.ts';
import { compareStatements } from './statements.ts';
import { findClients, type SqlBench } from './tools.ts';

const { values: given } = parseArgs({
  options: {
    parts: { type: 'string', default: 'statements,dump,large' },
    size: { type: 'string' },
    rounds: { type: 'string' },
    statements: { type: 'string' },
    tables: { type: 'string' },
    megabytes: { type: 'string' },
    'large-rounds': { type: 'string' },
    bin: { type: 'string', default: join(BENCH, '../dist/cli/main.js') },
    'no-fsync': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const more = { statements: '5000', tables: '500', megabytes: '5' };
const flags = {
  ...given,
  ...ofSize(given, {
    small: { ...more, rounds: '2', statements: '1000', tables: '100', 'large-rounds': '1' },
    medium: { ...more, rounds: '3', 'large-rounds': '2' },
    full: { ...more, rounds: '7', megabytes: '5,50', 'large-rounds': '3' },
  }),
};
const parts = new Set(flags.parts.split(','));
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n\n`);
  lines.push(text, '');
};

const machine = describeMachine();
const clients = findClients();
const fsync = !flags['no-fsync'];
const server = await startPostgres({ version: 'system', fsync });
const root = await mkdtemp(join(tmpdir(), 'godwit-bench-sql-'));
try {
  const bench: SqlBench = {
    root,
    ...{ bin: resolve(flags.bin), ...clients, rounds: Number(flags.rounds) },
    newDatabase: () => server.createDatabase(),
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
  const version = execFileSync(clients.pgDump, ['--version'], { encoding: 'utf8' });
  print(
    `${machine}. ${flags.rounds} rounds (${flags['large-rounds']} of the large files), medians; ` +
      `ratios are medians of each round's own. ${version.trim()}, psql and the server of the ` +
      `same version, fsync ${fsync ? 'on' : 'off'}.`,
  );
  if (parts.has('statements')) print(await compareStatements(bench, Number(flags.statements)));
  if (parts.has('dump')) print(await compareDumps(bench, Number(flags.tables)));
  if (parts.has('large')) {
    const fewer = { ...bench, rounds: Number(flags['large-rounds']) };
    print(await compareLarge(fewer, flags.megabytes.split(',').map(Number)));
  }
} finally {
  await server.stop();
  await rm(root, { recursive: true, force: true });
}
if (flags.write) await appendResult('sql', lines.join('\n'));
