#include "verifier/named_heads.h"

#include <inttypes.h>
#include <string.h>

struct walk {
	struct report *report;
	const struct record *r;
	uint64_t i; /* the entry that is looked at */
	struct frontier tree; /* of the ballots under the last head */
	uint64_t heads, late, authorized; /* the most authorizations that a heartbeat has named */
	int opened, voting;	      /* after the opening entry; between begin and end of III */
	int suspended, clock;	      /* by order, by the clock */
	int frozen;		      /* the head at the begin of a suspension was seen: none may be bigger */
	int due;		      /* a suspension began with the entry before */
	int beat;		      /* the entry before is a heartbeat */
	int64_t last;		      /* time of the last head */
};

static int
phase_is(const struct event *e, const char *n, const char *edge)
{
	return event_is(e, "phase") && strcmp(event_fact(e, "phase"), n) == 0 && strcmp(event_fact(e, "edge"), edge) == 0;
}

/* No suspension is without the head at its begin, nor without the one before its end; between them nothing comes. */
static void
suspension(struct walk *w, const struct event *e)
{
	int *state = strcmp(event_fact(e, "cause"), "clock") == 0 ? &w->clock : &w->suspended;

	if (w->due && !event_is(e, "heartbeat"))
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": no head of the box stands right after the suspension", w->i);
	if (event_is(e, "resume") && !w->beat)
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": no head of the box stands right before the resumption", w->i);
	if (event_is(e, "suspend") || event_is(e, "resume"))
		*state = event_is(e, "suspend");
	w->frozen &= w->suspended || w->clock;
}

/* What lies between two heads while the box is open is as long as the manifest says, or the service says that it is not. */
static void
interval(struct walk *w, const struct event *e)
{
	int64_t gap = e->time - w->last, most = heartbeat_gap(w->r->m);

	if (w->voting && !w->clock && gap > most) {
		if (event_fact(e, "late")[0] == '\0')
			report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": %" PRId64 " s without a head of the box; the manifest allows %" PRId64, w->i, gap, most);
		w->late++;
	}
	w->last = e->time;
}

/* The head is that of the first `size` ballots. */
static void
prefix(struct walk *w, const struct event *e, uint64_t size)
{
	struct hash h;
	char hex[65];

	while (w->tree.size < size) {
		record_leaf(w->r, w->tree.size, &h);
		frontier_append(&w->tree, &h);
	}
	frontier_root(&h, &w->tree);
	hash_hex(hex, &h);
	if (strcmp(hex, event_fact(e, "root")) != 0)
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 " names a head of size %" PRIu64 " that is no prefix of the log", w->i, size);
}

/* No more ballots than there were authorizations. An authority whose registry lacks rows says so, and has them again later. */
static void
authorizations(struct walk *w, const struct event *e, uint64_t size)
{
	const char *text = event_fact(e, "authorizations");
	uint64_t n;

	if (decimal_read(&n, text, text + strlen(text)) != OK) {
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": the heartbeat names no number of authorizations", w->i);
		return;
	}
	w->authorized = n > w->authorized ? n : w->authorized;
	if (event_fact(e, "registry")[0] == '\0' && size > w->authorized)
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": %" PRIu64 " ballots when only %" PRIu64 " had been authorized", w->i, size, w->authorized);
}

static void
head(struct walk *w, const struct event *e)
{
	const char *text = event_fact(e, "size");
	uint64_t size = 0, before = w->tree.size;

	if (decimal_read(&size, text, text + strlen(text)) != OK) {
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 " (%s) names no head of the box", w->i, e->kind);
		return;
	}
	if (size < before || size > w->r->ballots) {
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 " names a head of size %" PRIu64 " after one of %" PRIu64, w->i, size, before);
		return;
	}
	if (size > 0 && (phase_is(e, "2", "end") || phase_is(e, "3", "begin") || phase_is(e, "4", "begin")))
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": %" PRIu64 " ballots lay in the box when it opened", w->i, size);
	if (w->frozen && size != before)
		report_fail(w->report, CHECK_HEADS, "entry %" PRIu64 ": the box grew from %" PRIu64 " to %" PRIu64 " ballots while it was suspended", w->i, before, size);
	w->frozen = w->suspended || w->clock;
	prefix(w, e, size);
	interval(w, e);
	if (event_is(e, "heartbeat"))
		authorizations(w, e, size);
	w->heads++;
}

void
check_named_heads(struct report *report, const struct record *r)
{
	struct walk w = {.report = report, .r = r};

	report_begin(report, CHECK_HEADS);
	for (; w.i < r->entries; w.i++) {
		const struct event *e = &r->entry[w.i];
		int own = e->document == NULL, state = event_is(e, "phase") || event_is(e, "heartbeat") || event_is(e, "close");

		suspension(&w, e);
		if (own && ((w.opened && state) || event_fact(e, "size")[0] != '\0'))
			head(&w, e);
		w.opened |= event_is(e, "opening");
		w.voting = (w.voting || phase_is(e, "3", "begin")) && !phase_is(e, "3", "end");
		w.due = event_is(e, "suspend");
		w.beat = event_is(e, "heartbeat");
	}
	if (w.late > 0)
		report_pass(report, CHECK_HEADS, w.heads, "%" PRIu64 " came late: the service, or its store, was down (see the closing act)", w.late);
	else
		report_pass(report, CHECK_HEADS, w.heads, NULL);
}
