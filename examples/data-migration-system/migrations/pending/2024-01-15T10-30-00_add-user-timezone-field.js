const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class AddUserTimezoneField extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'Users get a timezone';
    this.author = 'The guide';
  }

  async up() {
    return MigrationHelper.addField(this.models.User, 'timezone', 'UTC');
  }

  async down() {
    return MigrationHelper.removeField(this.models.User, 'timezone');
  }
}

module.exports = AddUserTimezoneField;
