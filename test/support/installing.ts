const EXTRA = 'NODE_EXTRA_CA_CERTS';
const ASIDE = 'GODWIT_TEST_CA_CERTS';

/**
 * Takes more certificates away from the processes that tests start, for all of the run: Node 20
 * reads the file at every start, which takes longer than the rest of it.
 */
export function setCertificatesAside(): void {
  const file = process.env[EXTRA];
  if (file === undefined) return;
  delete process.env[EXTRA];
  process.env[ASIDE] = file;
}

/**
 * Environment of `npm install` in an example's folder. What is tested is built already;
 * `prepare` would build it again under the other tests.
 */
export function installing(): Record<string, string> {
  const file = process.env[ASIDE];
  return { GODWIT_SETUP: '1', ...(file !== undefined && { [EXTRA]: file }) };
}
