/** `child.ts <url> <tables…>`: to be killed. */
import { createMigrator } from '../../../src/app/create-migrator.ts';

const [url = '', ...tables] = process.argv.slice(2);
const publicIds = { patients: 'pat', appointments: 'apt', 'app.notes': 'nte' };
const migrator = createMigrator({ url, config: false, publicIds });
process.stdout.write('begin\n');
await migrator.backfill.publicIds({ tables, chunk: 50, control: { maxRate: 3_000 } });
await migrator.close();
process.stdout.write('done\n');
