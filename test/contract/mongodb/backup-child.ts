/**
 * A process of its own, for tests that kill or measure one:
 * `backup-child.ts create|restore <url> <folder>`. Tells what happens as JSON lines.
 */
import { createMigrator } from '../../../src/app/create-migrator.ts';

const [action = '', url = '', dir = ''] = process.argv.slice(2);
const say = (event: string, data: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ event, ...data })}\n`);
};
const migrator = createMigrator({
  ...{ url, config: false, migrations: [], backup: { dir } },
  lockLeaseMs: 2000,
});
let peak = 0;
let base = 0;
const measure = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
migrator.on((event) => {
  measure();
  if (event.type === 'backup.started') base = process.memoryUsage.rss();
  if (event.type === 'backup.progress') say('progress', { rows: event.rows });
});
const timer = setInterval(measure, 20);
await (action === 'create' ? migrator.backup.create() : migrator.backup.restore());
clearInterval(timer);
await migrator.close();
say('done', { overBase: peak - base });
