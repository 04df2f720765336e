import { defineBackfill } from 'godwit';

export default defineBackfill({
  collection: 'members',
  fields: ['points'],
  transform: ({ points }) => ({ points: points + 1 }),
});
