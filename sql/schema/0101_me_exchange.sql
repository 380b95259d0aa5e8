-- The exchange with an account stands on the account too, beside that of the partner it is here.

alter type api.me add attribute exchange api.exchange;
comment on column api.me.exchange is 'the exchange with the account, summed over its enrolments in this market; null: it is a customer only';
