-- Services: vendors sell to partners at partner prices: discounts by code, rentals by the day.

create schema services authorization socius_owner;
grant usage on schema services
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner, wall_law;

-- equality of ids beside overlap of times in one constraint
create extension if not exists btree_gist schema public;

create type services.listing_kind as enum ('discount', 'rental');
create type services.asset_kind as enum ('vehicle', 'equipment', 'bike');

create table services.vendor (
	market_id int not null,
	vendor_id uuid not null,
	name text not null check (name <> ''),
	created_at timestamptz not null,
	primary key (market_id, vendor_id)
);
comment on table services.vendor is 'a company that sells or rents out to partners; has a wallet of its own';
alter table services.vendor owner to socius_owner;
call core.raise_walls('services.vendor');
grant insert on services.vendor to wall_operator;

-- A listing is never changed but for its counter, so what a partner was shown stays true.
create table services.listing (
	market_id int not null,
	listing_id uuid not null,
	kind services.listing_kind not null,
	vendor_id uuid not null,
	title text not null check (title <> ''),
	description text,
	list_price_minor bigint not null,
	partner_price_minor bigint not null,
	currency text not null,
	reimbursed_ppm int check (reimbursed_ppm between 0 and 1000000),
	stock int,
	redeemed int not null default 0,
	asset_kind services.asset_kind,
	enrolment_kind text check (enrolment_kind in ('courier', 'driver', 'co_creator')),
	available_from timestamptz,
	available_until timestamptz,
	created_at timestamptz not null,
	primary key (market_id, listing_id),
	constraint listing_price_wrong check (partner_price_minor between 0 and list_price_minor),
	constraint listing_times_wrong check (available_until > available_from),
	constraint listing_kind_differs check (case kind
		when 'discount' then stock >= 1 and stock is not null and reimbursed_ppm is not null
			and asset_kind is null
		when 'rental' then stock is null and reimbursed_ppm is null and asset_kind is not null
	end),
	constraint sold_out check (redeemed between 0 and coalesce(stock, 0))
) with (fillfactor = 80);
comment on table services.listing is 'what a vendor offers to partners: a discount, of which there is a stock, or a rental, of which there are assets';
comment on column services.listing.list_price_minor is 'what everyone pays, minor units; of a rental: for a started day';
comment on column services.listing.partner_price_minor is 'what a partner pays, minor units; of a rental: for a started day';
comment on column services.listing.reimbursed_ppm is 'the part of the saving that the platform pays back to the vendor; null: a rental';
comment on column services.listing.stock is 'how often it may be redeemed in all; null: a rental';
comment on column services.listing.redeemed is 'how often it was redeemed';
comment on column services.listing.asset_kind is 'what the assets are; null: a discount';
comment on column services.listing.enrolment_kind is 'only for partners of this kind; null: every partner';
comment on column services.listing.available_from is 'null: at once';
comment on column services.listing.available_until is 'null: for good';
alter table services.listing owner to socius_owner;
call core.raise_walls('services.listing');
grant insert on services.listing to wall_operator;
grant update (redeemed) on services.listing to wall_partner;

-- What is known of an asset without knowing who rents it: any partner may see when it is free.
create table services.asset (
	market_id int not null,
	asset_id uuid not null,
	listing_id uuid not null,
	name text not null check (name <> ''),
	busy tstzmultirange not null default '{}',
	is_out boolean not null default false,
	came_back_at timestamptz,
	created_at timestamptz not null,
	primary key (market_id, asset_id)
) with (fillfactor = 80);
comment on table services.asset is 'one thing that a listing rents out, for example a van';
comment on column services.asset.name is 'what it is told apart by, for example its plate';
comment on column services.asset.busy is 'the times of its reserved and active rentals as agreed';
comment on column services.asset.is_out is 'someone has it now, perhaps for longer than agreed';
comment on column services.asset.came_back_at is 'its latest return; null: it was never out';
alter table services.asset owner to socius_owner;
create index asset_of_listing on services.asset (market_id, listing_id, asset_id);
call core.raise_walls('services.asset');
grant insert on services.asset to wall_operator;
grant update (busy, is_out, came_back_at) on services.asset to wall_partner, wall_runner;

create table services.redemption (
	market_id int not null,
	redemption_id uuid not null,
	listing_id uuid not null,
	partner_id uuid not null,
	code text not null,
	reimbursed_minor bigint not null,
	redeemed_at timestamptz not null,
	digest bytea not null,
	primary key (market_id, redemption_id),
	constraint redeemed_already unique (market_id, listing_id, partner_id),
	constraint code_taken unique (market_id, code)
);
comment on table services.redemption is 'a partner took a discount: the code is shown to the vendor; its id comes from the request''s key, so that a replay meets the primary key';
comment on column services.redemption.code is 'twelve characters of Crockford''s base32 in three groups; drawn by chance, unguessable';
comment on column services.redemption.reimbursed_minor is 'what the platform pays back to the vendor, minor units';
comment on column services.redemption.digest is 'SHA-256 of the request''s arguments';
alter table services.redemption owner to socius_owner;
create index redemption_of_partner
	on services.redemption (market_id, partner_id, redeemed_at, redemption_id);
create index redemption_of_market on services.redemption (market_id, redeemed_at, redemption_id);
call core.raise_walls('services.redemption', 'partner_id');
grant insert on services.redemption to wall_partner;

create table services.rental (
	market_id int not null,
	rental_id uuid not null,
	partner_id uuid not null,
	listing_id uuid not null,
	asset_id uuid not null,
	state text not null check (state in ('reserved', 'active', 'returned', 'cancelled')),
	starts_at timestamptz not null,
	ends_at timestamptz not null,
	started_at timestamptz,
	returned_at timestamptz,
	daily_price_minor bigint not null check (daily_price_minor >= 0),
	currency text not null,
	share_agreement_id uuid not null,
	charge_minor bigint check (charge_minor >= 0),
	vendor_minor bigint check (vendor_minor between 0 and charge_minor),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, rental_id),
	constraint rental_times_wrong check (
		ends_at > starts_at and ends_at <= starts_at + interval '7776000 seconds'),
	constraint rental_marks_its_state check (
		(started_at is not null) = (state in ('active', 'returned'))
		and (returned_at is not null) = (state = 'returned')
		and (charge_minor is not null) = (state = 'returned')
		and (vendor_minor is not null) = (state = 'returned')
		and started_at >= starts_at and returned_at >= started_at),
	constraint rental_overlaps exclude using gist (market_id with =, asset_id with =,
		tstzrange(starts_at, ends_at) with &&) where (state in ('reserved', 'active'))
);
comment on table services.rental is 'a partner has an asset for a time, at a price for each started day';
comment on column services.rental.starts_at is 'as agreed';
comment on column services.rental.ends_at is 'as agreed; whoever has it longer is overdue and goes on paying';
comment on column services.rental.started_at is 'from when on the partner has it; later than starts_at where it came back late';
comment on column services.rental.daily_price_minor is 'the partner price when it was agreed, for each started day of 24 hours, minor units';
comment on column services.rental.share_agreement_id is 'the agreement on prices in force at starts_at, by which the charge is split';
comment on column services.rental.charge_minor is 'started days times the daily price, minor units; null until returned';
comment on column services.rental.vendor_minor is 'the vendor''s part of the charge, minor units; null until returned';
alter table services.rental owner to socius_owner;
create unique index rental_out on services.rental (market_id, asset_id) where state = 'active';
create index rental_due on services.rental (market_id, starts_at) where state = 'reserved';
create index rental_of_partner on services.rental (market_id, partner_id, starts_at, rental_id);
create index rental_of_market on services.rental (market_id, starts_at, rental_id);
call core.raise_walls('services.rental', 'partner_id');
grant insert on services.rental to wall_partner;
grant update (state, started_at, returned_at, charge_minor, vendor_minor, version)
	on services.rental to wall_partner, wall_runner;

-- The replies of the room.

create type api.vendor as (
	vendor_id uuid,
	name text,
	balance_minor bigint,
	currency text,
	created_at timestamptz
);
comment on type api.vendor is 'A company that sells or rents out to partners.';
comment on column api.vendor.vendor_id is 'identifies the vendor';
comment on column api.vendor.name is 'shown to partners';
comment on column api.vendor.balance_minor is 'what the platform owes the vendor, minor units';
comment on column api.vendor.currency is 'ISO 4217';
comment on column api.vendor.created_at is 'when it was made, by the market''s clock';

create type api.listing as (
	listing_id uuid,
	kind text,
	vendor_id uuid,
	vendor_name text,
	title text,
	description text,
	asset_kind text,
	enrolment_kind text,
	list_price_minor bigint,
	partner_price_minor bigint,
	saving_minor bigint,
	currency text,
	reimbursed_ppm int,
	stock int,
	stock_left int,
	assets_free int,
	available_from timestamptz,
	available_until timestamptz,
	available boolean,
	reasons text[],
	created_at timestamptz
);
comment on type api.listing is 'What a vendor offers to partners, at the list price and at theirs.';
comment on column api.listing.listing_id is 'identifies the listing';
comment on column api.listing.kind is 'discount or rental';
comment on column api.listing.vendor_id is 'who offers it';
comment on column api.listing.vendor_name is 'the name of who offers it';
comment on column api.listing.title is 'what it is';
comment on column api.listing.description is 'more about it; null when there is nothing to add';
comment on column api.listing.asset_kind is 'of a rental: vehicle, equipment or bike; null for a discount';
comment on column api.listing.enrolment_kind is 'only for partners of this kind: courier, driver or co_creator; null: for every partner';
comment on column api.listing.list_price_minor is 'what everyone pays, minor units; of a rental for each started day';
comment on column api.listing.partner_price_minor is 'what a partner pays, minor units; of a rental for each started day';
comment on column api.listing.saving_minor is 'list price less partner price, minor units';
comment on column api.listing.currency is 'ISO 4217';
comment on column api.listing.reimbursed_ppm is 'the part of the saving that the platform pays back to the vendor, parts of a million; null for rentals, and for partners';
comment on column api.listing.stock is 'how often it may be redeemed in all; null for rentals';
comment on column api.listing.stock_left is 'how often it may still be redeemed; null for rentals';
comment on column api.listing.assets_free is 'assets that can be rented from now on; null for discounts';
comment on column api.listing.available_from is 'may be had from then on; null: at once';
comment on column api.listing.available_until is 'may be had until then; null: for good';
comment on column api.listing.available is 'whether whoever asks may have it now; `reasons` is empty then';
comment on column api.listing.reasons is 'why not: sold_out, redeemed_already, not_enrolled, not_yet_available, no_longer_available or no_asset_free';
comment on column api.listing.created_at is 'when it was made, by the market''s clock';

create type api.asset as (
	asset_id uuid,
	listing_id uuid,
	name text,
	is_out boolean,
	created_at timestamptz
);
comment on type api.asset is 'One thing that a listing rents out.';
comment on column api.asset.asset_id is 'identifies the asset';
comment on column api.asset.listing_id is 'the listing that rents it out';
comment on column api.asset.name is 'what it is told apart by, for example its plate';
comment on column api.asset.is_out is 'whether someone has it now';
comment on column api.asset.created_at is 'when it was made, by the market''s clock';

create type api.redemption as (
	redemption_id uuid,
	listing_id uuid,
	partner_id uuid,
	title text,
	vendor_name text,
	code text,
	list_price_minor bigint,
	partner_price_minor bigint,
	saving_minor bigint,
	currency text,
	redeemed_at timestamptz
);
comment on type api.redemption is 'A discount that a partner has taken.';
comment on column api.redemption.redemption_id is 'identifies the redemption';
comment on column api.redemption.listing_id is 'the discount';
comment on column api.redemption.partner_id is 'whose it is';
comment on column api.redemption.title is 'the listing''s';
comment on column api.redemption.vendor_name is 'where the code is good';
comment on column api.redemption.code is 'to be shown to the vendor';
comment on column api.redemption.list_price_minor is 'what everyone pays, minor units';
comment on column api.redemption.partner_price_minor is 'what the vendor takes for the code''s bearer, minor units';
comment on column api.redemption.saving_minor is 'list price less partner price, minor units';
comment on column api.redemption.currency is 'ISO 4217';
comment on column api.redemption.redeemed_at is 'when it was taken, by the market''s clock';

create type api.rental as (
	rental_id uuid,
	listing_id uuid,
	asset_id uuid,
	asset_name text,
	asset_kind text,
	title text,
	partner_id uuid,
	state text,
	starts_at timestamptz,
	ends_at timestamptz,
	started_at timestamptz,
	returned_at timestamptz,
	daily_price_minor bigint,
	days_so_far int,
	charge_minor bigint,
	currency text,
	created_at timestamptz
);
comment on type api.rental is 'A partner''s rental of an asset, charged for each started day when it is returned.';
comment on column api.rental.rental_id is 'identifies the rental';
comment on column api.rental.listing_id is 'the listing it came from';
comment on column api.rental.asset_id is 'the very thing';
comment on column api.rental.asset_name is 'what it is told apart by, for example its plate';
comment on column api.rental.asset_kind is 'vehicle, equipment or bike';
comment on column api.rental.title is 'the listing''s';
comment on column api.rental.partner_id is 'whose it is';
comment on column api.rental.state is 'reserved, active, overdue, returned or cancelled, by the request''s clock';
comment on column api.rental.starts_at is 'as agreed';
comment on column api.rental.ends_at is 'as agreed; after it an active rental is overdue';
comment on column api.rental.started_at is 'from when on days are counted; null until it starts';
comment on column api.rental.returned_at is 'null until returned';
comment on column api.rental.daily_price_minor is 'for each started day of 24 hours, minor units';
comment on column api.rental.days_so_far is 'started days until now, or until the return';
comment on column api.rental.charge_minor is 'started days times the daily price, minor units; null until returned';
comment on column api.rental.currency is 'ISO 4217';
comment on column api.rental.created_at is 'when it was agreed, by the market''s clock';
