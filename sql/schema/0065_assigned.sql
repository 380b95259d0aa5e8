-- Bookings that an operator brings about: assigned to a partner, who may decline; cancelled, with a
-- reason that the partner reads.

alter domain scheduling.booking_state drop constraint booking_state_check;
alter domain scheduling.booking_state add constraint booking_state_check check (value in (
	'confirmed', 'checked_in', 'completed', 'forfeited', 'late_forfeited', 'forfeited_protected',
	'declined', 'cancelled_by_operator', 'missed', 'abandoned'));

alter table scheduling.booking add column reason text;
comment on column scheduling.booking.reason is 'why an operator cancelled it; null otherwise';
grant insert on scheduling.booking, scheduling.partner_day to wall_operator;
grant update (state, reason, version) on scheduling.booking to wall_operator;
grant update (reason) on scheduling.booking to wall_partner;
grant update (seconds, busy) on scheduling.partner_day to wall_operator;
grant update (booked, version) on scheduling.slot to wall_operator;

alter type api.booking add attribute reason text;
comment on column api.booking.state is 'confirmed, checked_in, completed, forfeited, late_forfeited, declined, cancelled_by_operator or missed';
comment on column api.booking.reason is 'why an operator cancelled it, in words; null otherwise';

-- Both take more than they did.
drop function if exists scheduling.shape_booking(uuid, uuid, uuid, text, text, uuid, text,
	timestamptz, timestamptz, text, bigint, bigint, text, timestamptz, timestamptz, timestamptz,
	bigint);
drop function if exists scheduling.end_booking(scheduling.booking, uuid, uuid, timestamptz, text);
