const mongoose = require('mongoose');

const schema = new mongoose.Schema(
  { name: String, duration: Number, price: Number },
  { strict: false },
);

module.exports = mongoose.model('Treatment', schema);
