/** Guide 5's sixteen. */
export const MOEEN = {
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
} as const;
