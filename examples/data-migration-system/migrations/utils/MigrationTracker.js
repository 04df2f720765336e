// godwit's own, under the name that migrations require.
const { MigrationTracker } = require('godwit/mongoose');

MigrationTracker.root ??= require('node:path').resolve(__dirname, '../..');

module.exports = MigrationTracker;
module.exports.MigrationTracker = MigrationTracker;
