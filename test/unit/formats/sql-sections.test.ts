import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSqlFile, type SqlFile } from '../../../src/formats/sql-sections.ts';

function parse(text: string): SqlFile {
  const parsed = parseSqlFile(text);
  if ('error' in parsed) throw new Error(`${parsed.error.line}: ${parsed.error.message}`);
  return parsed;
}

function errorOf(text: string): string {
  const parsed = parseSqlFile(text);
  return 'error' in parsed ? `${parsed.error.line}: ${parsed.error.message}` : 'no error';
}

describe('parseSqlFile', () => {
  it('takes a file without markers whole', () => {
    const text = 'create table a (id int);\n';
    expect(parse(text)).toEqual({
      whole: { text, line: 1, transaction: 'auto', variables: undefined, hasStatement: true },
      sections: {},
    });
  });

  it('splits at markers and knows the line on which each section begins', () => {
    const { whole, sections } = parse(
      '-- a table\n-- godwit:up\ncreate table a ();\n\n  -- godwit: DOWN\ndrop table a;\n--godwit:verify\nselect 1 where false',
    );
    expect(whole).toBeUndefined();
    expect(sections.up).toMatchObject({ text: 'create table a ();\n\n', line: 3 });
    expect(sections.down).toMatchObject({ text: 'drop table a;\n', line: 6 });
    expect(sections.verify).toMatchObject({ text: 'select 1 where false', line: 8 });
  });

  it('counts lines and cuts sections in a CRLF file', () => {
    const { sections } = parse('-- godwit:up\r\nselect 1;\r\n-- godwit:down\r\nselect 2;\r\n');
    expect(sections.up).toMatchObject({ text: 'select 1;\r\n', line: 2 });
    expect(sections.down).toMatchObject({ text: 'select 2;\r\n', line: 4 });
  });

  it('gives directives before the first marker to all, others to their section', () => {
    const { sections } = parse(
      '-- godwit: variables\n-- godwit:up\n-- godwit: no-transaction\nselect 1;\n-- godwit:down\nselect 2;',
    );
    expect(sections.up).toMatchObject({ transaction: 'never', variables: true });
    expect(sections.down).toMatchObject({ transaction: 'auto', variables: true });
  });

  it('lets a section overrule what stands before the first marker', () => {
    const { sections } = parse(
      '-- godwit: no-transaction\n-- godwit:up\n-- godwit: transaction\nselect 1;',
    );
    expect(sections.up?.transaction).toBe('always');
  });

  it('reads several directives in one comment', () => {
    expect(parse('-- godwit: no-transaction, variables\nselect 1').whole).toMatchObject({
      transaction: 'never',
      variables: true,
    });
  });

  it.each([
    ['a literal', "select '\n-- godwit:down\n';"],
    ['an escape string', "select E'it\\'s\n-- godwit:down\n';"],
    ['a dollar-quoted body', 'do $body$\n-- godwit:down\nbegin end $body$;'],
    ['a quoted name', 'select 1 as "\n-- godwit:down\n";'],
    ['a nested block comment', '/* a /* b */\n-- godwit:down\n*/ select 1;'],
    ['copied data', 'copy a from stdin;\n-- godwit:down\n\\.\nselect 1;'],
  ])('sees no marker in %s', (_, text) => {
    expect(parse(text).whole?.text).toBe(text);
  });

  it('reads description and author from comments before the first statement', () => {
    const text =
      '-- Description: Users get a theme\n-- author:  Ada  \nselect 1;\n-- description: no';
    expect(parse(text)).toMatchObject({ description: 'Users get a theme', author: 'Ada' });
    expect(parse('select 1; -- description: late').description).toBeUndefined();
  });

  it('tells comments from statements', () => {
    expect(parse('-- nothing yet\n/* not even here */ ;\n').whole?.hasStatement).toBe(false);
    const { sections } = parse('-- godwit:up\nselect 1;\n-- godwit:down\n-- later\n');
    expect(sections).toMatchObject({ up: { hasStatement: true }, down: { hasStatement: false } });
  });

  it('refuses what it cannot mean', () => {
    expect(errorOf('-- godwit: no-transction\nselect 1')).toMatch(
      /^1: unknown directive "no-transction"/,
    );
    expect(errorOf('-- godwit:\nselect 1')).toMatch(/^1: unknown directive ""/);
    expect(errorOf('-- godwit: constructor\nselect 1')).toMatch(/unknown directive/);
    expect(errorOf('select 1;\n-- godwit:up\nselect 2')).toMatch(/^2: statements stand before/);
    expect(errorOf('-- godwit:up\n-- godwit:down\n-- godwit:up')).toMatch(/^3: a second/);
    expect(errorOf('-- godwit:up\nselect 1; -- godwit:down')).toMatch(/^2: .* behind a statement/);
    expect(errorOf('-- godwit: transaction\n-- godwit: no-transaction')).toMatch(
      /^2: .*contradicts/,
    );
  });

  it('gives back every section as it was written, whatever it is', () => {
    const sql = fc.constantFrom(
      'select 1;\n',
      "insert into a values ('--x');\n",
      '-- note\n',
      '$$ ; $$;\n',
      '\n',
    );
    const body = fc.array(sql, { maxLength: 5 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(body, body, fc.constantFrom('\n', '\r\n'), (up, down, eol) => {
        const text = `-- godwit:up\n${up}-- godwit:down\n${down}`.replaceAll('\n', eol);
        const { sections } = parse(text);
        expect(sections.up?.text).toBe(up.replaceAll('\n', eol));
        expect(sections.down?.text).toBe(down.replaceAll('\n', eol));
        const before = text.slice(0, text.indexOf('-- godwit:down'));
        expect(sections.down?.line).toBe(before.split('\n').length + 1);
      }),
    );
  });
});
