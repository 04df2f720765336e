const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class IndexOperations extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The index operations, on collections without duplicates';
    this.author = 'The guide';
  }

  async up() {
    const Model = this.models.Subscriber;

    // Create index
    await MigrationHelper.createIndex(Model, { email: 1 }, { unique: true });

    // Drop index
    await MigrationHelper.dropIndex(Model, 'email_1');

    // Create unique constraint
    await MigrationHelper.createUniqueConstraint(Model, { email: 1 });
  }

  async down() {
    return MigrationHelper.dropIndex(this.models.Subscriber, 'email_1');
  }
}

module.exports = IndexOperations;
