import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkUrl, redactUrl } from '../../../src/config/url.ts';
import { GodwitError } from '../../../src/errors.ts';

const check = (url: string) => checkUrl(url, '--url', '/project');

describe('checkUrl', () => {
  it.each([
    ['mongodb://localhost/app', 'mongodb'],
    ['mongodb://a:27017,b:27018/app?replicaSet=rs0', 'mongodb'],
    ['mongodb+srv://user:pa%40ss@cluster.example.net/app', 'mongodb'],
    ['postgres://app:secret@[::1]:5432/shop', 'postgres'],
    ['postgresql:///shop?host=/var/run/postgresql', 'postgres'],
    ['postgres://', 'postgres'],
    ['POSTGRES://h/d', 'postgres'],
  ])('%s is for %s', (url, driver) => {
    expect(check(url)).toEqual({ driver, url });
  });

  it('makes embedded and PGlite folders absolute', () => {
    expect(check('embedded:postgres').url).toBe('pglite:/project/.godwit/pglite');
    expect(check('embedded:mongodb')).toEqual({ driver: 'mongodb', url: 'embedded:mongodb' });
    expect(check('pglite:./data').url).toBe('pglite:/project/data');
    expect(check('pglite:///srv/data').url).toBe('pglite:/srv/data');
    expect(check('pglite:memory').url).toBe('pglite:memory');
  });

  it.each([
    ['', /empty/],
    ['localhost/app', /scheme/],
    ['postgre://h/d', /Did you mean "postgres"/],
    ['mysql://h/d', /no driver/],
    ['embedded:sqlite', /no other embedded/],
    ['mongodb:app', /two slashes/],
    ['mongodb:///app', /no host/],
    ['mongodb+srv://host:27017/app', /no port/],
    ['postgres://u:p@h:port/d', /port/],
    ['postgres://u:sec/ret@h/d', /percent-encoded/],
    ['postgres://u:sec@ret@h/d', /%40/],
    ['mongodb://u:50%@h/d', /%25/],
  ])('refuses %s', (url, message) => {
    expect(() => check(url)).toThrowError(message);
    expect(() => check(url)).toThrowError(expect.objectContaining({ code: 'GODWIT_URL_INVALID' }));
  });

  it('never shows the password, whatever is wrong', () => {
    const secret = fc.stringMatching(/^[a-z0-9/@:?#%&=]{0,12}$/).map((s) => `S3${s}cr3T`);
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom('postgres', 'mongodb', 'mongodb+srv'),
        (password, scheme) => {
          const url = `${scheme}://app:${password}@host:5432x/shop`;
          try {
            check(url);
          } catch (error) {
            expect(error).toBeInstanceOf(GodwitError);
            if (!/[?#]/.test(password)) expect((error as Error).message).not.toContain(password);
          }
        },
      ),
    );
  });
});

describe('redactUrl', () => {
  it.each([
    ['postgres://app:secret@db/shop', 'postgres://app:***@db/shop'],
    ['mongodb://app:s/e/c@a,b/shop?x=1', 'mongodb://app:***@a,b/shop?x=1'],
    ['mongodb://a:1/shop', 'mongodb://a:1/shop'],
    ['postgres://h/d?user=u&password=secret&x=1', 'postgres://h/d?user=u&password=***&x=1'],
    ['pglite:/srv/data', 'pglite:/srv/data'],
  ])('%s', (url, safe) => {
    expect(redactUrl(url)).toBe(safe);
  });
});
