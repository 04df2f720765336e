const { Schema, model } = require('mongoose');

const complaintSchema = new Schema(
  {
    reference: { type: String, required: true, unique: true },
    raisedBy: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    child: { type: Schema.Types.ObjectId, ref: 'Child' },
    subject: { type: String, required: true },
    description: { type: String, required: true },
    category: { type: String, enum: ['care', 'billing', 'scheduling', 'other'], default: 'other' },
    priority: { type: String, enum: ['low', 'normal', 'high'], default: 'normal' },
    status: { type: String, enum: ['open', 'in-review', 'resolved'], default: 'open' },
    resolvedAt: Date,
  },
  { timestamps: true },
);

complaintSchema.index({ status: 1, createdAt: 1 });
complaintSchema.index({ subject: 'text', description: 'text' });

module.exports = model('Complaint', complaintSchema);
