const mongoose = require('mongoose');

const schema = new mongoose.Schema({ userId: String, createdAt: Date }, { strict: false });

module.exports = mongoose.model('OldAppointment', schema);
