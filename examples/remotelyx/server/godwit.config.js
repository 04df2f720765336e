const { MigrationManager } = require('./migration_manager');
const { SeedManager } = require('./seed_manager');

const migrations = new MigrationManager();
const seeds = new SeedManager();

// Read by manage.js and by plain `npx godwit` commands, so that both are of one mind.
module.exports = {
  driver: 'mongodb',
  env: ['MONGODB_URI'],
  defaultUrl: 'mongodb://localhost:27017/remotelyx',
  // Functions registered by name; files in migrations/ and seeds/ count beside them.
  migrations: migrations.getAvailableMigrations().map((name) => {
    const found = migrations.getMigrationFunction(name);
    return { id: name, ...(typeof found === 'function' ? { up: found } : found) };
  }),
  seeds: seeds.getAvailableSeeds().map((name) => {
    const found = seeds.getSeedFunction(name);
    return { id: name, ...(typeof found === 'function' ? { run: found } : found) };
  }),
  // `npx godwit create NAME` and `create --seed NAME` write files like these.
  versions: 'number',
  language: 'cjs',
  // One document { name, appliedAt, status } per applied migration, and the same for seeds.
  mirror: {
    name: 'migrations',
    create: 'always',
    shape: {
      key: { field: 'name', value: 'id' },
      appliedAt: 'appliedAt',
      status: 'status',
      description: 'description',
      durationMs: 'durationMs',
    },
  },
  seedMirror: 'seeds',
  // `reset` empties no other.
  resettable: ['remotelyx', 'remotelyx_dev', 'remotelyx_test'],
};
