const mongoose = require('mongoose');

const schema = new mongoose.Schema(
  { email: String, name: String, phone: String, userId: String, createdAt: Date },
  { strict: false },
);

module.exports = mongoose.model('User', schema);
