import { describe, expect, it } from 'vitest';
import { substituteVariables } from '../../../src/core/variables.ts';
import { GodwitError } from '../../../src/errors.ts';

const put = (text: string, variables: Record<string, string> = { name: 'v', a: '$1$&' }) =>
  substituteVariables(text, variables, { file: 'a.sql', line: 1 });

describe('substituteVariables', () => {
  it.each([
    ['select ${name}, "${name}", \'${name}\'', 'select v, "v", \'v\''],
    ['create table t_${name}_x ()', 'create table t_v_x ()'],
    ['select ${a}', 'select $1$&'],
    ['do $$ begin ${name}; end $$', 'do $$ begin v; end $$'],
    ['select $$${name}$$', 'select $$v$$'],
    ['select $$${name}$$, $t$${name}$t$', 'select $$v$$, $t$v$t$'],
    ['select $${name}$$', 'select $${name}$$'],
    ['select \\${name}', 'select ${name}'],
    ['-- ${missing}\nselect /* ${missing} */ 1', '-- ${missing}\nselect /* ${missing} */ 1'],
    ['select ${}, ${ name }, $name, {name}', 'select ${}, ${ name }, $name, {name}'],
    ["select '-- ${name}'", "select '-- v'"],
  ])('%s', (text, expected) => {
    expect(put(text)).toBe(expected);
  });

  it('names file, line and every missing name', () => {
    const run = () =>
      substituteVariables('select 1;\n  ${toString} ${x}', {}, { file: 'a.sql', line: 10 });
    expect(run).toThrow(GodwitError);
    try {
      run();
    } catch (error) {
      expect((error as GodwitError).toJSON()).toMatchObject({
        code: 'GODWIT_VARIABLE_MISSING',
        message: 'No value for ${toString}, ${x} (a.sql:11).',
        where: { file: 'a.sql', line: 11, column: 3 },
      });
    }
  });
});
