const { Schema, model } = require('mongoose');

const notificationSchema = new Schema(
  {
    user: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    type: {
      type: String,
      enum: ['session', 'invoice', 'complaint', 'leave', 'system'],
      required: true,
    },
    title: { type: String, required: true },
    body: String,
    readAt: Date,
    // MongoDB deletes it then.
    expiresAt: { type: Date, expires: 0 },
  },
  { timestamps: true },
);

notificationSchema.index({ user: 1, createdAt: -1 });

module.exports = model('Notification', notificationSchema);
