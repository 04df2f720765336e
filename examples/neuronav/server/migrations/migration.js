// The guide's runner, as a shim: lock, history, plan and refusals are godwit's.
const { MigrationRunner } = require('godwit');

module.exports = class extends MigrationRunner {
  constructor(mongoUri) {
    super(mongoUri, { dir: __dirname });
  }
};
