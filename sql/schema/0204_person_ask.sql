-- What is asked before a person gets a key.

create type api.person_ask as (known boolean);
comment on type api.person_ask is 'Whether a person is there, or may be made.';
comment on column api.person_ask.known is 'true: else the question is refused';
