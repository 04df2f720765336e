import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/table.ts';
import { GLOBAL_OPTIONS } from '../../../src/cli/global-options.ts';
import { namesOf } from '../../../src/cli/option-names.ts';
import { parse } from '../../../src/cli/program.ts';
import { quickParse } from '../../../src/cli/quick-parse.ts';

const specs = [
  ...COMMANDS.flatMap(({ options = [] }) => options),
  ...GLOBAL_OPTIONS.flatMap(({ options }) => options),
];
const flags = specs.map(namesOf).flatMap(({ long, short }) => (short ? [long, short] : [long]));
const values = [
  '1',
  '0',
  'x',
  '60s',
  'a=b',
  'up',
  'ts',
  'warn',
  'applied',
  'bash',
  '',
  '-',
  '-1',
  '--',
  'mongodb',
  'lease',
];
const commands = COMMANDS.flatMap(({ name, alias }) => (alias ? [name, alias] : [name]));
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...flags) },
  { weight: 3, arbitrary: fc.constantFrom(...values) },
  { weight: 2, arbitrary: fc.constantFrom(...commands) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...flags), fc.constantFrom(...values))
      .map(([flag, value]) => `${flag}=${value}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('--nope', '-h', '--help', '-V', '-qy', 'help') },
);

describe('the quick parser', () => {
  it('answers as commander does, or not at all', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', ...commands),
        fc.array(word, { maxLength: 6 }),
        (command, rest) => {
          const argv = command === '' ? rest : [command, ...rest];
          const quick = quickParse(argv);
          if (quick === undefined) return;
          expect(parse(argv, 80)).toEqual({ type: 'command', parsed: quick });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    'status',
    'up',
    'migrate 5 --json',
    '-q list',
    'down 2 -y',
    'up --dir a --dir b --var x=1',
    'mark 1 applied --reason=x',
    'accept 1 2',
  ])('understands %s', (line) => expect(quickParse(line.split(' '))).toBeDefined());
});
