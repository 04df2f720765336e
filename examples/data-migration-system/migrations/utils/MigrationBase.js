// godwit's own, under the name that migrations require.
const { MigrationBase } = require('godwit/mongoose');

module.exports = MigrationBase;
module.exports.MigrationBase = MigrationBase;
