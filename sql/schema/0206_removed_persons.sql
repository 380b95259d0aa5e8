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
