/* verifier/check_mix.c - V25 to V28: what goes into the mixes, their proofs, and who signed them.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/shuffle.h"
#include "election/docnote.h"

static enum err
hash_of_list(struct hash *out, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};
	enum err e;

	bt_ciphertexts(&b, c, n);
	if ((e = b.failed ? ERR_NOMEM : OK) == OK)
		sha256(out, b.p, b.n);
	buf_free(&b);
	return e;
}

/* Who mixed at this position is fixed by the accepted entry, and signed what went in and out. */
static void
check_mix_note(struct check_run *x, const char *folder, unsigned l, const struct session *s, const struct hash *before, const struct hash *after)
{
	struct buf note = {0}, statement = {0};
	const struct party *mixer = NULL;
	const struct event *v;
	char path[300], number[16];
	unsigned m;
	enum err e;

	(void)snprintf(number, sizeof number, "%u", l);
	if ((v = entry_of(x, "mix", "position", number)) != NULL && (m = call_mixer(&x->r.call, event_fact(v, "mixer"))) != 0)
		mixer = &x->r.call.mixer[m - 1];
	if (mixer == NULL) {
		report_fail(x->report, CHECK_MIX_NOTES, "no mix entry for position %u", l);
		return;
	}
	(void)snprintf(path, sizeof path, "mix/%s/%02u.note", folder, l);
	mix_statement(&statement, s, mixer->key.name, l, before, after);
	if ((e = record_file(&x->r, path, NOTE_MAX_BYTES, &note, &x->why)) != OK ||
	    (e = docnote_verify(note.p, note.n, "mix", &x->r.call.hash, statement.p, statement.n, &mixer->key, &x->why)) != OK) {
		why_prefix(&x->why, e, "%s", path);
		bad(x, CHECK_MIX_NOTES, e);
	} else
		report_pass(x->report, CHECK_MIX_NOTES, 1, NULL);
	buf_free(&note);
	buf_free(&statement);
}

/* The files of the mix at this position. */
static enum err
read_mix(struct check_run *x, const char *folder, unsigned l, struct shuffle_proof *p, struct ciphertext **out, size_t n)
{
	static const char *const names[] = {"PermutationCommitment", "PoSCommitment", "PoSReply"};
	struct buf *file[] = {&p->permutation_commitment, &p->commitment, &p->reply}, b = {0};
	char path[300];
	enum err e;

	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/proofs/%s%02u.bt", folder, names[i], l);
		if ((e = record_file(&x->r, path, HUGE_FILE, file[i], &x->why)) != OK)
			return e;
	}
	if (l == x->r.progress.mixes)
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/ShuffledCiphertexts.bt", folder);
	else
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/proofs/Ciphertexts%02u.bt", folder, l);
	if ((e = record_file(&x->r, path, HUGE_FILE, &b, &x->why)) == OK && (e = bt_ciphertexts_read(out, n, b.p, b.n)) != OK)
		why_set(&x->why, e, "%s: not %zu ciphertexts in canonical form", path, n);
	buf_free(&b);
	return e;
}

/* One mix of one group: proof and note. *in is replaced by the output. */
static int
check_mix(struct check_run *x, unsigned g, unsigned l, const struct session *s, const struct point *generators, struct ciphertext **in, size_t n)
{
	const char *folder = x->r.m->group[g].folder;
	struct shuffle_proof p = {{0}, {0}, {0}};
	struct ciphertext *out = NULL;
	struct hash before, after;
	enum err e;

	if ((e = read_mix(x, folder, l, &p, &out, n)) == OK && (e = shuffle_verify(s, generators, &x->r.joint.key, *in, out, n, &p, x->threads, &x->why)) != OK)
		why_prefix(&x->why, e, "group %s, mix %u", folder, l);
	if (e != OK || (e = hash_of_list(&before, *in, n)) != OK || (e = hash_of_list(&after, out, n)) != OK)
		bad(x, CHECK_MIX_PROOFS, e);
	else {
		report_pass(x->report, CHECK_MIX_PROOFS, 1, NULL);
		check_mix_note(x, folder, l, s, &before, &after);
		if (l <= MAX_PARTIES)
			sha256_3(&x->outputs[l], x->outputs[l].b, HASH_BYTES, after.b, HASH_BYTES, NULL, 0);
		x->list[g] = after;
		free(*in);
		*in = out;
		out = NULL;
	}
	free(out);
	shuffle_proof_free(&p);
	return e == OK;
}

/* One group's input, session and mixes. *list is the last output; 1 if all of it is right. */
int
check_group(struct check_run *x, unsigned g, struct ciphertext **list, size_t n)
{
	const char *folder = x->r.m->group[g].folder;
	struct point *generators = NULL; /* of the session, for all its mixes */
	struct session s;
	char base[100], info[200], path[300], active[16];
	int ready = 1;
	enum err e;

	if ((e = hash_of_list(&x->list[g], *list, n)) != OK) {
		bad(x, CHECK_MIX_INPUT, e);
		return 0;
	}
	if (x->r.progress.mixes > 0 || !x->pinned->mixing) { /* the first mixer makes these files */
		(void)snprintf(active, sizeof active, "%u", x->r.progress.mixes);
		(void)snprintf(base, sizeof base, "mix/%s", folder);
		(void)snprintf(info, sizeof info, "mix/%s/protInfo.xml", folder);
		(void)snprintf(path, sizeof path, "%s/nizkp/Ciphertexts.bt", base);
		if ((e = same_list(x, path, *list, n)) != OK)
			bad(x, CHECK_MIX_INPUT, e);
		else
			report_pass(x->report, CHECK_MIX_INPUT, n, NULL);
		record_mix_session(&s, &x->r, g);
		if ((e = check_session(x, base, info, &s, "shuffling", &x->r.joint.key, active)) != OK)
			bad(x, CHECK_MIX_SESSIONS, e);
		else
			report_pass(x->report, CHECK_MIX_SESSIONS, 1, NULL);
	}
	if (x->r.progress.mixes > 0 && ((generators = room(x, CHECK_MIX_PROOFS, n, sizeof *generators)) == NULL || session_generators(generators, n, &s) != OK)) {
		bad(x, CHECK_MIX_PROOFS, ERR_NOMEM);
		ready = 0;
	}
	for (unsigned l = 1; l <= x->r.progress.mixes && ready; l++)
		ready = check_mix(x, g, l, &s, generators, list, n);
	free(generators);
	if (n != record_group_size(&x->r, g)) {
		report_fail(x->report, CHECK_MIX_INPUT, "group %s: not all ballots of its styles have its contest", folder);
		ready = 0;
	}
	return ready;
}

/* Positions 1, 2, ... in the log's order; nobody twice; those whom the call requires, and enough (at a mixer's own station: later). */
void
check_mixers(struct check_run *x)
{
	int mixed[MAX_PARTIES + 1] = {0};
	unsigned position = 0;

	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		char number[16];

		if (strcmp(v->kind, "mix") != 0)
			continue;
		mixed[call_mixer(&x->r.call, event_fact(v, "mixer"))]++;
		(void)snprintf(number, sizeof number, "%u", ++position);
		if (strcmp(event_fact(v, "position"), number) != 0)
			report_fail(x->report, CHECK_MIX_NOTES, "mix entry %u of the log is for position %s", position, event_fact(v, "position"));
	}
	for (unsigned i = 1; i <= x->r.call.mixers; i++)
		if (mixed[i] > 1 || (x->r.call.required[i - 1] && !mixed[i] && !x->pinned->mixing))
			report_fail(x->report, CHECK_MIX_NOTES, "%s mixed %d times", x->r.call.mixer[i - 1].key.name, mixed[i]);
	if (x->r.progress.mixes < x->r.call.minimum_mixers && !x->pinned->mixing)
		report_fail(x->report, CHECK_MIX_NOTES, "%u mixes, the call demands %u", x->r.progress.mixes, x->r.call.minimum_mixers);
}

/* Each mix entry names what its mixer put out over all groups; the files must be that. */
void
check_outputs(struct check_run *x)
{
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		unsigned long l = strcmp(v->kind, "mix") == 0 ? strtoul(event_fact(v, "position"), NULL, 10) : 0;
		char hex[65];

		if (l < 1 || l > MAX_PARTIES)
			continue;
		hash_hex(hex, &x->outputs[l]);
		if (strcmp(event_fact(v, "outputs"), hex) != 0)
			report_fail(x->report, CHECK_MIX_NOTES, "the mix entry of position %lu names other outputs than the record holds", l);
	}
}
