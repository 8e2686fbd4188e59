/* verifier/check_decryption.c - V29 to V31: each trustee's factors, and what its station saw.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/docnote.h"

/* The trustee signed what it gave, be it true or false. */
static void
check_factors_note(struct check_run *x, unsigned g, unsigned l)
{
	const char *folder = x->r.m->group[g].folder;
	struct buf b = {0}, note = {0};
	char path[300], name[200];
	enum err e;

	(void)snprintf(path, sizeof path, "decryption/%s/%02u/nizkp/proofs/DecryptionFactors01.bt", folder, l);
	(void)snprintf(name, sizeof name, "decryption/%s/%02u.note", folder, l);
	if ((e = record_file(&x->r, path, HUGE_FILE, &b, &x->why)) != OK || (e = record_file(&x->r, name, NOTE_MAX_BYTES, &note, &x->why)) != OK ||
	    (e = docnote_verify(note.p, note.n, "decryption", &x->r.call.hash, b.p, b.n, &x->r.call.trustee[l - 1].key, &x->why)) != OK) {
		why_prefix(&x->why, e, "%s", name);
		bad(x, CHECK_DECRYPTION_NOTES, e);
	} else
		report_pass(x->report, CHECK_DECRYPTION_NOTES, 1, NULL);
	buf_free(&b);
	buf_free(&note);
}

/* Any t suffice: a trustee whose proof is false is named, and its factors are not used. */
static void
name_false(struct check_run *x, unsigned g, unsigned l)
{
	buf_printf(&x->false_factors, "%strustee %u (%s) gave false ones for %s", x->false_factors.n > 0 ? "; " : "", l, x->r.call.trustee[l - 1].key.name, x->r.m->group[g].folder);
}

/* One trustee of one group: session files, proof, note. 1 if its factors count; *kept has them. */
static int
check_trustee(struct check_run *x, unsigned g, unsigned l, const struct ciphertext *list, size_t n, struct point **kept)
{
	const char *folder = x->r.m->group[g].folder;
	struct point *factors = NULL, key;
	struct scalar pf, ipf;
	struct buf b = {0};
	struct session s;
	char base[100], path[300], info[200];
	enum err e;

	record_decryption_session(&s, &x->r, g, l);
	decryption_factor(&pf, &ipf, x->r.joint.k);
	point_mul_var(&key, &x->r.joint.share_key[l - 1], &ipf);
	(void)snprintf(base, sizeof base, "decryption/%s/%02u", folder, l);
	(void)snprintf(info, sizeof info, "decryption/%s/protInfo.xml", folder);
	(void)snprintf(path, sizeof path, "%s/nizkp/Ciphertexts.bt", base);
	if ((e = check_session(x, base, info, &s, "decryption", &key, "1")) != OK || (e = same_list(x, path, list, n)) != OK) {
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
		return 0;
	}
	bt_points(&b, &key, 1);
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PolynomialInExponent.bt", base);
	if ((e = same_buf(x, path, &b)) == OK) {
		buf_free(&b);
		bt_leaf(&b, "\1\1", 2);
		(void)snprintf(path, sizeof path, "%s/nizkp/proofs/CorrectIndices.bt", base);
		e = same_buf(x, path, &b);
	}
	if (e != OK)
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
	buf_free(&b);
	check_factors_note(x, g, l);
	if ((e = record_factors(&x->r, g, l, list, n, &factors, x->threads, &x->why)) != OK) {
		if (e == ERR_ABSENT || own_fault(e))
			bad(x, CHECK_DECRYPTION_PROOFS, e);
		else
			name_false(x, g, l);
		return 0;
	}
	report_pass(x->report, CHECK_DECRYPTION_PROOFS, 1, NULL);
	bt_node(&b, n);
	for (size_t i = 0; i < n; i++) {
		struct point m;

		point_add(&m, &list[i].c2, &factors[i]);
		bt_point(&b, &m);
	}
	(void)snprintf(path, sizeof path, "%s/nizkp/Plaintexts.bt", base);
	if ((e = same_buf(x, path, &b)) != OK)
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
	else
		report_pass(x->report, CHECK_DECRYPTION_SESSIONS, 1, NULL);
	*kept = factors;
	buf_free(&b);
	return 1;
}

/* All trustees of one group; the votes by the first t whose factors are valid. 1 if there are so many. */
int
check_decryption(struct check_run *x, unsigned g, const int *has, const struct ciphertext *list, size_t n, size_t *marking)
{
	struct point *factors[MAX_TRUSTEES] = {NULL};
	unsigned set[MAX_TRUSTEES], valid = 0;
	enum err e = OK;

	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		struct point *one = NULL;

		if (has[l] && check_trustee(x, g, l, list, n, &one) && valid < x->r.joint.t) {
			set[valid] = l;
			factors[valid++] = one;
		} else
			free(one);
	}
	if (valid < x->r.joint.t)
		report_fail(x->report, CHECK_DECRYPTION_PROOFS, "group %s: only %u of %u needed trustees' factors are valid (%s)", x->r.m->group[g].folder, valid, x->r.joint.t,
		    x->false_factors.n > 0 ? buf_cstr(&x->false_factors) : x->why.text);
	else if ((e = record_markings(&x->r, g, list, n, set, factors, marking, x->threads)) != OK)
		bad(x, CHECK_VOTES, e);
	for (unsigned i = 0; i < valid; i++)
		free(factors[i]);
	return valid == x->r.joint.t && e == OK;
}

/* Trustees with a `factors` entry. */
unsigned
trustees_of(struct check_run *x, int *has)
{
	unsigned k = 0;

	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		const char *name = x->r.call.trustee[l - 1].key.name;
		const struct event *f = entry_of(x, "factors", "trustee", name);
		char number[16];

		has[l] = f != NULL;
		k += f != NULL;
		(void)snprintf(number, sizeof number, "%u", l);
		if (f != NULL && strcmp(event_fact(f, "number"), number) != 0)
			report_fail(x->report, CHECK_DECRYPTION_NOTES, "trustee %u (%s): its factors entry names number %s", l, name, event_fact(f, "number"));
	}
	return k;
}

/* The entry is this trustee's, for the box and the mixed lists of the record. */
static int
of_station(const struct check_run *x, const struct event *e, const char *trustee)
{
	char root[65], lists[65];

	hash_hex(root, &x->r.ballots_head.root);
	hash_hex(lists, last_outputs(x));
	return strcmp(e->kind, "station") == 0 && strcmp(event_fact(e, "trustee"), trustee) == 0 && strcmp(event_fact(e, "root"), root) == 0 &&
	    strcmp(event_fact(e, "lists"), lists) == 0;
}

/* Who mixes too opens what it mixed itself, or signed in a station entry before its factors that it does without. */
static void
check_own_mix(struct check_run *x, unsigned l, const struct event *s, const struct event *factors)
{
	const struct party *t = &x->r.call.trustee[l - 1];

	if (t->mixer[0] == '\0' || record_mix_of(&x->r, t->mixer))
		return;
	while (s < factors && !(strcmp(event_fact(s, "waiver"), t->mixer) == 0 && of_station(x, s, t->key.name)))
		s++;
	if (s == factors)
		report_fail(x->report, CHECK_DECRYPTION_NOTES, "trustee %u (%s): its own mixer %s has not mixed, and no station entry of it waives that", l, t->key.name, t->mixer);
	else
		buf_printf(&x->waivers, "%strustee %u (%s) did without its own mixer %s", x->waivers.n > 0 ? "; " : "", l, t->key.name, t->mixer);
}

/* Each trustee's station told the log before the factors which box and which mixed lists it was about to open. */
void
check_stations(struct check_run *x, const int *has)
{
	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		const char *name = x->r.call.trustee[l - 1].key.name;
		const struct event *f = entry_of(x, "factors", "trustee", name), *s = x->r.entry;

		while (s < f && !of_station(x, s, name))
			s++;
		if (!has[l])
			continue;
		if (s == f)
			report_fail(x->report, CHECK_DECRYPTION_NOTES, "trustee %u (%s): no station entry for this box and these mixed lists before its factors", l, name);
		else
			check_own_mix(x, l, s, f);
	}
	if (x->waivers.n > 0)
		report_pass(x->report, CHECK_DECRYPTION_NOTES, 0, "%.480s", buf_cstr(&x->waivers));
}
