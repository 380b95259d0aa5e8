/* iban: any text as a bank account: one that is sound is capitals and digits, of its country's
 * length, and sound again in the form that it was given. */
#include "fuzz/fuzzed.h"
#include "onboarding/iban.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char form[IBAN_BYTES_MAX + 1], again[IBAN_BYTES_MAX + 1];
	int length = 0;
	enum iban_fault fault = iban_read(fuzzed_rest(data, size), form, &length);

	FUZZED_HOLDS(strlen(form) <= IBAN_BYTES_MAX);
	if (fault != IBAN_SOUND)
		return 0;
	FUZZED_HOLDS((int)strlen(form) == length);
	FUZZED_HOLDS(strspn(form, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(form));
	FUZZED_HOLDS(iban_read(text_of(form), again, &length) == IBAN_SOUND);
	FUZZED_HOLDS(strcmp(form, again) == 0);
	return 0;
}
