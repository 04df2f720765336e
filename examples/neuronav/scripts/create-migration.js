// npm run migrate:create "add_new_field_to_users"
const path = require('node:path');
const { createMigrator } = require('godwit');
const dotenv = require('dotenv');

const root = path.join(__dirname, '..');
dotenv.config({ path: path.join(root, '.env') });

(async () => {
  const name = process.argv.slice(2).join('_');
  if (!name) {
    console.log('Usage:');
    console.log('  npm run migrate:create "name_of_the_change"');
    process.exit(2);
  }
  const migrator = createMigrator({
    root,
    config: root,
    // Nothing is connected to write a file, so it may be missing here.
    url: process.env.MONGODB_URI || 'mongodb://127.0.0.1:27017/neuronav',
  });
  try {
    const { files } = await migrator.create(name);
    for (const file of files) console.log(`Created ${file}`);
  } catch (error) {
    console.error('Migration error:', error.message);
    process.exit(1);
  } finally {
    await migrator.close();
  }
})();
