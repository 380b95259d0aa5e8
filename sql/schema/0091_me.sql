-- What an app shows first: whose token this is, and what there is to do.

create type api.me as (
	account_id uuid,
	name text,
	role text,
	market api.market,
	partner api.partner
);
comment on type api.me is 'Whose token this is, in which market.';
comment on column api.me.account_id is 'the account, the same in every market';
comment on column api.me.name is 'of the account; null: it has not been used yet';
comment on column api.me.role is 'partner or customer: what the token may do';
comment on column api.me.market is 'the market of the token';
comment on column api.me.partner is 'the account at work in this market, with its enrolments and exchange; null: it is a customer only';
