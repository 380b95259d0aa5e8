/* common: see common.h. The words are the house's own, from what leaks are known to be full of. */
#include "access/common.h"

/* In lower case, sorted by nothing: the list is short and met once a sign-up. */
static const char words[] =
    " password passwort passwords passcode passw0rd pass letmein letmeinnow welcome willkommen "
    "benvenuto bienvenue bienvenido welcomehome admin administrator root superuser master "
    "default changeme change guest login signin access secret secrets private trustno open "
    "opensesame abracadabra please pleaseme iloveyou ilovey loveyou iloveu lovely lover loveme "
    "lovers loveforever forever babygirl babyboy sweetheart sweetie honey darling angel angels "
    "princess queen prince princesa principessa amore amoremio tesoro tiamo tequiero teamo "
    "jetaime monamour schatz ichliebedich hallo hello hellohello helloworld goodbye monkey "
    "dragon shadow sunshine sunflower rainbow butterfly flower flowers summer winter autumn "
    "spring january february march april june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday football soccer baseball "
    "basketball hockey tennis golfer cricket rugby fussball calcio juventus inter milan napoli "
    "roma lazio torino forzajuve forzamilan forzainter barcelona realmadrid liverpool chelsea "
    "arsenal manchester everton rangers celtic yankees cowboys steelers eagles lakers raiders "
    "superman batman spiderman ironman wonderwoman pokemon pikachu naruto minecraft fortnite "
    "starwars skywalker darthvader matrix gandalf hobbit harrypotter hogwarts disney mickey "
    "mickeymouse garfield snoopy tinkerbell michael michelle jennifer jessica ashley amanda "
    "nicole daniel daniela jordan thomas robert andrew matthew joshua anthony charlie charles "
    "william richard christian christopher jonathan benjamin nicholas alexander alexandra "
    "alessandro alessandra francesco francesca giuseppe giovanni giulia martina chiara valentina "
    "federica federico lorenzo andrea antonio stefano stefania roberto roberta marco matteo "
    "samantha elizabeth stephanie victoria isabella natasha brittany vanessa veronica patricia "
    "patrick maverick hunter ranger buster tigger killer soccer ginger pepper cookie chocolate "
    "cheese banana orange apple cherry strawberry peanut coffee pizza mustang corvette ferrari "
    "lamborghini porsche mercedes bmw yamaha harley honda kawasaki ducati vespa computer "
    "internet windows google facebook instagram whatsapp youtube twitter linkedin samsung "
    "nokia iphone android microsoft apple amazon netflix paypal qwerty qwertz azerty asdf zxcv "
    "qwertyui qwertyuiop asdfghjk asdfghjkl zxcvbnm qazwsx qweasd qweasdzxc asdasd qweqwe zaqxsw "
    "wsxedc zaqwsx test tester testing testtest test user temp temporary demo sample example "
    "number numberone whatever nothing something anything everything nobody somebody freedom "
    "liberty america american england london paris france germany deutschland italia italy "
    "espana spain canada mexico brasil brazil russia ireland scotland california texas newyork "
    "chicago boston jesus jesuschrist christ church blessed heaven believe faith angelo "
    "metallica slipknot nirvana ironmaiden eminem beatles guitar music rocknroll hiphop dance "
    "police army marine soldier warrior sniper ninja samurai pirate wizard knight gladiator "
    "phoenix falcon tiger lion wolf panther eagle dolphin kitty kitten puppy doggie chicken "
    "rabbit elephant spider snake scorpion money dollar million rich lucky winner champion "
    "secure security passphrase family mother father mommy daddy mamma papa brother sister "
    "friends friend bestfriend happy smile crazy sexy hottie cutie beautiful awesome perfect "
    "diamond silver golden purple yellow orange black white green blue pink socius courier "
    "rider driver partner corriere autista fahrer kurier livreur ";

/* Runs, forwards and backwards: rows, columns and zigzags of keyboards, the alphabet, digits. */
static const char *const runs[] = { "12345678901234567890", "01234567890123456789",
	"abcdefghijklmnopqrstuvwxyzabcdefgh", "qwertyuiopasdfghjklzxcvbnm",
	"qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "qwertyuiop[]", "asdfghjkl;'",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.", "qazwsxedcrfvtgbyhnujmikolp",
	"1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()_+", "!qaz@wsx#edc$rfv",
	"zaq12wsxcde34rfvbgt56yhn", "a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j",
	"qweasdzxcrtyfghvbnuiojklm", "1234qwerasdfzxcv", "qwer1234asdf5678",
	"qwertyuiop1234567890qwertyuiop", "asdf1234qwer5678", "147258369147258369",
	"11223344556677889900", "112233445566778899" };

/* One letter for each that stands for it. */
static char
plain(char c)
{
	static const char from[] = "01345789@$!|+", to[] = "oieastbgasiit";
	const char *at = strchr(from, c);

	return c != '\0' && at != NULL ? to[at - from] : c;
}

static bool
letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_word(struct text text)
{
	return text.bytes >= 3 && text_listed(words, text);
}

/* A word, but for a few characters before and behind it that are no letters. */
static bool
around_word(struct text text)
{
	struct text core = text;

	while (core.bytes > 0 && !letter(core.at[0])) {
		core.at++;
		core.bytes--;
	}
	while (core.bytes > 0 && !letter(core.at[core.bytes - 1]))
		core.bytes--;
	return text.bytes - core.bytes <= COMMON_AROUND_MAX && is_word(core);
}

/* The same with letters in their places: "p@ssw0rd!23". Digits at the ends are first taken off. */
static bool
around_plain_word(struct text text)
{
	char folded[COMMON_BYTES_MAX];

	for (size_t end = 0; end <= COMMON_AROUND_MAX && end < text.bytes; end++)
		for (size_t start = 0; start + end <= COMMON_AROUND_MAX && start + end < text.bytes;
		     start++) {
			size_t bytes = text.bytes - start - end;

			for (size_t i = 0; i < bytes; i++)
				folded[i] = plain(text.at[start + i]);
			if (is_word((struct text){ folded, bytes }))
				return true;
		}
	return false;
}

static bool
repeats(struct text text)
{
	for (size_t period = 1; period <= 4 && period * 2 <= text.bytes; period++) {
		size_t same = period;

		while (same < text.bytes && text.at[same] == text.at[same - period])
			same++;
		if (same == text.bytes)
			return true;
	}
	return false;
}

/* Two words, or one twice: "hellohello", "ilovepizza". */
static bool
two_words(struct text text)
{
	for (size_t at = 3; at + 3 <= text.bytes; at++)
		if (is_word((struct text){ text.at, at }) &&
		    is_word((struct text){ text.at + at, text.bytes - at }))
			return true;
	return false;
}

static bool
is_run(const char *text, size_t bytes)
{
	char back[COMMON_BYTES_MAX + 1];

	for (size_t i = 0; i < bytes; i++)
		back[i] = text[bytes - 1 - i];
	back[bytes] = '\0';
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (strstr(runs[i], text) != NULL || strstr(runs[i], back) != NULL)
			return true;
	return false;
}

static void
lower(struct text from, char to[COMMON_BYTES_MAX + 1])
{
	for (size_t i = 0; i < from.bytes; i++)
		to[i] = from.at[i] >= 'A' && from.at[i] <= 'Z' ? (char)(from.at[i] + 'a' - 'A')
							       : from.at[i];
	to[from.bytes] = '\0';
}

/* The own name or address with little around it. */
static bool
about_person(const char *password, size_t bytes, const struct text *about)
{
	char known[COMMON_BYTES_MAX + 1];

	for (; about->bytes > 0; about++) {
		if (about->bytes < 4 || about->bytes > COMMON_BYTES_MAX || about->bytes > bytes ||
		    bytes - about->bytes > COMMON_AROUND_MAX)
			continue;
		lower(*about, known);
		if (strstr(password, known) != NULL)
			return true;
	}
	return false;
}

bool
common_password(struct text password, const struct text *about)
{
	char small[COMMON_BYTES_MAX + 1];
	struct text text = { small, password.bytes };

	if (password.bytes > COMMON_BYTES_MAX)
		return false;
	lower(password, small);
	return repeats(text) || is_run(small, text.bytes) || around_word(text) ||
	       around_plain_word(text) || two_words(text) || about_person(small, text.bytes, about);
}
