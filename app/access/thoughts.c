/* thoughts: passwords and codes, before SQL; see thoughts.h. */
#include "access/thoughts.h"

#include "access/common.h"
#include "access/totp.h"
#include "args.h"
#include "socius/arena.h"
#include "socius/password.h"
#include "socius/problem.h"
#include "socius/vault.h"

enum { CODE_DIGITS = 8, RECOVERY_CODES = 10, RECOVERY_BYTES = 32 * RECOVERY_CODES };

/* A code under our key, bound to the request that it is for. */
static void
put_code_mac(struct request *request)
{
	struct uuid id = args_of(request, "confirmation_id")->uuid;
	struct text code = args_of(request, "code")->bytes;
	uint8_t mac[VAULT_MAC_BYTES];
	struct buffer both;

	buffer_init(&both, request->arena, 64);
	buffer_add(&both, id.byte, UUID_BYTES);
	buffer_add(&both, code.at, code.bytes);
	vault_mac("code", buffer_text(&both), mac);
	args_copy(request, "code_mac", mac, sizeof(mac));
}

/* 64 bits of chance: all codes are as likely as makes no difference. */
static void
put_code(struct request *request)
{
	struct text chance = args_of(request, "chance")->bytes;
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | (uint8_t)chance.at[i];
	args_put(request, "code",
	    text_of(arena_print(
		request->arena, "%0*llu", CODE_DIGITS, (unsigned long long)(number % 100000000))));
	args_hide(request, "chance");
	put_code_mac(request);
}

/* The password becomes its hash. false: everybody would try it first. */
static bool
hash(struct request *request, const char *name, const struct text *about)
{
	struct text password = args_of(request, name)->bytes;

	if (common_password(password, about)) {
		problem_set(&request->problem, "password_common", NULL);
		return false;
	}
	args_put(request, name, password_hash(request->arena, password));
	return true;
}

void
think_address(struct request *request)
{
	struct text email = args_of(request, "email")->bytes;
	char *kept = arena_copy(request->arena, email.at, email.bytes);

	for (char *at = strchr(kept, '@'); at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	args_put(request, "email", (struct text){ kept, email.bytes });
}

bool
think_sign_up(struct request *request)
{
	struct text email = args_of(request, "email")->bytes;
	const char *at = memchr(email.at, '@', email.bytes);
	const struct text about[] = { email, { email.at, at == NULL ? 0 : (size_t)(at - email.at) },
		args_of(request, "name")->bytes, { NULL, 0 } };

	think_address(request);
	put_code(request);
	return hash(request, "password", about);
}

bool
think_reset(struct request *request)
{
	think_address(request);
	put_code(request);
	return true;
}

bool
think_code(struct request *request)
{
	put_code_mac(request);
	return true;
}

bool
think_new_password(struct request *request)
{
	static const struct text nothing[] = { { NULL, 0 } };

	put_code_mac(request);
	return hash(request, "password", nothing);
}

static struct text
asked_text(const struct request *request, const char *column)
{
	int at = rows_column(&request->asked, column);

	return rows_null(&request->asked, 0, at) ? (struct text){ NULL, 0 }
						 : rows_text(&request->asked, 0, at);
}

/* The argument becomes the hash that it fits, or null. */
static bool
hold_against_asked(struct request *request, const char *name)
{
	struct text stored = asked_text(request, "password_hash");
	struct value *password = args_of(request, name);

	password->null = !password_fits(stored, password->bytes);
	password->bytes =
	    (struct text){ arena_copy(request->arena, stored.at, stored.bytes), stored.bytes };
	return !password->null;
}

bool
think_change(struct request *request)
{
	static const struct text nothing[] = { { NULL, 0 } };

	(void)hold_against_asked(request, "old_password"); /* SQL sees it by the null */
	return hash(request, "password", nothing);
}

bool
think_email(struct request *request)
{
	(void)hold_against_asked(request, "password"); /* SQL sees it by the null */
	think_address(request);
	put_code(request);
	return true;
}

/* The step of which the code is, where the account has an authenticator. */
static void
put_totp_step(struct request *request, const char *name)
{
	int column = rows_column(&request->asked, "totp_id");
	struct value *step = args_of(request, "totp_step"), *code = args_of(request, name);
	char secret[TOTP_SECRET_BYTES];
	struct uuid enrolment;

	if (code->null || rows_null(&request->asked, 0, column))
		return;
	enrolment = rows_uuid(&request->asked, 0, column);
	totp_secret(&enrolment, secret);
	step->number =
	    totp_step((struct text){ secret, sizeof(secret) }, code->bytes, request->now_us);
	step->null = step->number == 0;
}

bool
think_proof(struct request *request)
{
	if (args_of(request, "password")->null && args_of(request, "totp")->null) {
		problem_set(&request->problem, "password_wrong",
		    "Send the password of the account, or as totp a fresh code of its "
		    "authenticator.");
		return false;
	}
	if (!args_of(request, "password")->null)
		(void)hold_against_asked(request, "password"); /* SQL sees it by the null */
	put_totp_step(request, "totp");
	return true;
}

/* A recovery code is read with or without its hyphen, in either case. */
static void
recovery_mac(struct arena *arena, struct text code, uint8_t mac[VAULT_MAC_BYTES])
{
	char *folded = arena_take(arena, code.bytes + 1);
	size_t bytes = 0;

	for (size_t i = 0; i < code.bytes; i++)
		if (code.at[i] != '-' && code.at[i] != ' ')
			folded[bytes++] = code.at[i] >= 'a' && code.at[i] <= 'z'
					      ? (char)(code.at[i] - 'a' + 'A')
					      : code.at[i];
	vault_mac("recovery", (struct text){ folded, bytes }, mac);
}

/* What the phone gets and SQL knows by its digest only. */
static void
put_digest(struct request *request, const char *of, const char *name)
{
	struct value *secret = args_of(request, of);

	secret->bytes = vault_text(request->arena, secret->bytes.at, secret->bytes.bytes);
	args_put_digest(request, name, secret->bytes);
	args_hide(request, of);
}

/* Whom the device's name is sealed for, and in which row; without an account it goes nowhere. */
static void
put_device(struct request *request, bool fits)
{
	struct value *known = args_of(request, "known_id"), *row = args_of(request, "device_row");
	int device = rows_column(&request->asked, "device_id");

	args_hide(request, "email");
	if (!fits) {
		args_hide(request, "device_name");
		return;
	}
	known->null = row->null = false;
	known->uuid = rows_uuid(&request->asked, 0, rows_column(&request->asked, "account_id"));
	row->uuid = rows_null(&request->asked, 0, device) ? args_of(request, "device_id")->uuid
							  : rows_uuid(&request->asked, 0, device);
}

void
think_new_tokens(struct request *request)
{
	put_digest(request, "refresh", "refresh_hash");
	put_digest(request, "device", "device_hash");
}

/* A code of the authenticator, or a recovery code: what SQL takes of either. */
bool
think_second(struct request *request)
{
	uint8_t mac[VAULT_MAC_BYTES];

	put_totp_step(request, "totp");
	if (!args_of(request, "totp")->null) {
		recovery_mac(request->arena, args_of(request, "totp")->bytes, mac);
		args_copy(request, "recovery_mac", mac, sizeof(mac));
	}
	return true;
}

bool
think_sign_in(struct request *request)
{
	struct text password = args_of(request, "password")->bytes;
	bool fits = hold_against_asked(request, "password");

	if (fits && password_stale(asked_text(request, "password_hash")))
		args_put(request, "rehashed", password_hash(request->arena, password));
	put_device(request, fits);
	(void)think_second(request); /* SQL says what is wrong with it */
	think_new_tokens(request);
	return true;
}

/* The password is held against the account's, and goes no further. */
bool
think_enrol(struct request *request)
{
	(void)hold_against_asked(request, "password"); /* SQL sees it by the null */
	return true;
}

/* Ten codes of 50 bits each out of one draw; `chance` becomes them, one after the other. */
static void
put_recovery_codes(struct request *request)
{
	struct value *chance = args_of(request, "chance");
	uint8_t mac[VAULT_MAC_BYTES];
	struct buffer codes, macs;

	buffer_init(&codes, request->arena, 128);
	buffer_init(&macs, request->arena, RECOVERY_BYTES);
	for (int i = 0; i < RECOVERY_CODES; i++) {
		char *seed = arena_print(request->arena, "%d", i);
		struct buffer from;
		struct text code;

		buffer_init(&from, request->arena, 64);
		buffer_add(&from, chance->bytes.at, chance->bytes.bytes);
		buffer_add_text(&from, seed);
		vault_mac("recovery code", buffer_text(&from), mac);
		code = totp_base32(request->arena, mac, 7);
		buffer_add(&codes, code.at, 10);
		recovery_mac(request->arena, (struct text){ code.at, 10 }, mac);
		buffer_add(&macs, mac, sizeof(mac));
	}
	chance->bytes = buffer_text(&codes);
	args_put(request, "recovery_macs", buffer_text(&macs));
	args_hide(request, "chance");
}

bool
think_totp(struct request *request)
{
	put_totp_step(request, "code");
	put_recovery_codes(request);
	return true;
}

bool
think_recovery(struct request *request)
{
	put_recovery_codes(request);
	return think_second(request);
}
