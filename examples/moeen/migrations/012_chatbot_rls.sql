-- description: Who may see and change what of the chatbot
--
-- anon talks to the bot through the server (service_role), never to these tables.

-- Below, "does not exist, skipping" is what is expected.
set local client_min_messages = warning;

revoke all on chatbot_flows, chatbot_nodes, chatbot_edges, chatbot_templates,
  chatbot_integrations, conversations, messages from anon, authenticated;
grant select, insert, update, delete on chatbot_flows, chatbot_nodes, chatbot_edges,
  chatbot_templates, chatbot_integrations, conversations, messages to authenticated, service_role;

drop policy if exists "published flows are for all who are signed in" on chatbot_flows;
create policy "published flows are for all who are signed in" on chatbot_flows for select to authenticated
  using (status = 'published');
drop policy if exists "staff draw flows" on chatbot_flows;
create policy "staff draw flows" on chatbot_flows to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

-- A node or edge is seen by whoever sees its flow.
drop policy if exists "nodes of flows that are seen" on chatbot_nodes;
create policy "nodes of flows that are seen" on chatbot_nodes for select to authenticated
  using (flow_id in (select id from chatbot_flows));
drop policy if exists "staff draw nodes" on chatbot_nodes;
create policy "staff draw nodes" on chatbot_nodes to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
drop policy if exists "edges of flows that are seen" on chatbot_edges;
create policy "edges of flows that are seen" on chatbot_edges for select to authenticated
  using (flow_id in (select id from chatbot_flows));
drop policy if exists "staff draw edges" on chatbot_edges;
create policy "staff draw edges" on chatbot_edges to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

drop policy if exists "templates are for all who are signed in" on chatbot_templates;
create policy "templates are for all who are signed in" on chatbot_templates for select to authenticated
  using (true);
drop policy if exists "staff write templates" on chatbot_templates;
create policy "staff write templates" on chatbot_templates to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
drop policy if exists "admins connect channels" on chatbot_integrations;
create policy "admins connect channels" on chatbot_integrations to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');

drop policy if exists "patients see their conversations" on conversations;
create policy "patients see their conversations" on conversations for select to authenticated
  using (patient_id in (select id from patients where user_id = (select auth.uid())));
drop policy if exists "staff hold conversations" on conversations;
create policy "staff hold conversations" on conversations to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
drop policy if exists "messages of conversations that are seen" on messages;
create policy "messages of conversations that are seen" on messages for select to authenticated
  using (conversation_id in (select id from conversations));

-- A patient writes into a conversation that is still open, and only as themselves.
drop policy if exists "patients write messages" on messages;
create policy "patients write messages" on messages for insert to authenticated
  with check (
    direction = 'in'
    and conversation_id in (select id from conversations where status <> 'closed')
  );
drop policy if exists "staff write messages" on messages;
create policy "staff write messages" on messages to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
