const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class BackupAndRestore extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The example of MigrationBase';
    this.author = 'The guide';
  }

  async up() {
    // Create backup before making changes
    const backupName = await this.backupCollection('users');

    try {
      // Make changes
      const result = await this.performMigration();

      // Drop backup if successful
      await this.dropBackup(backupName);

      return result;
    } catch (err) {
      // Restore from backup on error
      await this.restoreFromBackup('users', backupName);
      throw err;
    }
  }

  async performMigration() {
    return MigrationHelper.addField(this.models.User, 'checked', true);
  }

  async down() {
    return MigrationHelper.removeField(this.models.User, 'checked');
  }
}

module.exports = BackupAndRestore;
