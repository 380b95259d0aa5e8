-- Its precondition was one version.
drop function if exists api.change_market(uuid, text, timestamptz, uuid, text, bigint, bigint);
