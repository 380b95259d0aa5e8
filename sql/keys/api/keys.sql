-- What the gate and the runner may do with the keys of persons. Ids and keys come as bytes, one
-- behind the other.

create or replace function keys.ids_of(p_persons bytea) returns setof uuid
language sql immutable as $$
	select encode(substr(p_persons, 16 * i + 1, 16), 'hex')::uuid
	from generate_series(0, length(p_persons) / 16 - 1) i
$$;

-- A row for each that was asked for; wrapped null: destroyed, or never made.
create or replace function keys.find_keys(p_persons bytea)
returns table (person_id uuid, wrapped bytea)
language sql stable security definer as $$
	select p.id, k.wrapped
	from keys.ids_of(p_persons) p (id)
	left join keys.person_key k on k.person_id = p.id
$$;
comment on function keys.find_keys is 'the keys of these persons';

-- Keeps those that there are. Of two who make one at once the first wins, and both get it.
create or replace function keys.make_keys(p_persons bytea, p_wrapped bytea)
returns table (person_id uuid, wrapped bytea)
language plpgsql security definer as $$
#variable_conflict use_column
begin
	insert into keys.person_key (person_id, wrapped)
	select p.id, substr(p_wrapped, (64 * (p.n - 1) + 1)::int, 64)
	from keys.ids_of(p_persons) with ordinality p (id, n)
	order by p.id
	on conflict (person_id) do nothing;
	return query select * from keys.find_keys(p_persons);
end
$$;
comment on function keys.make_keys is 'the keys of these persons, made where there are none';

-- Keys that were made for persons who did not come to be. Of a minute at most: the gate, which asks for
-- this, destroys nobody's.
create or replace function keys.forget_keys(p_persons bytea) returns void
language sql security definer
set search_path = pg_catalog, pg_temp as $$
	delete from keys.person_key k
	where k.person_id in (select keys.ids_of(p_persons)) and k.wrapped is not null
		and k.made_at > now() - interval '1 minute'
$$;
comment on function keys.forget_keys is 'takes keys back that were made within the last minute';

-- Destroying twice is fine. A person without a key gets none any more.
create or replace function keys.destroy_key(p_person_id uuid) returns void
language sql security definer as $$
	insert into keys.person_key as k (person_id, destroyed_at)
	values (p_person_id, now())
	on conflict (person_id) do update set wrapped = null, destroyed_at = now()
	where k.destroyed_at is null
$$;
comment on function keys.destroy_key is 'nothing that the person''s key has sealed can be read any more';

-- Of persons who went with their test market: nothing is kept of them, and nobody asks for them again.
create or replace function keys.remove_keys(p_persons bytea) returns void
language sql security definer as $$
	delete from keys.person_key k
	where k.person_id in (select keys.ids_of(p_persons)) and k.wrapped is not null
$$;
comment on function keys.remove_keys is 'deletes the keys of persons of a removed test market';

create or replace function keys.list_destroyed() returns setof uuid
language sql stable security definer as $$
	select k.person_id from keys.person_key k where k.wrapped is null
$$;
comment on function keys.list_destroyed is 'whose key was destroyed';

alter function keys.ids_of owner to socius_owner;
alter function keys.find_keys owner to socius_owner;
alter function keys.make_keys owner to socius_owner;
alter function keys.forget_keys owner to socius_owner;
alter function keys.destroy_key owner to socius_owner;
alter function keys.remove_keys owner to socius_owner;
alter function keys.list_destroyed owner to socius_owner;
revoke execute on function keys.ids_of, keys.find_keys, keys.make_keys, keys.forget_keys,
	keys.destroy_key, keys.remove_keys, keys.list_destroyed from public;
grant execute on function keys.forget_keys to socius_gate;
grant execute on function keys.find_keys to socius_gate, socius_runner;
grant execute on function keys.make_keys to socius_gate, socius_runner;
grant execute on function keys.destroy_key, keys.remove_keys, keys.list_destroyed to socius_runner;
