// Adding a field to an existing model. Used by: node migrations/migrate.js create <name> --template addField
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
    const result = await MigrationHelper.addField(
      this.models.User,
      'phoneVerified',
      false
    );
    return result;
  }

  async down() {
    return MigrationHelper.removeField(this.models.User, 'phoneVerified');
  }
}

module.exports = TemplateName;
