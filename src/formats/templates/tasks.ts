/** What the body of a new migration does; written for a class, where models are `this.models`. */
export interface Task {
  /** As `create` describes it, and the file in `templates/` says. */
  readonly about: string;
  readonly helper: boolean;
  readonly up: string;
  readonly down: string;
}

const NOTHING = `// Takes back what up does. Without a way back, delete this method.
throw new Error('down is not written yet');`;

/** Templates of `create --template`, and the files that a layout's \`templates/\` begins with. */
export const TASKS: Readonly<Record<string, Task>> = {
  addField: {
    about: 'Adding a field to an existing model',
    helper: true,
    up: `const result = await MigrationHelper.addField(
  this.models.User,
  'phoneVerified',
  false
);
return result;`,
    down: `return MigrationHelper.removeField(this.models.User, 'phoneVerified');`,
  },
  transform: {
    about: 'Transforming data, each document exactly once',
    helper: true,
    up: `const result = await MigrationHelper.transformData(
  this.models.Patient,
  {}, // query filter
  (doc) => {
    // Transform phone numbers to E.164 format
    if (doc.phone) {
      doc.phone = doc.phone.replace(/\\D/g, '');
      if (!doc.phone.startsWith('+1')) {
        doc.phone = '+1' + doc.phone;
      }
    }
    return doc;
  }
);
return result;`,
    down: NOTHING,
  },
  schema: {
    about: 'Complex schema changes: duplicates go before the unique index comes',
    helper: true,
    up: `const User = this.models.User;

// Rename field
await MigrationHelper.renameField(User, 'phone', 'phoneNumber');

// Remove duplicates: a unique index cannot be built while there are any
await MigrationHelper.removeDuplicates(User, 'email');

// Add index
await MigrationHelper.createIndex(User, { email: 1 }, { unique: true });

return { success: true };`,
    down: `const User = this.models.User;
await MigrationHelper.dropIndex(User, { email: 1 });
await MigrationHelper.renameField(User, 'phoneNumber', 'phone');`,
  },
  seed: {
    about: 'Seeding initial data',
    helper: false,
    up: `const Treatment = this.models.Treatment;

const treatments = [
  { name: 'Initial Consultation', duration: 60, price: 150 },
  { name: 'Follow-up', duration: 30, price: 75 }
];

const created = await Treatment.insertMany(treatments);
return { created: created.length };`,
    down: `const names = ['Initial Consultation', 'Follow-up'];
await this.models.Treatment.deleteMany({ name: { $in: names } });`,
  },
  backfill: {
    about: 'A large change in chunks: throttled, resumable, each document exactly once',
    helper: false,
    up: `const { rows, changed } = await this.backfill({
  collection: 'users',
  filter: { fullName: { $exists: false } },
  // An aggregation pipeline: the server computes it.
  set: [{ $set: { fullName: { $concat: ['$firstName', ' ', '$lastName'] } } }],
  throttle: { maxLagMs: 10_000 },
  verify: { fullName: { $exists: false }, firstName: { $type: 'string' } }
});
return { rows, changed };`,
    down: `await this.backfill({
  collection: 'users',
  name: 'take fullName back',
  filter: { fullName: { $exists: true } },
  set: { $unset: { fullName: '' } }
});`,
  },
  'online-change': {
    about:
      'Expand first: old and new field side by side, so that both releases of the program work',
    helper: true,
    up: `// 1. This migration: the new field beside the old one.
// 2. Then deploy the program that writes both and reads the new one.
// 3. Contract in a migration of its own, once no old release runs:
//    await MigrationHelper.copyField(User, 'phone', 'phoneNumber');
//    await MigrationHelper.removeField(User, 'phone');
const User = this.models.User;
return MigrationHelper.copyField(User, 'phone', 'phoneNumber');`,
    down: `return MigrationHelper.removeField(this.models.User, 'phoneNumber');`,
  },
  validator: {
    about: 'Changing a validator: what would break it is found and named first',
    helper: false,
    up: `const db = this.mongoose.connection.db;
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
});`,
    down: `await this.mongoose.connection.db.command({
  collMod: 'users',
  validator: {},
  validationLevel: 'off'
});`,
  },
};

export const EMPTY: Task = {
  about: 'A migration',
  helper: true,
  up: `// const User = this.models.User;
// return MigrationHelper.addField(User, 'avatar', null);
this.log('nothing to do yet');`,
  down: NOTHING,
};
