const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class DataOperations extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The data operations';
    this.author = 'The guide';
  }

  async up() {
    const Model = this.models.User;
    const query = { phone: { $type: 'string' } };
    const transformFn = (doc) => ({ ...doc, digits: doc.phone.replace(/\D/g, '').length });
    const updates = [{ filter: { _id: 'user1' }, update: { favourite: true } }];

    // Transform data
    await MigrationHelper.transformData(Model, query, transformFn);

    // Bulk update
    await MigrationHelper.bulkUpdate(Model, updates);

    // Remove duplicates
    await MigrationHelper.removeDuplicates(Model, 'fieldName');

    // Sanitize strings
    await MigrationHelper.sanitizeStringFields(Model, ['name', 'email']);
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = DataOperations;
