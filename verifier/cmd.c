#include "verifier/cmd.h"

#include <stdio.h>
#include <string.h>

#include "verifier/report.h"

int
cannot(const struct why *why)
{
	(void)fprintf(stderr, "urna-verify: %s\n", why->text);
	return 2;
}

int
not_verified(enum err e, const char *what, const struct why *why)
{
	struct why plain = *why;

	text_clean(plain.text);
	if (own_fault(e)) {
		(void)printf("COULD NOT BE VERIFIED: %s%s\n", what, e == ERR_NOMEM ? "out of memory" : plain.text);
		return 2;
	}
	(void)printf("NOT VERIFIED: %s%s\n", what, plain.text);
	return 1;
}

int
verified(const char *but, const char *pinned)
{
	(void)printf("VERIFIED%s%s\n", but, pinned != NULL ? "" : ", but " UNPINNED);
	return 0;
}

enum err
same_election(const struct hash *election, const char *pinned, struct why *why)
{
	char hex[65];

	hash_hex(hex, election);
	(void)printf("election %s\n", hex);
	return pinned == NULL || strcmp(hex, pinned) == 0 ? OK : why_set(why, ERR_PROOF, "this is of another election than the one pinned, %s", pinned);
}

enum err
read_election(struct record *r, const char *pinned, struct why *why)
{
	enum err e;

	if ((e = record_call(r, why)) != OK || (e = record_key(r, why)) != OK || (e = record_setup(r, why)) != OK || (e = record_opening(r, why)) != OK)
		return e;
	return same_election(&r->election, pinned, why);
}
