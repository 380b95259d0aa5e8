-- Services are known to be at work to a minute, not only when they get a token.
comment on column access.service_secret.used_at is 'when it, or a token of it, was last used, to a minute';
comment on column api.service_key.used_at is 'when it was last at work, to a minute; null: never';
