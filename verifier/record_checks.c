#include "verifier/checks.h"

#include <stdlib.h>
#include <string.h>

/* What needs the logs alone. */
static void (*const of_logs[])(struct check_run *) = {check_amendments, check_witnesses, check_receipts};
/* Everything after the logs, in the order of the phases. */
static void (*const after_logs[])(struct check_run *) = {check_ballots, check_closing, check_comparison, check_count};

static void
check_box(struct check_run *x)
{
	int ballots = x->report->until >= UNTIL_CLOSING && check_ballots_log(x);

	for (size_t i = 0; i < sizeof of_logs / sizeof *of_logs && go_on(x); i++)
		of_logs[i](x);
	for (size_t i = 0; ballots && i < sizeof after_logs / sizeof *after_logs && go_on(x); i++)
		after_logs[i](x);
	if (go_on(x))
		check_files(x);
	if (go_on(x) && x->opened)
		check_handover(x);
}

/* By its call, or by what the person pinned, this is not the record asked for: its logs, which may be of any size, are not read. */
static int
is_another(struct check_run *x, const char *election)
{
	int other = report_failed(x->report, CHECK_CALL) || (x->opened && x->pinned->election_id != NULL && strcmp(election, x->pinned->election_id) != 0);

	if (other)
		report_absent(x->report, CHECK_EVENTS_LOG, "not read: what was pinned is of another record, or the call does not hold");
	return other;
}

static void
keep(struct check_run *x, struct checked *out)
{
	out->r = x->r;
	memcpy(out->list, x->list, sizeof out->list);
	out->lists = *last_outputs(x);
	out->stray = x->stray;
	x->stray = (struct buf){0};
}

void
check_record(struct report *r, const struct file_source *src, const struct pinned *pinned, unsigned threads, char election_hex[65])
{
	struct check_run *x = calloc(1, sizeof *x);

	election_hex[0] = '\0';
	if (x == NULL) {
		report_broken(r, CHECK_CALL, "out of memory");
		return;
	}
	x->report = r;
	x->pinned = pinned;
	x->threads = threads;
	r->unpinned = pinned->election_id == NULL;
	x->r.src = *src;
	if (check_call(x)) { /* the logs begin with the call: a record that has not come to its opening has entries too */
		x->opened = check_key(x) && r->until >= UNTIL_OPENING && check_setup(x) && check_opening(x);
		if (x->opened)
			hash_hex(election_hex, &x->r.election);
		if (go_on(x) && !is_another(x, election_hex) && check_events(x) && go_on(x))
			check_box(x);
	}
	if (pinned->keep != NULL)
		keep(x, pinned->keep);
	else
		record_free(&x->r);
	buf_free(&x->false_factors);
	buf_free(&x->waivers);
	buf_free(&x->stray);
	dictamen_free(&x->dictamen);
	free(x);
}
