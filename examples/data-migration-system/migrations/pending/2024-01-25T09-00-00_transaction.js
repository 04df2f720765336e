const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');
const Model1 = require('../../models/User');
const Model2 = require('../../models/Patient');

class RelatedChanges extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'Transactions for related changes';
    this.author = 'The guide';
  }

  async up() {
    const session = await this.mongoose.startSession();
    session.startTransaction();

    try {
      // Multiple operations
      await Model1.updateMany({}, {}, { session });
      await Model2.updateMany({}, {}, { session });

      await session.commitTransaction();
    } catch (err) {
      await session.abortTransaction();
      throw err;
    } finally {
      session.endSession();
    }
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = RelatedChanges;
