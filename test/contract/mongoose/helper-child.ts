// One helper, in a process that can be killed: URL, name of the case, number of documents.
import mongoose from 'mongoose';
import { CASES, modelsOf } from './helper-cases.ts';

const [url = '', name, size = '0'] = process.argv.slice(2);
const found = CASES.find((one) => one.name === name);
if (found === undefined) throw new Error(`no case ${name}`);
const connection = await mongoose.createConnection(url).asPromise();
const models = modelsOf(connection);
const base = process.memoryUsage.rss();
let most = base;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 20);
console.log('begun');
await found.run(models, { size: Number(size), id: (n) => n });
clearInterval(watch);
await connection.close();
console.log(`done ${Math.round((most - base) / 1e6)}`);
