import { GodwitError } from '../../errors.ts';
import { readLiterals } from '../code-migration.ts';
import { isTypeScript } from '../file-names.ts';
import { loadModule } from '../load-module.ts';
import { lazyChecksum } from '../source-file.ts';
import { listOf } from './data-header.ts';
import type { Seed } from './seed.ts';
import { findSeed, seedBody } from './seed-body.ts';
import type { SeedFile } from './seed-files.ts';

/** JavaScript or TypeScript. Imported when it is run, or when it says that it depends on others. */
export function codeSeed({ source, extension, identity }: SeedFile, root: string): Seed {
  const { path, file } = source;
  const place = { path, shown: file, root };
  const imported = async () => {
    const found = findSeed(await loadModule({ path, file }, source.text()));
    if (found !== undefined) return found;
    throw new GodwitError('GODWIT_SEED_INVALID', `${file} exports no seed.`, {
      where: { file },
      state: 'Nothing of this seed was run.',
      next: ['export it: export default defineSeed({ … }), or a function run'],
    });
  };
  return {
    ...identity,
    kind: 'seed',
    format: 'code',
    file,
    get description() {
      const { description } = readLiterals(source.text());
      return typeof description === 'string' ? description : undefined;
    },
    checksum: lazyChecksum(source, isTypeScript(extension) ? 'ts' : 'js'),
    reversible: false,
    large: false,
    async dependencies() {
      if (!/\bdependsOn\b/.test(source.text())) return [];
      const found = await imported();
      return listOf((found as { readonly dependsOn?: unknown }).dependsOn) ?? [];
    },
    load: async () => seedBody(await imported(), place),
  };
}
