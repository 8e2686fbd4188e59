/* verifier/check_documents.c - V02 to V07 and V10: the documents up to the opening.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdio.h>
#include <string.h>

int
check_call(struct check_run *x)
{
	struct vkey k;
	enum err e;

	report_begin(x->report, CHECK_CALL);
	if ((e = record_call(&x->r, &x->why)) != OK) {
		bad(x, CHECK_CALL, e);
		return 0;
	}
	for (unsigned i = 0; i < x->pinned->log_keys; i++)
		if (vkey_read(&k, x->pinned->log_key[i], &x->why) != OK ||
		    (!vkey_equal(&k, &x->r.call.log_ballots) && !vkey_equal(&k, &x->r.call.log_events)))
			report_fail(x->report, CHECK_CALL, "the pinned log key %.60s is not one of the call's", x->pinned->log_key[i]);
	report_pass(x->report, CHECK_CALL, 2, "%s", x->r.call.simulacro ? "a simulacro" : NULL);
	return 1;
}

int
check_key(struct check_run *x)
{
	struct act act = {{0}, {0}};
	struct hash h;
	enum err e;

	report_begin(x->report, CHECK_CEREMONY);
	if ((e = record_key(&x->r, &x->why)) != OK) {
		bad(x, CHECK_CEREMONY, e);
		return 0;
	}
	report_pass(x->report, CHECK_CEREMONY, x->r.joint.k, "%u of %u trustees open; joint key and every y_l recomputed", x->r.joint.t, x->r.joint.k);
	report_begin(x->report, CHECK_KEY_ACT);
	sha256(&h, x->r.transcript.p, x->r.transcript.n);
	if ((e = act_key(&act, &x->r.call, &x->r.joint, x->r.card, x->r.cards, &h, x->r.custody.p, x->r.custody.n, &x->why)) != OK ||
	    (e = same_act(x, "key", &act)) != OK || (e = act_signed(x, "key", "key-act", &act, &x->r.first_notary)) != OK)
		bad(x, CHECK_KEY_ACT, e);
	else
		report_pass(x->report, CHECK_KEY_ACT, x->r.cards, NULL);
	act_free(&act);
	return 1;
}

/* In an election (not in a simulacro) each custodian was designated in time. */
static void
check_designations(struct check_run *x)
{
	int64_t latest;
	enum err e;

	if (x->r.call.simulacro)
		return;
	if ((e = custody_dates(&latest, x->r.custody.p, x->r.custody.n, &x->why)) != OK)
		bad(x, CHECK_MANIFEST, e);
	else if (latest > months_before(x->r.m->opens, 2))
		report_fail(x->report, CHECK_MANIFEST, "a custodian was designated less than two calendar months before the opening");
}

/* manifest, roll, authorizers: each needs the one before. */
int
check_setup(struct check_run *x)
{
	enum err e;

	report_begin(x->report, CHECK_MANIFEST);
	if ((e = record_manifest(&x->r, &x->why)) != OK) {
		bad(x, CHECK_MANIFEST, e);
		return 0;
	}
	check_designations(x);
	report_pass(x->report, CHECK_MANIFEST, x->r.m->contests, NULL);
	report_begin(x->report, CHECK_ROLL);
	if ((e = record_roll(&x->r, &x->why)) != OK) {
		bad(x, CHECK_ROLL, e);
		return 0;
	}
	report_pass(x->report, CHECK_ROLL, x->r.roll.n, NULL);
	report_begin(x->report, CHECK_AUTHORIZER_KEYS);
	if ((e = record_authorizers(&x->r, &x->why)) != OK) {
		bad(x, CHECK_AUTHORIZER_KEYS, e);
		return 0;
	}
	report_pass(x->report, CHECK_AUTHORIZER_KEYS, (uint64_t)x->r.call.authorizers * x->r.m->styles, NULL);
	return 1;
}

/* opening.json and its act */
int
check_opening(struct check_run *x)
{
	struct act_facts facts;
	struct act act = {{0}, {0}};
	char hex[65];
	enum err e;

	check_dictamen(x);
	check_zero_report(x);
	report_begin(x->report, CHECK_OPENING);
	if ((e = record_opening(&x->r, &x->why)) != OK) {
		bad(x, CHECK_OPENING, e);
		return 0;
	}
	hash_hex(hex, &x->r.election);
	facts = (struct act_facts){&x->r.call, x->r.m, x->r.election};
	if (x->pinned->election_id != NULL && strcmp(hex, x->pinned->election_id) != 0)
		report_fail(x->report, CHECK_OPENING, "the record is of election %s, not of the pinned one", hex);
	if ((e = act_opening(&act, &facts, x->r.opening.p, x->r.opening.n, &x->why)) != OK || (e = same_act(x, "opening", &act)) != OK)
		bad(x, CHECK_OPENING, e);
	else
		report_pass(x->report, CHECK_OPENING, 1, x->pinned->election_id != NULL ? NULL : "no --election-id was pinned: compare the id below with one you trust");
	act_free(&act);
	return 1;
}
