const { Schema, model } = require('mongoose');

const childSchema = new Schema(
  {
    firstName: { type: String, required: true, trim: true },
    lastName: { type: String, required: true, trim: true },
    dateOfBirth: { type: Date, required: true },
    diagnosis: String,
    // Added by migrations/001-add-field.js for the children there were already.
    primaryLanguage: { type: String, default: 'en' },
    parents: [{ type: Schema.Types.ObjectId, ref: 'User', required: true }],
    therapist: { type: Schema.Types.ObjectId, ref: 'User' },
    allergies: { type: [String], default: undefined },
    status: { type: String, enum: ['active', 'paused', 'discharged'], default: 'active' },
  },
  // Names are sorted and compared as people do: é beside e.
  { timestamps: true, collation: { locale: 'en', strength: 1 } },
);

childSchema.index({ parents: 1 });
childSchema.index({ therapist: 1, status: 1 });
childSchema.index({ lastName: 1, firstName: 1, dateOfBirth: 1 });

module.exports = model('Child', childSchema);
