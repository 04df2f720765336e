const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class AddPhoneVerified extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The add field template';
    this.author = 'The guide';
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

module.exports = AddPhoneVerified;
