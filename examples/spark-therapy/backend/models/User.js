const { Schema, model } = require('mongoose');

const ROLES = ['admin', 'therapist', 'parent'];

const userSchema = new Schema(
  {
    name: { type: String, required: true, trim: true },
    email: { type: String, required: true, lowercase: true, trim: true, unique: true },
    // A hash, never the password; left out of queries unless asked for.
    password: { type: String, required: true, select: false },
    role: { type: String, enum: ROLES, required: true, index: true },
    phone: String,
    specialties: { type: [String], default: undefined },
    isActive: { type: Boolean, default: true },
    lastLoginAt: Date,
  },
  { timestamps: true },
);

module.exports = model('User', userSchema);
