-- Documents: what partners show of themselves, and what operators say of it.

create or replace function onboarding.show_document(p_document onboarding.document)
returns api.document
language plpgsql stable as $$
begin
	return row(p_document.document_id, p_document.partner_id, p_document.kind, p_document.state,
		encode(p_document.sha256, 'hex'), p_document.expires_on, p_document.submitted_at,
		core.shown_id(p_document.market_id, p_document.reviewed_by), p_document.reviewed_at, p_document.reason,
		p_document.version)::api.document;
end
$$;
comment on function onboarding.show_document is 'a document as the API shows it';

-- One transition of a document, told as an event.
create or replace function onboarding.tell_document(p_document onboarding.document,
	p_event_id uuid, p_from text, p_actor_id uuid, p_actor_role text, p_now timestamptz)
returns void
language plpgsql as $$
begin
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
		from_state, to_state, actor_id, actor_role, reason, occurred_at)
	values (p_document.market_id, p_event_id, 'document.' || p_document.state,
		p_document.partner_id, 'document', p_document.document_id, p_from, p_document.state,
		p_actor_id, p_actor_role, p_document.reason, p_now);
end
$$;
comment on function onboarding.tell_document is 'the event of a document''s transition';

-- Refuses a file that the partner has shown before, unless it was rejected for its kind or date and
-- comes with another. Refuses: document_exists
create or replace function onboarding.refuse_known_file(p_market_id int, p_partner_id uuid,
	p_sha256 bytea, p_kind text, p_expires_on date) returns void
language plpgsql stable as $$
declare
	v_document onboarding.document;
begin
	select d.* into v_document
	from onboarding.document d
	where d.market_id = p_market_id and d.partner_id = p_partner_id and d.sha256 = p_sha256
		and (d.state <> 'rejected'
			or d.kind = p_kind and d.expires_on is not distinct from p_expires_on)
	limit 1;
	if found then
		perform core.refuse('document_exists', jsonb_build_object('document_id',
			v_document.document_id, 'state', v_document.state));
	end if;
end
$$;
comment on function onboarding.refuse_known_file is 'refuses a file that the partner has shown before';

-- Takes a document, by its digest; the partner's requirements and enrolments follow at once.
create or replace function api.create_document(p_market_id int, p_caller_id uuid, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_document_id uuid, p_key text,
	p_digest bytea, p_partner_id uuid, p_kind text, p_sha256 text, p_expires_on date,
	out replayed boolean, out "row" api.document)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_claimed_id uuid;
	v_document onboarding.document;
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	v_claimed_id := core.claim_key(p_market_id, p_actor_id, 'create_document', p_key, p_digest,
		p_document_id, v_now);
	replayed := v_claimed_id is not null;
	if not replayed then
		if p_expires_on < onboarding.local_date(p_market_id, v_now) then
			perform core.refuse('document_expired',
				jsonb_build_object('expires_on', p_expires_on));
		end if;
		perform onboarding.lock_partner(p_market_id, p_partner_id);
		perform onboarding.refuse_known_file(p_market_id, p_partner_id, decode(p_sha256, 'hex'),
			p_kind, p_expires_on);
		insert into onboarding.document (market_id, document_id, partner_id, kind, sha256,
			expires_on, state, submitted_at)
		values (p_market_id, p_document_id, p_partner_id, p_kind, decode(p_sha256, 'hex'),
			p_expires_on, 'submitted', v_now)
		returning * into v_document;
		perform onboarding.tell_document(v_document, p_event_id, null, p_actor_id, p_actor_role,
			v_now);
		perform onboarding.settle(p_market_id, p_partner_id, p_event_id, p_actor_id,
			p_actor_role, v_now);
	end if;
	select (onboarding.show_document(d)).* into "row"
	from onboarding.document d
	where d.market_id = p_market_id and d.document_id = coalesce(v_claimed_id, p_document_id);
end
$$;
comment on function api.create_document is 'Takes a document of a partner. Refuses: partner_unknown document_expired document_exists key_reused';

-- Says of a submitted document that it is good, or why it is not.
create or replace function api.review_document(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_key text, p_digest bytea,
	p_document_id uuid, p_decision text, p_reason text, out replayed boolean,
	out "row" api.document)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_document onboarding.document;
begin
	perform core.enter(p_market_id, null);
	replayed := core.claim_key(p_market_id, p_actor_id, 'review_document', p_key, p_digest,
		p_document_id, v_now) is not null;
	if not replayed then
		v_document := onboarding.lock_document(p_market_id, p_document_id);
		if v_document.state = 'expired' or v_document.state = 'submitted' and p_decision = 'verified'
			and v_document.expires_on < onboarding.local_date(p_market_id, v_now) then
			perform core.refuse('document_expired',
				jsonb_build_object('expires_on', v_document.expires_on));
		elsif v_document.state <> 'submitted' then
			perform core.refuse('document_reviewed',
				jsonb_build_object('state', v_document.state));
		elsif p_decision = 'rejected' and p_reason is null then
			perform core.refuse('reason_required');
		end if;
		update onboarding.document d
		set state = p_decision, reviewed_by = p_actor_id, reviewed_at = v_now,
			reason = case when p_decision = 'rejected' then p_reason end, version = d.version + 1
		where d.market_id = p_market_id and d.document_id = p_document_id
		returning * into v_document;
		perform onboarding.tell_document(v_document, p_event_id, 'submitted', p_actor_id,
			p_actor_role, v_now);
		perform onboarding.settle(p_market_id, v_document.partner_id, p_event_id, p_actor_id,
			p_actor_role, v_now);
	end if;
	select (onboarding.show_document(d)).* into "row"
	from onboarding.document d
	where d.market_id = p_market_id and d.document_id = p_document_id;
end
$$;
comment on function api.review_document is 'Verifies or rejects a submitted document. Refuses: document_unknown document_reviewed document_expired reason_required key_reused';

-- A document, when nothing else changes its partner's onboarding. Refuses: document_unknown
create or replace function onboarding.lock_document(p_market_id int, p_document_id uuid)
returns onboarding.document
language plpgsql as $$
declare
	v_document onboarding.document;
	v_partner_id uuid;
begin
	select d.partner_id into v_partner_id
	from onboarding.document d
	where d.market_id = p_market_id and d.document_id = p_document_id;
	if not found then
		perform core.refuse('document_unknown');
	end if;
	perform onboarding.lock_partner(p_market_id, v_partner_id);
	select d.* into v_document
	from onboarding.document d
	where d.market_id = p_market_id and d.document_id = p_document_id;
	return v_document;
end
$$;
comment on function onboarding.lock_document is 'a document, its partner''s onboarding locked';

create or replace function api.list_documents(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_limit int, p_after_document_id uuid) returns setof api.document
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	return query
	select (onboarding.show_document(d)).*
	from onboarding.document d
	where d.market_id = p_market_id and d.partner_id = p_partner_id
		and d.document_id < coalesce(p_after_document_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by d.document_id desc
	limit p_limit;
end
$$;
comment on function api.list_documents is 'Lists the documents of a partner, the newest first. Refuses: partner_unknown';

create or replace function api.get_partner_document(p_market_id int, p_caller_id uuid,
	p_document_id uuid, out "row" api.document)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	select (onboarding.show_document(d)).* into "row"
	from onboarding.document d
	where d.market_id = p_market_id and d.document_id = p_document_id
		and (p_caller_id is null or d.partner_id = p_caller_id);
	if not found then
		perform core.refuse('document_unknown');
	end if;
end
$$;
comment on function api.get_partner_document is 'Shows one document; a partner sees its own only. Refuses: document_unknown';

grant execute on function onboarding.show_document, onboarding.tell_document
	to wall_member, wall_operator, wall_runner;
grant execute on function onboarding.refuse_known_file to wall_member;
grant execute on function onboarding.lock_document to wall_operator;
alter function api.create_document owner to wall_member;
alter function api.review_document owner to wall_operator;
alter function api.list_documents owner to wall_member;
alter function api.get_partner_document owner to wall_member;
grant execute on function api.create_document, api.review_document, api.list_documents,
	api.get_partner_document to socius_gate;
