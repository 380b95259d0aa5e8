-- One registry of persons: whoever has a key has one id in all markets, for good.
--
-- Triggers fill it in the transaction that makes an account, a partner or a pending address, whatever
-- path that takes, and refuse an id that is somebody else's; see docs/adr/0016.

create table identity.person (
	person_id uuid primary key,
	kind text not null,
	market_id int not null,
	constraint person_kind_check check (kind in ('account', 'partner', 'address')),
	constraint partner_has_market check (kind <> 'partner' or market_id <> 0),
	constraint person_id_is_one check (person_id not in ('00000000-0000-0000-0000-000000000000',
		'ffffffff-ffff-ffff-ffff-ffffffffffff'))
);
comment on table identity.person is 'every id under which a person has a key; the key is global: an id is one person in all markets';
comment on column identity.person.kind is 'account, partner, or address: one that waits to become an account, or that a letter goes to';
comment on column identity.person.market_id is 'partner: its market; account of a test market: that market; 0: none';
alter table identity.person owner to socius_owner;
alter table identity.person enable row level security;
alter table identity.person force row level security;
create policy registrar on identity.person to wall_platform using (true) with check (true);
create policy purge on identity.person to wall_runner using (kind = 'address');
create policy law on identity.person for select to wall_law using (true);
grant select, insert on identity.person to wall_platform;
grant update (kind) on identity.person to wall_platform;
grant select, delete on identity.person to wall_runner;
grant select on identity.person to wall_law;

create table identity.shared_id (
	market_id int not null,
	partner_id uuid not null,
	primary key (market_id, partner_id)
);
comment on table identity.shared_id is 'partners made before the registry under an id that is another person''s: they have no key of their own, so erasing them writes over their cells; nothing is added any more';
alter table identity.shared_id owner to socius_owner;
call core.raise_walls('identity.shared_id', 'partner_id');

create function testing.is_made(p_market_id int) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
	select exists (select from testing.market t where t.market_id = p_market_id)
$$;
comment on function testing.is_made is 'whether it is a test market that one call has made';
alter function testing.is_made owner to wall_test;
grant execute on function testing.is_made to wall_platform;

-- The id is this person's from now on. An address that is confirmed becomes an account; claiming
-- again what one has is fine. Refuses: person_id_taken
create function identity.claim_person(p_person_id uuid, p_kind text, p_market_id int) returns void
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
		-- the key of who had it is about to go
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
comment on function identity.claim_person is 'registers a person, or refuses an id that is another''s';
alter function identity.claim_person owner to wall_platform;

create function identity.register_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	perform identity.claim_person(new.account_id, 'account', coalesce(new.test_market_id, 0));
	return new;
end
$$;
comment on function identity.register_account is 'an account is a person';
alter function identity.register_account owner to wall_platform;
create trigger person_is_registered before insert on identity.account
	for each row execute function identity.register_account();

-- Accounts of a test market work in that market alone, and in a test market that one call has made
-- nobody else does.
create function identity.register_partner() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_market_id int;
begin
	perform identity.claim_person(new.partner_id, 'partner', new.market_id);
	select r.market_id into v_market_id
	from identity.person r
	where r.person_id = new.account_id and r.kind = 'account';
	if not found then
		perform core.refuse('account_unknown');
	elsif v_market_id not in (0, new.market_id)
		or (v_market_id = 0 and testing.is_made(new.market_id)) then
		perform core.refuse('account_foreign');
	end if;
	return new;
end
$$;
comment on function identity.register_partner is 'a partner is a person, of an account that may work in its market';
alter function identity.register_partner owner to wall_platform;

create function identity.register_address() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
	v_person_id constant uuid := to_jsonb(new) ->> tg_argv[0];
begin
	if v_person_id is not null then
		perform identity.claim_person(v_person_id, 'address', 0);
	end if;
	return new;
end
$$;
comment on function identity.register_address is 'whom an address is sealed for is a person';
alter function identity.register_address owner to wall_platform;
create trigger person_is_registered before insert on access.challenge
	for each row execute function identity.register_address('new_account_id');
create trigger person_is_registered before insert on access.mail
	for each row execute function identity.register_address('person_id');

-- With the last row that an address is sealed in, its key goes.
create index challenge_of_address on access.challenge (new_account_id)
	where new_account_id is not null;
create index mail_of_person on access.mail (person_id) where person_id is not null;
grant select on access.mail to wall_platform;

create function identity.release_address() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
	insert into identity.erasure (person_id, asked_at)
	select r.person_id, pg_catalog.now()
	from identity.person r
	where r.person_id = (to_jsonb(old) ->> tg_argv[0])::uuid and r.kind = 'address'
		and not exists (
			select from access.challenge c where c.new_account_id = r.person_id)
		and not exists (select from access.mail m where m.person_id = r.person_id)
	on conflict do nothing;
	return null;
end
$$;
comment on function identity.release_address is 'an address that nothing is sealed for any more is to be erased';
alter function identity.release_address owner to wall_platform;
create trigger address_is_released after delete on access.challenge
	for each row execute function identity.release_address('new_account_id');
create trigger address_is_released after delete on access.mail
	for each row execute function identity.release_address('person_id');

revoke execute on function testing.is_made, identity.claim_person, identity.register_account,
	identity.register_partner, identity.register_address, identity.release_address from public;
grant execute on function testing.is_made to wall_platform;
grant execute on function identity.claim_person to wall_operator;

-- Who there is already: accounts first, then addresses, then partners in the order in which they were
-- made. Whoever came later under an id that was taken shares it.
update identity.account a set test_market_id = null
where a.test_market_id is not null and exists (
	select from identity.partner p
	where p.account_id = a.account_id and p.market_id <> a.test_market_id);
insert into identity.person (person_id, kind, market_id)
select a.account_id, 'account', coalesce(a.test_market_id, 0) from identity.account a;
insert into identity.person (person_id, kind, market_id)
select c.new_account_id, 'address', 0
from access.challenge c
where c.new_account_id is not null
union
select m.person_id, 'address', 0 from access.mail m where m.person_id is not null
on conflict do nothing;
insert into identity.person (person_id, kind, market_id)
select p.partner_id, 'partner', p.market_id
from identity.partner p
order by p.created_at, p.market_id
on conflict do nothing;
insert into identity.shared_id (market_id, partner_id)
select p.market_id, p.partner_id
from identity.partner p
where not exists (
	select from identity.person r
	where r.person_id = p.partner_id and r.kind = 'partner' and r.market_id = p.market_id);

create trigger person_is_registered before insert or update of market_id, partner_id, account_id
	on identity.partner
	for each row execute function identity.register_partner();

-- A partner without a key of its own is erased by writing over its cells.
grant update (name) on identity.partner to wall_operator;
grant update (iban, holder_name, last_four) on onboarding.bank_account to wall_operator;
drop function if exists identity.forget_partner(int, uuid);
