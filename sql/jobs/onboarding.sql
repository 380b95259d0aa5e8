-- Jobs of onboarding.

-- Job: documents whose last good date is over on the market's calendar expire, and the enrolments
-- that rested on them settle; at most 200 partners a step. Partner by partner, each locked before its
-- rows as all others do. The ids of the events follow from the documents'.
create or replace function jobs.expire_documents(p_market_id int, p_job_id uuid,
	p_now timestamptz) returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_today date;
	v_partner_id uuid;
	v_partners int := 0;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_today := onboarding.local_date(p_market_id, v_now);
	for v_partner_id in
		select distinct d.partner_id
		from onboarding.document d
		where d.market_id = p_market_id and d.state in ('submitted', 'verified')
			and d.expires_on < v_today
		order by d.partner_id
		limit 200
	loop
		perform onboarding.expire_of_partner(p_market_id, v_partner_id, v_today, v_now);
		v_partners := v_partners + 1;
	end loop;
	return case when v_partners = 200 then v_now end;
end
$$;
comment on function jobs.expire_documents is 'expires documents on the market''s local date and settles their partners';

-- Expires what is over of one partner's documents.
create or replace function onboarding.expire_of_partner(p_market_id int, p_partner_id uuid,
	p_today date, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
	v_before text;
	v_document onboarding.document;
	v_over_at timestamptz;
begin
	perform onboarding.lock_partner(p_market_id, p_partner_id);
	for v_document in
		select d.*
		from onboarding.document d
		where d.market_id = p_market_id and d.partner_id = p_partner_id
			and d.state in ('submitted', 'verified') and d.expires_on < p_today
		order by d.document_id
	loop
		v_before := v_document.state;
		v_over_at := greatest(v_over_at, ( -- of several the last: nobody loses a day
			select (v_document.expires_on + 1)::timestamp at time zone m.time_zone
			from core.market m
			where m.market_id = p_market_id));
		update onboarding.document d
		set state = 'expired', version = d.version + 1
		where d.market_id = p_market_id and d.document_id = v_document.document_id
		returning * into v_document;
		perform onboarding.tell_document(v_document,
			core.derived_id(uuid_send(v_document.document_id) || 'expired'), v_before, v_nobody,
			'runner', p_now);
	end loop;
	if v_document.document_id is not null then
		perform onboarding.settle(p_market_id, p_partner_id,
			core.derived_id(uuid_send(v_document.document_id) || 'settled'), v_nobody, 'runner',
			p_now);
		-- what was not active any more since the document was over, however late this comes
		update onboarding.enrolment e
		set active_during = e.active_during - tstzmultirange(tstzrange(v_over_at, null))
		where e.market_id = p_market_id and e.partner_id = p_partner_id and e.state <> 'active'
			and upper(e.active_during) = p_now;
	end if;
end
$$;
comment on function onboarding.expire_of_partner is 'expires what is over of one partner''s documents';

alter function jobs.expire_documents owner to wall_runner;
grant execute on function onboarding.expire_of_partner to wall_runner;
grant execute on function jobs.expire_documents to socius_runner;
