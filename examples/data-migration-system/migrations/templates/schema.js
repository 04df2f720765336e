// Complex schema changes: duplicates go before the unique index comes. Used by: node migrations/migrate.js create <name> --template schema
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
    const User = this.models.User;

    // Rename field
    await MigrationHelper.renameField(User, 'phone', 'phoneNumber');

    // Remove duplicates: a unique index cannot be built while there are any
    await MigrationHelper.removeDuplicates(User, 'email');

    // Add index
    await MigrationHelper.createIndex(User, { email: 1 }, { unique: true });

    return { success: true };
  }

  async down() {
    const User = this.models.User;
    await MigrationHelper.dropIndex(User, { email: 1 });
    await MigrationHelper.renameField(User, 'phoneNumber', 'phone');
  }
}

module.exports = TemplateName;
