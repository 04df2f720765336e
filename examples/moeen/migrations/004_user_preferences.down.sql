drop table if exists user_preferences;
drop function if exists public.touch_updated_at();
