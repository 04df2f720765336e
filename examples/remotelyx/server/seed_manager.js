const { randomBytes, scryptSync } = require('node:crypto');

const CREATED = new Date('2025-01-15T09:00:00Z');

/** `scrypt$SALT$HASH`: what the server compares a login with. */
function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32);
  return `scrypt$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** The seeds by name. A seed is a function, or { description, dependsOn, run }. */
class SeedManager {
  getAvailableSeeds() {
    return ['001_create_admin_user', '002_create_sample_jobs', '003_create_sample_activity_logs'];
  }

  getSeedFunction(seedName) {
    const seedFunctions = {
      '001_create_admin_user': {
        description: 'Default admin user',
        run: this._createAdminUser,
      },
      '002_create_sample_jobs': {
        description: '5 sample job postings',
        run: this._createSampleJobs,
      },
      '003_create_sample_activity_logs': {
        description: 'System activity logs',
        dependsOn: ['001_create_admin_user', '002_create_sample_jobs'],
        run: this._createSampleActivityLogs,
      },
    };
    return seedFunctions[seedName];
  }

  async _createAdminUser({ db, log }) {
    // A password that was changed since stays changed.
    if (await db.collection('users').findOne({ email: 'admin@remotelyx.com' })) {
      log('The admin is there already.');
      return;
    }
    await db.collection('users').insertOne({
      email: 'admin@remotelyx.com',
      password: hashPassword('admin123'),
      name: 'Administrator',
      role: 'admin',
      isActive: true,
      createdAt: CREATED,
    });
  }

  async _createSampleJobs({ upsert }) {
    const job = (title, company, location, skills, min, max) => ({
      ...{ title, company, location, skills },
      salary: { min, max, currency: 'USD' },
      status: 'active',
      createdAt: CREATED,
    });
    return upsert(
      'jobs',
      [
        job('Senior Backend Engineer', 'TechCorp', 'Remote', ['python', 'mongodb'], 120e3, 160e3),
        job('Full Stack Developer', 'StartupXYZ', 'Remote', ['react', 'node'], 90e3, 130e3),
        job('Data Scientist', 'DataTech Inc', 'New York', ['python', 'ml'], 110e3, 150e3),
        job('DevOps Engineer', 'CloudSolutions', 'Remote', ['aws', 'docker'], 105e3, 145e3),
        job('Frontend Developer', 'WebDesign Pro', 'London', ['vue', 'css'], 80e3, 110e3),
      ],
      { key: ['company', 'title'] },
    );
  }

  async _createSampleActivityLogs({ db, upsert }) {
    const jobs = await db.collection('jobs').countDocuments();
    const entry = (minute, action, message) => ({
      ...{ action, message },
      level: 'info',
      userEmail: 'admin@remotelyx.com',
      timestamp: new Date(CREATED.getTime() + minute * 60_000),
    });
    return upsert(
      'activity_logs',
      [
        entry(0, 'system.setup', 'Database set up'),
        entry(1, 'user.created', 'Default admin user created'),
        entry(2, 'jobs.seeded', `${jobs} sample jobs created`),
      ],
      { key: ['action', 'timestamp'] },
    );
  }
}

module.exports = { SeedManager };
