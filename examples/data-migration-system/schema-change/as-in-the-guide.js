const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class SchemaChange extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The schema change template, as the guide has it';
    this.author = 'The guide';
  }

  async up() {
    const User = this.models.User;

    // Rename field
    await MigrationHelper.renameField(User, 'phone', 'phoneNumber');

    // Add index
    await MigrationHelper.createIndex(User, { email: 1 }, { unique: true });

    // Remove duplicates
    await MigrationHelper.removeDuplicates(User, 'email');

    return { success: true };
  }
}

module.exports = SchemaChange;
