const { Schema, model } = require('mongoose');

const feedbackSchema = new Schema(
  {
    session: { type: Schema.Types.ObjectId, ref: 'Session', required: true },
    parent: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    rating: { type: Number, min: 1, max: 5, required: true },
    comment: String,
  },
  // Mongoose would say `feedbacks`.
  { timestamps: true, collection: 'feedback' },
);

feedbackSchema.index({ session: 1, parent: 1 }, { unique: true });

module.exports = model('Feedback', feedbackSchema);
