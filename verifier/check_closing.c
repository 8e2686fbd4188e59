/* verifier/check_closing.c - V19 to V23: the lists, the sums, the encrypted votes, the closing act.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digests.h"

enum { LENGTH_BYTES = 4 /* before each ballot of the file */ };

/* The file of encrypted votes as it goes by, against what the log's ballots give. */
struct votes_file {
	struct check_run *x;
	struct digest_run *digests;
	struct buf want; /* the next bytes that must come */
	size_t at;	 /* of them, how many came */
	uint64_t next;	 /* ballot */
	int differs;
};

static enum err
on_votes(void *arg, const uint8_t *p, size_t n)
{
	struct votes_file *f = arg;

	digests_more(f->digests, p, n);
	while (n > 0 && !f->differs) {
		size_t k = f->want.n - f->at < n ? f->want.n - f->at : n;

		f->differs = memcmp(f->want.p + f->at, p, k) != 0;
		f->at += k;
		p += k;
		n -= k;
		if (f->at == f->want.n && n > 0) {
			size_t one_n;
			const uint8_t *one;

			if (f->next == f->x->r.ballots) {
				f->differs = 1;
				break;
			}
			one = record_ballot_bytes(&f->x->r, f->next++, &one_n);
			f->want.n = f->at = 0;
			buf_vec32(&f->want, one, one_n);
			f->differs |= f->want.failed;
		}
	}
	return f->differs ? ERR_PROOF : OK;
}

size_t
votes_file_size(const struct check_run *x)
{
	struct buf begin = {0};
	size_t n;

	encrypted_votes_begin(&begin, &x->r.election, x->r.ballots);
	n = begin.n + (size_t)x->r.ballots * LENGTH_BYTES + (x->r.ballots > 0 ? (size_t)x->r.ballot_at[x->r.ballots] : 0);
	buf_free(&begin);
	return n;
}

static int
digest_is(const struct check_run *x, const char *fact, const void *digest, size_t n)
{
	char hex[129];

	hex_encode(hex, digest, n);
	return strcmp(hex, event_fact(x->r.close, fact)) == 0;
}

static void
check_encrypted_votes(struct check_run *x)
{
	struct votes_file f = {.x = x, .digests = digests_start()};
	struct digests d;
	enum err e, g;

	report_begin(x->report, CHECK_ENCRYPTED_VOTES);
	encrypted_votes_begin(&f.want, &x->r.election, x->r.ballots);
	e = f.digests != NULL && !f.want.failed ? source_stream(&x->r.src, "encrypted-votes.bin", votes_file_size(x), on_votes, &f, &x->why) : ERR_NOMEM;
	if ((g = digests_end(f.digests, &d)) != OK)
		e = g;
	if (e != OK && e != ERR_LENGTH && !f.differs)
		bad(x, CHECK_ENCRYPTED_VOTES, e);
	else if (e != OK || f.at != f.want.n || f.next != x->r.ballots)
		report_fail(x->report, CHECK_ENCRYPTED_VOTES, "encrypted-votes.bin is not what the record gives");
	else if (!digest_is(x, "sha256", d.sha256.b, HASH_BYTES) || !digest_is(x, "sha512", d.sha512, sizeof d.sha512) ||
	    !digest_is(x, "sha3-256", d.sha3_256, sizeof d.sha3_256))
		report_fail(x->report, CHECK_ENCRYPTED_VOTES, "the three hashes are not those of the close entry");
	else
		report_pass(x->report, CHECK_ENCRYPTED_VOTES, x->r.ballots, NULL);
	buf_free(&f.want);
}

static uint64_t
confirmed(const struct check_run *x, const struct style_sums *sums)
{
	uint64_t n = 0;

	for (unsigned s = 0; s < x->r.m->styles; s++)
		n += sums[s].confirmations;
	return n;
}

/* The sums of each style: the closing act prints them. */
static void
check_styles(struct check_run *x, const struct style_sums *sums, const struct lists_findings *found)
{
	unsigned spare = 2 * x->r.call.quorum - x->r.call.authorizers - 1;
	struct buf remarks = {0};

	for (unsigned s = 0; s < x->r.m->styles; s++) {
		const struct style_sums *one = &sums[s];

		if (one->ballots > one->authorizations_all || one->authorizations_all > one->roll)
			report_fail(x->report, CHECK_SUMS, "style %u: %" PRIu64 " ballots, %" PRIu64 " authorizations, %" PRIu64 " on the roll", s + 1, one->ballots,
			    one->authorizations_all, one->roll);
		if (one->confirmations > one->ballots) /* no failure: a voter may say so who did not cast */
			buf_printf(&remarks, "; style %u: %" PRIu64 " ballots, but %" PRIu64 " voters confirmed theirs: ask for their receipts", s + 1, one->ballots, one->confirmations);
		report_style(x->report, x->r.m->style[s].entity, x->r.m->style[s].district, one->roll, one->authorizations_all, one->confirmations, one->ballots);
	}
	if (found->doublers > spare)
		report_fail(x->report, CHECK_SUMS, "%u authorizers answered two requests of one voter; without harm at most %u may", found->doublers, spare);
	report_pass(x->report, CHECK_SUMS, x->r.m->styles, "ballots %" PRIu64 " <= authorizations %" PRIu64 " <= roll %u; confirmed %" PRIu64 "%.300s", x->r.ballots,
	    found->authorized, x->r.roll.n, confirmed(x, sums), buf_cstr(&remarks));
	buf_free(&remarks);
}

/* What the lists show, taken together. */
static void
check_lists(struct check_run *x, const struct lists_findings *found)
{
	struct buf remarks = {0};
	unsigned lists = (unsigned)__builtin_popcount(found->lists);

	lists_remarks(&remarks, found, &x->r.call);
	if (lists < x->r.call.quorum && x->r.progress.compared)
		report_absent(x->report, CHECK_AUTHORIZATIONS, "the lists of %u authorizers; the call demands %u", lists, x->r.call.quorum);
	report_pass(x->report, CHECK_AUTHORIZATIONS, found->authorized, "%u of %u lists%s%.400s", lists, x->r.call.authorizers, remarks.n > 0 ? "; " : "", buf_cstr(&remarks));
	buf_free(&remarks);
}

/* The lists, the confirmations, and the sums of each style. */
static void
check_sums(struct check_run *x, struct style_sums *sums)
{
	struct lists_findings found;
	struct lists *lists = NULL;
	struct buf remarks = {0};
	enum err e;

	report_begin(x->report, CHECK_AUTHORIZATIONS);
	if ((e = sums_authorizations(&x->r, sums, &lists, &found, x->threads, &x->why)) != OK) {
		bad(x, CHECK_AUTHORIZATIONS, e);
		return;
	}
	check_lists(x, &found);
	report_begin(x->report, CHECK_CONFIRMATIONS);
	if ((e = sums_confirmations(&x->r, sums, lists, &remarks, x->threads, &x->why)) != OK)
		bad(x, CHECK_CONFIRMATIONS, e);
	else
		report_pass(x->report, CHECK_CONFIRMATIONS, confirmed(x, sums), "%s", buf_cstr(&remarks));
	buf_free(&remarks);
	lists_free(lists);
	report_begin(x->report, CHECK_SUMS);
	check_styles(x, sums, &found);
}

void
check_closing(struct check_run *x)
{
	struct style_sums *sums = room(x, CHECK_AUTHORIZATIONS, MAX_STYLES, sizeof *sums);
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	struct act act = {{0}, {0}};
	enum err e;

	if (sums == NULL)
		return;
	check_sums(x, sums);
	check_encrypted_votes(x);
	report_begin(x->report, CHECK_CLOSING_ACT);
	if ((e = act_closing(&act, &facts, x->r.close, x->r.entry, x->r.entries, sums)) != OK || (e = same_act(x, "closing", &act)) != OK)
		bad(x, CHECK_CLOSING_ACT, e);
	else
		report_pass(x->report, CHECK_CLOSING_ACT, 1, NULL);
	act_free(&act);
	free(sums);
}
