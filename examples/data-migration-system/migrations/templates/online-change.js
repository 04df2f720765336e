// Expand first: old and new field side by side, so that both releases of the program work. Used by: node migrations/migrate.js create <name> --template online-change
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
    // 1. This migration: the new field beside the old one.
    // 2. Then deploy the program that writes both and reads the new one.
    // 3. Contract in a migration of its own, once no old release runs:
    //    await MigrationHelper.copyField(User, 'phone', 'phoneNumber');
    //    await MigrationHelper.removeField(User, 'phone');
    const User = this.models.User;
    return MigrationHelper.copyField(User, 'phone', 'phoneNumber');
  }

  async down() {
    return MigrationHelper.removeField(this.models.User, 'phoneNumber');
  }
}

module.exports = TemplateName;
