const { Schema, model } = require('mongoose');

const scheduleSchema = new Schema(
  {
    child: { type: Schema.Types.ObjectId, ref: 'Child', required: true },
    therapist: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    startsAt: { type: Date, required: true },
    endsAt: { type: Date, required: true },
    room: String,
    status: { type: String, enum: ['booked', 'held', 'cancelled'], default: 'booked' },
  },
  { timestamps: true },
);

// Nobody is in two places at once, unless one of them was cancelled.
scheduleSchema.index(
  { therapist: 1, startsAt: 1 },
  { unique: true, partialFilterExpression: { status: 'booked' } },
);
scheduleSchema.index({ child: 1, startsAt: 1 });

module.exports = model('Schedule', scheduleSchema);
