-- Exports page by page: each exported table has an index that begins with the person, in its market, and
-- by whose further columns its rows differ (jobs.order_of_export). And accounts find their markets.

create index partner_of_account on identity.partner (account_id, market_id, partner_id);
create index invitation_of_account on access.invitation (market_id, account_id, invitation_id)
	where account_id is not null;
create index reversal_of_owner on ledger.reversal (market_id, owner_id, transaction_id);
create index left_out_of_partner on payouts.left_out (market_id, partner_id, payout_run_id);
create index idea_of_submitter on cocreation.idea (market_id, submitter_id, idea_id);
create index support_of_account on cocreation.support (market_id, account_id, idea_id);
create index sales_report_part_of_partner on cocreation.sales_report_part
	(market_id, partner_id, sales_report_id);
drop index access.device_of_account;
create index device_of_account on access.device (account_id, device_id);
drop index access.external_identity_of_account;
create index external_identity_of_account on access.external_identity (account_id, identity_id);

-- Where an account holds an office or was invited to one.
create index role_grant_of_account on access.role_grant (account_id, market_id);
create index invitation_hints on access.invitation (account_id, market_id)
	where account_id is not null;
drop function if exists identity.partners_of(uuid);
drop function if exists access.holds_office(uuid);

drop function if exists jobs.export_account(uuid);
drop function if exists jobs.fail_export(uuid, text, timestamptz);
