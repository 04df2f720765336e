const { Schema, model } = require('mongoose');

const trialSchema = new Schema(
  {
    target: { type: String, required: true },
    trials: { type: Number, min: 1, required: true },
    correct: { type: Number, min: 0, required: true },
    prompt: { type: String, enum: ['none', 'gestural', 'verbal', 'physical'], default: 'none' },
  },
  { _id: false },
);

const sessionSchema = new Schema(
  {
    child: { type: Schema.Types.ObjectId, ref: 'Child', required: true },
    therapist: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    program: { type: Schema.Types.ObjectId, ref: 'Program', required: true },
    startedAt: { type: Date, required: true },
    minutes: { type: Number, min: 0, required: true },
    trials: [trialSchema],
    notes: String,
    status: { type: String, enum: ['held', 'cancelled', 'no-show'], default: 'held' },
  },
  { timestamps: true },
);

sessionSchema.index({ child: 1, startedAt: -1 });
sessionSchema.index({ therapist: 1, startedAt: -1 });
sessionSchema.index({ program: 1 });

module.exports = model('Session', sessionSchema);
