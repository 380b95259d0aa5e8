-- Leaving and taking along want the password or a fresh code: functions that take other arguments now.
drop function if exists api.close_account(uuid, text, text, uuid, text, text, timestamptz);
drop function if exists api.erase_account(uuid, text, text, uuid, text, text, timestamptz);
drop function if exists api.create_data_export(uuid, uuid, timestamptz);
drop function if exists access.leave(uuid, text, text, boolean, uuid, text, text, timestamptz);
