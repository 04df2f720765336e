import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMongod } from '../../src/testing/mongod.ts';
import { resolvePeer } from '../support/peers.ts';
import { type Bench, godwitTool, nodeCommand, scriptTool, type Tool } from './tools.ts';

const SCRIPTS = fileURLToPath(new URL('scripts/', import.meta.url));

/** godwit, the floor and the peers on a replica set of one. All read the same folder. */
export async function mongodbBench(bin: string): Promise<Bench> {
  const server = await startMongod();
  return {
    title: 'MongoDB (replica set of one member)',
    tools: [
      scriptTool('floor', join(SCRIPTS, 'floor-mongodb.mjs'), 'code'),
      godwitTool(bin, 'code'),
      migrateMongo(),
      scriptTool('umzug', join(SCRIPTS, 'umzug-mongodb.mjs'), 'code'),
    ],
    newDatabase: async () => server.databaseUrl(),
    stop: () => server.stop(),
  };
}

function migrateMongo(): Tool {
  const bin = join(dirname(resolvePeer('migrate-mongo')), '../bin/migrate-mongo.js');
  return {
    name: 'migrate-mongo',
    layout: 'code',
    command(verb, project, url) {
      const config = join(project, 'migrate-mongo-config.js');
      const settings = {
        mongodb: { url },
        migrationsDir: 'migrations',
        changelogCollectionName: 'changelog',
        lockCollectionName: 'changelog_lock',
        lockTtl: 0,
        migrationFileExtension: '.js',
        useFileHash: false,
        moduleSystem: 'commonjs',
      };
      writeFileSync(config, `module.exports = ${JSON.stringify(settings, undefined, 2)};\n`);
      return nodeCommand(project, [bin, verb, '-f', config]);
    },
  };
}
