/** The files that the guide names. */
export const FILES = [
  '001_add_public_id_core_tables.sql',
  '002_add_public_id_appointments.sql',
  '003_add_public_id_sessions.sql',
  '004_user_preferences.sql',
  '010_chatbot_tables.sql',
  '011_chatbot_indexes.sql',
  '012_chatbot_rls.sql',
  '020_crm_tables.sql',
  '021_crm_indexes.sql',
  '022_crm_rls.sql',
  '030_system_admin_tables.sql',
  '031_system_rls.sql',
];

/** Its entity prefixes. */
export const PREFIXES = [
  ...['pat_', 'apt_', 'ses_', 'clm_', 'flw_', 'nod_', 'edg_', 'cnv_'],
  ...['msg_', 'led_', 'del_', 'act_', 'ntf_', 'aud_', 'rol_', 'set_'],
];

/** Its required environment variables, with its own values. */
export const VARIABLES = {
  DATABASE_URL: 'postgresql://username:password@localhost:5432/moeen_db',
  SUPABASE_URL: 'https://your-project.supabase.co',
  SUPABASE_ANON_KEY: 'your-anon-key',
  SUPABASE_SERVICE_ROLE_KEY: 'your-service-role-key',
  SUPABASE_PROJECT_REF: 'your-project-ref',
};

export const APPLY = `# Set environment variables first
export DATABASE_URL="postgresql://..."
export SUPABASE_PROJECT_REF="your-project-ref"

# Run migrations
./scripts/apply-migrations.sh`;

export const DRY_RUN = `# Dry run (safe)
DRY_RUN=true node scripts/backfill-public-ids.js`;

export const BACKFILL = `# Actual backfill
node scripts/backfill-public-ids.js`;

export const VALIDATE = 'node scripts/validate-schema.js';

export const RESTORE = 'psql $DATABASE_URL < backup/migrations/pre_migration_backup.sql';

export const MANUAL_ROLLBACK = `-- Example: Remove public_id columns
ALTER TABLE patients DROP COLUMN IF EXISTS public_id;
ALTER TABLE appointments DROP COLUMN IF EXISTS public_id;`;
