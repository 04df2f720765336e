import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLinks } from '../../scripts/check-links.mjs';
import { checkLockfile } from '../../scripts/check-lockfile.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-checks-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const page = (name: string, text: string) => {
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, name), text);
};

describe('check-links', () => {
  it('accepts files, folders, headings and addresses', () => {
    page('docs/errors.md', '# All errors\n\n## `GODWIT_USAGE`\n\n## Twice\n\n## Twice\n');
    page(
      'README.md',
      '# Top\n[a](docs/errors.md#godwit_usage) [b](docs/errors.md#twice-1) [c](#top) [d](docs)\n' +
        '[e](https://example.org/x#y)\n\n[f]: docs/errors.md\n',
    );
    expect(checkLinks(root)).toEqual([]);
  });

  it('finds a missing file and a missing heading, with their lines', () => {
    page('docs/errors.md', '# All errors\n');
    page(
      'README.md',
      '# Top\n\n[a](docs/gone.md)\n```md\n[in code](nowhere.md)\n```\n[b](docs/errors.md#none)\n',
    );
    expect(checkLinks(root)).toEqual([
      'README.md:3: docs/gone.md does not exist',
      'README.md:7: docs/errors.md#none has no such heading',
    ]);
  });
});

describe('check-lockfile', () => {
  const edit = (change: (lock: Lock) => void) => {
    for (const name of ['package.json', 'package-lock.json']) cpSync(name, join(root, name));
    const file = join(root, 'package-lock.json');
    const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
    change(lock);
    writeFileSync(file, JSON.stringify(lock));
  };

  interface Lock {
    packages: Record<string, { resolved?: string; integrity?: string; dependencies?: object }>;
  }

  const pg = 'node_modules/pg';

  it('accepts ours', () => {
    edit(() => {});
    expect(checkLockfile(root)).toEqual([]);
  });

  it('finds an address', () => {
    edit(({ packages }) => {
      packages[pg] = { ...packages[pg], resolved: 'https://registry.example/pg.tgz' };
    });
    expect(checkLockfile(root)).toEqual([`${pg} has a resolved address: run npm run lock.`]);
  });

  it('finds a platform that npm left out', () => {
    edit(({ packages }) => {
      delete packages['node_modules/@biomejs/cli-darwin-arm64'];
    });
    expect(checkLockfile(root)).toEqual([
      '@biomejs/cli-darwin-arm64 is left out: run npm run lock.',
    ]);
  });

  it('finds a missing integrity', () => {
    edit(({ packages }) => {
      delete packages[pg]?.integrity;
    });
    expect(checkLockfile(root)).toEqual([`${pg} has no integrity.`]);
  });

  it('finds a dependency that package.json does not have', () => {
    edit(({ packages }) => {
      packages[''] = { ...packages[''], dependencies: { other: '1.0.0' } };
    });
    expect(checkLockfile(root)).toEqual([
      'dependencies of package.json and package-lock.json differ: run npm run lock.',
    ]);
  });
});
