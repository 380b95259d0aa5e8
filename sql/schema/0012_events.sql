-- The shape of the feed; the table stands in core, because every room writes it.

create type api.event as (
	event_id uuid,
	kind text,
	subject text,
	subject_id uuid,
	partner_id uuid,
	from_state text,
	to_state text,
	actor_id uuid,
	actor_role text,
	reason text,
	occurred_at timestamptz,
	epoch int,
	xid bigint
);
comment on type api.event is 'One transition of anything in the market.';
comment on column api.event.event_id is 'identifies the event; the same in every delivery';
comment on column api.event.kind is 'what happened: booking.confirmed, enrolment.activated, ...';
comment on column api.event.subject is 'what changed: booking, trip, partner, ...';
comment on column api.event.subject_id is 'which one changed';
comment on column api.event.partner_id is 'whose feed it is in; null: operators'' only';
comment on column api.event.from_state is 'state before; null: it began here, or has no states';
comment on column api.event.to_state is 'state after; null: it has no states';
comment on column api.event.actor_id is 'the account that did it; the nil UUID for the machine itself';
comment on column api.event.actor_role is 'partner, operator, service or runner';
comment on column api.event.reason is 'why, in words; null: nothing to say';
comment on column api.event.occurred_at is 'when, by the market''s clock';
comment on column api.event.epoch is 'first part of the feed''s order';
comment on column api.event.xid is 'second part of the feed''s order; the third is event_id';
