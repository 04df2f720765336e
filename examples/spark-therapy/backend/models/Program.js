const { Schema, model } = require('mongoose');

// The skill areas of the ABLLS-R. There is no O.
const DOMAINS = {
  A: 'Cooperation and reinforcer effectiveness',
  B: 'Visual performance',
  C: 'Receptive language',
  D: 'Motor imitation',
  E: 'Vocal imitation',
  F: 'Requests',
  G: 'Labeling',
  H: 'Intraverbals',
  I: 'Spontaneous vocalizations',
  J: 'Syntax and grammar',
  K: 'Play and leisure',
  L: 'Social interaction',
  M: 'Group instruction',
  N: 'Classroom routines',
  P: 'Generalized responding',
  Q: 'Reading',
  R: 'Math',
  S: 'Writing',
  T: 'Spelling',
  U: 'Dressing',
  V: 'Eating',
  W: 'Grooming',
  X: 'Toileting',
  Y: 'Gross motor',
  Z: 'Fine motor',
};

const targetSchema = new Schema(
  {
    // Such as F12: the area's letter and the item's number in it.
    code: { type: String, required: true, match: /^[A-NP-Z][1-9]\d?$/ },
    description: { type: String, required: true },
    criterion: { type: String, default: '80 % correct in 3 sessions in a row' },
    // Scores of the ABLLS-R go from 0 to 2 or 4, by item.
    maxScore: { type: Number, enum: [2, 4], default: 4 },
    baseline: { type: Number, min: 0, max: 4, default: 0 },
    score: { type: Number, min: 0, max: 4, default: 0 },
    status: { type: String, enum: ['planned', 'teaching', 'mastered'], default: 'planned' },
    masteredAt: Date,
  },
  { _id: false },
);

targetSchema.virtual('domain').get(function domain() {
  return DOMAINS[this.code[0]];
});

const programSchema = new Schema(
  {
    child: { type: Schema.Types.ObjectId, ref: 'Child', required: true },
    therapist: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    title: { type: String, required: true },
    domains: [{ type: String, enum: Object.keys(DOMAINS) }],
    targets: { type: [targetSchema], validate: (targets) => targets.length > 0 },
    startsAt: { type: Date, required: true },
    endsAt: Date,
    status: { type: String, enum: ['draft', 'active', 'completed'], default: 'draft' },
  },
  { timestamps: true },
);

programSchema.index({ child: 1, title: 1 }, { unique: true });
programSchema.index({ child: 1, status: 1 });
programSchema.index({ 'targets.code': 1, 'targets.status': 1 });

module.exports = model('Program', programSchema);
module.exports.DOMAINS = DOMAINS;
