-- Keys of persons go with their test market: whoever leaves the registry with a market waits here until
-- the runner has deleted its key. Nobody takes the id meanwhile.

create table identity.removed_person (
	person_id uuid primary key
);
comment on table identity.removed_person is 'persons of removed test markets whose keys the runner is to delete; gone within minutes';
alter table identity.removed_person owner to socius_owner;
grant select, insert on identity.removed_person to wall_platform;
grant select, delete on identity.removed_person to wall_runner;
grant select on identity.removed_person to wall_law;

create function identity.note_removed() returns trigger
language plpgsql security definer as $$
begin
	insert into identity.removed_person (person_id)
	select o.person_id from old_person o where o.market_id <> 0
	on conflict do nothing;
	return null;
end
$$;
comment on function identity.note_removed is 'persons who go with their market leave keys behind';
alter function identity.note_removed owner to wall_platform;
revoke execute on function identity.note_removed from public;
create trigger person_is_removed after delete on identity.person
	referencing old table as old_person
	for each statement execute function identity.note_removed();

-- As before, and refuses whose key is about to go.
create or replace function identity.claim_person(p_person_id uuid, p_kind text, p_market_id int)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	if p_person_id in ('00000000-0000-0000-0000-000000000000',
		'ffffffff-ffff-ffff-ffff-ffffffffffff') then
		perform core.refuse('person_id_taken');
	end if;
	insert into identity.person (person_id, kind, market_id)
	values (p_person_id, p_kind, p_market_id)
	on conflict (person_id) do nothing;
	if found then
		if exists (select from identity.erasure e where e.person_id = p_person_id)
			or exists (select from identity.removed_person m where m.person_id = p_person_id) then
			perform core.refuse('person_id_taken');
		end if;
		return;
	end if;
	update identity.person r set kind = 'account'
	where r.person_id = p_person_id and r.kind = 'address' and p_kind = 'account'
		and p_market_id = 0;
	if not found and not exists (
		select from identity.person r
		where r.person_id = p_person_id and (r.kind = p_kind and r.market_id = p_market_id
			or r.kind = 'account' and p_kind = 'address')) then
		perform core.refuse('person_id_taken');
	end if;
end
$$;
