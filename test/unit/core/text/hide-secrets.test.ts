import { describe, expect, it } from 'vitest';
import { hideSecrets } from '../../../../src/core/text/hide-secrets.ts';

describe('hideSecrets', () => {
  it.each([
    ["alter role app password 'x'", "alter role app password '***'"],
    ["CREATE ROLE a PASSWORD E'it\\'s' LOGIN", "CREATE ROLE a PASSWORD '***' LOGIN"],
    ["options (user 'a', password 'it''s')", "options (user 'a', password '***')"],
    ['do $$ alter role app password $p$x$p$ $$', "do $$ alter role app password '***' $$"],
    ["create role app password 'cut of…", "create role app password '***'"],
    ["select 'password' from users", "select 'password' from users"],
  ])('%s', (text, clean) => {
    expect(hideSecrets(text, {})).toBe(clean);
  });

  it('calls the values of secret variables by their names', () => {
    const variables = { DB_PASSWORD: 'hunter2', schema: 'shop', token: 'ab' };
    const text = 'select hunter2 from shop.t -- ab';
    expect(hideSecrets(text, variables)).toBe('select ${DB_PASSWORD} from shop.t -- ab');
  });
});
