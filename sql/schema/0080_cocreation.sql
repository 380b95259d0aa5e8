-- Co-creation: ideas of partners, who supports them, and the royalties of those that are sold.

create schema cocreation authorization socius_owner;
comment on schema cocreation is 'ideas, their authors and supporters, and reports of their sales';
grant usage on schema cocreation
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner, wall_law;

create table cocreation.stage (
	stage int primary key check (stage >= 1),
	supporters_needed int not null check (supporters_needed > 0),
	days int not null check (days > 0)
);
comment on table cocreation.stage is 'the steps that an idea climbs: so many supporters within so many days of the step before; a reference table';
comment on column cocreation.stage.supporters_needed is 'in all, those of the stages before included';
comment on column cocreation.stage.days is 'of 24 hours, from when the stage began';
alter table cocreation.stage owner to socius_owner;
grant select on cocreation.stage
	to wall_partner, wall_member, wall_operator, wall_runner, wall_law;
insert into cocreation.stage (stage, supporters_needed, days) values
	(1, 100, 60), (2, 1000, 365), (3, 5000, 182), (4, 10000, 182);

create table cocreation.idea (
	market_id int not null,
	idea_id uuid not null,
	submitter_id uuid not null,
	title text not null check (title <> ''),
	summary text not null check (summary <> ''),
	state text not null check (state in ('gathering', 'qualified', 'expired', 'withdrawn')),
	stage int not null references cocreation.stage (stage),
	supporters_count int not null default 0 check (supporters_count >= 0),
	supporters_needed int not null,
	gathering_until timestamptz not null,
	submitted_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, idea_id)
) with (fillfactor = 70);
comment on table cocreation.idea is 'an idea; all of the market may read it, so it holds no person''s data but ids of partners';
comment on column cocreation.idea.submitter_id is 'the partner who submitted it and may withdraw it';
comment on column cocreation.idea.state is 'gathering > qualified | expired | withdrawn';
comment on column cocreation.idea.stage is 'the stage for which it gathers, or the last one that it reached';
comment on column cocreation.idea.supporters_count is 'rows of cocreation.support; whoever writes them holds this row';
comment on column cocreation.idea.supporters_needed is 'at so many the stage is reached, once';
comment on column cocreation.idea.gathering_until is 'the stage is to be reached before then';
alter table cocreation.idea owner to socius_owner;
create index idea_due on cocreation.idea (market_id, gathering_until, idea_id)
	where state = 'gathering';
call core.raise_walls('cocreation.idea');
grant insert, update on cocreation.idea to wall_member;
grant update (state, version) on cocreation.idea to wall_runner;
-- who reports sales holds the idea's row meanwhile
grant update (version) on cocreation.idea to wall_operator;

create table cocreation.author (
	market_id int not null,
	idea_id uuid not null,
	partner_id uuid not null,
	line int not null check (line >= 1),
	share_ppm int not null check (share_ppm between 1 and 1000000),
	primary key (market_id, idea_id, partner_id),
	constraint author_line unique (market_id, idea_id, line)
);
comment on table cocreation.author is 'who made an idea, and which part of its royalties is whose; never changed';
comment on column cocreation.author.line is 'the order in which a royalty is split';
comment on column cocreation.author.share_ppm is 'parts of a million; those of an idea sum to a million';
alter table cocreation.author owner to socius_owner;
create index author_of on cocreation.author (market_id, partner_id, idea_id);
call core.raise_walls('cocreation.author');
grant insert on cocreation.author to wall_member;

create table cocreation.support (
	market_id int not null,
	idea_id uuid not null,
	account_id uuid not null,
	supported_at timestamptz not null,
	primary key (market_id, idea_id, account_id)
);
comment on table cocreation.support is 'accounts that support an idea, of partners and customers alike; who withdraws leaves no row';
alter table cocreation.support owner to socius_owner;
call core.raise_walls('cocreation.support');
grant insert, delete on cocreation.support to wall_member;

create table cocreation.sales_report (
	market_id int not null,
	sales_report_id uuid not null,
	idea_id uuid not null,
	period date not null constraint period_is_a_month check (extract(day from period) = 1),
	gross_minor bigint not null check (gross_minor >= 0),
	returns_minor bigint not null,
	currency text not null,
	share_agreement_id uuid not null,
	royalty_minor bigint not null check (royalty_minor >= 0),
	restates uuid,
	occurred_at timestamptz not null,
	reported_at timestamptz not null,
	primary key (market_id, sales_report_id),
	constraint returns_exceed_gross check (returns_minor between 0 and gross_minor),
	constraint sales_report_restated_already unique (market_id, restates)
);
comment on table cocreation.sales_report is 'what was sold of an idea in a month, and the royalty on it; never changed: a later report restates it';
comment on column cocreation.sales_report.period is 'first day of the month, local date of the market';
comment on column cocreation.sales_report.share_agreement_id is 'the agreement on net sales in force at occurred_at';
comment on column cocreation.sales_report.royalty_minor is 'the partner''s part of gross less returns; all authors'' together';
comment on column cocreation.sales_report.restates is 'the report whose place this one takes; null: the first of its idea and period';
comment on column cocreation.sales_report.occurred_at is 'the last second of the period, local time of the market';
alter table cocreation.sales_report owner to socius_owner;
-- One first report of an idea and month, and each restated once: so exactly one is in force.
create unique index sales_report_exists on cocreation.sales_report (market_id, idea_id, period)
	where restates is null;
create index sales_report_of_idea on cocreation.sales_report
	(market_id, idea_id, sales_report_id);
call core.raise_walls('cocreation.sales_report');
grant insert on cocreation.sales_report to wall_operator;

create table cocreation.sales_report_part (
	market_id int not null,
	sales_report_id uuid not null,
	partner_id uuid not null,
	line int not null,
	share_ppm int not null,
	amount_minor bigint not null check (amount_minor >= 0),
	transaction_id uuid check ((transaction_id is null) = (amount_minor = 0)),
	primary key (market_id, sales_report_id, partner_id)
);
comment on table cocreation.sales_report_part is 'one author''s part of a royalty; never changed';
comment on column cocreation.sales_report_part.transaction_id is 'the ledger transaction that posts it; null: a part of nothing';
alter table cocreation.sales_report_part owner to socius_owner;
call core.raise_walls('cocreation.sales_report_part');
grant insert on cocreation.sales_report_part to wall_operator;

-- A partner's own reports are those of the ideas that it is an author of.
alter policy partner on cocreation.sales_report using (
	market_id = current_setting('socius.market')::int and exists (
		select from cocreation.author a
		where a.market_id = sales_report.market_id and a.idea_id = sales_report.idea_id
			and a.partner_id = current_setting('socius.partner')::uuid));
alter policy member on cocreation.sales_report using (
	market_id = current_setting('socius.market')::int and (
		current_setting('socius.partner') = 'ffffffff-ffff-ffff-ffff-ffffffffffff' or exists (
			select from cocreation.author a
			where a.market_id = sales_report.market_id and a.idea_id = sales_report.idea_id
				and a.partner_id = current_setting('socius.partner')::uuid)));
alter policy partner on cocreation.sales_report_part using (
	market_id = current_setting('socius.market')::int and exists (
		select from cocreation.sales_report r
		where r.market_id = sales_report_part.market_id
			and r.sales_report_id = sales_report_part.sales_report_id));
alter policy member on cocreation.sales_report_part using (
	market_id = current_setting('socius.market')::int and exists (
		select from cocreation.sales_report r
		where r.market_id = sales_report_part.market_id
			and r.sales_report_id = sales_report_part.sales_report_id));

-- What was reported and posted stays; only the rows of a test market may be deleted, when it goes.
create function cocreation.guard_report() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'sales_report_append_only',
		detail = format('%s of cocreation.%s is refused: report again and restate.',
			lower(tg_op), tg_table_name);
end
$$;
alter function cocreation.guard_report owner to socius_owner;
create trigger sales_report_append_only before update or delete on cocreation.sales_report
	for each row execute function cocreation.guard_report();
create trigger sales_report_append_only before update or delete on cocreation.sales_report_part
	for each row execute function cocreation.guard_report();
create trigger sales_report_never_truncated before truncate on cocreation.sales_report
	for each statement execute function cocreation.guard_report();
create trigger sales_report_never_truncated before truncate on cocreation.sales_report_part
	for each statement execute function cocreation.guard_report();

-- The replies of the room.

create type api.idea_author as (
	partner_id uuid,
	share_ppm int
);
comment on type api.idea_author is 'One author of an idea.';
comment on column api.idea_author.partner_id is 'the author';
comment on column api.idea_author.share_ppm is 'its part of the idea''s royalties in parts of a million: 600000 is 60 %';

create type api.idea as (
	idea_id uuid,
	submitter_id uuid,
	title text,
	summary text,
	authors api.idea_author[],
	state text,
	stage int,
	supporters_count int,
	supporters_needed int,
	gathering_until timestamptz,
	supported boolean,
	submitted_at timestamptz,
	version bigint
);
comment on type api.idea is 'An idea that gathers supporters.';
comment on column api.idea.idea_id is 'identifies the idea';
comment on column api.idea.submitter_id is 'the partner who submitted it';
comment on column api.idea.title is 'what it is called';
comment on column api.idea.summary is 'what it is';
comment on column api.idea.authors is 'who made it, in the order in which royalties are split';
comment on column api.idea.state is 'gathering, qualified, expired or withdrawn';
comment on column api.idea.stage is 'the stage for which it gathers: 1 of 4 at first';
comment on column api.idea.supporters_count is 'accounts that support it now';
comment on column api.idea.supporters_needed is 'at so many it reaches the next stage, for good';
comment on column api.idea.gathering_until is 'it expires then unless it has reached the next stage';
comment on column api.idea.supported is 'whether the caller''s account supports it';
comment on column api.idea.submitted_at is 'when it was submitted, by the market''s clock';
comment on column api.idea.version is 'counts changes; the ETag';

create type api.sales_report_part as (
	partner_id uuid,
	share_ppm int,
	amount_minor bigint
);
comment on type api.sales_report_part is 'One author''s part of a royalty.';
comment on column api.sales_report_part.partner_id is 'the author';
comment on column api.sales_report_part.share_ppm is 'its part of the idea''s royalties in parts of a million';
comment on column api.sales_report_part.amount_minor is 'its part of this royalty; minor units of the report''s currency';

create type api.sales_report as (
	sales_report_id uuid,
	idea_id uuid,
	period text,
	currency text,
	gross_minor bigint,
	returns_minor bigint,
	net_minor bigint,
	share_agreement_id uuid,
	royalty_minor bigint,
	parts api.sales_report_part[],
	restates uuid,
	restated_by uuid,
	occurred_at timestamptz,
	reported_at timestamptz
);
comment on type api.sales_report is 'What was sold of an idea in a month, and the royalty on it.';
comment on column api.sales_report.sales_report_id is 'identifies the report';
comment on column api.sales_report.idea_id is 'what was sold';
comment on column api.sales_report.period is 'the month, YYYY-MM, by the market''s wall clock';
comment on column api.sales_report.currency is 'ISO 4217, of every amount of the report';
comment on column api.sales_report.gross_minor is 'sold; minor units';
comment on column api.sales_report.returns_minor is 'given back; minor units';
comment on column api.sales_report.net_minor is 'gross less returns, of which the royalty is a part; minor units';
comment on column api.sales_report.share_agreement_id is 'the agreement on net sales that was in force when the period ended';
comment on column api.sales_report.royalty_minor is 'the authors'' part of net sales, all together; minor units';
comment on column api.sales_report.parts is 'what each author gets; they sum to the royalty';
comment on column api.sales_report.restates is 'the report whose place this one takes, or null';
comment on column api.sales_report.restated_by is 'the report that has taken its place; null while it is in force';
comment on column api.sales_report.occurred_at is 'the last second of the period: when the royalty was earned';
comment on column api.sales_report.reported_at is 'when it was reported, by the market''s clock';
