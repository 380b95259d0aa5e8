-- What partners owe, and how it is withheld from what they earn; reversals; agreements with vendors.
--
-- A deduction is a debt of a partner: dues, a rental. Nothing is taken from the wallet when it
-- arises. As each earning is posted, at most a quarter of its share is withheld for all debts
-- together, in the order of their kinds and then of their age; the rest carries over. Each part
-- withheld is a ledger transaction of its own (kind deduction, debit 2000, credit 1200) and a row of
-- ledger.withholding, which says from which earning it came. wallet.owed_minor is the sum of what is
-- left, so that a posting to a wallet without debts learns so from the update that it does anyway.

insert into ledger.account values
	(1200, 'partner_receivables', 'asset', 'what partners still owe, to be withheld from what they earn'),
	(5100, 'royalties', 'expense', 'shares of co-creators in net sales'),
	(5200, 'discounts', 'expense', 'what the platform adds where partners pay less than the list price');

alter table ledger.wallet add column owed_minor bigint not null default 0;
comment on column ledger.wallet.owed_minor is 'what the owner''s deductions have not withheld yet';

create type ledger.deduction_kind as enum ('dues', 'insurance', 'rental', 'financing', 'voluntary');
comment on type ledger.deduction_kind is 'in the order in which they are withheld';

create table ledger.deduction (
	market_id int not null,
	deduction_id uuid not null,
	owner_id uuid not null,
	kind ledger.deduction_kind not null,
	cause_id uuid not null,
	owed_minor bigint not null constraint deduction_positive check (owed_minor > 0),
	withheld_minor bigint not null default 0,
	created_at timestamptz not null,
	settled_at timestamptz,
	primary key (market_id, deduction_id),
	constraint deduction_within_owed check (withheld_minor between 0 and owed_minor),
	constraint deduction_settled_in_full check (
		(settled_at is not null) = (withheld_minor = owed_minor))
);
comment on table ledger.deduction is 'a debt of a partner that is withheld from what it earns; only what is withheld ever changes';
comment on column ledger.deduction.owner_id is 'whose wallet';
comment on column ledger.deduction.cause_id is 'the rental, ... behind it';
comment on column ledger.deduction.settled_at is 'when the last part was withheld, by the market''s clock; null: something is left';
alter table ledger.deduction owner to socius_owner;
create index deduction_open on ledger.deduction (market_id, owner_id, kind, created_at, deduction_id)
	where settled_at is null;
create index deduction_of_owner on ledger.deduction
	(market_id, owner_id, created_at, deduction_id);
call core.raise_walls('ledger.deduction', 'owner_id');
grant insert, update (withheld_minor, settled_at) on ledger.deduction
	to wall_partner, wall_member, wall_operator, wall_runner;

create table ledger.withholding (
	market_id int not null,
	owner_id uuid not null,
	earning_id uuid not null,
	deduction_id uuid not null,
	transaction_id uuid not null,
	amount_minor bigint not null constraint withholding_positive check (amount_minor > 0),
	share_minor bigint not null,
	withheld_at timestamptz not null,
	primary key (market_id, owner_id, earning_id, deduction_id),
	constraint withholding_within_a_quarter check (amount_minor <= share_minor / 4)
);
comment on table ledger.withholding is 'what one earning gave to one deduction; append-only; undone where ledger.reversal has its transaction';
comment on column ledger.withholding.earning_id is 'the ledger transaction of the earning';
comment on column ledger.withholding.transaction_id is 'the ledger transaction that withheld it';
comment on column ledger.withholding.share_minor is 'the earning''s share, of which a quarter may be withheld in all; without tips and tolls';
alter table ledger.withholding owner to socius_owner;
create index withholding_of_deduction on ledger.withholding (market_id, deduction_id);
call core.raise_walls('ledger.withholding', 'owner_id');
grant insert on ledger.withholding to wall_partner, wall_member, wall_operator, wall_runner;

create table ledger.reversal (
	market_id int not null,
	transaction_id uuid not null,
	owner_id uuid not null,
	reversal_id uuid not null,
	reversed_at timestamptz not null,
	constraint transaction_reversed_already primary key (market_id, transaction_id)
);
comment on table ledger.reversal is 'ledger transactions that another one mirrors; append-only';
comment on column ledger.reversal.transaction_id is 'the transaction that is reversed';
comment on column ledger.reversal.reversal_id is 'the transaction that mirrors it';
alter table ledger.reversal owner to socius_owner;
call core.raise_walls('ledger.reversal', 'owner_id');
grant insert on ledger.reversal to wall_partner, wall_member, wall_operator, wall_runner;

-- What is owed, withheld or reversed stays so, whoever asks. Only the rows of a test market may be
-- deleted, when the market goes.
create function ledger.guard_deductions() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = tg_name,
		detail = format('%s of ledger.%s is refused.', lower(tg_op), tg_table_name);
end
$$;
alter function ledger.guard_deductions owner to socius_owner;
create trigger deduction_stays before delete or update of market_id, deduction_id, owner_id, kind,
	cause_id, owed_minor, created_at on ledger.deduction
	for each row execute function ledger.guard_deductions();
create trigger withholding_append_only before update or delete on ledger.withholding
	for each row execute function ledger.guard_deductions();
create trigger reversal_append_only before update or delete on ledger.reversal
	for each row execute function ledger.guard_deductions();
create trigger deduction_never_truncated before truncate on ledger.deduction
	for each statement execute function ledger.guard_deductions();
create trigger withholding_never_truncated before truncate on ledger.withholding
	for each statement execute function ledger.guard_deductions();
create trigger reversal_never_truncated before truncate on ledger.reversal
	for each statement execute function ledger.guard_deductions();

-- Posting takes one argument more, the share; of two functions of the name every call would be
-- ambiguous. A new database has neither yet.
set local client_min_messages = warning;
drop function if exists ledger.post(int, uuid, uuid, text, uuid, int[], bigint[], timestamptz,
	timestamptz);
drop function if exists fulfilment.agreement_at(int, timestamptz);
reset client_min_messages;

-- Whether the parts of an agreement fit its base: each party once, a million ppm in all. A price is
-- the vendor's and the platform's; everything else the partner's and the platform's.
create function ledger.agreement_fits(p_base text, p_parties text[], p_shares_ppm int[])
returns boolean
language plpgsql immutable parallel safe as $$
declare
	v_earner constant text := case p_base when 'price' then 'vendor' else 'partner' end;
begin
	return v_earner = any (p_parties)
		and p_parties <@ array[v_earner, 'platform']
		and cardinality(p_parties) = cardinality(p_shares_ppm)
		and (select count(distinct e.party) = count(*) and sum(e.share_ppm) = 1000000
				and min(e.share_ppm) >= 0
			from unnest(p_parties, p_shares_ppm) as e (party, share_ppm));
end
$$;
comment on function ledger.agreement_fits is 'each party once, those of the base, a million ppm in all';
grant execute on function ledger.agreement_fits to wall_operator;

-- Not valid: versions for prices that were made when they knew no vendor stay as they are; nothing
-- was ever split by one.
alter table ledger.share_agreement
	drop constraint agreement_parts_wrong,
	add constraint agreement_parts_wrong check (
		ledger.agreement_fits(base, parties, shares_ppm)) not valid;
drop function ledger.shares_fit;
comment on column ledger.share_agreement.parties is 'in the order in which a split goes: partner or, for prices, vendor; platform';
comment on column api.share_party.party is 'partner, vendor or platform';

alter type api.balance add attribute owed_minor bigint;
comment on column api.balance.owed_minor is 'what will still be withheld from earnings; minor units';

create type api.deduction as (
	deduction_id uuid,
	kind text,
	cause_id uuid,
	owed_minor bigint,
	withheld_minor bigint,
	left_minor bigint,
	currency text,
	created_at timestamptz,
	settled_at timestamptz
);
comment on type api.deduction is 'What a partner owes and what of it was withheld: at most a quarter of the share of each earning, for all deductions together.';
comment on column api.deduction.deduction_id is 'identifies it; the cause of its lines in the wallet';
comment on column api.deduction.kind is 'dues, insurance, rental, financing or voluntary; withheld in this order, then the oldest first';
comment on column api.deduction.cause_id is 'the rental, ... behind it';
comment on column api.deduction.owed_minor is 'what was owed at first; minor units';
comment on column api.deduction.withheld_minor is 'what was withheld so far; minor units';
comment on column api.deduction.left_minor is 'what will still be withheld; minor units';
comment on column api.deduction.currency is 'ISO 4217, of every amount';
comment on column api.deduction.created_at is 'since when it is owed, by the market''s clock';
comment on column api.deduction.settled_at is 'when the last part was withheld; null while something is left';
