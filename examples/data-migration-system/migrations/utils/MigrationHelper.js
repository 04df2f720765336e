// godwit's own, under the name that migrations require.
const { MigrationHelper } = require('godwit/mongoose');

module.exports = MigrationHelper;
module.exports.MigrationHelper = MigrationHelper;
