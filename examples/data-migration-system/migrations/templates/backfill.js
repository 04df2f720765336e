// A large change in chunks: throttled, resumable, each document exactly once. Used by: node migrations/migrate.js create <name> --template backfill
const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class TemplateName extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'TEMPLATE_DESCRIPTION';
    this.author = 'TEMPLATE_AUTHOR';
  }

  async up() {
    const { rows, changed } = await this.backfill({
      collection: 'users',
      filter: { fullName: { $exists: false } },
      // An aggregation pipeline: the server computes it.
      set: [{ $set: { fullName: { $concat: ['$firstName', ' ', '$lastName'] } } }],
      throttle: { maxLagMs: 10_000 },
      verify: { fullName: { $exists: false }, firstName: { $type: 'string' } }
    });
    return { rows, changed };
  }

  async down() {
    await this.backfill({
      collection: 'users',
      name: 'take fullName back',
      filter: { fullName: { $exists: true } },
      set: { $unset: { fullName: '' } }
    });
  }
}

module.exports = TemplateName;
