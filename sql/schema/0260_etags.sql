-- Preconditions are lists of versions, as If-Match has them.

-- Whether If-Match holds for the version that a resource has (null: there is none): blank-separated
-- versions, or * for any that there is; null: nothing was asked for. RFC 9110, section 13.1.1.
create function core.etag_matches(p_if_match text, p_version bigint) returns boolean
language plpgsql immutable as $$
begin
	return case
		when p_if_match is null then true
		when p_if_match = '*' then p_version is not null
		else coalesce(p_version::text = any (string_to_array(p_if_match, ' ')), false)
	end;
end
$$;

-- Their precondition was one version.
drop function if exists api.change_station(int, uuid, text, timestamptz, uuid, uuid, bigint, text, text, int, int);
drop function if exists api.put_bank_account(int, uuid, uuid, text, timestamptz, uuid, uuid, bigint, text, text,
	text, text, text, text);

grant execute on function core.etag_matches to wall_member, wall_operator, wall_platform;
