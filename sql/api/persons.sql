-- The registry of persons, as others ask it.

-- Whether the id is a person's, was one's, or can be nobody's.
create or replace function identity.is_taken(p_person_id uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select p_person_id in ('00000000-0000-0000-0000-000000000000',
			'ffffffff-ffff-ffff-ffff-ffffffffffff')
		or exists (select from identity.person r where r.person_id = p_person_id)
		or exists (select from identity.erasure e where e.person_id = p_person_id)
		or exists (select from identity.removed_person m where m.person_id = p_person_id)
$$;
comment on function identity.is_taken is 'whether an id cannot become a new person';
alter function identity.is_taken owner to wall_platform;
revoke execute on function identity.is_taken from public;
grant execute on function identity.is_taken to wall_operator;

-- For the gate, which forgets the keys that it made for these: what they were made for was refused.
-- Ids come as bytes, one behind the other.
create or replace function api.list_unknown_persons(p_person_ids bytea) returns setof uuid
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select p.id
	from generate_series(0, length(p_person_ids) / 16 - 1) n
	cross join lateral (
		select encode(substr(p_person_ids, 16 * n + 1, 16), 'hex')::uuid as id) p
	where not identity.is_taken(p.id);
end
$$;
comment on function api.list_unknown_persons is 'Lists those of these ids that are no person''s. Refuses: nothing.';
alter function api.list_unknown_persons owner to wall_platform;
grant execute on function api.list_unknown_persons to socius_gate;
