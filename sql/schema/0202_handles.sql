-- Strangers are shown handles: an id of theirs would be taken by other calls.

create function core.handle(p_market_id int, p_id uuid) returns uuid
language sql immutable strict parallel safe as $$
	select core.derived_id(convert_to('handle', 'UTF8') || int4send(p_market_id) || uuid_send(p_id))
$$;
comment on function core.handle is 'what stands for a person in a market before strangers: always the same, and no id that any call takes';
alter function core.handle owner to socius_owner;

create function core.shown_id(p_market_id int, p_id uuid) returns uuid
language sql stable strict parallel safe as $$
	select case when current_setting('socius.partner')
			in ('ffffffff-ffff-ffff-ffff-ffffffffffff', p_id::text)
		then p_id else core.handle(p_market_id, p_id) end
$$;
comment on function core.shown_id is 'a person''s id as the entered partner or office sees it: its own and, for offices, all; else a handle';
alter function core.shown_id owner to socius_owner;
grant execute on function core.handle, core.shown_id to wall_partner, wall_member, wall_operator,
	wall_runner;

comment on column api.idea.submitter_id is 'the partner who submitted it; before strangers a handle, which no call takes';
comment on column api.idea_author.partner_id is 'the author; before strangers a handle, which no call takes';
comment on column api.sales_report_part.partner_id is 'the author; before other authors a handle, which no call takes';
comment on column api.event.actor_id is 'the account that did it; the nil UUID for the machine itself; before partners a handle for every account but their own';
comment on column api.document.reviewed_by is 'who reviewed it, before the partner a handle; null: nobody has';

-- Functions that take other arguments now.
drop function if exists api.list_ideas(int, uuid, text, int, uuid);
drop function if exists api.get_idea(int, uuid, uuid);
drop function if exists cocreation.show_idea(cocreation.idea, uuid);
drop function if exists events.show_event(events.event);
