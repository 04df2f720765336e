import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, run } from './project.ts';

describe('npm run demo', () => {
  // The demo itself insists on the exit code of every command that it types.
  it('tells its story to the end', async () => {
    const jiti = join(ROOT, 'node_modules/jiti/lib/jiti-cli.mjs');
    const { code, output } = await run(ROOT, process.execPath, [jiti, 'scripts/demo.ts'], {
      NO_COLOR: '1',
    });
    expect(code, output).toBe(0);
    const told = output
      .split('\n')
      .filter((line) => line.startsWith('$ ') || /^\s*✗ 00/.test(line));
    expect(told.map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        '$ godwit plan',
        '$ godwit up',
        expect.stringMatching(/✗ 004_one_phone_per_patient +failed/),
        expect.stringMatching(/✗ 003_totals_in_cents +failed/),
        '$ godwit down',
        '$ godwit history',
        '$ godwit backfill run add-a-point --max-rate 10000',
      ]),
    );
    expect(output).toContain('501 numbers');
    expect(output).toContain('1 entry, 2 appointments');
    expect(output).toContain('2000 × string');
    expect(output).toContain('1999 × int, 1 × null');
    expect(output).toContain('Killed');
    expect(output).toContain('0 none, 40000 one, 0 more');
  });
});
