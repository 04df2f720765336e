// npm run migrate:create "add_new_field_to_users"
const path = require('node:path');
const { createMigrator } = require('godwit');

const root = path.join(__dirname, '..');

(async () => {
  const name = process.argv.slice(2).join('_');
  if (!name) {
    console.log('Usage:');
    console.log('  npm run migrate:create "name_of_the_change"');
    process.exit(2);
  }
  // Folder and style come from godwit.config.js. No database is asked.
  const migrator = createMigrator({ root });
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
