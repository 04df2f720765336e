const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');

class SeedInitialTreatments extends MigrationBase {
  constructor(mongoose) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = 'The seed data template';
    this.author = 'The guide';
  }

  async up() {
    const Treatment = this.models.Treatment;

    const treatments = [
      { name: 'Initial Consultation', duration: 60, price: 150 },
      { name: 'Follow-up', duration: 30, price: 75 }
    ];

    const created = await Treatment.insertMany(treatments);
    return { created: created.length };
  }

  async down() {
    const names = ['Initial Consultation', 'Follow-up'];
    await this.models.Treatment.deleteMany({ name: { $in: names } });
  }
}

module.exports = SeedInitialTreatments;
