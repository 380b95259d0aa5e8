-- A change of a station can take its address away: the function takes one argument more.
drop function if exists api.change_station(int, uuid, text, timestamptz, uuid, uuid, bigint, text,
	text, int, int);
drop function if exists api.change_station(int, uuid, text, timestamptz, uuid, uuid, text, text, text,
	int, int);
