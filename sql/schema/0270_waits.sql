-- When a refused request may succeed: refusals that time alone ends say it in one way.

-- The business data of such a refusal: the instant under its own name, and the seconds until then.
create function core.explain_wait(p_member text, p_at timestamptz, p_now timestamptz) returns jsonb
language plpgsql stable as $$
begin
	return jsonb_build_object(p_member, core.show_instant(p_at), 'retry_after_s',
		greatest(1, ceil(extract(epoch from p_at - p_now)))::bigint);
end
$$;
comment on function core.explain_wait is 'the detail of a refusal that ends at a known instant';
grant execute on function core.explain_wait
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner, wall_test;

-- these take p_now as well
drop function if exists services.explain_reason(services.listing, text);
drop function if exists services.explain_redemption(services.listing, int, uuid, bytea, text);
drop function if exists scheduling.explain_booking(int, uuid, uuid, bytea, scheduling.slot, text);
