import { expect, it } from 'vitest';
import { loadSecretScanner } from '../../../src/lint/secrets/scan.ts';
import { lint, scriptFile } from './lint-text.ts';

// Put together here, so that this file holds nothing that looks like a credential.
const TOKEN = ['ghp', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('_');

it('credentials are found with their place, and never repeated', async () => {
  const secrets = await loadSecretScanner(process.cwd());
  const url = ['postgres:', '', 'app:s3cr3tW0rd@db.example.com', 'shop'].join('/');
  const file = { ...scriptFile(`const a = 1;\nconst t = '${TOKEN}';\nconst u = '${url}';`) };
  const found = await lint({ ...file, applied: true }, { tools: { squawk: false, secrets } });
  expect(found.map(({ code, severity, where }) => [code, severity, where.line])).toEqual([
    ['secretlint/github', 'error', 2],
    ['secretlint/database-connection-string', 'error', 3],
  ]);
  expect(found[0]?.where.character).toBe(12);
  expect(JSON.stringify(found)).not.toMatch(/ghp_|s3cr3t|\*\*/);
});
