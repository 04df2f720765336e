// Transforming data, each document exactly once. Used by: node migrations/migrate.js create <name> --template transform
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
    // Takes back what up does. Without a way back, delete this method.
    throw new Error('down is not written yet');
  }
}

module.exports = TemplateName;
