-- A changed bank account is waited for whoever asks for one, and shown to everybody.

comment on type api.requirement is 'One thing that a partner''s programmes ask for, or a changed bank account that payouts wait for, and how it stands.';
comment on column api.requirement.enrolment_kinds is 'the kinds of enrolment that ask for it; none: a bank account that was changed and that no programme asks for';
