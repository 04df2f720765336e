// npm run seed: users, and sample data around them. Each part is put in once; running it
// again changes nothing, and nothing that somebody changed since is changed back.
const { randomBytes, scryptSync } = require('node:crypto');

/** `scrypt$SALT$HASH`: what the application compares a login with. */
function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32);
  return `scrypt$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** A document that is there stays as it is; a new one is made, and checked, by its model. */
async function put(Model, key, fields) {
  return (await Model.findOne(key)) ?? (await Model.create([{ ...key, ...fields }]))[0];
}

const day = (text) => new Date(`${text}T09:00:00Z`);
const user = (models, email) => models.User.findOne({ email }).orFail();
const child = (models, firstName) => models.Child.findOne({ firstName }).orFail();

async function users({ models }) {
  const person = (email, password, fields) =>
    put(models.User, { email }, { password: hashPassword(password), ...fields });
  await person('admin@sparktherapy.com', 'admin123', { name: 'Amira Haddad', role: 'admin' });
  await person('therapist@sparktherapy.com', 'therapist123', {
    name: 'Tomás Rivera',
    role: 'therapist',
    specialties: ['verbal behavior', 'early learners'],
  });
  await person('parent@sparktherapy.com', 'parent123', {
    name: 'Priya Nair',
    role: 'parent',
    phone: '+1 555 0100',
  });
}

async function children({ models }) {
  const parent = await user(models, 'parent@sparktherapy.com');
  const therapist = await user(models, 'therapist@sparktherapy.com');
  const born = { Asha: '2019-03-14', Ravi: '2021-08-02' };
  for (const [firstName, dateOfBirth] of Object.entries(born)) {
    await put(
      models.Child,
      { firstName, lastName: 'Nair', dateOfBirth: new Date(dateOfBirth) },
      { diagnosis: 'Autism spectrum disorder', parents: [parent._id], therapist: therapist._id },
    );
  }
}

async function programs({ models }) {
  const therapist = await user(models, 'therapist@sparktherapy.com');
  const asha = await child(models, 'Asha');
  const ravi = await child(models, 'Ravi');
  const program = (who, title, domains, targets) =>
    put(
      models.Program,
      { child: who._id, title },
      { therapist: therapist._id, domains, targets, startsAt: day('2025-01-06'), status: 'active' },
    );
  await program(
    asha,
    'Asking and naming',
    ['F', 'G'],
    [
      { code: 'F2', description: 'Requests with a spoken word', score: 2, status: 'teaching' },
      { code: 'F8', description: 'Requests what is missing', status: 'planned' },
      {
        ...{ code: 'G4', description: 'Labels common objects', score: 4, status: 'mastered' },
        masteredAt: day('2025-02-14'),
      },
    ],
  );
  await program(
    ravi,
    'Looking and imitating',
    ['B', 'D'],
    [
      { code: 'B3', description: 'Matches identical objects', score: 1, status: 'teaching' },
      { code: 'D1', description: 'Imitates with objects', maxScore: 2, status: 'planned' },
    ],
  );
}

async function sessions({ models }) {
  const therapist = (await user(models, 'therapist@sparktherapy.com'))._id;
  const asha = (await child(models, 'Asha'))._id;
  const program = (await models.Program.findOne({ child: asha }).orFail())._id;
  for (const [at, correct] of [
    ['2025-02-03', 6],
    ['2025-02-10', 8],
  ]) {
    await put(
      models.Session,
      { child: asha, startedAt: day(at) },
      {
        ...{ therapist, program, minutes: 60, notes: 'Asked for the swing by herself.' },
        trials: [{ target: 'F2', trials: 10, correct, prompt: 'verbal' }],
      },
    );
  }
  const startsAt = day('2025-02-17');
  const endsAt = new Date(startsAt.getTime() + 3_600_000);
  await put(models.Schedule, { therapist, startsAt }, { child: asha, endsAt, room: 'Blue' });
}

async function office({ models }) {
  const admin = (await user(models, 'admin@sparktherapy.com'))._id;
  const therapist = (await user(models, 'therapist@sparktherapy.com'))._id;
  const parent = (await user(models, 'parent@sparktherapy.com'))._id;
  const asha = (await child(models, 'Asha'))._id;
  const session = (await models.Session.findOne({ child: asha }).sort('startedAt').orFail())._id;

  for (const [service, amount] of [
    ['assessment', 25_000],
    ['session', 9_000],
  ]) {
    await put(
      models.Fee,
      { service, child: null, effectiveFrom: new Date('2025-01-01') },
      { amount },
    );
  }
  await put(
    models.Invoice,
    { number: '2025-0001' },
    {
      ...{ parent, child: asha, status: 'sent', dueAt: day('2025-03-15') },
      items: [{ description: 'Therapy session', quantity: 2, unitAmount: 9_000 }],
    },
  );
  await put(
    models.Notification,
    { user: parent, title: 'Invoice 2025-0001' },
    { type: 'invoice', body: 'Two sessions in February.' },
  );
  await put(
    models.Complaint,
    { reference: 'C-2025-001' },
    {
      ...{ raisedBy: parent, child: asha, category: 'scheduling' },
      ...{ subject: 'Late start', description: 'The session of 10 February began late.' },
    },
  );
  await put(
    models.LeaveRequest,
    { therapist, from: day('2025-04-14') },
    { type: 'vacation', to: day('2025-04-18'), status: 'approved', decidedBy: admin },
  );
  await put(models.Feedback, { session, parent }, { rating: 5, comment: 'She loved it.' });
}

/** Run with the project's models, through godwit's guard. */
const withModels = (work) => async (ctx) => work(await ctx.mongoose());

const seeds = [
  { id: '001_users', description: 'Admin, therapist and parent', run: withModels(users) },
  { id: '002_children', description: 'Two children', run: withModels(children) },
  { id: '003_programs', description: 'Programs with ABLLS-R targets', run: withModels(programs) },
  { id: '004_sessions', description: 'Sessions and schedules', run: withModels(sessions) },
  { id: '005_office', description: 'Invoices, fees and the rest', run: withModels(office) },
];

module.exports = { seeds };

async function main() {
  const { createMigrator } = require('godwit');
  const migrator = createMigrator({ root: __dirname, command: 'seed' });
  migrator.on((event) => {
    if (event.type === 'target') {
      console.log(`🔗 ${event.target.database} at ${event.target.host}`);
    } else if (event.type === 'run.ended' && event.outcome.status === 'applied') {
      console.log(`✅ ${event.id}`);
    } else if (event.type === 'warning') console.log(`⚠️  ${event.message}`);
  });
  try {
    // --again: also what was put in before, where some of it was deleted.
    const { runs, error } = await migrator.seed({ again: process.argv.includes('--again') });
    const failure = error ?? runs.find((run) => run.error)?.error;
    if (failure) throw Object.assign(new Error(failure.message), failure);
    console.log(
      runs.length === 0 ? '✅ The data is there already' : `🌱 ${runs.length} part(s) done`,
    );
  } catch (error) {
    const lines = [error.message, error.state, ...(error.next ?? [])];
    for (const line of lines.filter(Boolean)) console.error(`❌ ${line}`);
    process.exitCode = error.exitCode ?? 1;
  } finally {
    await migrator.close();
  }
}

if (require.main === module) main();
