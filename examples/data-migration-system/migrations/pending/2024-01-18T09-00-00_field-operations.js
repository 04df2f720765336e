const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class FieldOperations extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The field operations, on models of the name';
    this.author = 'The guide';
  }

  async up() {
    const Model = this.models.Visit;
    const defaultValue = 'none';

    // Add field
    await MigrationHelper.addField(Model, 'fieldName', defaultValue);

    // Remove field
    await MigrationHelper.removeField(Model, 'fieldName');

    // Rename field
    await MigrationHelper.renameField(Model, 'oldName', 'newName');

    // Copy field
    await MigrationHelper.copyField(Model, 'source', 'target');
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = FieldOperations;
