update sessions
set public_id = null
where public_id = 'ses_' || cuid;
