/** The people of the sample rows in base/000_platform.sql. */
const layla = { sub: '8f0c2a51-6d3e-4b7a-9c14-2e5f7a90b1c3' };
const stranger = { sub: '00000000-0000-4000-8000-000000000000' };
const therapist = {
  sub: '3a7e1fd0-94b5-4e86-8f2b-c60d5b18e7f4',
  app_metadata: { role: 'staff' },
};
const admin = { ...therapist, app_metadata: { role: 'admin' } };

const CORE = ['patients', 'appointments', 'sessions', 'insurance_claims'];
const CHATBOT = [
  'chatbot_flows',
  'chatbot_nodes',
  'chatbot_edges',
  'chatbot_templates',
  'chatbot_integrations',
  'conversations',
  'messages',
];
const CRM = ['crm_leads', 'crm_deals', 'crm_activities'];
const SYSTEM = ['user_preferences', 'notifications', 'audit_logs', 'roles', 'user_roles'];
const ANY = ['select', 'insert', 'update', 'delete'];

const flow = { public_id: 'flw_probe', name: 'Welcome' };
const lead = { public_id: 'led_probe', full_name: 'Huda', phone: '+966500000199' };
const activity = { public_id: 'act_probe', kind: 'call', subject: 'First call' };
const setting = { public_id: 'set_probe', key: 'probe', value: '1' };

/** What each role can and cannot do. godwit tries it as that role, and changes nothing. */
export const EXPECTATIONS = [
  // Who is not signed in sees the public settings, and nothing else.
  { role: 'anon', cannot: ANY, on: [...CORE, ...CHATBOT, ...CRM, ...SYSTEM] },
  'anon can select settings',
  { role: 'anon', cannot: ['insert', 'update', 'delete'], on: 'settings' },

  // A patient sees what is theirs, somebody else nothing of it.
  { role: 'authenticated', can: 'select', on: ['patients', 'appointments'], claims: layla },
  { role: 'authenticated', cannot: 'select', on: CORE, claims: stranger },
  {
    role: 'authenticated',
    cannot: 'select',
    on: ['sessions', 'insurance_claims'],
    claims: layla,
  },
  { role: 'authenticated', cannot: ['update', 'delete'], on: CORE, claims: layla },
  { role: 'authenticated', can: 'select', on: 'chatbot_templates', claims: layla },
  { role: 'authenticated', cannot: 'update', on: 'chatbot_templates', claims: layla },
  { role: 'authenticated', cannot: 'insert', on: 'chatbot_flows', claims: layla, row: flow },
  { role: 'authenticated', cannot: 'insert', on: 'crm_leads', claims: layla, row: lead },
  { role: 'authenticated', cannot: 'update', on: ['roles', 'settings'], claims: layla },
  {
    role: 'authenticated',
    can: 'insert',
    on: 'user_preferences',
    claims: layla,
    row: { user_id: layla.sub },
  },
  {
    role: 'authenticated',
    cannot: 'insert',
    on: 'user_preferences',
    claims: stranger,
    row: { user_id: layla.sub },
  },

  // Staff care for patients and leads, and sign with their own name.
  { role: 'authenticated', can: ['select', 'update'], on: CORE, claims: therapist },
  { role: 'authenticated', can: 'insert', on: 'chatbot_flows', claims: therapist, row: flow },
  { role: 'authenticated', can: 'insert', on: 'crm_leads', claims: therapist, row: lead },
  {
    role: 'authenticated',
    can: 'insert',
    on: 'crm_activities',
    claims: therapist,
    row: { ...activity, owner_id: therapist.sub },
  },
  {
    role: 'authenticated',
    cannot: 'insert',
    on: 'crm_activities',
    claims: therapist,
    row: { ...activity, owner_id: layla.sub },
  },
  { role: 'authenticated', cannot: 'insert', on: 'settings', claims: therapist, row: setting },

  // Admins run the system, and rewrite no history; nor does the server.
  { role: 'authenticated', can: 'insert', on: 'settings', claims: admin, row: setting },
  {
    role: 'authenticated',
    cannot: ['insert', 'update', 'delete'],
    on: 'audit_logs',
    claims: admin,
  },
  { role: 'service_role', cannot: ['update', 'delete'], on: 'audit_logs' },
  { role: 'service_role', can: 'select', on: CORE },
];
