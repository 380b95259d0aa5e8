-- Whoever was erased after a backup was taken is erased in what is restored of it, too: the keys'
-- database knows who. By the command line, over all markets.

-- A text that was sealed for nobody.
create or replace function core.sealed_for_nobody() returns text
language sql immutable as $$
	select 'sealed1:' || repeat('A', 60)
$$;
comment on function core.sealed_for_nobody is 'what stands where a cell was written over';
grant execute on function core.sealed_for_nobody to wall_operator, wall_platform;

-- Which of these persons are partners, with their market: an id without its market says nothing.
create or replace function identity.partners_among(p_person_ids uuid[])
returns setof identity.partner
language sql stable as $$
	select p.*
	from identity.person r
	join identity.partner p on p.market_id = r.market_id and p.partner_id = r.person_id
	where r.kind = 'partner' and r.person_id = any (p_person_ids)
	order by p.market_id, p.partner_id
$$;
comment on function identity.partners_among is 'partners among these persons, by the registry';

-- What such a backup may say in clear, being older than the sealing of it, becomes a text that was
-- sealed for nobody.
create or replace function access.unsay(p_person_ids uuid[]) returns void
language plpgsql as $$
declare
	v_nothing constant text := core.sealed_for_nobody();
begin
	update identity.account a set name = v_nothing
	where a.account_id = any (p_person_ids) and not core.is_sealed(a.name);
	update identity.partner p set name = v_nothing
	from identity.partners_among(p_person_ids) a
	where p.market_id = a.market_id and p.partner_id = a.partner_id
		and not core.is_sealed(p.name);
	update access.credential c set email = v_nothing
	where c.account_id = any (p_person_ids) and not core.is_sealed(c.email);
	update access.device d set name = v_nothing
	where d.account_id = any (p_person_ids) and not core.is_sealed(d.name);
	update onboarding.bank_account b
	set iban = v_nothing, holder_name = v_nothing, last_four = v_nothing
	from identity.partners_among(p_person_ids) a
	where b.market_id = a.market_id and b.partner_id = a.partner_id
		and not core.is_sealed(b.iban);
end
$$;
comment on function access.unsay is 'takes away what is said in clear of erased persons';

create or replace function access.stay_erased(p_person_ids uuid[], p_event_id uuid,
	p_now timestamptz) returns void
language plpgsql as $$
declare
	v_each record;
	v_count int := 0;
begin
	perform access.unsay(p_person_ids);
	for v_each in
		select p.market_id, p.partner_id, p.account_id
		from identity.partners_among(p_person_ids) p loop
		v_count := v_count + 1;
		perform identity.close_partner(v_each.market_id, v_each.partner_id, v_each.account_id,
			core.following_id(p_event_id, v_count), p_now);
		perform identity.forget_partner(v_each.market_id, v_each.partner_id);
	end loop;
	for v_each in
		select c.account_id from access.credential c where c.account_id = any (p_person_ids) loop
		perform access.shut_account(v_each.account_id, p_now);
		perform access.forget_hints(v_each.account_id);
	end loop;
	insert into identity.erasure as e (person_id, asked_at, done_at)
	select p.id, p_now, p_now from unnest(p_person_ids) p (id)
	on conflict (person_id) do update set done_at = coalesce(e.done_at, excluded.done_at);
end
$$;
comment on function access.stay_erased is 'closes and unsays whoever has no key any more';
