const mongoose = require('mongoose');

const schema = new mongoose.Schema({ name: String, phone: String }, { strict: false });

module.exports = mongoose.model('Patient', schema);
