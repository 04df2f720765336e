const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class MigratePhoneNumberFormat extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The data transformation template';
    this.author = 'The guide';
  }

  async up() {
    const result = await MigrationHelper.transformData(
      this.models.Patient,
      {}, // query filter
      (doc) => {
        // Transform phone numbers to E.164 format
        if (doc.phone) {
          doc.phone = doc.phone.replace(/\D/g, '');
          if (!doc.phone.startsWith('+1')) {
            doc.phone = '+1' + doc.phone;
          }
        }
        return doc;
      }
    );
    return result;
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = MigratePhoneNumberFormat;
