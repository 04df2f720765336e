import type { CommandSpec, OptionSpec } from '../command-spec.ts';
import { COMMANDS } from '../commands/table.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';
import { padTo } from './table.ts';

/** `godwit --help`: commands first, then the flags that all of them take. */
export function renderHelp(width = 80): string {
  const groups = [...new Set(COMMANDS.map(({ group }) => group))];
  const commands = groups.map((group) =>
    section(group, COMMANDS.filter((command) => command.group === group).map(commandRow), width),
  );
  const options = GLOBAL_OPTIONS.map(({ heading, options: list }) =>
    section(`${heading.slice(0, -1)} options:`, list.map(optionRow), width),
  );
  return [
    'Usage: godwit <command> [options]\n\n',
    'Migrations for MongoDB, PostgreSQL and PGlite that arrive, or go back to where\nthey started.\n\n',
    ...commands,
    ...options,
    'godwit <command> --help tells more. godwit --version tells which godwit this is.\n',
    'Start with godwit init, then godwit create, godwit plan and godwit up.\n',
  ].join('');
}

type Row = readonly [string, string];

function commandRow({ name, alias, arguments: words = [], summary }: CommandSpec): Row {
  const also = alias ? ` (or ${alias})` : '';
  return [[name, ...words.map((word) => word.name)].join(' '), `${summary}${also}`];
}

function optionRow({ flags, description, choices }: OptionSpec): Row {
  const text = choices ? `${description}: ${choices.join(', ')}` : description;
  return [flags.startsWith('-') && !flags.startsWith('--') ? flags : `    ${flags}`, text];
}

const COLUMN = 32;

function section(heading: string, rows: readonly Row[], width: number): string {
  const lines = rows.map(([left, right]) => {
    const [first = '', ...rest] = wrap(right, Math.max(30, width - COLUMN - 4));
    const hang = ' '.repeat(COLUMN + 4);
    return `  ${padTo(left, COLUMN)}  ${first}\n${rest.map((line) => `${hang}${line}\n`).join('')}`;
  });
  return `${heading}\n${lines.join('')}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
