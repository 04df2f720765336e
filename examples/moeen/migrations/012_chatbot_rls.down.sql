drop policy if exists "staff write messages" on messages;
drop policy if exists "patients write messages" on messages;
drop policy if exists "messages of conversations that are seen" on messages;
drop policy if exists "staff hold conversations" on conversations;
drop policy if exists "patients see their conversations" on conversations;
drop policy if exists "admins connect channels" on chatbot_integrations;
drop policy if exists "staff write templates" on chatbot_templates;
drop policy if exists "templates are for all who are signed in" on chatbot_templates;
drop policy if exists "staff draw edges" on chatbot_edges;
drop policy if exists "edges of flows that are seen" on chatbot_edges;
drop policy if exists "staff draw nodes" on chatbot_nodes;
drop policy if exists "nodes of flows that are seen" on chatbot_nodes;
drop policy if exists "staff draw flows" on chatbot_flows;
drop policy if exists "published flows are for all who are signed in" on chatbot_flows;

revoke all on chatbot_flows, chatbot_nodes, chatbot_edges, chatbot_templates,
  chatbot_integrations, conversations, messages from anon, authenticated, service_role;
