import { defineBackfill } from 'godwit';

// Computed by the server: no row travels.
export default defineBackfill({
  description: 'the region that a country belongs to',
  table: 'patients',
  filter: 'region IS NULL',
  set: { region: "CASE country WHEN 'us' THEN 'us' ELSE 'eu' END" },
  verify: 'region IS NULL',
});
