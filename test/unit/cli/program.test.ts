import { describe, expect, it } from 'vitest';
import type { Parsed } from '../../../src/cli/parsed.ts';
import { parse } from '../../../src/cli/program.ts';

function parsed(line: string): Parsed {
  const result = parse(line.split(' '), 80);
  if (result.type !== 'command') throw new Error(JSON.stringify(result));
  return result.parsed;
}

describe('a command line', () => {
  it('takes flags before and after the command', () => {
    const { command, args, options, globals } = parsed(
      '--url postgres://h/d up 5 --steps 2 --dir a --dir b --lock-timeout 1.5s --var a=1 --var b=x=y',
    );
    expect(command.name).toBe('up');
    expect(args).toEqual(['5']);
    expect(options).toEqual({ steps: 2 });
    expect(globals).toMatchObject({
      url: 'postgres://h/d',
      dir: ['a', 'b'],
      lockTimeout: 1500,
      var: { a: '1', b: 'x=y' },
    });
  });

  it('knows aliases, several arguments and negations', () => {
    expect(parsed('migrate').command.name).toBe('up');
    expect(parsed('accept 1 2 --reason typo')).toMatchObject({
      args: [['1', '2']],
      options: { reason: 'typo' },
    });
    expect(parsed('create add email').args).toEqual([['add', 'email']]);
    expect(parsed('down 3').args).toEqual([3]);
    expect(parsed('status --no-config --no-color').globals).toMatchObject({
      config: false,
      color: false,
    });
    expect(parsed('status --config a.json').globals).toMatchObject({ config: 'a.json' });
    expect(parsed('up --lock-timeout 0').globals.lockTimeout).toBe(0);
  });

  it.each([
    ['stauts', /Unknown command 'stauts'.*Did you mean status\?/],
    ['up --stpes 2', /Unknown option '--stpes'.*Did you mean --steps\?/],
    ['down x', /whole number/],
    ['down 0', /whole number/],
    ['up --lock-timeout 60', /500ms, 60s or 2m/],
    ['up --var a', /name=value/],
    ['mark 1 done', /applied, pending/],
    ['show', /Missing required argument 'id'/],
    ['status extra', /Too many arguments/],
    ['completion tcsh', /bash, zsh, fish/],
  ])('%s is refused', (line, message) => {
    expect(parse(line.split(' '), 80)).toMatchObject({
      type: 'error',
      message: expect.stringMatching(message),
    });
  });

  it('help and version are no errors', () => {
    for (const line of ['--help', 'help', 'help up', 'up --help', 'down -h']) {
      expect(parse(line.split(' '), 80)).toMatchObject({
        type: 'help',
        text: expect.stringMatching(/Usage: godwit/),
      });
    }
    expect(parse(['--version'], 80)).toEqual({ type: 'version' });
  });
});
