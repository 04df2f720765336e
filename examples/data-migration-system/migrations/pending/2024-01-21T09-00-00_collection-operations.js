const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class CollectionOperations extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The collection operations';
    this.author = 'The guide';
  }

  async up() {
    const SourceModel = this.models.Visit;
    const TargetModel = this.models.Session;
    const transformFn = (doc) => ({ ...doc, hours: doc.minutes / 60 });
    const Model = this.models.Appointment;
    const ArchiveModel = this.models.OldAppointment;
    const cutoffDate = new Date('2020-01-01');
    const oldId = 'user190';
    const newId = 'user0';

    // Migrate collection
    await MigrationHelper.migrateCollection(SourceModel, TargetModel, transformFn);

    // Archive old documents
    await MigrationHelper.archiveOldDocuments(
      Model,
      ArchiveModel,
      cutoffDate,
      'createdAt'
    );

    // Update references
    await MigrationHelper.updateReferences(Model, 'userId', oldId, newId);
  }

  async down() {
    // Reverse all changes made in up()
    // Be specific and test rollback logic
  }
}

module.exports = CollectionOperations;
