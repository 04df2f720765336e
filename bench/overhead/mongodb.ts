import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
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
      scriptTool('floor', join(SCRIPTS, 'floor-mongodb.mjs'), {
        layout: 'code',
        records: 'floor_history',
      }),
      godwitTool(bin, 'code', 'godwit_history'),
      migrateMongo(),
      scriptTool('umzug', join(SCRIPTS, 'umzug-mongodb.mjs'), {
        layout: 'code',
        records: 'migrations',
      }),
    ],
    newDatabase: async () => server.databaseUrl(),
    count: countDocuments,
    stop: () => server.stop(),
  };
}

async function countDocuments(url: string, collection: string): Promise<number> {
  const client = await MongoClient.connect(url);
  try {
    return await client.db().collection(collection).countDocuments();
  } finally {
    await client.close();
  }
}

function migrateMongo(): Tool {
  const bin = join(dirname(resolvePeer('migrate-mongo')), '../bin/migrate-mongo.js');
  return {
    name: 'migrate-mongo',
    layout: 'code',
    records: 'changelog',
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
