const { setValidator } = require('godwit/mongodb');

const JOB_STATUSES = ['draft', 'active', 'paused', 'closed'];
const ROLES = ['admin', 'recruiter', 'candidate'];

/** The migrations by name. A migration is a function, or { description, up, down }. */
class MigrationManager {
  getAvailableMigrations() {
    return [
      '001_create_users_collection',
      '002_create_jobs_collection',
      '003_create_activity_logs_collection',
      '004_create_indexes',
      '005_add_user_roles_index',
    ];
  }

  getMigrationFunction(migrationName) {
    const migrationFunctions = {
      '001_create_users_collection': {
        description: 'Users collection with validation',
        up: this._createUsersCollection,
        down: ({ db }) => db.dropCollection('users'),
      },
      '002_create_jobs_collection': {
        description: 'Jobs collection with validation',
        up: this._createJobsCollection,
        down: ({ db }) => db.dropCollection('jobs'),
      },
      '003_create_activity_logs_collection': {
        description: 'Activity logging collection',
        up: this._createActivityLogsCollection,
        down: ({ db }) => db.dropCollection('activity_logs'),
      },
      '004_create_indexes': {
        description: 'Performance indexes',
        up: this._createIndexes,
        down: this._dropIndexes,
      },
      '005_add_user_roles_index': {
        description: 'Additional user role indexes',
        up: this._addUserRolesIndex,
        down: this._dropUserRolesIndex,
      },
    };
    return migrationFunctions[migrationName];
  }

  async _createUsersCollection({ db }) {
    return setValidator(db, 'users', {
      bsonType: 'object',
      required: ['email', 'password', 'role', 'createdAt'],
      properties: {
        email: { bsonType: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' },
        password: { bsonType: 'string', description: 'a hash, never the password itself' },
        name: { bsonType: 'string' },
        role: { enum: ROLES },
        isActive: { bsonType: 'bool' },
        createdAt: { bsonType: 'date' },
        updatedAt: { bsonType: 'date' },
      },
    });
  }

  async _createJobsCollection({ db }) {
    return setValidator(db, 'jobs', {
      bsonType: 'object',
      required: ['title', 'company', 'status', 'createdAt'],
      properties: {
        title: { bsonType: 'string', minLength: 1 },
        company: { bsonType: 'string', minLength: 1 },
        location: { bsonType: 'string' },
        status: { enum: JOB_STATUSES },
        skills: { bsonType: 'array', items: { bsonType: 'string' } },
        salary: {
          bsonType: 'object',
          required: ['min', 'max', 'currency'],
          properties: {
            min: { bsonType: 'number', minimum: 0 },
            max: { bsonType: 'number', minimum: 0 },
            currency: { enum: ['USD', 'EUR', 'GBP'] },
          },
        },
        createdAt: { bsonType: 'date' },
      },
    });
  }

  async _createActivityLogsCollection({ db }) {
    return setValidator(db, 'activity_logs', {
      bsonType: 'object',
      required: ['action', 'level', 'timestamp'],
      properties: {
        action: { bsonType: 'string' },
        level: { enum: ['info', 'warning', 'error'] },
        message: { bsonType: 'string' },
        userEmail: { bsonType: 'string' },
        timestamp: { bsonType: 'date' },
      },
    });
  }

  async _createIndexes({ db }) {
    await db.collection('users').createIndex({ email: 1 }, { unique: true });
    await db.collection('jobs').createIndex({ status: 1, createdAt: -1 });
    await db.collection('jobs').createIndex({ company: 1, title: 1 }, { unique: true });
    await db.collection('jobs').createIndex({ skills: 1 });
    await db.collection('activity_logs').createIndex({ timestamp: -1 });
    await db.collection('activity_logs').createIndex({ userEmail: 1, timestamp: -1 });
  }

  async _dropIndexes({ db }) {
    await db.collection('users').dropIndex('email_1');
    for (const index of ['status_1_createdAt_-1', 'company_1_title_1', 'skills_1']) {
      await db.collection('jobs').dropIndex(index);
    }
    await db.collection('activity_logs').dropIndex('timestamp_-1');
    await db.collection('activity_logs').dropIndex('userEmail_1_timestamp_-1');
  }

  async _addUserRolesIndex({ db }) {
    await db.collection('users').createIndex({ role: 1 });
    await db.collection('users').createIndex({ role: 1, isActive: 1 });
  }

  async _dropUserRolesIndex({ db }) {
    await db.collection('users').dropIndex('role_1');
    await db.collection('users').dropIndex('role_1_isActive_1');
  }
}

module.exports = { MigrationManager };
