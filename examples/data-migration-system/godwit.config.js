module.exports = {
  driver: 'mongodb',
  env: ['MONGODB_URI'],
  defaultUrl: 'mongodb://127.0.0.1:27017/data_migration_system',
  dir: 'migrations',
  // pending/ and completed/, and the collection `migrations` kept in step.
  layout: 'classes',
  // The whole database, before every run that has something to do.
  backup: { mode: 'full', keep: { count: 5 } },
};
