import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contestant, interleave } from '../support/interleave.ts';
import { baseMemory, readPeaks, withPeak } from '../support/peak-memory.ts';
import { godwitUp, psqlFile, renderBeside, type SqlBench } from './tools.ts';

const MEGABYTE = 1024 * 1024;
const TEXT = 'It is a line of some length, and nothing in it is special; not even this. '.repeat(2);

interface Shape {
  readonly title: string;
  readonly head: string;
  readonly tail: string;
  /** Text beginning with row n, and how many rows it has. */
  piece(n: number): { readonly text: string; readonly rows: number };
}

const HEAD = 'create table big (id bigint, name text, body text);\n';
const LOT = 1000;

const SHAPES: readonly Shape[] = [
  {
    title: 'an INSERT for each row',
    head: HEAD,
    tail: '',
    piece: (n) => ({
      text: `insert into big (id, name, body) values (${n}, 'Name ${n}', '${TEXT}');\n`,
      rows: 1,
    }),
  },
  {
    title: `an INSERT for ${LOT} rows`,
    head: HEAD,
    tail: '',
    piece: (n) => ({
      text: `insert into big (id, name, body) values\n${lot(n, (id) => `(${id}, 'Name ${id}', '${TEXT}')`).join(',\n')};\n`,
      rows: LOT,
    }),
  },
  {
    title: 'one COPY with its rows',
    head: `${HEAD}copy big (id, name, body) from stdin;\n`,
    tail: '\\.\n',
    piece: (n) => ({
      text: lot(n, (id) => `${id}\tName ${id}\t${TEXT}\n`).join(''),
      rows: LOT,
    }),
  },
];

/** Time and memory of large files, which must not grow faster than the files. */
export async function compareLarge(bench: SqlBench, sizes: readonly number[]): Promise<string> {
  const base = baseMemory();
  const parts: string[] = [];
  for (const [index, shape] of SHAPES.entries()) {
    for (const size of sizes) {
      bench.progress(`${size} MB, ${shape.title}`);
      const project = join(bench.root, `large-${index}-${size}`);
      await mkdir(join(project, 'migrations'), { recursive: true });
      const file = join(project, 'migrations', '20260101000000_large.sql');
      await write(file, shape, size * MEGABYTE);
      parts.push(
        `**${size} MB, ${shape.title}**\n\n${await comparison(bench, project, file, base)}`,
      );
    }
  }
  return parts.join('\n\n');
}

async function comparison(
  bench: SqlBench,
  project: string,
  file: string,
  base: number,
): Promise<string> {
  const peaks = join(project, 'peaks');
  const contestants: Contestant[] = [
    {
      name: 'psql -1 -f',
      next: async () => psqlFile(bench, file, await bench.newDatabase(), ['-1']),
    },
    {
      name: 'godwit up',
      next: async () => withPeak(godwitUp(bench, project, await bench.newDatabase()), peaks),
    },
  ];
  const { rounds, progress } = bench;
  const series = await interleave(contestants, { rounds, warmUps: 0, progress });
  const peak = Math.max(...(await readPeaks(peaks)));
  return renderBeside(
    series,
    'psql -1 -f',
    ({ name }) => (name === 'godwit up' ? [`${peak} MB`, `${Math.round(peak - base)} MB`] : []),
    ['most memory', 'over Node'],
  );
}

async function write(path: string, shape: Shape, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  try {
    let written = (await file.write(shape.head)).bytesWritten;
    let text = '';
    for (let n = 0; written + text.length < bytes; ) {
      const piece = shape.piece(n);
      n += piece.rows;
      text += piece.text;
      if (text.length < MEGABYTE) continue;
      written += (await file.write(text)).bytesWritten;
      text = '';
    }
    await file.write(text + shape.tail);
  } finally {
    await file.close();
  }
}

function lot(first: number, row: (id: number) => string): string[] {
  return Array.from({ length: LOT }, (_, i) => row(first + i));
}
