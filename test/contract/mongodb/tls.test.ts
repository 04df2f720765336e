import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { TlsOptions } from '../../../src/ports/driver.ts';
import { launchMongod, type MongodProcess } from '../../../src/testing/mongod-process.ts';

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);

/** A server that takes nothing but TLS, and only from clients with a certificate. */
describe('TLS', () => {
  let folder: string;
  let server: MongodProcess;
  const path = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-tls-'));
    const ca = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=godwit CA'];
    await openssl('req', ...ca, '-keyout', path('ca.key'), '-out', path('ca.pem'));
    for (const name of ['server', 'client']) await certify(name);
    server = await launchMongod(async () => [
      ...['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', path('server.pem')],
      ...['--tlsCAFile', path('ca.pem')],
    ]);
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function certify(name: string): Promise<void> {
    const [key, request, crt] = [path(`${name}.key`), path(`${name}.csr`), path(`${name}.crt`)];
    const names = path(`${name}.cnf`);
    await writeFile(names, 'subjectAltName=IP:127.0.0.1\n');
    const subject = ['-subj', `/CN=${name}/O=godwit`];
    await openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...subject,
      '-keyout',
      key,
      '-out',
      request,
    );
    const by = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      request,
      ...by,
      '-extfile',
      names,
      '-out',
      crt,
    );
    await writeFile(path(`${name}.pem`), `${await readFile(key)}${await readFile(crt)}`);
  }

  async function lookWith(tls: TlsOptions | undefined): Promise<string> {
    const url = `mongodb://127.0.0.1:${server.port}/tls?directConnection=true`;
    const migrator = createMigrator({ url, root: folder, tls, connectTimeoutMs: 3000 });
    try {
      return (await migrator.status()).database.driver;
    } finally {
      await migrator.close();
    }
  }

  it('connects with a CA and a certificate from files', async () => {
    const files = { caFile: path('ca.pem'), certFile: path('client.pem') };
    expect(await lookWith(files)).toBe('mongodb');
    const apart = { caFile: path('ca.pem'), certFile: path('client.crt') };
    expect(await lookWith({ ...apart, keyFile: path('client.key') })).toBe('mongodb');
  });

  it.each([
    ['without TLS', undefined],
    ['without the CA', { enabled: true }],
  ])('says so %s', async (_, tls) => {
    await expect(lookWith(tls)).rejects.toMatchObject({ code: 'GODWIT_CONNECT_FAILED' });
  });

  it('can be told not to check the server', async () => {
    const tls = { enabled: true, rejectUnauthorized: false, certFile: path('client.pem') };
    expect(await lookWith(tls)).toBe('mongodb');
  });
});
