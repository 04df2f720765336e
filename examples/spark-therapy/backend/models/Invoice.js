const { Schema, model } = require('mongoose');

const itemSchema = new Schema(
  {
    description: { type: String, required: true },
    quantity: { type: Number, min: 1, default: 1 },
    // In cents, so that sums are exact.
    unitAmount: { type: Number, min: 0, required: true },
  },
  { _id: false },
);

const invoiceSchema = new Schema(
  {
    number: { type: String, required: true, unique: true },
    parent: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    child: { type: Schema.Types.ObjectId, ref: 'Child', required: true },
    items: [itemSchema],
    // Made of the items by migrations/002-invoice-totals.js where it was missing.
    totalAmount: { type: Number, min: 0 },
    currency: { type: String, default: 'USD', minlength: 3, maxlength: 3 },
    status: { type: String, enum: ['draft', 'sent', 'paid', 'void'], default: 'draft' },
    dueAt: Date,
    paidAt: Date,
  },
  { timestamps: true },
);

invoiceSchema.pre('validate', function addUp() {
  this.totalAmount = this.items.reduce((sum, item) => sum + item.quantity * item.unitAmount, 0);
});

invoiceSchema.index({ parent: 1, createdAt: -1 });
// Only what is still to be paid is looked up by its date.
invoiceSchema.index({ dueAt: 1 }, { partialFilterExpression: { status: 'sent' } });

module.exports = model('Invoice', invoiceSchema);
