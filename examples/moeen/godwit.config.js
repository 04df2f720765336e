import { EXPECTATIONS } from './expectations.js';

/** Tables and the prefixes of their public ids, as the guide lists them. */
const PUBLIC_IDS = {
  patients: 'pat',
  appointments: 'apt',
  sessions: 'ses',
  insurance_claims: 'clm',
  chatbot_flows: 'flw',
  chatbot_nodes: 'nod',
  chatbot_edges: 'edg',
  conversations: 'cnv',
  messages: 'msg',
  crm_leads: 'led',
  crm_deals: 'del',
  crm_activities: 'act',
  notifications: 'ntf',
  audit_logs: 'aud',
  roles: 'rol',
  settings: 'set',
};

// Read by plain `npx godwit` commands and by everything in scripts/. It names no database:
// that is DATABASE_URL, and without it an embedded PostgreSQL in .godwit/.
export default {
  // base/ holds what the guide takes for granted; `create` writes into the first.
  dir: ['migrations', 'base'],
  versions: 'number',
  language: 'sql',

  // "Automatic backups before migrations": backup/migrations/pre_migration_backup.sql
  backup: { mode: 'full', keep: { count: 10 } },
  // "All operations are logged": logs/migration.log, backfill.log, validation.log
  logs: true,

  // "Schema validation after each migration"
  validateAfter: 'each',
  exposedSchemas: ['public'],
  expectations: EXPECTATIONS,
  checks: {
    // Data of patients: what is a warning elsewhere stops a deployment here.
    GODWIT_CHECK_RLS_DISABLED: 'error',
    GODWIT_CHECK_ANONYMOUS_WRITE: 'error',
  },

  publicIds: PUBLIC_IDS,
};
