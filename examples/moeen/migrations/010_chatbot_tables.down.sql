drop table if exists messages;
drop table if exists conversations;
drop table if exists chatbot_integrations;
drop table if exists chatbot_templates;
drop table if exists chatbot_edges;
drop table if exists chatbot_nodes;
drop table if exists chatbot_flows;
