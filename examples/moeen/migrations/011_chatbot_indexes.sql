-- description: Indexes of the chatbot
--
-- CONCURRENTLY, because messages go on being written meanwhile. godwit sees that this cannot
-- be in a transaction, and goes on with the right statement after an interruption.

create index concurrently if not exists chatbot_flows_created_by_idx on chatbot_flows (created_by);
create index concurrently if not exists chatbot_flows_published_idx on chatbot_flows (name)
  where status = 'published';
create index concurrently if not exists chatbot_edges_target_idx
  on chatbot_edges (flow_id, target_node_id);

create index concurrently if not exists conversations_patient_idx on conversations (patient_id);
create index concurrently if not exists conversations_flow_idx on conversations (flow_id);
create index concurrently if not exists conversations_integration_idx
  on conversations (integration_id);
create index concurrently if not exists conversations_open_idx on conversations (opened_at)
  where status <> 'closed';

create index concurrently if not exists messages_conversation_idx
  on messages (conversation_id, sent_at);
create index concurrently if not exists messages_payload_idx on messages
  using gin (payload jsonb_path_ops);
