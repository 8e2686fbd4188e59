#include "tally/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally/cli.h"

/* The call lets a mixer be done without when an entry says so: then the verifier's own checks count, not we. */
static int
waived(const struct record *r)
{
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, "mixer-waiver") == 0)
			return 1;
	return 0;
}

static enum err
not_closed(const struct progress *p, struct why *why)
{
	char hour[21];

	if (p->cancelled)
		return why_set(why, ERR_NOT_NOW, "the election was cancelled: its box is not counted");
	time_text(hour, p->closes);
	return why_set(why, ERR_NOT_NOW, "the box is not closed yet: it closes by itself at %s, and its grace after that. Next, when it has: urna close", hour);
}

enum err
step_done(const struct record *r, enum step_done step, struct why *why)
{
	const struct progress *p = &r->progress;
	unsigned least = r->call.minimum_mixers;

	if (!p->key)
		return why_set(why, ERR_NOT_NOW, "the log of events has no entry of the joint key yet. Next: urna event submit --kind key");
	if (step >= DONE_OPENING && !p->opened)
		return why_set(why, ERR_NOT_NOW, "the election is not open yet. Next: urna open, urna notary sign opening, urna open --load; then it opens by itself at its hour");
	if (step >= DONE_CLOSE && !p->closed)
		return not_closed(p, why);
	if (step >= DONE_COMPARISON && !p->compared)
		return why_set(why, ERR_NOT_NOW, "the comparison of article 36 has not been made yet. Next: urna decrypt compare");
	if (step >= DONE_MIXES && p->mixes < least && !waived(r))
		return why_set(why, ERR_NOT_NOW, "%u of at least %u mixers have mixed yet. Next: urna mix, each with its own key", p->mixes, least);
	if (step >= DONE_FACTORS && p->factors < r->call.threshold)
		return why_set(why, ERR_NOT_NOW, "%u of the %u trustees that are needed have given their factors yet. Next: urna decrypt run, each with its own card", p->factors,
		    r->call.threshold);
	if (step >= DONE_COUNT && !p->counted)
		return why_set(why, ERR_NOT_NOW, "the votes are not counted yet. Next: urna act count");
	return OK;
}

enum err
step_done_in(const char *dir, enum step_done step, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e = OK;

	if (r == NULL)
		return ERR_NOMEM;
	if (open_record(r, dir, TO_CALL, NULL) == OK && record_events(r, NULL) == OK)
		e = step_done(r, step, why);
	record_free(r);
	free(r);
	return e;
}

void
say_next(const char *format, ...)
{
	va_list ap;

	(void)printf("next: ");
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	(void)printf("\n");
}
