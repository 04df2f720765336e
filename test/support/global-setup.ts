import type { TestProject } from 'vitest/node';
import { findMongod } from '../../src/testing/mongod-binary.ts';
import { pgliteTemplate } from '../../src/testing/pglite.ts';
import { useFastFolder } from './fast-folder.ts';
import { setCertificatesAside } from './installing.ts';
import { makeBundles, removeBundles } from './make-bundles.ts';
import { shareMongod } from './shared-mongod.ts';

/**
 * Finds the servers once, before any test, so that what is missing is said in one message
 * and nothing is skipped in silence; bundles what tests start as processes; and chooses
 * where their files go.
 */
export default async function setup(project: TestProject) {
  if (process.env['GODWIT_TEST_SERVERS'] === 'none') return;
  setCertificatesAside();
  const [bundles] = await Promise.all([makeBundles(), findServers()]);
  project.provide('bundles', bundles);
  const removeFolder = await useFastFolder();
  const stopMongod = await shareMongod();
  return async () => {
    await stopMongod();
    await Promise.all([removeBundles(bundles), removeFolder()]);
  };
}

async function findServers(): Promise<void> {
  const found = await Promise.allSettled([findMongod(), pgliteTemplate()]);
  const missing = found.filter((result) => result.status === 'rejected');
  if (missing.length === 0) return;
  const reasons = missing.map(({ reason }) =>
    reason instanceof Error ? reason.message : String(reason),
  );
  throw new Error(
    `The tests need real servers, and not all were found.\n\n${reasons.join('\n\n')}\n\n` +
      'Tests without servers: GODWIT_TEST_SERVERS=none npx vitest run test/unit',
  );
}
