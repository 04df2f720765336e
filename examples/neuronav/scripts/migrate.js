const MigrationRunner = require('../server/migrations/migration');
const dotenv = require('dotenv');

dotenv.config();

const command = process.argv[2];
const arg = process.argv[3];

const runner = new MigrationRunner(process.env.MONGODB_URI);

(async () => {
  try {
    switch (command) {
      case 'up':
        await runner.up(arg ? parseInt(arg) : null);
        break;
      case 'down':
        await runner.down(arg ? parseInt(arg) : 1);
        break;
      case 'status':
        await runner.status();
        break;
      default:
        console.log('Usage:');
        console.log('  npm run migrate up [version]     - Apply migrations');
        console.log('  npm run migrate down [steps]     - Rollback migrations');
        console.log('  npm run migrate status           - Show migration status');
    }
  } catch (error) {
    console.error('Migration error:', error);
    process.exit(1);
  }
})();
