/* verifier/check_count.c - V24, V32 and V33: the comparison, then group by group the mixes and the decryption, and the votes.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digests.h"

void
check_comparison(struct check_run *x)
{
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	const struct event *v = entry_of(x, "comparison", NULL, NULL);
	struct act act = {{0}, {0}};
	struct digests d;
	struct vkey notary;
	char hex[65];
	enum err e;

	report_begin(x->report, CHECK_COMPARISON);
	if (v == NULL) {
		report_absent(x->report, CHECK_COMPARISON, "no comparison entry");
		return;
	}
	record_notary(&x->r, v, &notary); /* the one who was there, whoever came after */
	if (strcmp(event_fact(v, "sha256"), event_fact(x->r.close, "sha256")) != 0 || strcmp(event_fact(v, "root"), event_fact(x->r.close, "root")) != 0)
		report_fail(x->report, CHECK_COMPARISON, "the comparison's hash or root is not that of the closing");
	if ((e = source_digests(&x->r.src, "encrypted-votes.bin", votes_file_size(x), &d, &x->why)) == OK) {
		hash_hex(hex, &d.sha256);
		if (strcmp(hex, event_fact(v, "sha256")) != 0)
			report_fail(x->report, CHECK_COMPARISON, "the file is not the one that was compared");
		if ((e = act_start(&act, &facts, x->r.close, x->r.entry, x->r.entries, &d.sha256, x->r.ballots_head.size, &x->r.ballots_head.root)) == OK &&
		    (e = same_act(x, "start-of-decryption", &act)) == OK)
			e = act_signed(x, "start-of-decryption", "start-of-decryption", &act, &notary);
	}
	if (e != OK)
		bad(x, CHECK_COMPARISON, e);
	else
		report_pass(x->report, CHECK_COMPARISON, 1, NULL);
	act_free(&act);
}

/* votes.csv, the count entry and the acts, from the markings of every group. */
static void
check_votes(struct check_run *x, size_t *const *marking, uint64_t pairs)
{
	struct count *c = room(x, CHECK_VOTES, 1, sizeof *c);
	const struct event *v;
	struct hash h;
	char hex[65];
	enum err e;

	if (c == NULL)
		return;
	report_begin(x->report, CHECK_VOTES);
	report_begin(x->report, CHECK_COUNT_ACTS);
	if ((e = count_record(&x->r, c, marking, x->threads, &x->why)) != OK || (e = same_buf(x, "votes.csv", &c->csv)) != OK)
		bad(x, CHECK_VOTES, e);
	else
		report_pass(x->report, CHECK_VOTES, pairs, NULL);
	sha256(&h, c->csv.p, c->csv.n);
	hash_hex(hex, &h);
	if ((v = entry_of(x, "count", NULL, NULL)) == NULL || strcmp(event_fact(v, "votes"), hex) != 0)
		report_fail(x->report, CHECK_VOTES, "the count entry names other votes");
	for (size_t i = 0; i < c->acts && e == OK; i++) {
		if ((e = same_act(x, c->name[i], &c->act[i])) != OK || (e = act_signed(x, c->name[i], "count-act", &c->act[i], NULL)) != OK)
			bad(x, CHECK_COUNT_ACTS, e);
		else
			report_pass(x->report, CHECK_COUNT_ACTS, 1, NULL);
	}
	count_free(c);
	free(c);
}

/* One group: its mixes, and the trustees' factors for their output. *ready if what builds on it can go on; the number of its votes. */
static size_t
count_group(struct check_run *x, unsigned g, const int *has, size_t **marking, int *ready)
{
	struct ciphertext *list = NULL;
	size_t n = 0;
	enum err e;

	if ((e = record_group(&x->r, g, &list, &n)) != OK) {
		why_set(&x->why, e, "group %s: a ballot's points cannot be read", x->r.m->group[g].folder);
		bad(x, CHECK_MIX_INPUT, e);
		*ready = 0;
		return 0;
	}
	if (n > 0)
		*ready = check_group(x, g, &list, n);
	if (n > 0 && *ready && x->report->until >= UNTIL_COUNT)
		*ready = (*marking = room(x, CHECK_VOTES, n, sizeof **marking)) != NULL && check_decryption(x, g, has, list, n, *marking);
	free(list);
	return n;
}

/* How many votes the box holds: the (ballot, contest) pairs. */
static uint64_t
pairs_of_box(const struct check_run *x)
{
	uint64_t all = 0;

	for (uint64_t i = 0; i < x->r.ballots; i++) {
		struct ballot b;

		record_ballot(&x->r, i, &b);
		all += b.contests;
	}
	return all;
}

/* The mixes, and what was made of their outputs. */
void
check_count(struct check_run *x)
{
	static const enum check of_groups[] = {CHECK_MIX_INPUT, CHECK_MIX_SESSIONS, CHECK_MIX_PROOFS, CHECK_MIX_NOTES, CHECK_DECRYPTION_SESSIONS,
	    CHECK_DECRYPTION_PROOFS, CHECK_DECRYPTION_NOTES};
	size_t *marking[MAX_GROUPS] = {NULL};
	int has[MAX_TRUSTEES + 1] = {0}, ready = 1, opened = x->report->until >= UNTIL_COUNT;
	uint64_t pairs = 0, all;

	if (x->report->until < UNTIL_MIX)
		return;
	for (size_t i = 0; i < sizeof of_groups / sizeof *of_groups; i++)
		report_begin(x->report, of_groups[i]);
	if (opened && trustees_of(x, has) < x->r.joint.t)
		report_fail(x->report, CHECK_DECRYPTION_NOTES, "fewer than %u trustees gave factors", x->r.joint.t);
	check_mixers(x);
	for (unsigned g = 0; g < x->r.m->groups && ready && go_on(x); g++) {
		report_progress(x->report, CHECK_MIX_PROOFS, g, x->r.m->groups);
		pairs += count_group(x, g, has, &marking[g], &ready);
	}
	if (x->false_factors.n > 0)
		report_pass(x->report, CHECK_DECRYPTION_PROOFS, 0, "%.480s", buf_cstr(&x->false_factors));
	if (ready && go_on(x)) { /* every group was gone through */
		check_outputs(x);
		check_stations(x, has);
		if (pairs != (all = pairs_of_box(x)))
			report_fail(x->report, CHECK_MIX_INPUT, "the groups hold %" PRIu64 " of %" PRIu64 " (ballot, contest) pairs", pairs, all);
		/* checks over nothing (an election without ballots) pass over nothing */
		for (size_t i = 0; (pairs == 0 || x->r.progress.mixes == 0) && i < sizeof of_groups / sizeof *of_groups; i++)
			report_pass(x->report, of_groups[i], 0, pairs == 0 ? "no ballots" : "nothing is mixed yet");
		if (opened)
			check_votes(x, marking, pairs);
	}
	for (unsigned g = 0; g < x->r.m->groups; g++)
		free(marking[g]);
}
