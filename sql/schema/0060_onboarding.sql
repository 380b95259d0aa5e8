-- What a programme asks of its partners before they work or are paid: requirements, the documents
-- and bank accounts that satisfy them, and whom a payout run left out for want of one.

create table onboarding.requirement_kind (
	requirement text primary key,
	blocks text not null check (blocks in ('work', 'payouts')),
	accepts text[] not null
);
comment on table onboarding.requirement_kind is 'what a programme may ask for; a reference table';
comment on column onboarding.requirement_kind.blocks is 'what the partner cannot do while it is due: work or payouts';
comment on column onboarding.requirement_kind.accepts is 'any one of these satisfies it: kinds of documents, vehicle_rental, bank_account';
alter table onboarding.requirement_kind owner to socius_owner;
grant select on onboarding.requirement_kind to wall_partner, wall_member, wall_operator,
	wall_runner, wall_law;
insert into onboarding.requirement_kind (requirement, blocks, accepts) values
	('identity', 'work', '{identity_card,passport}'),
	('right_to_work', 'work', '{right_to_work}'),
	('driving_licence', 'work', '{driving_licence}'),
	('vehicle', 'work', '{vehicle_registration,vehicle_rental}'),
	('insurance', 'work', '{insurance_certificate}'),
	('bank_account', 'payouts', '{bank_account}');

alter table onboarding.programme add column requirements text[] not null default '{}'
	constraint requirement_unknown check (requirements <@ array['identity', 'right_to_work',
		'driving_licence', 'vehicle', 'insurance', 'bank_account']);
comment on column onboarding.programme.requirements is 'what it asks for, each once, in alphabetical order; names of onboarding.requirement_kind';

-- Enrolments settle themselves, whoever did what they waited for.
grant insert on onboarding.enrolment to wall_member;
grant update (state, version) on onboarding.enrolment to wall_partner, wall_member, wall_runner;

create table onboarding.document (
	market_id int not null,
	document_id uuid not null,
	partner_id uuid not null,
	kind text not null constraint document_kind check (kind in ('identity_card', 'passport',
		'right_to_work', 'driving_licence', 'vehicle_registration', 'insurance_certificate')),
	sha256 bytea not null constraint document_sha256 check (length(sha256) = 32),
	expires_on date,
	state text not null constraint document_state check (state in
		('submitted', 'verified', 'rejected', 'expired')),
	submitted_at timestamptz not null,
	reviewed_by uuid,
	reviewed_at timestamptz,
	reason text constraint document_reason check (reason <> ''),
	version bigint not null default 1,
	primary key (market_id, document_id),
	constraint document_review check ((reviewed_by is null) = (reviewed_at is null)
		and (state not in ('verified', 'rejected') or reviewed_by is not null)
		and (state <> 'rejected' or reason is not null))
);
comment on table onboarding.document is 'what a partner shows of itself; the file itself stands elsewhere, by its digest';
comment on column onboarding.document.sha256 is 'SHA-256 of the file';
comment on column onboarding.document.expires_on is 'the last local date on which it is good; null: it does not expire';
comment on column onboarding.document.state is 'submitted > verified | rejected; submitted, verified > expired';
comment on column onboarding.document.reviewed_by is 'the operator''s account';
comment on column onboarding.document.reason is 'why it was rejected; the partner reads it';
alter table onboarding.document owner to socius_owner;
-- A file that was rejected may come again, as another kind or with another date.
create unique index document_exists on onboarding.document (market_id, partner_id, sha256)
	where state <> 'rejected';
create index document_of_partner on onboarding.document (market_id, partner_id, document_id);
create index document_expires on onboarding.document (market_id, expires_on)
	where state in ('submitted', 'verified') and expires_on is not null;
call core.raise_walls('onboarding.document', 'partner_id');
grant insert on onboarding.document to wall_member;
grant update (state, reviewed_by, reviewed_at, reason, version) on onboarding.document
	to wall_operator;
grant update (state, version) on onboarding.document to wall_runner;

create table onboarding.bank_account (
	market_id int not null,
	partner_id uuid not null,
	iban text not null constraint bank_account_iban
		check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
	holder_name text not null constraint bank_account_holder check (holder_name <> ''),
	frozen_until timestamptz,
	created_at timestamptz not null,
	changed_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, partner_id)
);
comment on table onboarding.bank_account is 'where a partner is paid';
comment on column onboarding.bank_account.iban is 'ISO 13616, without blanks; its check digits are verified before it comes here';
comment on column onboarding.bank_account.frozen_until is 'no payout before: 72 hours after the IBAN was changed; null: it is the first';
alter table onboarding.bank_account owner to socius_owner;
call core.raise_walls('onboarding.bank_account', 'partner_id');
grant insert, update (iban, holder_name, frozen_until, changed_at, version)
	on onboarding.bank_account to wall_member;

alter table payouts.payout_run
	add column left_out_count bigint not null default 0,
	add column left_out_minor bigint not null default 0;
comment on column payouts.payout_run.left_out_count is 'wallets that would have been paid but for a bank account';
comment on column payouts.payout_run.left_out_minor is 'the sum of their balances; minor units';
grant update (left_out_count, left_out_minor) on payouts.payout_run to wall_runner;

create table payouts.left_out (
	market_id int not null,
	payout_run_id uuid not null,
	partner_id uuid not null,
	reason text not null constraint left_out_reason
		check (reason in ('bank_account_due', 'bank_account_changed')),
	until timestamptz,
	balance_minor bigint not null constraint left_out_positive check (balance_minor > 0),
	currency text not null,
	primary key (market_id, payout_run_id, partner_id),
	constraint left_out_until check ((reason = 'bank_account_changed') = (until is not null))
);
comment on table payouts.left_out is 'whom a payout run did not pay, and why; the wallet stays as it is';
comment on column payouts.left_out.until is 'bank_account_changed: payouts are frozen until then';
comment on column payouts.left_out.balance_minor is 'what would have been paid; minor units';
alter table payouts.left_out owner to socius_owner;
call core.raise_walls('payouts.left_out', 'partner_id');
grant insert on payouts.left_out to wall_runner;

create type api.programme_requirement as (
	requirement text,
	blocks text
);
comment on type api.programme_requirement is 'One thing that a programme asks of its partners.';
comment on column api.programme_requirement.requirement is 'identity, right_to_work, driving_licence, vehicle, insurance or bank_account';
comment on column api.programme_requirement.blocks is 'what waits while it is due: work or payouts';

alter type api.programme add attribute requirements api.programme_requirement[];
comment on column api.programme.requirements is 'what it asks of its partners, by name; empty: nothing';

create type api.requirement as (
	requirement text,
	state text,
	blocks text,
	enrolment_kinds text[],
	accepts text[],
	satisfied_by text,
	document_id uuid,
	reason text,
	expires_on date
);
comment on type api.requirement is 'One thing that a partner''s programmes ask for, and how it stands.';
comment on column api.requirement.requirement is 'identity, right_to_work, driving_licence, vehicle, insurance or bank_account';
comment on column api.requirement.state is 'due, submitted, verified, rejected, or expiring: it is good for 30 days or less';
comment on column api.requirement.blocks is 'what waits while it is neither verified nor expiring: work or payouts';
comment on column api.requirement.enrolment_kinds is 'the kinds of enrolment that ask for it';
comment on column api.requirement.accepts is 'any one of these satisfies it: kinds of documents, vehicle_rental, bank_account';
comment on column api.requirement.satisfied_by is 'the one of these that does now; null: none';
comment on column api.requirement.document_id is 'the document that the state tells of; null: none';
comment on column api.requirement.reason is 'why it was rejected or is waited for; null: nothing to say';
comment on column api.requirement.expires_on is 'the last local date on which what satisfies it is good; null: it does not expire, or nothing does';

create type api.document as (
	document_id uuid,
	partner_id uuid,
	kind text,
	state text,
	sha256 text,
	expires_on date,
	submitted_at timestamptz,
	reviewed_by uuid,
	reviewed_at timestamptz,
	reason text,
	version bigint
);
comment on type api.document is 'What a partner shows of itself, by the digest of the file.';
comment on column api.document.document_id is 'identifies the document';
comment on column api.document.partner_id is 'whose it is';
comment on column api.document.kind is 'identity_card, passport, right_to_work, driving_licence, vehicle_registration or insurance_certificate';
comment on column api.document.state is 'submitted, verified, rejected or expired';
comment on column api.document.sha256 is 'SHA-256 of the file, 64 hexadecimal digits';
comment on column api.document.expires_on is 'the last local date on which it is good; null: it does not expire';
comment on column api.document.submitted_at is 'when it came, by the market''s clock';
comment on column api.document.reviewed_by is 'account of the operator who reviewed it; null before';
comment on column api.document.reviewed_at is 'when it was reviewed; null before';
comment on column api.document.reason is 'why it was rejected; null: it was not';
comment on column api.document.version is 'counts changes; the ETag';

create type api.bank_account as (
	partner_id uuid,
	country text,
	last_four text,
	holder_name text,
	frozen_until timestamptz,
	created_at timestamptz,
	changed_at timestamptz,
	version bigint
);
comment on type api.bank_account is 'Where a partner is paid; the IBAN itself is not shown again.';
comment on column api.bank_account.partner_id is 'whose it is';
comment on column api.bank_account.country is 'the first two letters of the IBAN, ISO 3166';
comment on column api.bank_account.last_four is 'the last four characters of the IBAN';
comment on column api.bank_account.holder_name is 'the name that the bank knows';
comment on column api.bank_account.frozen_until is 'the IBAN was changed: no payout before; null: not frozen';
comment on column api.bank_account.created_at is 'when the first one was given, by the market''s clock';
comment on column api.bank_account.changed_at is 'when it was given as it is now';
comment on column api.bank_account.version is 'counts changes; the ETag';

alter type api.payout_run add attribute left_out_count bigint, add attribute left_out_minor bigint;
comment on column api.payout_run.left_out_count is 'wallets left as they are for want of a bank account';
comment on column api.payout_run.left_out_minor is 'the sum of their balances; minor units';

create type api.left_out as (
	partner_id uuid,
	reason text,
	until timestamptz,
	balance_minor bigint,
	currency text
);
comment on type api.left_out is 'A partner whom a payout run left out.';
comment on column api.left_out.partner_id is 'who was not paid';
comment on column api.left_out.reason is 'bank_account_due or bank_account_changed';
comment on column api.left_out.until is 'payouts are frozen until then; null: until there is a bank account';
comment on column api.left_out.balance_minor is 'what stays in the wallet; minor units';
comment on column api.left_out.currency is 'ISO 4217';

comment on column api.event.actor_role is 'customer, partner, operator, service or runner';
