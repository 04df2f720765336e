import { defineBackfill } from 'godwit';

// Not idempotent: a row that is done twice is wrong. Each is done once, whoever is killed.
export default defineBackfill({
  description: 'the visit that nobody had counted',
  table: 'patients',
  fields: ['visits'],
  transform: ({ visits }) => ({ visits: visits + 1 }),
});
