-- The functions of the room that only test instances have; see endpoints.c beside this.

create or replace function core.make_test_type(p_name text, p_columns text) returns void
language plpgsql as $$
begin
	if to_regtype('api.' || p_name) is null then
		execute format('create type api.%I as (%s)', p_name, p_columns);
	end if;
end
$$;
select core.make_test_type('test_blob', 'account_id uuid, digest bytea');
select core.make_test_type('test_secret', 'account_id uuid, stretched text');
select core.make_test_type('test_salt', 'salt text');
drop function core.make_test_type(text, text);
comment on type api.test_blob is 'What is left of a body.';
comment on type api.test_secret is 'A stretched secret.';
comment on type api.test_salt is 'The salt of an account.';

create or replace function api.keep_test_blob(p_market_id int, p_account_id uuid, p_digest bytea,
	out "row" api.test_blob)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	"row" := row(p_account_id, p_digest);
end
$$;
comment on function api.keep_test_blob is 'Keeps the digest of a body. Refuses: nothing.';

create or replace function api.ask_test_salt(p_market_id int, p_account_id uuid,
	out "row" api.test_salt)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	"row" := row('salt of ' || p_account_id);
end
$$;
comment on function api.ask_test_salt is 'The salt of an account. Refuses: nothing.';

create or replace function api.keep_test_secret(p_market_id int, p_account_id uuid, p_secret text,
	out "row" api.test_secret)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	"row" := row(p_account_id, p_secret);
end
$$;
comment on function api.keep_test_secret is 'Keeps a stretched secret. Refuses: nothing.';

alter function api.keep_test_blob owner to wall_operator;
alter function api.ask_test_salt owner to wall_operator;
alter function api.keep_test_secret owner to wall_operator;
grant execute on function api.keep_test_blob, api.ask_test_salt, api.keep_test_secret
	to socius_gate;
