// MigrationHelper on a model, as migrations call it.
import mongoose from 'mongoose';
import { MigrationHelper } from '../../../dist/mongoose.js';

export async function open(url, what) {
  await mongoose.connect(url);
  const Row = model('Row', 'rows');
  const Copy = model('Copy', 'copies');
  const runs = {
    addField: async () => (await MigrationHelper.addField(Row, 'avatar', null)).modifiedCount,
    removeField: async () => (await MigrationHelper.removeField(Row, 'note')).modifiedCount,
    renameField: async () => (await MigrationHelper.renameField(Row, 'phone', 'tel')).modifiedCount,
    copyField: async () => (await MigrationHelper.copyField(Row, 'email', 'mail')).modifiedCount,
    sanitizeStringFields: async () =>
      (await MigrationHelper.sanitizeStringFields(Row, ['name'])).modifiedCount,
    transformData: async () =>
      (await MigrationHelper.transformData(Row, {}, changePhone)).modifiedCount,
    removeDuplicates: async () =>
      (await MigrationHelper.removeDuplicates(Row, 'email')).deletedCount,
    migrateCollection: async () =>
      (await MigrationHelper.migrateCollection(Row, Copy)).insertedCount,
  };
  return { run: runs[what], close: () => mongoose.disconnect() };
}

export function model(name, collection) {
  const options = { collection, strict: false, autoCreate: false, autoIndex: false };
  return mongoose.model(name, new mongoose.Schema({ phone: String, name: String }, options));
}

export function changePhone(document) {
  document.phone = `+1${document.phone.replace(/\D/g, '')}`;
  return document;
}
