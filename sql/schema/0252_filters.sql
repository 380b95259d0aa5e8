-- Lists by filters, each along an index of its own, whatever stands in the way (tests/sql/filters.c).

-- The audit log is listed by time; records of a kind that is rare are found among those that are not.
drop function if exists api.list_audit_records(int, int, uuid, uuid, text, text, text, uuid,
	timestamptz, timestamptz);
create index audit_record_of_market on access.audit_record (market_id, occurred_at, record_id);
create index audit_record_of_subject
	on access.audit_record (market_id, subject_id, occurred_at, record_id)
	where subject_id is not null;
create index audit_record_of_act on access.audit_record (market_id, act, occurred_at, record_id);
create index audit_record_refused
	on access.audit_record (market_id, outcome, occurred_at, record_id) where outcome <> 'done';
create index audit_record_of_staff on access.audit_record (market_id, role, occurred_at, record_id)
	where role not in ('partner', 'customer');
drop index access.audit_record_of_account;
create index audit_record_of_account
	on access.audit_record (market_id, account_id, occurred_at, record_id)
	where account_id is not null;

-- Bookings that neither wait nor ended well: few, and no part of booking a slot.
create index booking_rare on scheduling.booking (market_id, state, starts_at, booking_id)
	where state not in ('confirmed', 'completed');

create index idea_in_state on cocreation.idea (market_id, state, idea_id);
create index enrolment_of_kind on onboarding.enrolment (market_id, kind, partner_id);
create index redemption_of_listing
	on services.redemption (market_id, listing_id, redeemed_at, redemption_id);

-- Causes are UUIDv7 and postings come in the order of time, so that ranges of pages tell them apart;
-- this costs a posting nothing.
create index transaction_of_cause on ledger.transaction using brin (cause_id uuid_minmax_multi_ops,
	occurred_at) with (pages_per_range = 16, autosummarize = on);
