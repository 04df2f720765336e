// The story that `npm run demo` tells, on databases that exist only for it.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMongod } from '../src/testing/mongod.ts';
import { tellOfTheClinic } from './demo/clinic.ts';
import { tellOfThePoints } from './demo/points.ts';
import { tellOfTheShop } from './demo/shop.ts';
import { tell, title } from './demo/stage.ts';

const SCENES = fileURLToPath(new URL('./demo/', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'godwit-demo-'));
const started = performance.now();
const mongod = startMongod({ own: true });
mongod.catch(() => {});

try {
  for (const scene of ['clinic', 'shop', 'points']) {
    await cp(join(SCENES, scene), join(folder, scene), { recursive: true });
  }
  await tellOfTheClinic(join(folder, 'clinic'));
  const server = await mongod;
  await tellOfTheShop(join(folder, 'shop'), server.databaseUrl('shop'));
  await tellOfThePoints(join(folder, 'points'), server.databaseUrl('points'));
  title('That was it');
  tell(
    `Three databases, seven migrations, two failures, one refusal, one kill, ${seconds()} seconds.`,
    'Nothing of it is left on this machine. Where to go from here: README.md, docs/index.md, godwit --help.\n',
  );
} catch (error) {
  process.exitCode = 1;
  tell(`The demo did not go as it should: ${error instanceof Error ? error.message : error}\n`);
} finally {
  await mongod.then((server) => server.stop()).catch(() => {});
  await rm(folder, { recursive: true, force: true });
}

function seconds(): number {
  return Math.round((performance.now() - started) / 1000);
}
