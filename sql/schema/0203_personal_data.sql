-- What is known of a person: see identity.personal_data, which grew a column.
drop view if exists identity.personal_data;

comment on column access.challenge.name is 'sealed for the account that it may become';

-- Codes that an erased account waits for go with it.
create index challenge_of_account on access.challenge (account_id) where account_id is not null;
grant delete on access.challenge to wall_platform;
