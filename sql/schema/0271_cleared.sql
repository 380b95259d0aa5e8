-- A change of a station can take its address away: the function takes one argument more.
drop function if exists api.change_station(int, uuid, text, timestamptz, uuid, uuid, bigint, text,
	text, int, int);
drop function if exists api.change_station(int, uuid, text, timestamptz, uuid, uuid, text, text, text,
	int, int);

-- takes entity tags as stations do
drop function if exists api.change_market(uuid, text, timestamptz, uuid, text, bigint, bigint);
grant execute on function core.etag_matches to wall_platform;
