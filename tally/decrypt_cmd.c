/* tally/decrypt_cmd.c - `urna decrypt`: the comparison of article 36, and a trustee's factors.
 *
 * Spec    spec/tally.md#stations
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/decryption.h"
#include "crypto/digests.h"
#include "crypto/parallel.h"
#include "crypto/secmem.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "tally/make_act.h"
#include "tally/session_files.h"
#include "tally/station.h"
#include "tally/steps.h"

/* Side by side what the closing said and what is here: article 36 wants it seen. The first difference stops. */
static enum err
compare(struct record *r, struct hash *file, struct why *why)
{
	struct digests d;
	char hex[65], root[65];
	enum err e;

	if ((e = source_digests(&r->src, "encrypted-votes.bin", SIZE_MAX, &d, why)) != OK)
		return e;
	*file = d.sha256;
	hash_hex(hex, file);
	hash_hex(root, &r->ballots_head.root);
	(void)printf("SHA-256 al cierre:       %s\nSHA-256 de este archivo: %s\nra\xc3\xadz al cierre:          %s\nra\xc3\xadz recalculada:       %s\n",
	    event_fact(r->close, "sha256"), hex, event_fact(r->close, "root"), root);
	if (strcmp(hex, event_fact(r->close, "sha256")) != 0)
		return why_set(why, ERR_PROOF, "the file of encrypted votes is not the one of the closing: stop");
	if (strcmp(root, event_fact(r->close, "root")) != 0)
		return why_set(why, ERR_PROOF, "the ballots log is not the one of the closing: stop");
	(void)printf("COINCIDEN\n");
	return OK;
}

/* The act comes after the entry: no authorizer's list can come any more that it would have to name. */
static enum err
write_start_act(const struct station *s, const struct hash *file, struct why *why)
{
	struct record *now = calloc(1, sizeof *now);
	struct act act = {{0}, {0}};
	enum err e;

	if (now == NULL)
		return ERR_NOMEM;
	if ((e = open_record(now, s->dir, TO_EVENTS, why)) == OK && (e = make_start_act(&act, now, file, &s->good->r.ballots_head, why)) == OK)
		e = put_act_signed(s->args, s->dir, "start-of-decryption", "start-of-decryption", &now->call, &act, why);
	act_free(&act);
	record_free(now);
	free(now);
	return e;
}

static int
compare_cmd(struct args *a)
{
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	struct record *r;
	struct event *e;
	struct hash file;
	enum err err;

	if (station_open(&s, a, 0, &why) != OK || station_check(&s, UNTIL_CLOSING, 0, &why) != OK)
		return fail("decrypt", &why);
	r = &s.good->r;
	if (compare(r, &file, &why) != OK)
		return fail("decrypt", &why);
	e = event_new(r, "comparison");
	event_add_hash(e, "sha256", &file);
	event_add_hash(e, "root", &r->ballots_head.root);
	if ((err = open_signer(a, &by, &why)) == OK && (err = station_say(&s, e, 0, &by, &why)) == OK)
		err = write_start_act(&s, &file, &why);
	signer_close(&by);
	event_free(e);
	free(e);
	if (err != OK)
		return fail("decrypt", &why);
	station_close(&s);
	say_next("urna notary sign start; then urna mix, each mixer with its own key");
	return 0;
}

/* ---- a trustee's factors ------------------------------------------------------------------------ */

/* The files of one session, from the verified proof and its factors. */
static void
write_factors(struct session_files *f, const struct session *s, const struct point *key, const struct ciphertext *list, size_t n, const struct decryption_proof *proof,
    const struct point *factors)
{
	struct buf correct = {0}, polynomial = {0}, sums = {0};

	session_common(f, s, "decryption", key, list, n);
	session_put(f, &proof->factors, "%s/proofs/DecryptionFactors01.bt", f->nizkp);
	session_put(f, &proof->commitment, "%s/proofs/DecrFactCommitment01.bt", f->nizkp);
	session_put(f, &proof->reply, "%s/proofs/DecrFactReply01.bt", f->nizkp);
	session_text(f, "1", "%s/proofs/activethreshold", f->nizkp);
	bt_leaf(&correct, "\1\1", 2);
	session_put(f, &correct, "%s/proofs/CorrectIndices.bt", f->nizkp);
	bt_points(&polynomial, key, 1);
	session_put(f, &polynomial, "%s/proofs/PolynomialInExponent.bt", f->nizkp);
	bt_node(&sums, n); /* v_i + D_i: a by-product of the format, not votes */
	for (size_t i = 0; i < n; i++) {
		struct point m;

		point_add(&m, &list[i].c2, &factors[i]);
		bt_point(&sums, &m);
	}
	session_put(f, &sums, "%s/Plaintexts.bt", f->nizkp);
	buf_free(&correct);
	buf_free(&polynomial);
	buf_free(&sums);
}

static enum err
decrypt_group(struct station *st, unsigned g, unsigned trustee, const struct scalar *share, const struct signer *by, struct why *why)
{
	struct record *r = &st->good->r;
	struct session_files f = decryption_files(st->to, r->m->group[g].folder, trustee, why);
	struct ciphertext *start = NULL, *list = NULL;
	struct decryption_proof proof = {{0}, {0}, {0}};
	struct buf note = {0};
	struct {
		struct scalar x;
	} *k = secmem_new(sizeof *k);
	struct scalar pf, ipf;
	struct point key, *factors = NULL;
	struct session s;
	size_t n = 0;
	enum err e;

	if (k == NULL)
		return ERR_NOMEM;
	if ((e = record_group(r, g, &start, &n)) != OK || n == 0 || (e = record_mixed(r, g, &list, n, why)) != OK || (e = station_list(st, g, list, n, why)) != OK)
		goto done;
	decryption_factor(&pf, &ipf, r->joint.k);
	scalar_mul(&k->x, share, &ipf);
	point_mul_var(&key, &r->joint.share_key[trustee - 1], &ipf);
	record_decryption_session(&s, r, g, trustee);
	if ((e = decryption_prove(&proof, &s, &k->x, &key, list, n, core_count())) != OK ||
	    (e = decryption_verify(&factors, &s, &key, list, n, &proof, core_count(), why)) != OK ||
	    (e = docnote_sign(&note, "decryption", &r->call.hash, proof.factors.p, proof.factors.n, by, why)) != OK)
		goto done;
	write_factors(&f, &s, &key, list, n, &proof, factors);
	session_put(&f, &note, "%s/%02u.note", f.group, trustee);
	e = f.e;
done:
	secmem_free(k, sizeof *k);
	free(start);
	free(list);
	free(factors);
	decryption_proof_free(&proof);
	buf_free(&note);
	return e;
}

/* One of the ceremony's cards of this trustee. */
static enum err
listed(const struct record *r, const struct token_info *card, unsigned trustee, struct why *why)
{
	for (size_t i = 0; i < r->cards; i++)
		if (strcmp(r->card[i].serial, card->serial) == 0 && r->card[i].trustee == trustee)
			return OK;
	return why_set(why, ERR_PROOF, "card %s (serial %s) is not one of trustee %u's cards in the ceremony's transcript", card->label, card->serial, trustee);
}

/* The share of the card, once it has noted what it serves: one election, one box, one mixed output of it. */
static enum err
take_share(struct token *t, const struct checked *good, unsigned trustee, struct scalar *share, struct why *why)
{
	const struct record *r = &good->r;
	struct share_facts facts;
	enum err e;

	if ((e = listed(r, token_info(t), trustee, why)) != OK || (e = token_remember(t, "election", "election", &r->call.hash, &r->election, why)) != OK ||
	    (e = token_remember(t, "root", "box", &r->election, &r->ballots_head.root, why)) != OK ||
	    (e = token_remember(t, "lists", "mixed output of this box", &r->election, &good->lists, why)) != OK)
		return e;
	return token_share_load(t, &r->call.hash, share->b, &facts, why);
}

/* The mixer of the trustee's own body mixed what is opened, or the trustee says itself that it does without. */
static enum err
own_mix(const struct record *r, unsigned trustee, int waived, struct why *why)
{
	const char *mixer = r->call.trustee[trustee - 1].mixer;
	int mixed = mixer[0] == '\0' || record_mix_of(r, mixer);

	if (mixed && waived)
		return why_set(why, ERR_RANGE, "there is nothing to waive: %s", mixer[0] == '\0' ? "the call names no mixer of this trustee's body" : "your own mixer has mixed");
	if (!mixed && !waived)
		return why_set(why, ERR_DENIED, "mixer %s, of your own body, has not mixed these lists: without it their secrecy rests on others. If you open them all the same, sign so with --waive-own-mix", mixer);
	return OK;
}

static enum err
say_trustee(struct station *s, const char *kind, unsigned trustee, const struct signer *by, struct why *why)
{
	const struct record *r = &s->good->r;
	const char *mixer = r->call.trustee[trustee - 1].mixer;
	struct event *e = event_new(r, kind);
	enum err err;

	event_add(e, "trustee", "%s", by->name);
	if (strcmp(kind, "station") == 0) {
		event_add_hash(e, "root", &r->ballots_head.root);
		event_add_hash(e, "lists", &s->good->lists);
		if (mixer[0] != '\0' && !record_mix_of(r, mixer)) /* own_mix let it pass: it was waived */
			event_add(e, "waiver", "%s", mixer);
	} else
		event_add(e, "number", "%u", trustee);
	err = station_say(s, e, trustee, by, why);
	event_free(e);
	free(e);
	return err;
}

/* Factors of every group, between the two entries that frame them. */
static enum err
give_factors(struct station *s, unsigned trustee, const struct scalar *share, const struct signer *by, struct why *why)
{
	const struct record *r = &s->good->r;
	enum err e = say_trustee(s, "station", trustee, by, why);

	for (unsigned g = 0; g < r->m->groups && e == OK; g++) {
		e = decrypt_group(s, g, trustee, share, by, why);
		(void)fprintf(stderr, "\r  %s: group %u of %u", by->name, g + 1, r->m->groups);
	}
	(void)fprintf(stderr, "\n");
	return e == OK ? say_trustee(s, "factors", trustee, by, why) : e;
}

static int
decrypt_run(struct args *a)
{
	const char *label = arg_need(a, "--label"), *module = arg(a, "--module"), *pin_file = arg(a, "--pin-file");
	int waived = arg_flag(a, "--waive-own-mix");
	struct scalar *share = secmem_new(sizeof *share);
	struct passphrase pin;
	struct token *t = NULL;
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	unsigned trustee;
	enum err e;

	process_harden();
	/* the station checks the whole record itself, and only then touches its keys and its card */
	if (share == NULL || station_open(&s, a, 1, &why) != OK || station_check(&s, UNTIL_MIX, 0, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("decrypt", &why);
	if ((trustee = call_trustee(&s.good->r.call, by.name)) == 0) {
		(void)why_set(&why, ERR_DENIED, "%s is no trustee of the call", by.name);
		return fail("decrypt", &why);
	}
	if (own_mix(&s.good->r, trustee, waived, &why) != OK)
		return fail("decrypt", &why);
	if (passphrase_ask(&pin, pin_file, "--pin-file", "PIN", &why) != OK || token_open(&t, module, label, NULL, &pin, &why) != OK)
		return fail("decrypt", &why);
	wipe(&pin, sizeof pin);
	e = take_share(t, s.good, trustee, share, &why);
	token_close(t);
	if (e == OK)
		e = give_factors(&s, trustee, share, &by, &why);
	secmem_free(share, sizeof *share);
	if (e != OK)
		return fail("decrypt", &why);
	if (s.out != NULL)
		say_next("copy %s/decryption into the record, then urna event submit, first the entry station and then factors", s.out);
	else
		say_next("urna decrypt run of the other trustees; when %u have given factors, urna act count", s.good->r.call.threshold);
	station_close(&s);
	return 0;
}

int
cmd_decrypt(struct args *a)
{
	static const struct step steps[] = {{"compare", compare_cmd}, {"run", decrypt_run}};
	int code = run_step(a, steps, sizeof steps / sizeof *steps);

	if (code >= 0)
		return code;
	(void)fprintf(stderr, "usage: urna decrypt compare --record DIR --election-id HEX --socket SOCKET --key OPERATOR [--pass-file FILE] [--log-key VKEY ...] [--quiet]\n"
			      "           article 36: the record is checked until its closing, then file and root are held against the closing's\n"
			      "       urna decrypt run --record DIR --election-id HEX (--socket SOCKET | --out FOLDER) --key TRUSTEE [--pass-file FILE]\n"
			      "           --label CARD [--pin-file FILE] [--module LIB] [--log-key VKEY ...] [--waive-own-mix] [--quiet]\n"
			      "           a trustee's factors. Everything that the record must hold when the mixing is done is checked here first, as by\n"
			      "           urna-verify record --until mix; unless all of it passes, neither key nor card is touched. A trustee for whom the call\n"
			      "           names a mixer opens only what that one has mixed, or signs with --waive-own-mix that it does without\n"
			      "HEX is your own note of the election id, from the opening act that you saw signed, never from this record; without the option it is\n"
			      "asked for. Apart from the net, --out takes the factors and the signed entries: copy FOLDER/decryption into the record, and\n"
			      "urna event submit FOLDER/entries/station-NN.json, then factors-NN.json.\n");
	return 2;
}
