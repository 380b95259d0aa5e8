-- The list of markets gets walls too: everybody may read it, as before, but an operator's entry point
-- that forgot its WHERE moves the clock of no other market, and a sweep removes no other.

alter table core.market enable row level security;
alter table core.market force row level security;
create policy reader on core.market for select using (true);
create policy founder on core.market to wall_platform using (true) with check (true);
create policy clock on core.market for update to wall_operator
	using (market_id = current_setting('socius.market')::int)
	with check (market_id = current_setting('socius.market')::int);
create policy sweeper on core.market for delete to wall_test
	using (market_id = current_setting('socius.market')::int);

-- What is said in the audit log and who holds which office is no partner's to read.
revoke select on access.audit_record, access.role_grant from wall_partner, wall_member;
