import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/table.ts';
import { GLOBAL_OPTIONS } from '../../../src/cli/global-options.ts';
import { namesOf } from '../../../src/cli/option-names.ts';
import { CONFIG_KEYS } from '../../../src/config/schema.ts';
import { ERROR_CODES } from '../../../src/errors.ts';

/** Tables are padded by the formatter. */
const read = (path: string): string => readFileSync(path, 'utf8').replace(/ +\|/g, ' |');

const cli = read('docs/cli.md');
const configuration = read('docs/configuration.md');

describe('docs/cli.md', () => {
  it.each(COMMANDS.map(({ name }) => name))('tells of %s and its flags', (name) => {
    expect(cli).toMatch(new RegExp(`\`${name}[ \`]`));
    const command = COMMANDS.find((each) => each.name === name);
    for (const option of command?.options ?? []) expect(cli).toContain(namesOf(option).long);
  });

  it('tells of every global flag and exit code', () => {
    for (const { options } of GLOBAL_OPTIONS) {
      for (const { flags } of options) expect(cli).toContain(`\`${flags}\``);
    }
    for (const { exit } of Object.values(ERROR_CODES)) expect(cli).toContain(`| ${exit} |`);
  });

  it('tells of no flag that there is not', () => {
    const specs = [
      ...COMMANDS.flatMap(({ options = [] }) => options),
      ...GLOBAL_OPTIONS.flatMap(({ options }) => options),
    ];
    const known = new Set([...specs.map((spec) => namesOf(spec).long), '--help']);
    for (const [flag] of cli.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)) expect(known).toContain(flag);
  });
});

it('docs/configuration.md tells of every key', () => {
  for (const key of Object.keys(CONFIG_KEYS)) expect(configuration).toContain(`| \`${key}\` |`);
});
