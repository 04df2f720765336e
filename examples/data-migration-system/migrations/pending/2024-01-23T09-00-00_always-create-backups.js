const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class AlwaysCreateBackups extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The first best practice';
    this.author = 'The guide';
  }

  async up() {
    const backupName = await this.backupCollection('collection_name');
    try {
      // Migration logic
    } catch (err) {
      await this.restoreFromBackup('collection_name', backupName);
      throw err;
    }
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = AlwaysCreateBackups;
