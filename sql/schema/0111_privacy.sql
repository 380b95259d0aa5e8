-- Leaving, and taking along what is known: accounts that close, keys to be destroyed, exports.

create table identity.erasure (
	person_id uuid primary key,
	account_id uuid,
	asked_at timestamptz not null,
	done_at timestamptz
);
comment on table identity.erasure is 'persons whose key is to be destroyed, by the runner in the keys'' own database';
comment on column identity.erasure.person_id is 'an account, a partner, or an address that became none';
comment on column identity.erasure.account_id is 'who asked for it; null: nobody, an address that became no account';
alter table identity.erasure owner to socius_owner;
create index erasure_waits on identity.erasure (asked_at) where done_at is null;
grant select, insert on identity.erasure to wall_platform, wall_runner;
grant update (done_at) on identity.erasure to wall_runner;
grant select on identity.erasure to wall_law;

create table identity.data_export (
	export_id uuid primary key,
	account_id uuid not null references identity.account (account_id),
	state text not null default 'queued' check (state in ('queued', 'done')),
	document text,
	asked_at timestamptz not null,
	finished_at timestamptz,
	expires_at timestamptz not null,
	constraint export_is_there_when_done check ((state = 'done') = (document is not null)),
	constraint export_is_sealed check (core.is_sealed(document))
);
comment on table identity.data_export is 'everything about an account, on its way to it; gone after a week';
comment on column identity.data_export.document is 'JSON, sealed for the account';
alter table identity.data_export owner to socius_owner;
create index data_export_waits on identity.data_export (asked_at) where state = 'queued';
create index data_export_of_account on identity.data_export (account_id);
grant select, insert on identity.data_export to wall_platform;
grant select, update, delete on identity.data_export to wall_runner;
grant select on identity.data_export to wall_law;

-- What may stand here is for the runner to build, whose function sees all rooms.
grant usage on schema access, services, cocreation, exchange to wall_law;
grant select (market_id, partner_id, account_id, state) on identity.partner to wall_platform;
grant select on identity.account to wall_runner;

create type core.sealed_json as (place text, row_id uuid, cell text);
comment on type core.sealed_json is 'as core.sealed, of a text that is JSON';

create type api.data_export as (
	export_id uuid,
	state text,
	asked_at timestamptz,
	finished_at timestamptz,
	expires_at timestamptz,
	document core.sealed_json
);
comment on type api.data_export is 'Everything about an account.';
comment on column api.data_export.export_id is 'identifies it';
comment on column api.data_export.state is 'queued or done';
comment on column api.data_export.asked_at is 'when it was asked for';
comment on column api.data_export.finished_at is 'when it was made; null before';
comment on column api.data_export.expires_at is 'it is thrown away then';
comment on column api.data_export.document is 'table by table, row by row; null before it is done';

create type api.leaving as (account_id uuid, state text, left_at timestamptz);
comment on type api.leaving is 'An account that has been left.';
comment on column api.leaving.account_id is 'whose';
comment on column api.leaving.state is 'closed, or erased: then nothing says any more whose it was';
comment on column api.leaving.left_at is 'when';
