import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPg } from '../../../../src/drivers/postgres/load-pg.ts';

describe('loadPg', () => {
  it('finds the pg of the project, and leaves the globals as they were', () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    expect(loadPg(resolve('.')).Client).toBeTypeOf('function');
    expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
  });

  it('loads pg without the fetch that it asks for', () => {
    const script = join(mkdtempSync(join(tmpdir(), 'godwit-load-pg-')), 'load.cjs');
    const jiti = resolve('node_modules/jiti/lib/jiti.cjs');
    const source = resolve('src/drivers/postgres/load-pg.ts');
    writeFileSync(
      script,
      `const { loadPg } = require(${JSON.stringify(jiti)})(__filename)(${JSON.stringify(source)});
       loadPg(${JSON.stringify(resolve('.'))});
       const fetching = process.moduleLoadList.filter((name) => name.includes('undici/undici'));
       console.log(fetching.length, 'navigator' in globalThis);`,
    );
    const answer = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
    const hasNavigator = Number.parseInt(process.versions.node, 10) >= 21;
    expect(answer).toBe(`0 ${hasNavigator}`);
  });
});
