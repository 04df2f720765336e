// What people write: find them all, change and save each. FOLDER is how many.
import mongoose from 'mongoose';
import { changePhone, model } from './helper.mjs';

export async function open(url, _what, count) {
  await mongoose.connect(url);
  const Row = model('Row', 'rows');
  const run = async () => {
    const documents = await Row.find({}).limit(Number(count));
    for (const document of documents) await changePhone(document).save();
    return documents.length;
  };
  return { run, close: () => mongoose.disconnect() };
}
