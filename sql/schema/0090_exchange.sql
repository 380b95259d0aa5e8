-- The exchange between the platform and a partner, as rule 1 observes it: what counts, what was
-- counted, how it reads, and each change of the reading. It describes and decides nothing.

create schema exchange authorization socius_owner;
comment on schema exchange is 'how the exchange with each partner reads; nothing else may read it (laws.tags_decide_nothing)';
grant usage on schema exchange to wall_partner, wall_member, wall_operator, wall_runner, wall_law;

create table exchange.weight (
	rule_version int not null,
	what text not null check (what ~ '^[a-z_]+$'),
	side text check (side in ('shared', 'controlled')),
	weight int check (weight > 0),
	enrolment_kind text check (enrolment_kind in ('courier', 'driver', 'co_creator')),
	says text not null,
	primary key (rule_version, what),
	check ((side is null) = (weight is null))
);
comment on table exchange.weight is 'what a version of the rule counts and how much of it; a reference table: a new version is new rows';
comment on column exchange.weight.side is 'shared: the account brought something, or could refuse known terms at no cost; controlled: it was assigned, or chose from a closed menu without binding force; null: never counted';
comment on column exchange.weight.enrolment_kind is 'counts for that enrolment too; null: for the partner as a whole only';
comment on column exchange.weight.says is 'the words for one such thing';
alter table exchange.weight owner to socius_owner;
grant select on exchange.weight to wall_partner, wall_member, wall_operator, wall_runner, wall_law;
insert into exchange.weight (rule_version, what, side, weight, enrolment_kind, says) values
	(1, 'slot_self_booked', 'shared', 1, 'courier', 'slots that you chose and booked'),
	(1, 'slot_reserved_accepted', 'shared', 1, 'courier', 'slots offered to you that you accepted'),
	(1, 'trip_offer_accepted', 'shared', 1, 'driver', 'trips offered to you that you accepted'),
	(1, 'idea_submitted', 'shared', 5, 'co_creator', 'ideas that you submitted'),
	(1, 'idea_supported', 'shared', 1, 'co_creator', 'ideas that you supported'),
	(1, 'contest_entry', 'shared', 5, 'co_creator', 'contest entries'),
	(1, 'album_submission', 'shared', 3, null, 'submissions to an album'),
	(1, 'listing_created', 'shared', 3, null, 'listings that you made'),
	(1, 'rental_offered', 'shared', 3, null, 'things that you rented out'),
	(1, 'poll_option_proposed', 'shared', 3, null, 'answers that you proposed for a poll'),
	(1, 'poll_vote_binding', 'shared', 1, null, 'binding votes'),
	(1, 'cohort_self_enrolled', 'shared', 2, null, 'groups that you joined'),
	(1, 'fundraiser_started', 'shared', 5, null, 'fundraisers that you started'),
	(1, 'fundraiser_backed', 'shared', 2, null, 'fundraisers that you backed'),
	(1, 'feedback_unsolicited', 'shared', 2, null, 'feedback that nobody asked you for'),
	(1, 'referral', 'shared', 1, null, 'people whom you referred'),
	(1, 'slot_assigned', 'controlled', 1, 'courier', 'slots that we assigned to you'),
	(1, 'trip_assigned', 'controlled', 1, 'driver', 'trips that we assigned to you'),
	(1, 'poll_vote_advisory', 'controlled', 1, null, 'advisory votes'),
	(1, 'cohort_invited', 'controlled', 2, null, 'groups that we put you in'),
	(1, 'purchase', null, null, null, 'purchases and discounts: consuming is not participating'),
	(1, 'rental', null, null, null, 'things rented: consuming is not participating'),
	(1, 'financing', null, null, null, 'advances: consuming is not participating'),
	(1, 'survey', null, null, null, 'surveys'),
	(1, 'governance_ballot', null, null, null, 'governance ballots: collective action is not profiled');

create table exchange.evidence (
	event_kind text not null,
	origin text not null,
	what text not null,
	primary key (event_kind, origin)
);
comment on table exchange.evidence is 'which event is which thing that counts; a reference table. An event of no partner counts for nobody';
comment on column exchange.evidence.origin is 'of the booking or trip: self, offer, reserved or assigned; empty: the event has none';
alter table exchange.evidence owner to socius_owner;
grant select on exchange.evidence to wall_runner, wall_law;
insert into exchange.evidence (event_kind, origin, what) values
	('booking.confirmed', 'self', 'slot_self_booked'),
	('booking.confirmed', 'offer', 'slot_reserved_accepted'),
	('booking.confirmed', 'reserved', 'slot_reserved_accepted'),
	('booking.confirmed', 'assigned', 'slot_assigned'),
	('trip.completed', 'self', 'trip_offer_accepted'),
	('trip.completed', 'offer', 'trip_offer_accepted'),
	('trip.completed', 'reserved', 'trip_offer_accepted'),
	('trip.completed', 'assigned', 'trip_assigned'),
	('idea.submitted', '', 'idea_submitted'),
	('idea.supported', '', 'idea_supported');

create table exchange.fold (
	market_id int primary key,
	epoch int not null default 1,
	xid xid8 not null default '0',
	event_id uuid not null default '00000000-0000-0000-0000-000000000000',
	swept_day date not null default '-infinity',
	swept_partner_id uuid not null default 'ffffffff-ffff-ffff-ffff-ffffffffffff'
);
comment on table exchange.fold is 'how far jobs.fold_exchange has come';
comment on column exchange.fold.epoch is 'with xid and event_id: the last event of the feed that is counted';
comment on column exchange.fold.swept_day is 'with swept_partner_id: the last day and partner whose leaving the window has been read again';
alter table exchange.fold owner to socius_owner;
call core.raise_walls('exchange.fold');
grant insert, update on exchange.fold to wall_runner;

create table exchange.daily_count (
	market_id int not null,
	partner_id uuid not null,
	day date not null,
	what text not null,
	events int not null check (events > 0),
	primary key (market_id, partner_id, day, what)
);
comment on table exchange.daily_count is 'what counts of a partner, by local calendar day of the market; only ever grows';
alter table exchange.daily_count owner to socius_owner;
create index daily_count_of_day on exchange.daily_count (market_id, day, partner_id);
call core.raise_walls('exchange.daily_count', 'partner_id');
grant insert, update (events) on exchange.daily_count to wall_runner;

create table exchange.reading (
	market_id int not null,
	partner_id uuid not null,
	part text not null check (part in ('whole', 'courier', 'driver', 'co_creator')),
	rule_version int not null,
	until_day date not null,
	shared int not null,
	controlled int not null,
	events int not null,
	information int,
	declared text,
	archetype text not null,
	basis text not null,
	changes int not null,
	changed_at timestamptz not null,
	primary key (market_id, partner_id, part)
) with (fillfactor = 70);
comment on table exchange.reading is 'how the exchange with a partner reads now; no row: nothing was ever counted, and what the programme declares is shown';
comment on column exchange.reading.part is 'whole: all of the partner; else the kind of enrolment';
comment on column exchange.reading.until_day is 'last day of the 90 when it was read';
comment on column exchange.reading.shared is 'S: sum of shared weights in the window';
comment on column exchange.reading.controlled is 'C: sum of controlled weights in the window';
comment on column exchange.reading.events is 'n: counted events in the window';
comment on column exchange.reading.information is 'I: see exchange.tag; null: no purpose is in force';
comment on column exchange.reading.declared is 'the archetype that the programme declared when it was read; null: it was observed';
comment on column exchange.reading.changes is 'number of the latest row of exchange.tag';
alter table exchange.reading owner to socius_owner;
call core.raise_walls('exchange.reading', 'partner_id');
grant insert, update on exchange.reading to wall_runner;

create table exchange.tag (
	market_id int not null,
	partner_id uuid not null,
	part text not null,
	change_no int not null,
	rule_version int not null,
	until_day date not null,
	shared int not null,
	controlled int not null,
	events int not null,
	participation int check (participation between 0 and 100),
	information int check (information between 0 and 100),
	declared text,
	archetype_before text,
	archetype text not null check (archetype in ('host', 'companion', 'advisor', 'director')),
	basis text not null check (basis in ('observed', 'declared')),
	trigger text not null check (trigger in ('events', 'window', 'enrolment')),
	evidence bytea not null check (length(evidence) = 32),
	changed_at timestamptz not null,
	primary key (market_id, partner_id, part, change_no)
);
comment on table exchange.tag is 'each change of a reading''s archetype or basis; append-only';
comment on column exchange.tag.change_no is 'counts from 1';
comment on column exchange.tag.participation is 'P: percentage of shared weight; null below five events';
comment on column exchange.tag.information is 'I: percentage of the purposes in force that were used with effect; null: no purpose is in force';
comment on column exchange.tag.declared is 'what the programme declared; null: it was observed';
comment on column exchange.tag.archetype_before is 'null: the first one';
comment on column exchange.tag.trigger is 'what had it read again: new events, a day that left the window, a changed enrolment';
comment on column exchange.tag.evidence is 'SHA-256 of the lines "<what> <events>", by name, of the window';
alter table exchange.tag owner to socius_owner;
call core.raise_walls('exchange.tag', 'partner_id');
grant insert on exchange.tag to wall_runner;

-- What was said of a partner stays said. Only the rows of a test market may be deleted.
create function exchange.guard_tag() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'tag_append_only',
		detail = format('%s of exchange.tag is refused: a change is a new row.', lower(tg_op));
end
$$;
alter function exchange.guard_tag owner to socius_owner;
create trigger tag_append_only before update or delete on exchange.tag
	for each row execute function exchange.guard_tag();
create trigger tag_never_truncated before truncate on exchange.tag
	for each statement execute function exchange.guard_tag();

create type api.exchange as (
	sentence text,
	archetype text,
	participation text,
	information text,
	basis text,
	rule_version int
);
comment on type api.exchange is 'How the exchange between the platform and a partner reads over 90 days. It describes, and decides nothing.';
comment on column api.exchange.sentence is 'what it means, to the partner';
comment on column api.exchange.archetype is 'host, companion, advisor or director';
comment on column api.exchange.participation is 'shared: the partner brings or may refuse the work; controlled: it is assigned';
comment on column api.exchange.information is 'gathered: data runs the work only; leveraged: it changes what the partner meets';
comment on column api.exchange.basis is 'observed; or declared by the programme, below five counted events';
comment on column api.exchange.rule_version is 'version of the rule that read it';

alter type api.partner add attribute exchange api.exchange;
comment on column api.partner.exchange is 'how the exchange with the partner reads';

create type api.exchange_contribution as (
	what text,
	says text,
	side text,
	events int,
	weight int,
	points int
);
comment on type api.exchange_contribution is 'One kind of thing that counted.';
comment on column api.exchange_contribution.what is 'name in the rule: slot_self_booked, trip_assigned, ...';
comment on column api.exchange_contribution.says is 'the same in words';
comment on column api.exchange_contribution.side is 'shared or controlled';
comment on column api.exchange_contribution.events is 'how many there were';
comment on column api.exchange_contribution.weight is 'points of each';
comment on column api.exchange_contribution.points is 'events times weight';

create type api.enrolment_exchange as (
	kind text,
	exchange api.exchange,
	shared_points int,
	controlled_points int,
	events int
);
comment on type api.enrolment_exchange is 'How the exchange reads for one enrolment alone.';
comment on column api.enrolment_exchange.kind is 'courier, driver or co_creator';
comment on column api.enrolment_exchange.exchange is 'its reading';
comment on column api.enrolment_exchange.shared_points is 'sum of shared weights in the window';
comment on column api.enrolment_exchange.controlled_points is 'sum of controlled weights in the window';
comment on column api.enrolment_exchange.events is 'counted events in the window';

create type api.archetype as (
	partner_id uuid,
	exchange api.exchange,
	window_from date,
	window_until date,
	events int,
	shared_points int,
	controlled_points int,
	participation_percent int,
	information_percent int,
	contributions api.exchange_contribution[],
	counterfactual text,
	enrolments api.enrolment_exchange[],
	changes int,
	changed_at timestamptz
);
comment on type api.archetype is 'How the exchange with a partner reads, and why.';
comment on column api.archetype.partner_id is 'whose it is';
comment on column api.archetype.exchange is 'the reading, summed over enrolments';
comment on column api.archetype.window_from is 'first of the 90 local days that count';
comment on column api.archetype.window_until is 'last of them';
comment on column api.archetype.events is 'counted events in the window';
comment on column api.archetype.shared_points is 'sum of shared weights';
comment on column api.archetype.controlled_points is 'sum of controlled weights';
comment on column api.archetype.participation_percent is 'shared points of all points, rounded down; null below five events';
comment on column api.archetype.information_percent is 'purposes used with effect of those in force; null: no purpose is in force';
comment on column api.archetype.contributions is 'the five strongest, strongest first';
comment on column api.archetype.counterfactual is 'what would have made it read otherwise';
comment on column api.archetype.enrolments is 'the reading of each enrolment, by kind';
comment on column api.archetype.changes is 'how often it changed; each change is on record';
comment on column api.archetype.changed_at is 'when it last changed; null: never';
