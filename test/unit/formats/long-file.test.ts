import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizedChecksum, rawChecksum } from '../../../src/core/checksum.ts';
import { folderSource } from '../../../src/formats/folder-source.ts';
import { LONG_BYTES } from '../../../src/formats/long-file.ts';
import { lazyChecksum, sourceFile } from '../../../src/formats/source-file.ts';
import type { Migration, SqlBody } from '../../../src/ports/migration.ts';

/** Characters of two to four bytes, so that chunks end in the middle of them. */
const ROW = "insert into t values ('é€😀, and it''s; not the end');\n";
const ROWS = ROW.repeat(Math.ceil((LONG_BYTES + 1) / Buffer.byteLength(ROW)));

describe('a long file', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'godwit-long-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function write(text: string | Buffer, name = '001_a.sql'): string {
    const path = join(root, name);
    writeFileSync(path, text);
    return path;
  }

  async function list(): Promise<{ migrations: readonly Migration[]; problems: string[] }> {
    const { migrations, problems } = await folderSource({ root, dirs: [root] }).list();
    return { migrations, problems: problems.map(({ message }) => message) };
  }

  async function bodyOf(migration: Migration | undefined): Promise<SqlBody> {
    return (await migration?.load()) as SqlBody;
  }

  it('has the text and the checksums of any other', () => {
    const text = `\ufeff${ROWS}copy t from stdin;\r\n1\r\n2\r\n\\.\r\nselect 1`;
    const source = sourceFile(write(text), '001_a.sql');
    expect(source.long()).toBeDefined();
    expect(source.isUtf8()).toBe(true);
    expect(source.text() === text.slice(1)).toBe(true);
    const checksum = lazyChecksum(source, 'sql');
    expect(checksum.raw).toBe(rawChecksum(text));
    expect(checksum.normalized()).toBe(normalizedChecksum(text.slice(1), 'sql'));
  });

  it('is one only above a size', () => {
    const source = sourceFile(write('x'.repeat(LONG_BYTES)), '001_a.sql');
    expect(source.long()).toBeUndefined();
    expect(sourceFile(write(''), '001_a.sql').text()).toBe('');
  });

  it('is refused when it is not UTF-8, wherever that is', async () => {
    write(Buffer.concat([Buffer.from(ROWS), Buffer.from([0xc3])]));
    expect((await list()).problems).toEqual(['001_a.sql: it is not UTF-8 text']);
    write(Buffer.concat([Buffer.from([0x27, 0xff]), Buffer.from(ROWS)]));
    expect((await list()).problems).toEqual(['001_a.sql: it is not UTF-8 text']);
  });

  it('has sections, of which short ones are held', async () => {
    write(`-- godwit:up\n-- godwit: no-transaction\n${ROWS}\n-- godwit:down\ndrop table t;\n`);
    const { migrations } = await list();
    const { up, down } = await bodyOf(migrations[0]);
    expect(up).toMatchObject({ line: 2, transaction: 'never', file: '001_a.sql' });
    expect([...(up.parts?.() ?? [])].map(({ text }) => text).join('')).toBe(up.text);
    // Found again without looking for where statements end.
    expect([...(up.parts?.() ?? [])].map(({ text }) => text).join('')).toBe(up.text);
    expect(up.text).toBe(`-- godwit: no-transaction\n${ROWS}\n`);
    expect(down?.parts).toBeUndefined();
    expect(down?.text).toBe('drop table t;\n');
  });

  it('may be touched, but not changed, between its listing and its run', async () => {
    const path = write(`\ufeff${ROWS}`);
    const { migrations } = await list();
    utimesSync(path, new Date(), new Date());
    const { up } = await bodyOf(migrations[0]);
    expect(up.text === ROWS).toBe(true);
    appendFileSync(path, '-- one more line\n');
    await expect(migrations[0]?.load()).rejects.toMatchObject({ code: 'GODWIT_PLAN_CHANGED' });
    expect(() => [...(up.parts?.() ?? [])]).toThrow('001_a.sql was changed after it was listed.');
    writeFileSync(path, `\ufeff${ROWS.slice(0, -6)}end?');\n`);
    const sent: string[] = [];
    expect(() => {
      for (const { text } of up.parts?.() ?? []) sent.push(text);
    }).toThrow('was changed');
    // What is sent is what was listed, even of a file that is another by now.
    expect(ROWS.startsWith(sent.join(''))).toBe(true);
    rmSync(path);
    await expect(migrations[0]?.load()).rejects.toMatchObject({ code: 'GODWIT_PLAN_CHANGED' });
  });
});
