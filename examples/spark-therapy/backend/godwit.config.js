// Read by migrate.js, migrations/runner.js and seed-data.js, and by plain `npx godwit`
// commands, so that all are of one mind.
module.exports = {
  driver: 'mongodb',
  // In order of priority.
  env: ['MONGODB_URI', 'MONGODB_LOCAL_URI'],
  defaultUrl: 'mongodb://127.0.0.1:27017/spark_therapy',
  dir: 'migrations',
  modelsDir: 'models',
  // Functions by name, registered in one file as the guide has it.
  seeds: require('./seed-data').seeds,
  // `npx godwit create NAME` writes files like those there are: 003-name.js.
  format: 'module',
  versions: 'number',
  // `up` syncs too, once no migration is pending; an index that no model has is hidden for
  // a week before it goes.
  sync: { hideFor: '7d' },
};
