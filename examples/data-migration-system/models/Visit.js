const mongoose = require('mongoose');

const schema = new mongoose.Schema({ patient: String, minutes: Number }, { strict: false });

module.exports = mongoose.model('Visit', schema);
