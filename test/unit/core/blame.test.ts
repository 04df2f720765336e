import { describe, expect, it } from 'vitest';
import { findUserFrame } from '../../../src/core/blame.ts';

const withStack = (stack: string, cause?: unknown): Error =>
  Object.assign(new Error('x'), { stack, ...(cause !== undefined && { cause }) });

describe('findUserFrame', () => {
  const path = '/my project/größe/001_a.js';
  it.each([
    ['a path', '    at up (/my project/größe/001_a.js:4:9)', 4, 9],
    ['an async frame', '    at async up (/my project/größe/001_a.js:4:9)', 4, 9],
    ['no function', '    at /my project/größe/001_a.js:4:9', 4, 9],
    ['a URL', '    at up (file:///my%20project/gr%C3%B6%C3%9Fe/001_a.js:4:9)', 4, 9],
    ['a URL with a query', '    at file:///my%20project/gr%C3%B6%C3%9Fe/001_a.js?v=1.2:4:9', 4, 9],
    ['a method of a class', '    at Object.up [as run] (/my project/größe/001_a.js:12:1)', 12, 1],
  ])('reads %s', (_name, frame, line, column) => {
    const stack = `Error: x\n    at other (/lib/001_a.js:1:1)\n${frame}\n    at later (${path}:99:1)`;
    expect(findUserFrame(withStack(stack), path)).toEqual({ file: path, line, column });
  });

  it('reads Windows paths', () => {
    const error = withStack('Error: x\n    at up (C:\\work\\migrations\\001_a.js:4:9)');
    expect(findUserFrame(error, 'C:\\work\\migrations\\001_a.js')).toMatchObject({ line: 4 });
    const url = withStack('Error: x\n    at up (file:///C:/work/migrations/001_a.js:5:9)');
    expect(findUserFrame(url, 'C:\\work\\migrations\\001_a.js')).toMatchObject({ line: 5 });
  });

  it('looks at what caused it, and stops where causes go in a circle', () => {
    const inner = withStack(`Error: y\n    at up (${path}:7:1)`);
    expect(
      findUserFrame(withStack('Error: x\n    at z (/lib/z.js:1:1)', inner), path),
    ).toMatchObject({ line: 7 });
    const circle = withStack('Error: x') as Error & { cause?: unknown };
    circle.cause = circle;
    expect(findUserFrame(circle, path)).toBeUndefined();
  });

  it('reads where a file does not parse', () => {
    expect(findUserFrame(withStack(`${path}:3\n  const = 1;\nSyntaxError: x`), path)).toMatchObject(
      { line: 3 },
    );
  });

  it.each([
    undefined,
    null,
    'text',
    5,
    {},
    withStack('Error: x\n    at up (/a/my project/größe/001_a.js:4:9)'),
  ])('finds nothing in %s', (thrown) => {
    expect(findUserFrame(thrown, path)).toBeUndefined();
  });
});
