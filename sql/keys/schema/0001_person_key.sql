-- The keys of persons: a database of their own, so that no backup of the other one holds them.

create schema keys authorization socius_owner;
comment on schema keys is 'the key of each person, wrapped under a key that no database knows';
grant usage on schema keys to socius_gate, socius_runner;

create table keys.person_key (
	person_id uuid primary key,
	wrapped bytea check (length(wrapped) = 64),
	made_at timestamptz not null default now(),
	destroyed_at timestamptz,
	constraint key_is_there_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
);
comment on table keys.person_key is 'what opens a person''s data; once destroyed it is never made again';
comment on column keys.person_key.person_id is 'an account or a partner, or an address that has none';
comment on column keys.person_key.wrapped is 'number of the key-encryption key (4 bytes), nonce (12), key (32), tag (16); null: destroyed';
alter table keys.person_key owner to socius_owner;
create index person_key_wrapped_with on keys.person_key (substr(wrapped, 1, 4))
	where wrapped is not null;
