/* verifier/check_handover.c - V34 and V36 to V38: amendments, the seal, the hash lists, the hand-over act.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <string.h>

void
check_amendments(struct check_run *x)
{
	uint64_t n = 0, clock = 0, excluded = 0, included = 0, lifted;

	/* keys, quorum, hour and effect were checked entry by entry as the log was read */
	report_begin(x->report, CHECK_AMENDMENTS);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		n += (uint64_t)event_amends(&x->r.entry[i]);
		excluded += strcmp(x->r.entry[i].kind, "exclude") == 0;
		included += strcmp(x->r.entry[i].kind, "include") == 0;
		clock += strcmp(x->r.entry[i].kind, "suspend") == 0 && strcmp(event_fact(&x->r.entry[i], "cause"), "clock") == 0;
	}
	lifted = excluded; /* each exclusion stands, or an inclusion has lifted it; the other inclusions are of new voters */
	for (uint32_t i = 0; i < x->r.roll.n; i++)
		lifted -= x->r.roll.row[i].excluded != 0;
	if (x->r.progress.cancelled)
		report_fail(x->report, CHECK_AMENDMENTS, "the election was cancelled");
	report_pass(x->report, CHECK_AMENDMENTS, n, n + clock == 0 ? NULL : "%u credentials replaced, exclusions of voters: %" PRIu64 ", of which lifted again: %" PRIu64 "; new voters by order: %" PRIu64 ", suspensions by the clock: %" PRIu64,
	    x->r.roll.replaced, excluded, lifted, included - lifted, clock);
}

/* Strangers' files may be many and without end: what is hashed was first found to be the record's, and of its length. */
static int
can_be_listed(struct check_run *x)
{
	static const enum check before[] = {CHECK_FILES, CHECK_DOCUMENTS, CHECK_AUTHORIZATIONS, CHECK_ENCRYPTED_VOTES};

	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		if (x->report->checks[before[i]].verdict == VERDICT_PASS)
			continue;
		for (int c = CHECK_SEAL; c <= CHECK_HANDOVER_ACT; c++)
			report_absent(x->report, (enum check)c, "the files were not hashed: %s is not passed", check_number(before[i]));
		return 0;
	}
	return 1;
}

void
check_handover(struct check_run *x)
{
	static const char *const names[] = {"hashes.sha256", "hashes.sha512", "hashes.sha3-256"};
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	struct act act = {{0}, {0}};
	struct buf list[3] = {{0}, {0}, {0}};
	struct hash h[3] = {{{0}}};
	char hex[65];
	enum err e;

	if (x->report->until < UNTIL_HANDOVER || !can_be_listed(x))
		return;
	report_begin(x->report, CHECK_SEAL);
	report_begin(x->report, CHECK_HASH_LISTS);
	e = hash_lists(&x->r, list, &x->why);
	if (!x->r.progress.sealed)
		report_absent(x->report, CHECK_SEAL, "no seal entry");
	else if (e != OK)
		bad(x, CHECK_SEAL, e);
	else {
		seal_hash(&h[0], &list[0]);
		hash_hex(hex, &h[0]);
		if (strcmp(hex, event_fact(&x->r.entry[x->r.entries - 1], "list")) != 0)
			report_fail(x->report, CHECK_SEAL, "the files are not those that were sealed");
		report_pass(x->report, CHECK_SEAL, 1, NULL);
	}
	for (int i = 0; i < 3 && e == OK; i++) {
		e = same_buf(x, names[i], &list[i]);
		sha256(&h[i], list[i].p, list[i].n);
	}
	if (e != OK)
		bad(x, CHECK_HASH_LISTS, e);
	else
		report_pass(x->report, CHECK_HASH_LISTS, 3, NULL);
	report_begin(x->report, CHECK_HANDOVER_ACT);
	if ((e = act_handover(&act, &facts, h, x->r.card, x->r.cards, x->r.entry, x->r.entries)) != OK || (e = same_act(x, "handover", &act)) != OK ||
	    (e = act_signed(x, "handover", "handover", &act, &x->r.call.notary.key)) != OK)
		bad(x, CHECK_HANDOVER_ACT, e);
	else
		report_pass(x->report, CHECK_HANDOVER_ACT, 1, NULL);
	act_free(&act);
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
}
