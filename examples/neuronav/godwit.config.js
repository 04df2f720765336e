// Read by plain `godwit` commands and by the runner in server/migrations/migration.js, so
// that both see the same folder and the same migrationHistory.
module.exports = {
  driver: 'mongodb',
  env: ['MONGODB_URI'],
  dir: 'server/migrations',
  // The collection that migration 002 creates, kept in step while it exists.
  mirror: 'migrationHistory',
  // New files look like the guide's: 005_name.js with version, description, up and down.
  format: 'module',
  versions: 'number',
};
