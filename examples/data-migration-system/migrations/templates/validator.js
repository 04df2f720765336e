// Changing a validator: what would break it is found and named first. Used by: node migrations/migrate.js create <name> --template validator
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
    const db = this.mongoose.connection.db;
    const $jsonSchema = {
      required: ['email'],
      properties: { email: { bsonType: 'string', pattern: '@' } }
    };
    const wrong = await db.collection('users').find({ $nor: [{ $jsonSchema }] }).limit(10).toArray();
    if (wrong.length > 0) {
      const ids = wrong.map((doc) => String(doc._id)).join(', ');
      throw new Error('documents that the validator would refuse: ' + ids);
    }
    await db.command({
      collMod: 'users',
      validator: { $jsonSchema },
      validationLevel: 'strict',
      validationAction: 'error'
    });
  }

  async down() {
    await this.mongoose.connection.db.command({
      collMod: 'users',
      validator: {},
      validationLevel: 'off'
    });
  }
}

module.exports = TemplateName;
