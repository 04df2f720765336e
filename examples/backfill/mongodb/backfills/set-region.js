import { defineBackfill } from 'godwit';

// Computed by the server: no document travels.
export default defineBackfill({
  description: 'the region that a country belongs to',
  collection: 'patients',
  filter: { region: { $exists: false } },
  set: [{ $set: { region: { $cond: [{ $eq: ['$country', 'us'] }, 'us', 'eu'] } } }],
  verify: { region: { $exists: false } },
});
