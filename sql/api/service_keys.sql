-- Keys of services: other systems of the company that work in a market.

-- Makes a secret, which the gate has drawn and SQL knows by its digest.
create or replace function access.add_secret(p_key access.service_key, p_secret_id uuid,
	p_secret_hash bytea, p_prefix text, p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into access.service_secret (market_id, secret_hash, secret_id, service_key_id, prefix,
		made_at, ends_at)
	values (p_key.market_id, p_secret_hash, p_secret_id, p_key.service_key_id, p_prefix, p_now,
		p_key.expires_at);
end
$$;

-- Ends secrets of a key before their time, and with them their tokens: those that end at p_before or
-- earlier.
create or replace function access.end_secrets(p_key access.service_key, p_before timestamptz,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	with ended as (
		update access.service_secret s set ended_at = p_now
		where s.market_id = p_key.market_id and s.service_key_id = p_key.service_key_id
			and s.ended_at is null and s.ends_at > p_now and s.ends_at <= p_before
		returning s.secret_id)
	insert into access.ended_secret (secret_id, ended_at)
	select e.secret_id, p_now from ended e;
end
$$;

-- The key with what its secrets say.
create or replace function access.service_key_shown(p_key access.service_key, p_now timestamptz)
returns api.service_key
language plpgsql stable as $$
begin
	return row(p_key.service_key_id, p_key.name, p_key.scope,
		array(select s.prefix from access.service_secret s
			where s.market_id = p_key.market_id and s.service_key_id = p_key.service_key_id
				and s.ended_at is null and s.ends_at > p_now
			order by s.made_at, s.secret_id),
		case when p_key.ended_at is not null then 'ended'
			when p_key.expires_at <= p_now then 'expired' else 'active' end,
		p_key.made_at, p_key.expires_at,
		(select max(s.used_at) from access.service_secret s
			where s.market_id = p_key.market_id and s.service_key_id = p_key.service_key_id),
		p_key.ended_at, p_key.version)::api.service_key;
end
$$;

-- A key with a secret that was made now (or, replayed, without it).
create or replace function access.new_key_shown(p_key access.service_key, p_replayed boolean)
returns api.new_service_key
language plpgsql stable as $$
begin
	return row(p_key.service_key_id, p_key.name, p_key.scope,
		case when not p_replayed then 'new' end, p_key.expires_at,
		(select max(s.ends_at) from access.service_secret s
			where s.market_id = p_key.market_id and s.service_key_id = p_key.service_key_id
				and s.ends_at < p_key.expires_at))::api.new_service_key;
end
$$;
grant execute on function access.add_secret, access.end_secrets, access.service_key_shown, access.new_key_shown
	to wall_platform;

create or replace function api.create_service_key(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_key text, p_digest bytea, p_service_key_id uuid, p_name text,
	p_scope text, p_expires_at timestamptz, p_secret bytea, p_secret_id uuid,
	p_secret_hash bytea, p_prefix text, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz, out replayed boolean, out "row" api.new_service_key)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_key access.service_key;
	v_service_key_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_service_key_id := core.claim_key(p_market_id, p_actor_id, 'create_service_key', p_key,
		p_digest, p_service_key_id, p_now);
	replayed := v_service_key_id is not null;
	if replayed then
		select * into v_key
		from access.service_key k
		where k.market_id = p_market_id and k.service_key_id = v_service_key_id;
	elsif p_expires_at <= p_now then
		perform core.refuse('expiry_wrong');
	else
		insert into access.service_key (market_id, service_key_id, name, scope, made_at, made_by,
			expires_at)
		values (p_market_id, p_service_key_id, p_name, p_scope, p_now, p_actor_id, p_expires_at)
		returning * into v_key;
		perform access.add_secret(v_key, p_secret_id, p_secret_hash, p_prefix, p_now);
		perform access.audit(p_market_id, p_audit_id, 'service_key.create', 'done', p_actor_id,
			p_actor_role, p_service_key_id, p_peer, p_request_id, p_now);
	end if;
	"row" := access.new_key_shown(v_key, replayed);
end
$$;
comment on function api.create_service_key is 'Makes the key of a service. Refuses: key_reused scope_wrong expiry_wrong service_key_lives_a_year';

create or replace function api.list_service_keys(p_market_id int, p_now timestamptz, p_limit int,
	p_after_service_key_id uuid) returns setof api.service_key
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select (access.service_key_shown(k, p_now)).*
	from access.service_key k
	where k.market_id = p_market_id
		and k.service_key_id
			< coalesce(p_after_service_key_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by k.service_key_id desc
	limit p_limit;
end
$$;
comment on function api.list_service_keys is 'Lists the keys of services, the newest first. Refuses: nothing.';

-- The secret before lives on for the overlap; one before that, which still did, ends now.
create or replace function api.rotate_service_key(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_key text, p_digest bytea, p_service_key_id uuid, p_overlap_s int,
	p_secret bytea, p_secret_id uuid, p_secret_hash bytea, p_prefix text, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz,
	out replayed boolean, out "row" api.new_service_key)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_key access.service_key;
	v_until timestamptz := p_now + make_interval(secs => coalesce(p_overlap_s, 86400));
begin
	perform core.enter(p_market_id, null);
	select * into v_key
	from access.service_key k
	where k.market_id = p_market_id and k.service_key_id = p_service_key_id
	for no key update;
	if not found then
		perform core.refuse('service_key_unknown');
	end if;
	replayed := core.claim_key(p_market_id, p_actor_id, 'rotate_service_key', p_key, p_digest,
		p_service_key_id, p_now) is not null;
	if not replayed then
		if v_key.ended_at is not null or v_key.expires_at <= p_now then
			perform core.refuse('service_key_ended');
		end if;
		perform access.end_secrets(v_key, case v_until when p_now then v_key.expires_at
			else v_key.expires_at - interval '1 microsecond' end, p_now);
		update access.service_secret s set ends_at = least(s.ends_at, v_until)
		where s.market_id = p_market_id and s.service_key_id = p_service_key_id
			and s.ended_at is null and s.ends_at > p_now;
		update access.service_key k set version = k.version + 1
		where k.market_id = p_market_id and k.service_key_id = p_service_key_id;
		perform access.add_secret(v_key, p_secret_id, p_secret_hash, p_prefix, p_now);
		perform access.audit(p_market_id, p_audit_id, 'service_key.rotate', 'done', p_actor_id,
			p_actor_role, p_service_key_id, p_peer, p_request_id, p_now);
	end if;
	"row" := access.new_key_shown(v_key, replayed);
end
$$;
comment on function api.rotate_service_key is 'Gives a service a new secret. Refuses: key_reused service_key_unknown service_key_ended';

-- Ending what has ended is fine: a retry.
create or replace function api.end_service_key(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_service_key_id uuid, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_key access.service_key;
begin
	perform core.enter(p_market_id, null);
	select * into v_key
	from access.service_key k
	where k.market_id = p_market_id and k.service_key_id = p_service_key_id
	for no key update;
	if not found then
		perform core.refuse('service_key_unknown');
	elsif v_key.ended_at is null then
		update access.service_key k set ended_at = p_now, version = k.version + 1
		where k.market_id = p_market_id and k.service_key_id = p_service_key_id;
		perform access.end_secrets(v_key, v_key.expires_at, p_now);
		perform access.audit(p_market_id, p_audit_id, 'service_key.end', 'done', p_actor_id,
			p_actor_role, p_service_key_id, p_peer, p_request_id, p_now);
	end if;
end
$$;
comment on function api.end_service_key is 'Ends the key of a service and its tokens. Refuses: service_key_unknown';

-- For the gate itself: a worker says so once a minute of a service at work.
create or replace function api.note_service_use(p_market_id int, p_secret_id uuid,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	update access.service_secret s set used_at = greatest(s.used_at, p_now)
	where s.market_id = p_market_id and s.secret_id = p_secret_id;
end
$$;
comment on function api.note_service_use is 'Notes that a service is at work. Refuses: nothing.';

alter function api.note_service_use owner to wall_platform;
alter function api.create_service_key owner to wall_platform;
alter function api.list_service_keys owner to wall_platform;
alter function api.rotate_service_key owner to wall_platform;
alter function api.end_service_key owner to wall_platform;
grant execute on function api.create_service_key, api.list_service_keys, api.rotate_service_key,
	api.end_service_key, api.note_service_use
	to socius_gate;
