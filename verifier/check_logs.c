/* verifier/check_logs.c - V11 to V13 and V15: the two logs, the phases and hours, who signed entries (V14: verifier/named_heads.c).
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <string.h>

#include "verifier/named_heads.h"

/* The box opened and closed by the manifest's hours and the extensions, not before. A clock that jumped is in the log,
 * lifted by the operator's signature; the service then went by its monotonic clock, which no entry shows. */
static void
check_hours(struct check_run *x)
{
	enum { SLACK = 30 }; /* within which system and monotonic clock may part unnoticed */
	char opens[21], closes[21];

	if (!x->opened)
		return;
	time_text(opens, x->r.m->opens);
	time_text(closes, x->r.m->closes);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		int third = strcmp(v->kind, "phase") == 0 && strcmp(event_fact(v, "phase"), "3") == 0, begin = strcmp(event_fact(v, "edge"), "begin") == 0;

		if (strcmp(v->kind, "opening") == 0 && (strcmp(event_fact(v, "opens"), opens) != 0 || strcmp(event_fact(v, "closes"), closes) != 0))
			report_fail(x->report, CHECK_PHASES, "the opening entry names other hours than the manifest");
		if (strcmp(v->kind, "suspend") == 0 && strcmp(event_fact(v, "cause"), "clock") == 0)
			return;
		if (third && begin && v->time + SLACK < x->r.m->opens)
			report_fail(x->report, CHECK_PHASES, "the box opened before the manifest's hour");
		if (third && !begin && v->time + SLACK < x->r.progress.closes)
			report_fail(x->report, CHECK_PHASES, "voting ended before its hour");
		if (strcmp(v->kind, "close") == 0 && v->time + SLACK < x->r.progress.closes + x->r.m->grace)
			report_fail(x->report, CHECK_PHASES, "the box closed before the end of the grace");
	}
}

/* What the key entry says was created is what lies here. */
static void
check_key_entry(struct check_run *x, const struct event *v)
{
	struct buf b = {0};
	struct hash h;
	char hex[65];
	enum err e;

	sha256(&h, x->r.transcript.p, x->r.transcript.n);
	hash_hex(hex, &h);
	if (strcmp(hex, event_fact(v, "transcript")) != 0)
		report_fail(x->report, CHECK_PHASES, "the key entry names another transcript");
	if ((e = record_file(&x->r, "acts/key.json", HUGE_FILE, &b, &x->why)) != OK)
		bad(x, CHECK_KEY_ACT, e);
	else {
		sha256(&h, b.p, b.n);
		hash_hex(hex, &h);
		if (strcmp(hex, event_fact(v, "act")) != 0)
			report_fail(x->report, CHECK_KEY_ACT, "the key entry names another key act");
	}
	buf_free(&b);
}

/* The check that the fault of events belongs to: amendments are judged from the closing on. */
static enum check
check_of(const struct check_run *x)
{
	switch (x->r.fault) {
	case FAULT_SIGNATURE:
		return CHECK_ENTRY_SIGNATURES;
	case FAULT_AMENDMENT:
		return x->report->until >= UNTIL_CLOSING ? CHECK_AMENDMENTS : CHECK_ENTRY_SIGNATURES;
	case FAULT_ORDER:
		return CHECK_PHASES;
	case FAULT_LOG:
		break;
	}
	return CHECK_EVENTS_LOG;
}

int
check_events(struct check_run *x)
{
	const struct progress *p = &x->r.progress;
	uint64_t n = 0, signed_entries = 0;
	char hex[65];
	enum err e;

	report_begin(x->report, CHECK_EVENTS_LOG);
	report_begin(x->report, CHECK_PHASES);
	report_begin(x->report, CHECK_ENTRY_SIGNATURES);
	if ((e = record_events(&x->r, &x->why)) != OK) {
		bad(x, check_of(x), e);
		return 0;
	}
	was_read(x, CHECK_EVENTS_LOG);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];

		n += strcmp(v->kind, "phase") == 0;
		signed_entries += v->document != NULL;
		if (strcmp(v->kind, "key") == 0)
			check_key_entry(x, v);
	}
	if (!p->key)
		report_absent(x->report, CHECK_KEY_ACT, "no key entry");
	if (x->opened)
		check_zero_head(x);
	check_hours(x);
	report_pass(x->report, CHECK_EVENTS_LOG, x->r.entries, NULL);
	report_pass(x->report, CHECK_ENTRY_SIGNATURES, signed_entries, NULL);
	hash_hex(hex, &x->r.election);
	if (x->report->until >= UNTIL_OPENING && (!p->opened || !hash_equal(&p->election, &x->r.election)))
		report_fail(x->report, CHECK_PHASES, "no opening entry of election %s", hex);
	if (x->report->until == UNTIL_HANDOVER && (p->begun != 0xfe || p->ended != 0xfe))
		report_fail(x->report, CHECK_PHASES, "not every phase has begun and ended");
	report_pass(x->report, CHECK_PHASES, n, NULL);
	return 1;
}

/* The close entry names the log's final head, under the log's own signature alone: what witnesses sign comes when it comes. */
static enum err
closed_head(struct check_run *x)
{
	const char *text = event_fact(x->r.close, "checkpoint"), *size = event_fact(x->r.close, "size");
	struct buf bare = {0};
	struct head head;
	uint64_t n;
	char hex[65];
	enum err e;

	hash_hex(hex, &x->r.ballots_head.root);
	if (decimal_read(&n, size, size + strlen(size)) != OK || n != x->r.ballots_head.size || strcmp(event_fact(x->r.close, "root"), hex) != 0)
		return why_set(&x->why, ERR_PROOF, "the log is not the one of the close entry: %" PRIu64 " entries, %.20s at the close", x->r.ballots_head.size, size);
	if ((e = checkpoint_open(&head, text, strlen(text), &x->r.call.log_ballots, &x->why)) != OK ||
	    (e = checkpoint_bare(&bare, text, strlen(text), &x->r.call.log_ballots, &x->why)) != OK)
		return why_prefix(&x->why, e, "close entry");
	if (head.size != x->r.ballots_head.size || !hash_equal(&head.root, &x->r.ballots_head.root))
		e = why_set(&x->why, ERR_PROOF, "the checkpoint in the close entry is of another head");
	else if (bare.n != strlen(text) || memcmp(bare.p, text, bare.n) != 0)
		e = why_set(&x->why, ERR_FORMAT, "the checkpoint in the close entry has more than the log's signature");
	buf_free(&bare);
	return e;
}

int
check_ballots_log(struct check_run *x)
{
	enum err e;

	report_begin(x->report, CHECK_BALLOTS_LOG);
	if (x->r.close == NULL || !x->opened) {
		report_absent(x->report, CHECK_BALLOTS_LOG, x->opened ? "the box is not closed" : "the opening is not there");
		return 0;
	}
	if ((e = record_ballots(&x->r, &x->why)) != OK) {
		bad(x, CHECK_BALLOTS_LOG, e);
		return 0;
	}
	was_read(x, CHECK_BALLOTS_LOG);
	if ((e = closed_head(x)) != OK)
		false_one(x, CHECK_BALLOTS_LOG, e);
	report_pass(x->report, CHECK_BALLOTS_LOG, x->r.ballots_head.size, NULL);
	check_named_heads(x->report, &x->r);
	return 1;
}
