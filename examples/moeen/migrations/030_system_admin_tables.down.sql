drop table if exists settings;
drop table if exists user_roles;
drop table if exists roles;
drop table if exists audit_logs;
drop table if exists notifications;
