-- Keys of OpenID issuers, for the runner to fetch, one at a time.
--
--	select jobs.take_issuer(now);                      null: none is due
--	(fetch, in no transaction)
--	select jobs.keep_issuer_keys(issuer, keys, now);   or jobs.fail_issuer(issuer, error, now)
--
-- Who takes an issuer has a minute; a kill leaves it to the next.

create or replace function jobs.take_issuer(p_now timestamptz) returns text
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_issuer text;
begin
	update access.issuer i set due_at = p_now + interval '1 minute', tried_at = p_now
	where i.issuer = (
		select d.issuer
		from access.issuer d
		where d.due_at <= p_now and exists (
			select from access.identity_provider p
			join core.market m on m.market_id = p.of_market
			where p.issuer = d.issuer)
		order by d.due_at
		limit 1
		for update skip locked)
	returning i.issuer into v_issuer;
	return v_issuer;
end
$$;
comment on function jobs.take_issuer is 'takes the issuer that is most due, of those that are set up in a market';

-- What it does not publish any more is worth nothing; p_keys is [{kid, alg, pem}, ...].
create or replace function jobs.keep_issuer_keys(p_issuer text, p_keys jsonb, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	delete from access.issuer_key k where k.issuer = p_issuer;
	insert into access.issuer_key (issuer, kid, alg, pem)
	select p_issuer, k.kid, k.alg, k.pem
	from jsonb_to_recordset(p_keys) as k (kid text, alg text, pem text);
	update access.issuer i
	set due_at = p_now + interval '1 hour', fetched_at = p_now, failures = 0, error = null
	where i.issuer = p_issuer;
end
$$;
comment on function jobs.keep_issuer_keys is 'the keys that an issuer publishes now';

-- The last good set stays. After 10, 20, 40 ... 640 s again.
create or replace function jobs.fail_issuer(p_issuer text, p_error text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update access.issuer i
	set due_at = p_now + make_interval(secs => 10 * 2 ^ least(i.failures, 6)),
		failures = i.failures + 1, error = left(p_error, 500)
	where i.issuer = p_issuer;
end
$$;
comment on function jobs.fail_issuer is 'an issuer''s keys did not come';

alter function jobs.take_issuer owner to wall_runner;
alter function jobs.keep_issuer_keys owner to wall_runner;
alter function jobs.fail_issuer owner to wall_runner;
grant execute on function jobs.take_issuer, jobs.keep_issuer_keys, jobs.fail_issuer
	to socius_runner;
