/* verifier/check_ballots.c - V16 to V18: each ballot, its tokens, its one-time key.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/parallel.h"

struct tokens {
	struct check_run *x;
	uint8_t *bad;
};

static void
check_tokens_of(void *ctx, size_t begin, size_t end)
{
	struct tokens *t = ctx;
	struct rsa_public *const *keys[MAX_AUTHORIZERS];

	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		keys[a] = t->x->r.key[a];
	for (size_t i = begin; i < end; i++) {
		struct ballot b;
		int known;

		record_ballot(&t->x->r, i, &b);
		known = b.style >= 1 && b.style <= t->x->r.m->styles;
		t->bad[i] = !known || !progress_announced(&t->x->r.progress, ballot_set(&b)) || ballot_tokens(&b, keys, t->x->r.call.authorizers, NULL) != OK;
	}
}

struct keyed {
	uint8_t key[XONLY_BYTES];
	uint64_t index;
};

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key, XONLY_BYTES);
}

static void
ballots_done(void *ctx, uint64_t done)
{
	struct check_run *x = ctx;

	report_progress(x->report, CHECK_BALLOTS, done, x->r.ballots);
}

/* V16; flag has a byte per ballot, zero. */
static void
check_each(struct check_run *x, uint8_t *flag)
{
	uint64_t n = x->r.ballots, good = 0;
	struct ballot b;

	report_begin(x->report, CHECK_BALLOTS);
	if (record_check_ballots(&x->r, x->threads, flag, ballots_done, x) != OK)
		bad(x, CHECK_BALLOTS, ERR_NOMEM);
	for (uint64_t i = 0; i < n; i++) {
		struct why why = {""};

		good += !flag[i];
		if (flag[i]) {
			record_ballot(&x->r, i, &b);
			(void)!ballot_check(&b, &x->r.election, x->r.m, &why);
			report_fail(x->report, CHECK_BALLOTS, "ballot %" PRIu64 ": %.300s", i, why.text);
		}
	}
	report_pass(x->report, CHECK_BALLOTS, good, NULL);
}

/* How many sets were announced, and if several, the ballots that came by each: colluders need two for a second token of one request. */
static void
say_sets(struct buf *out, struct check_run *x)
{
	uint64_t by[256] = {0};
	unsigned n = 0;
	struct ballot b;

	for (unsigned set = 0; set < 256; set++)
		n += (unsigned)progress_announced(&x->r.progress, set);
	buf_printf(out, "sets of authorizers that were announced: %u", n);
	for (uint64_t i = 0; n > 1 && i < x->r.ballots; i++) {
		record_ballot(&x->r, i, &b);
		by[ballot_set(&b) & 255]++;
	}
	for (unsigned set = 0; n > 1 && set < 256; set++)
		if (progress_announced(&x->r.progress, set))
			buf_printf(out, "; set %u: %" PRIu64 " ballots", set, by[set]);
}

/* V17 */
static void
check_tokens(struct check_run *x, uint8_t *flag)
{
	uint64_t n = x->r.ballots;
	struct tokens t = {x, flag};
	struct buf sets = {0};

	report_begin(x->report, CHECK_TOKENS);
	parallel(n, x->threads, check_tokens_of, &t);
	for (uint64_t i = 0; i < n; i++)
		if (flag[i])
			report_fail(x->report, CHECK_TOKENS, "ballot %" PRIu64 ": its tokens are not of its style's keys and the announced set", i);
	if (x->r.call.quorum == 1)
		report_pass(x->report, CHECK_TOKENS, n, "the authority alone makes tokens (quorum 1)");
	else {
		say_sets(&sets, x);
		report_pass(x->report, CHECK_TOKENS, n, "%.400s", buf_cstr(&sets));
	}
	buf_free(&sets);
}

/* V18 */
static void
check_keys(struct check_run *x)
{
	uint64_t n = x->r.ballots;
	struct keyed *sorted = room(x, CHECK_ONE_TIME_KEYS, n, sizeof *sorted);
	struct ballot b;

	if (sorted == NULL)
		return;
	report_begin(x->report, CHECK_ONE_TIME_KEYS);
	for (uint64_t i = 0; i < n; i++) {
		record_ballot(&x->r, i, &b);
		memcpy(sorted[i].key, b.key, XONLY_BYTES);
		sorted[i].index = i;
	}
	if (n > 0)
		qsort(sorted, n, sizeof *sorted, by_key);
	for (uint64_t i = 1; i < n; i++)
		if (memcmp(sorted[i].key, sorted[i - 1].key, XONLY_BYTES) == 0)
			report_fail(x->report, CHECK_ONE_TIME_KEYS, "ballots %" PRIu64 " and %" PRIu64 " have one key", sorted[i - 1].index, sorted[i].index);
	report_pass(x->report, CHECK_ONE_TIME_KEYS, n, NULL);
	free(sorted);
}

void
check_ballots(struct check_run *x)
{
	uint8_t *flag = room(x, CHECK_BALLOTS, x->r.ballots, 1);

	if (flag == NULL)
		return;
	check_each(x, flag);
	memset(flag, 0, x->r.ballots + 1);
	check_tokens(x, flag);
	check_keys(x);
	free(flag);
}
