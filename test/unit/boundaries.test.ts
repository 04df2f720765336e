import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const BIOME = resolve('node_modules/@biomejs/biome/bin/biome');

/** A file with one import, which Biome judges by the folder it stands in. */
interface Seed {
  readonly folder: string;
  readonly source: string;
}

/** For each seed in order, whether Biome refuses it. One run, in a folder of its own. */
function refusals(seeds: readonly Seed[]): boolean[] {
  const root = mkdtempSync(join(tmpdir(), 'godwit-boundaries-'));
  try {
    copyFileSync('biome.json', join(root, 'biome.json'));
    seeds.forEach(({ folder, source }, index) => {
      mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, folder, `seed-${index}.ts`), source);
    });
    const rule = '--only=style/noRestrictedImports';
    const args = [BIOME, 'lint', rule, '--reporter=github', '--max-diagnostics=none', '.'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const named = new Set(stdout.match(/seed-\d+\.ts/g));
    return seeds.map((_, index) => named.has(`seed-${index}.ts`));
  } finally {
    rmSync(root, { recursive: true });
  }
}

const importOf = (from: string) => `import { x } from '${from}';\nexport const y = x;\n`;

const FORBIDDEN: readonly (readonly [file: string, from: string])[] = [
  ['src/ports/history.ts', '../core/fold.ts'],
  ['src/ports/history.ts', 'node:fs'],
  ['src/core/plan.ts', '../formats/format.ts'],
  ['src/core/plan.ts', '../config/types.ts'],
  ['src/core/plan.ts', '../drivers/mongodb/driver.ts'],
  ['src/core/plan.ts', '../cli/main.ts'],
  ['src/core/plan.ts', '../index.ts'],
  ['src/core/plan.ts', 'node:fs'],
  ['src/core/plan.ts', 'node:fs/promises'],
  ['src/core/plan.ts', 'mongodb'],
  ['src/core/plan.ts', 'picocolors'],
  ['src/core/text/sql-lexer.ts', '../../formats/format.ts'],
  ['src/core/text/sql-lexer.ts', 'libpg-query'],
  ['src/formats/sql.ts', '../drivers/postgres/driver.ts'],
  ['src/formats/sql.ts', '../app/types.ts'],
  ['src/formats/sql.ts', 'pg'],
  ['src/config/load.ts', '../app/project.ts'],
  ['src/lint/rule.ts', '../cli/render/table.ts'],
  ['src/drivers/mongodb/driver.ts', '../postgres/driver.ts'],
  ['src/drivers/mongodb/driver.ts', '../pglite/driver.ts'],
  ['src/drivers/mongodb/driver.ts', '../../cli/main.ts'],
  ['src/drivers/mongodb/driver.ts', '../../app/migrator.ts'],
  ['src/drivers/postgres/sql/split.ts', '../../mongodb/driver.ts'],
  ['src/drivers/postgres/driver.ts', '../pglite/driver.ts'],
  ['src/drivers/pglite/driver.ts', '../mongodb/driver.ts'],
  ['src/app/migrator.ts', '../cli/main.ts'],
  ['src/app/migrator.ts', '../testing/index.ts'],
  ['src/app/migrator.ts', 'mongodb'],
  ['src/cli/main.ts', '../dashboard/server.ts'],
  ['src/cli/main.ts', '../testing/index.ts'],
  ['src/testing/conformance.ts', '../cli/main.ts'],
];

const ALLOWED: readonly (readonly [file: string, from: string])[] = [
  ['src/events.ts', './ports/driver.ts'],
  ['src/core/checksum.ts', 'node:crypto'],
  ['src/core/plan.ts', './ordering.ts'],
  ['src/core/plan.ts', '../ports/driver.ts'],
  ['src/core/text/sql-lexer.ts', '../../errors.ts'],
  ['src/formats/sql.ts', '../core/checksum.ts'],
  ['src/formats/sql.ts', 'node:fs/promises'],
  ['src/drivers/pglite/driver.ts', '../postgres/store.ts'],
  ['src/drivers/mongodb/driver.ts', 'mongodb'],
  ['src/app/migrator.ts', '../drivers/mongodb/driver.ts'],
  ['src/cli/main.ts', '../app/migrator.ts'],
  ['src/testing/conformance.ts', '../core/fold.ts'],
];

const seedOf = ([file, from]: readonly [string, string]): Seed => ({
  folder: dirname(file),
  source: importOf(from),
});
const say = ([file, from]: readonly [string, string]) => `${file} importing ${from}`;

describe('dependencies point one way', () => {
  it('refuses what points the other way', () => {
    const refused = refusals(FORBIDDEN.map(seedOf));
    expect(FORBIDDEN.filter((_, index) => !refused[index]).map(say)).toEqual([]);
  });

  it('lets through what points the right way', () => {
    const refused = refusals(ALLOWED.map(seedOf));
    expect(ALLOWED.filter((_, index) => refused[index]).map(say)).toEqual([]);
  });

  it('sees types, re-exports and lazy imports too', () => {
    const sources = [
      "export type { Migrator } from '../app/types.ts';\n",
      "import type { Migrator } from '../app/types.ts';\nexport type M = Migrator;\n",
      "export const load = () => import('../app/types.ts');\n",
      "export * from '../app/types.ts';\n",
    ];
    const refused = refusals(sources.map((source) => ({ folder: 'src/core', source })));
    expect(sources.filter((_, index) => !refused[index])).toEqual([]);
  });

  it('has a rule for every folder of src', () => {
    // Nothing may import the command line, so every folder but itself must refuse it.
    const folders = foldersOf('src').flatMap((name) =>
      name === 'drivers' ? foldersOf('src/drivers').map((driver) => `drivers/${driver}`) : [name],
    );
    const others = folders.filter((folder) => folder !== 'cli');
    const refused = refusals(
      others.map((folder) => ({
        folder: join('src', folder),
        source: importOf(`${folder.includes('/') ? '../..' : '..'}/cli/main.ts`),
      })),
    );
    expect(others.filter((_, index) => !refused[index])).toEqual([]);
  });
});

function foldersOf(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
