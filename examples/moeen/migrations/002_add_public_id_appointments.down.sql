update appointments
set public_id = null
where public_id = 'apt_' || cuid;
