const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class Batches extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'Batch processing';
    this.author = 'The guide';
  }

  async up() {
    const Model = this.models.Patient;

    const items = await Model.find({});
    await this.executeBatch(items, async (item) => {
      // Process each item
    }, 100); // batch size
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = Batches;
