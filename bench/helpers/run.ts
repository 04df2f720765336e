// Backups of MongoDB and the MigrationHelper beside what people write by hand, and beside
// the least that could do it.
//
//   npm run bench -- helpers [--parts backup,fields,transform,duplicates,copy] [--rounds 5]
//                            [--size small|medium|full] [--documents 200000]
//                            [--backup-documents 1000000] [--duplicates 1000000] [--write]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMongod } from '../../src/testing/mongod.ts';
import { describeMachine } from '../support/machine.ts';
import { appendResult } from '../support/results.ts';
import { ofSize } from '../support/sizes.ts';
import { backupContests } from './backup.ts';
import { copyContests, duplicateContests, fieldContests, transformContests } from './contests.ts';
import { type Contest, runContests } from './measure.ts';
import { makeSource, type Source } from './rows.ts';

const { values: given } = parseArgs({
  options: {
    parts: { type: 'string', default: 'backup,fields,transform,duplicates,copy' },
    size: { type: 'string' },
    rounds: { type: 'string' },
    documents: { type: 'string' },
    'backup-documents': { type: 'string' },
    duplicates: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const flags = {
  ...given,
  ...ofSize(given, {
    small: { rounds: '2', documents: '30000', 'backup-documents': '100000', duplicates: '100000' },
    medium: {
      rounds: '3',
      documents: '100000',
      'backup-documents': '500000',
      duplicates: '500000',
    },
    full: {
      rounds: '5',
      documents: '200000',
      'backup-documents': '1000000',
      duplicates: '1000000',
    },
  }),
};
const parts = new Set(flags.parts.split(','));
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n\n`);
  lines.push(text, '');
};
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

interface Part {
  readonly name: string;
  readonly title: string;
  readonly documents: string;
  contests(source: Source, count: number): readonly Contest[] | Promise<readonly Contest[]>;
}

print(
  `${describeMachine()}. ${flags.rounds} rounds, medians; ratios are medians of each round's own. ` +
    'A replica set of one member. Each run is a process of its own; memory is its peak over what ' +
    'it held when connected.',
);
const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-helpers-'));
const PARTS: readonly Part[] = [
  {
    name: 'backup',
    title: 'Backup and restore',
    documents: flags['backup-documents'],
    contests: (source, count) => backupContests(source, count, folder),
  },
  { name: 'fields', title: 'Fields', documents: flags.documents, contests: fieldContests },
  {
    name: 'transform',
    title: 'Transform',
    documents: flags.documents,
    contests: transformContests,
  },
  {
    name: 'duplicates',
    title: 'Duplicates, one in ten',
    documents: flags.duplicates,
    contests: duplicateContests,
  },
  {
    name: 'copy',
    title: 'Copy of a collection',
    documents: flags.documents,
    contests: copyContests,
  },
];
const server = await startMongod({ own: true });
try {
  for (const part of PARTS) {
    if (parts.has(part.name)) await runPart(part);
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
if (flags.write) await appendResult('helpers', lines.join('\n'));

async function runPart({ name, title, documents, contests }: Part): Promise<void> {
  progress(`${name}: ${documents} documents`);
  const count = Number(documents);
  const source = await makeSource(server.databaseUrl('bench'), count);
  try {
    const megabytes = Math.round((await source.size()) / 1024 / 1024);
    const found = await contests(source, count);
    const rounds = Number(flags.rounds);
    const rendered = await runContests(source, found, { pid: server.pid, rounds, progress });
    const of = `${count.toLocaleString('en')} documents, ${megabytes} MB`;
    print(`**${title}, ${of}**\n\n${rendered}`);
  } finally {
    await source.close();
  }
}
