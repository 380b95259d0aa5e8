-- As in the other database: nobody but the superuser makes temporary objects, or anything in a
-- schema, and who has no use for the keys does not connect.

do $$
begin
	execute format('revoke all on database %I from public', current_database());
	execute format('grant connect on database %I to socius_gate, socius_runner',
		current_database());
end
$$;
revoke create on schema public, keys from public;
