-- What an app shows first: whose token this is, and what there is to do.

create type api.me as (
	account_id uuid,
	name text,
	role text,
	market api.market,
	partner api.partner
);
comment on type api.me is 'Whose token this is, in which market.';
comment on column api.me.account_id is 'the account, the same in every market';
comment on column api.me.name is 'of the account; null: it has not been used yet';
comment on column api.me.role is 'partner or customer: what the token may do';
comment on column api.me.market is 'the market of the token';
comment on column api.me.partner is 'the account at work in this market, with its enrolments and exchange; null: it is a customer only';

create type api.next_action as (
	action text,
	why text,
	opens_at timestamptz,
	until timestamptz,
	subject_id uuid,
	requirement text
);
comment on type api.next_action is 'Something that the partner can do now or soon.';
comment on column api.next_action.action is 'apply, enrol, submit_document, resubmit_document, renew_document, add_bank_account, book_slot, check_in, decline_booking, complete_booking or return_rental';
comment on column api.next_action.why is 'a sentence for people';
comment on column api.next_action.opens_at is 'it cannot be done before; null: it can at once';
comment on column api.next_action.until is 'it cannot be done, or comes too late, after that; null: there is no end';
comment on column api.next_action.subject_id is 'the booking, slot, rental or document that it is about; null: none';
comment on column api.next_action.requirement is 'the requirement that it satisfies; null: none';

create type api.home as (
	next_booking api.booking,
	balance api.balance,
	due api.requirement[],
	offers api.slot[],
	next_actions api.next_action[]
);
comment on type api.home is 'What an app shows first.';
comment on column api.home.next_booking is 'the booking at work or next; null: none';
comment on column api.home.balance is 'what the platform owes the partner; null: it is a customer only';
comment on column api.home.due is 'requirements that are not satisfied, with what they block';
comment on column api.home.offers is 'up to three slots that the partner could book now, soonest first';
comment on column api.home.next_actions is 'what there is to do, most urgent first';
