const { Schema, model } = require('mongoose');

const leaveRequestSchema = new Schema(
  {
    therapist: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    type: { type: String, enum: ['vacation', 'sick', 'training', 'other'], required: true },
    from: { type: Date, required: true },
    to: { type: Date, required: true },
    reason: String,
    status: { type: String, enum: ['pending', 'approved', 'rejected'], default: 'pending' },
    decidedBy: { type: Schema.Types.ObjectId, ref: 'User' },
  },
  { timestamps: true },
);

leaveRequestSchema.index({ therapist: 1, from: 1 }, { unique: true });
leaveRequestSchema.index({ status: 1, from: 1 });

// Mongoose makes `leaverequests` of it.
module.exports = model('LeaveRequest', leaveRequestSchema);
