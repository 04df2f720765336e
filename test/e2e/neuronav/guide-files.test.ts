import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXAMPLE } from './project.ts';

const GUIDE = new URL('./guide/', import.meta.url);

function guide(name: string): Promise<Buffer> {
  return readFile(new URL(`${name}.txt`, GUIDE));
}

describe("the guide's files in examples/neuronav", () => {
  it.each([
    'server/migrations/001_create_users_collection.js',
    'server/migrations/002_add_schema_version.js',
    'server/migrations/003_add_calm_score_indexes.js',
    'scripts/migrate.js',
  ])('%s is the guide, byte for byte', async (file) => {
    const name = file.split('/').at(-1) ?? '';
    expect(await readFile(join(EXAMPLE, file))).toEqual(await guide(name));
  });

  it('migration 4 does what the zero-downtime chapter says', async () => {
    const file = 'server/migrations/004_add_optional_profile_picture.js';
    const sample = (await guide('004_add_optional_profile_picture.js')).toString();
    const upToItsEnd = sample.slice(0, sample.lastIndexOf('\n  }'));
    expect((await readFile(join(EXAMPLE, file), 'utf8')).startsWith(upToItsEnd)).toBe(true);
  });

  it('package.json has the scripts of the guide', async () => {
    const { scripts } = JSON.parse((await guide('package.json')).toString());
    const example = JSON.parse(await readFile(join(EXAMPLE, 'package.json'), 'utf8'));
    expect(example.scripts).toMatchObject(scripts);
  });
});
