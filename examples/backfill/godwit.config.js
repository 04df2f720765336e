import { defineConfig } from 'godwit';

export default defineConfig({
  databases: {
    mongodb: {
      env: ['MONGODB_URI'],
      dir: 'mongodb/migrations',
      backfillDir: 'mongodb/backfills',
    },
    postgres: {
      env: ['DATABASE_URL'],
      dir: 'postgres/migrations',
      backfillDir: 'postgres/backfills',
    },
  },
  // Where the work is shared: --redis, or GODWIT_REDIS_URL.
});
