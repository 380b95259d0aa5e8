/* sealing: see sealing.h. */
#include "sealing.h"

#include "person_key.h"
#include "secret.h"
#include "socius/log.h"
#include "socius/uuid.h"
#include "socius/vault.h"
#include "socius/world.h"
#include "vault.h"

/* A column of person data. `clear` gives up to 500 rows (person, row, text) that are not sealed
 * yet; `seal` writes the sealed text $2 over the clear text $3 of the row $1. Where there is a
 * blind index of this purpose, $4 is its value. */
static const struct {
	const char *place, *clear, *seal, *blind;
} columns[] = {
	{ "identity.account.name",
	    "select account_id, account_id, name from identity.account "
	    "where name not like 'sealed1:%' limit 500",
	    "update identity.account set name = $2 where account_id = $1 and name = $3" },
	{ "identity.partner.name",
	    "select partner_id, partner_id, name from identity.partner "
	    "where name not like 'sealed1:%' limit 500",
	    "update identity.partner set name = $2 where partner_id = $1 and name = $3" },
	{ "access.credential.email",
	    "select account_id, account_id, email from access.credential "
	    "where email not like 'sealed1:%' limit 500",
	    "update access.credential set email = $2, email_key = $4 "
	    "where account_id = $1 and email = $3",
	    "email" },
	{ "access.device.name",
	    "select account_id, device_id, name from access.device "
	    "where name not like 'sealed1:%' and secret_hash is not null limit 500",
	    "update access.device set name = $2 where device_id = $1 and name = $3" },
	{ "onboarding.bank_account.iban",
	    "select partner_id, partner_id, iban from onboarding.bank_account "
	    "where iban not like 'sealed1:%' limit 500",
	    "update onboarding.bank_account set iban = $2, iban_key = $4 "
	    "where partner_id = $1 and iban = $3",
	    "iban" },
	{ "onboarding.bank_account.last_four",
	    "select partner_id, partner_id, last_four from onboarding.bank_account "
	    "where last_four not like 'sealed1:%' limit 500",
	    "update onboarding.bank_account set last_four = $2 "
	    "where partner_id = $1 and last_four = $3" },
	{ "onboarding.bank_account.holder_name",
	    "select partner_id, partner_id, holder_name from onboarding.bank_account "
	    "where holder_name not like 'sealed1:%' limit 500",
	    "update onboarding.bank_account set holder_name = $2, holder_key = $4 "
	    "where partner_id = $1 and holder_name = $3",
	    "holder_name" },
	{ 0 },
};

struct sealing {
	struct ctl *ctl;
	PGconn *connection;
	PGconn *keys; /* NULL: nothing had to be sealed so far */
	struct kek_ring ring;
};

const char *
sealing_conninfo(struct ctl *ctl, const char *user)
{
	const char *other = world_setting("SOCIUS_KEYS_CONNINFO", NULL);

	return other != NULL ? arena_print(&ctl->arena, "%s user=%s", other, user)
			     : database_conninfo(ctl, user, "socius_keys");
}

PGconn *
sealing_open_keys(struct ctl *ctl)
{
	PGconn *connection = PQconnectdb(sealing_conninfo(ctl, "socius_runner"));

	if (PQstatus(connection) != CONNECTION_OK)
		log_die("the database of the keys does not answer: %s", database_fault(connection));
	return connection;
}

static const char *
keys_folder(struct ctl *ctl)
{
	return arena_print(&ctl->arena, "%s/keys", ctl->settings.var);
}

const char *
sealing_kek_folder(struct ctl *ctl)
{
	return world_setting("SOCIUS_KEK_FOLDER", keys_folder(ctl));
}

static void
open_vault(struct ctl *ctl)
{
	vault_open(secret_read(&ctl->arena, keys_folder(ctl), "vault"), NULL, NULL);
}

const char *
sealing_email_key(struct ctl *ctl, const char *email)
{
	struct text key;

	open_vault(ctl);
	key = vault_blind(&ctl->arena, "email", text_of(email));
	return arena_copy(&ctl->arena, key.at, key.bytes);
}

static void
begin(struct sealing *sealing)
{
	const char *why;

	if (sealing->keys != NULL)
		return;
	sealing->keys = sealing_open_keys(sealing->ctl);
	why = kek_load(&sealing->ring, sealing_kek_folder(sealing->ctl));
	if (why != NULL)
		log_die("person data cannot be sealed: %s", why);
	open_vault(sealing->ctl);
}

static void
seal_row(struct sealing *sealing, int column, const PGresult *rows, int row)
{
	struct arena *arena = &sealing->ctl->arena;
	struct text clear = text_of(PQgetvalue(rows, row, 2)), sealed, blind = { "", 0 };
	uint8_t key[SEAL_KEY_BYTES];
	struct uuid person, id;

	if (!uuid_read(text_of(PQgetvalue(rows, row, 0)), &person) ||
	    !uuid_read(text_of(PQgetvalue(rows, row, 1)), &id) ||
	    person_key_get(sealing->keys, &sealing->ring, &person, true, key) != PERSON_KEY_FOUND)
		log_die(
		    "%s of %s cannot be sealed", columns[column].place, PQgetvalue(rows, row, 1));
	sealed = seal_close(arena, key, &person, columns[column].place, &id, clear);
	if (columns[column].blind != NULL)
		blind = vault_blind(arena, columns[column].blind, clear);
	PQclear(database_ask(sealing->connection, columns[column].seal,
	    columns[column].blind != NULL ? 4 : 3,
	    (const char *const[]){ PQgetvalue(rows, row, 1),
		arena_copy(arena, sealed.at, sealed.bytes), clear.at,
		arena_copy(arena, blind.at, blind.bytes) }));
}

static int
seal_some(struct sealing *sealing, int column)
{
	PGresult *rows = database_ask(sealing->connection, columns[column].clear, 0, NULL);
	int count = PQntuples(rows);

	for (int row = 0; row < count; row++) {
		begin(sealing);
		seal_row(sealing, column, rows, row);
	}
	PQclear(rows);
	return count;
}

void
sealing_run(struct ctl *ctl, PGconn *connection)
{
	struct sealing sealing = { .ctl = ctl, .connection = connection };

	for (int column = 0; columns[column].place != NULL; column++)
		while (seal_some(&sealing, column) > 0)
			continue;
	PQfinish(sealing.keys);
}
