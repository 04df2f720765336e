const { Schema, model } = require('mongoose');

const feeSchema = new Schema(
  {
    service: {
      type: String,
      enum: ['assessment', 'session', 'supervision', 'report'],
      required: true,
    },
    // Of one child; without it, the fee for everybody.
    child: { type: Schema.Types.ObjectId, ref: 'Child', default: null },
    // In cents.
    amount: { type: Number, min: 0, required: true },
    currency: { type: String, default: 'USD', minlength: 3, maxlength: 3 },
    effectiveFrom: { type: Date, required: true },
  },
  { timestamps: true },
);

feeSchema.index({ service: 1, child: 1, effectiveFrom: -1 }, { unique: true });

module.exports = model('Fee', feeSchema);
