-- Letters for the runner to send, one at a time.
--
--	select * from jobs.take_mail(now);               no row: nothing waits
--	(write or send it, in no transaction)
--	select jobs.finish_mail(mail_id, error, now);    error null: it is sent; else it goes later
--	select jobs.fail_mail(mail_id, now);             it was refused for good
--
-- One that was not tried yet goes before those that are tried again, however many these are.
-- Who takes a letter has a minute; then it is there again for others. So a kill between sending and
-- saying so sends a letter twice, never not at all.

create or replace function jobs.take_mail(p_now timestamptz)
returns table (mail_id uuid, kind text, address text, locale text, code text, person_id uuid)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
#variable_conflict use_column
begin
	return query
	update access.mail m set retry_at = p_now + interval '1 minute'
	where m.mail_id = (
		select w.mail_id
		from access.mail w
		where w.state = 'queued' and (w.retry_at is null or w.retry_at <= p_now)
		order by w.attempts, w.made_at, w.mail_id
		limit 1
		for update skip locked)
	returning m.mail_id, m.kind, m.address, m.locale, m.params ->> 'code', m.person_id;
end
$$;
comment on function jobs.take_mail is 'takes the letter that was tried least often and has waited for longest, skipping those that other runners have';

-- It will never go: the audit log says so, under the letter's own id.
create or replace function jobs.fail_mail(p_mail_id uuid, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(0, null);
	update access.mail m
	set attempts = m.attempts + 1, state = 'failed', params = '{}'
	where m.mail_id = p_mail_id and m.state = 'queued';
	if found then
		insert into access.audit_record (market_id, record_id, occurred_at, act, outcome, subject_id)
		values (0, p_mail_id, p_now, 'letter.send', 'failed', p_mail_id);
	end if;
end
$$;
comment on function jobs.fail_mail is 'a letter will never be sent';

-- A letter whose code has expired is of no use: after 15 minutes it has failed.
create or replace function jobs.finish_mail(p_mail_id uuid, p_error text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	if p_error is null then
		update access.mail m
		set attempts = m.attempts + 1, state = 'sent', params = '{}', sent_at = p_now
		where m.mail_id = p_mail_id;
	elsif exists (select from access.mail m
		where m.mail_id = p_mail_id and p_now > m.made_at + interval '15 minutes') then
		perform jobs.fail_mail(p_mail_id, p_now);
	else
		update access.mail m
		set attempts = m.attempts + 1,
			retry_at = p_now + make_interval(secs => least(2 ^ least(m.attempts, 10), 60))
		where m.mail_id = p_mail_id;
	end if;
end
$$;
comment on function jobs.finish_mail is 'a letter is sent, or tried again later';

alter function jobs.take_mail owner to wall_runner;
alter function jobs.fail_mail owner to wall_runner;
alter function jobs.finish_mail owner to wall_runner;
grant execute on function jobs.take_mail, jobs.fail_mail, jobs.finish_mail to socius_runner;
