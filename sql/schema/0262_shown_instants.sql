-- Moments in JSON that is made of whole rows, as those of every other reply.

-- The same with `Z` for the +00:00 that to_jsonb writes after a moment; the server's zone is UTC.
create function core.show_instants(p_from jsonb) returns jsonb
language plpgsql immutable as $$
begin
	return regexp_replace(p_from::text,
		'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?)\+00:00"', '"\1Z"', 'g')::jsonb;
end
$$;
comment on function core.show_instants is 'rows as JSON, their moments ending in Z';
grant execute on function core.show_instants to wall_runner, wall_law;
