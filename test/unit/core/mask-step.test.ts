import { describe, expect, it } from 'vitest';
import { findUserFrame } from '../../../src/core/blame.ts';
import { maskStep } from '../../../src/core/mask-step.ts';
import type { CodeStep } from '../../../src/ports/migration.ts';

const mask = (text: string): string => text.replaceAll('hunter2', '***');

async function thrownBy(run: CodeStep): Promise<unknown> {
  return Promise.resolve(maskStep(run, mask)({} as never)).catch((error: unknown) => error);
}

describe('what code throws', () => {
  it('is the same error, without secrets, and its line is still found', async () => {
    const path = '/srv/hunter2 shop/migrations/001_a.js';
    const frames = `    at up (${path}:6:11)\n    at async perform (file:///srv/x.js:1:2)`;
    const error = Object.assign(new Error('first hunter2\nsecond hunter2'), {
      stack: `Error: first hunter2\nsecond hunter2\n${frames}`,
      url: 'hunter2',
    });
    expect(await thrownBy(() => Promise.reject(error))).toBe(error);
    expect(error).toMatchObject({ message: 'first ***\nsecond ***', url: '***' });
    expect(error.stack).toBe(`Error: first ***\nsecond ***\n${frames}`);
    expect(findUserFrame(error, path)).toEqual({ file: path, line: 6, column: 11 });
  });

  it('has no secret after or between frames either', async () => {
    const frame = '    at up (/x/001_a.js:6:11)\n';
    const error = Object.assign(new Error(''), { stack: `a\n${frame}hunter2\n${frame}hunter2` });
    await thrownBy(() => Promise.reject(error));
    expect(error.stack).toBe(`a\n${frame}***\n${frame}***`);
  });
});
