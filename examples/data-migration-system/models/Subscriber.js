const mongoose = require('mongoose');

const schema = new mongoose.Schema({ email: String }, { strict: false });

module.exports = mongoose.model('Subscriber', schema);
