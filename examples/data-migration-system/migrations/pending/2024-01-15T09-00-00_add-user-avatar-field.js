const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class AddUserAvatarField extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'Add avatar field to User model';
    this.author = 'Your Name';
  }

  async up() {
    const User = this.models.User;

    const result = await MigrationHelper.addField(
      User,
      'avatar',
      null
    );

    return result;
  }

  async down() {
    const User = this.models.User;

    const result = await MigrationHelper.removeField(
      User,
      'avatar'
    );

    return result;
  }
}

module.exports = AddUserAvatarField;
