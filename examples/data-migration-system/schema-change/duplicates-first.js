const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class SchemaChange extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The schema change template, duplicates first';
    this.author = 'The guide';
  }

  async up() {
    const User = this.models.User;

    // Rename field
    await MigrationHelper.renameField(User, 'phone', 'phoneNumber');

    // Remove duplicates
    await MigrationHelper.removeDuplicates(User, 'email');

    // Add index
    await MigrationHelper.createIndex(User, { email: 1 }, { unique: true });

    return { success: true };
  }

  // The duplicates do not come back; they are in the backup that was taken before `up`.
  async down() {
    const User = this.models.User;
    await MigrationHelper.dropIndex(User, { email: 1 });
    await MigrationHelper.renameField(User, 'phoneNumber', 'phone');
  }
}

module.exports = SchemaChange;
