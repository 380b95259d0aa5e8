-- Person data is sealed before it comes here: under a key of each person, which this database does
-- not have. What has to be found again is known by its blind value.
--
-- A sealed text is sealed1:<base64url>; see src/seal.h. Texts in clear are those of made-up people
-- in test cities; laws.persons_are_sealed sees all others.

create type core.sealed as (place text, row_id uuid, cell text);
comment on type core.sealed is 'a sealed text with the place and the row where it was found: it opens nowhere else';

create function core.is_sealed(p_cell text) returns boolean
language sql immutable as $$
	select p_cell ~ '^sealed1:[A-Za-z0-9_-]{59,}$'
$$;
comment on function core.is_sealed is 'whether a text has the form of a sealed one: 44 bytes at least';
alter function core.is_sealed owner to socius_owner;
grant execute on function core.is_sealed to wall_partner, wall_member, wall_operator,
	wall_platform, wall_runner, wall_law;

comment on column identity.account.name is 'sealed for the account';
comment on column identity.partner.name is 'sealed for the partner';
comment on column access.credential.email is 'sealed for the account: as the person wrote it, the domain in lower case';
comment on column access.credential.email_key is 'the blind value of the address: two that differ in case alone are one account';
comment on column access.challenge.email is 'sealed for the account that it may become, or for nobody';
comment on column access.challenge.account_id is 'reset: whose; sign_up: the account that is made of it';
comment on column access.device.name is 'sealed for the account; of an app of others: its name';
comment on column access.mail.address is 'sealed as an e-mail address of person_id';

-- An account is chosen when it is asked for: its address and name are sealed for it.
alter table access.challenge add column new_account_id uuid;
comment on column access.challenge.new_account_id is 'whom the address is sealed for';
-- Codes of before are void: what they wait with is in clear.
delete from access.challenge;
delete from access.mail where state <> 'queued';

alter table access.mail add column person_id uuid;
comment on column access.mail.person_id is 'whom the address is sealed for; null: it is in clear';

alter table onboarding.bank_account
	drop constraint bank_account_iban,
	add column iban_key text,
	add column holder_key text,
	add column country text,
	add column last_four text;
update onboarding.bank_account
set iban_key = iban, holder_key = holder_name, country = left(iban, 2), last_four = right(iban, 4);
alter table onboarding.bank_account
	alter column iban_key set not null,
	alter column holder_key set not null,
	alter column country set not null,
	alter column last_four set not null,
	add constraint bank_account_iban check (core.is_sealed(iban)
		or iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
	add constraint bank_account_country check (country ~ '^[A-Z]{2}$');
comment on column onboarding.bank_account.iban is 'sealed for the partner: ISO 13616, without blanks; its check digits are verified before it is sealed';
comment on column onboarding.bank_account.iban_key is 'its blind value: whether another one is another one';
comment on column onboarding.bank_account.holder_name is 'sealed for the partner';
comment on column onboarding.bank_account.holder_key is 'its blind value';
comment on column onboarding.bank_account.last_four is 'sealed for the partner: the last four characters of the IBAN';
grant update (iban_key, holder_key, country, last_four) on onboarding.bank_account to wall_member;

drop view if exists identity.partner_shown;
alter type api.partner alter attribute name type core.sealed;
comment on column api.partner.name is 'shown to operators; null: the person was erased';
drop function if exists identity.name_of_account;
alter type api.me alter attribute name type core.sealed;
comment on column api.me.name is 'of the account; null: it has not been used yet, or the person was erased';
alter type api.account alter attribute email type core.sealed, alter attribute name type core.sealed;
comment on column api.account.email is 'where its mail goes; null: the person was erased';
comment on column api.account.name is 'as the person is called; null: the person was erased';
alter type api.session alter attribute device_name type core.sealed;
comment on column api.session.device_name is 'as the device calls itself; null: the person was erased';
alter type api.bank_account alter attribute last_four type core.sealed,
	alter attribute holder_name type core.sealed;
comment on column api.bank_account.last_four is 'the last four characters of the IBAN; null: the person was erased';
comment on column api.bank_account.holder_name is 'the name that the bank knows; null: the person was erased';
alter type api.totp_enrolment alter attribute uri type core.sealed;

create type api.sign_in_known as (password_hash text, totp_id uuid, account_id uuid,
	device_id uuid);
comment on type api.sign_in_known is 'What a sign-in is held against, and whom its device is sealed for.';
comment on column api.sign_in_known.password_hash is 'PHC string; null: nobody''s';
comment on column api.sign_in_known.totp_id is 'null: no authenticator';
comment on column api.sign_in_known.account_id is 'null: nobody''s';
comment on column api.sign_in_known.device_id is 'the device, where the account knows it; null: another';

-- Functions that take other arguments now.
drop function if exists api.weigh_sign_up(text, text, timestamptz);
drop function if exists api.create_account(text, text, text, text, uuid, text, bytea, bytea, uuid, text,
	timestamptz);
drop function if exists api.confirm_account(uuid, text, bytea, uuid, uuid, text, text, timestamptz);
drop function if exists api.start_password_reset(text, uuid, text, bytea, bytea, uuid, text, timestamptz);
drop function if exists access.weigh_letter(text, text, timestamptz);
drop function if exists access.make_challenge(uuid, text, text, uuid, bytea, text, text, text, timestamptz);
drop function if exists access.post_mail(uuid, text, text, text, jsonb, timestamptz);
drop function if exists access.grant_role(int, text, text, uuid, timestamptz);
drop function if exists access.withdraw_role(int, text, text, uuid, timestamptz);
drop function if exists access.reset_totp(text, uuid, timestamptz);
drop function if exists access.tidy_address(text);
drop function if exists api.weigh_sign_in(text, text, text, timestamptz);
drop function if exists api.create_session(text, text, text, text, text, text, text, text, bigint, bytea,
	bytea, bytea, uuid, uuid, bytea, bytea, uuid, text, text, timestamptz);
drop function if exists api.put_bank_account(int, uuid, uuid, text, timestamptz, uuid, uuid, bigint, text,
	text);
drop function if exists api.create_partner(int, uuid, text, timestamptz, uuid, uuid, uuid, text, bytea, uuid,
	uuid, text, jsonb);
drop function if exists jobs.take_mail(timestamptz);
