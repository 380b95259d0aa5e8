-- An address is changed by a code that comes back from the new one.

alter table access.challenge drop constraint challenge_kind_check;
alter table access.challenge add constraint challenge_kind_check
	check (kind in ('sign_up', 'reset', 'email'));
comment on column access.challenge.account_id is 'reset, email: whose; sign_up: the account that is made of it';
