/* tally/count_cmd.c - `urna event, close, mix, decrypt, act, preserve`: from the close to the hand-over. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "crypto/decryption.h"
#include "crypto/digests.h"
#include "crypto/parallel.h"
#include "crypto/secmem.h"
#include "crypto/shuffle.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "election/sums.h"
#include "tally/station.h"

/* One that was signed before, where the service was not: `urna decrypt run --out` and `urna mix --out` leave such. */
static int
event_submit_file(struct args *a)
{
	const char *file = word(a, 1);
	struct why why = {""};

	(void)arg_need(a, "--socket");
	args_end(a);
	if (submit_file(a, file, NULL, &why) != OK)
		return fail("event", &why);
	(void)printf("submitted %s\n", file);
	return 0;
}

int
cmd_event(struct args *a)
{
	struct record *r = calloc(1, sizeof *r);
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	const char *dir, *kind, *fact;

	if (strcmp(word(a, 0), "submit") != 0) {
		(void)fprintf(stderr, "usage: urna event submit --record DIR --socket SOCKET --kind KIND --key FILE [--pass-file FILE] [--fact NAME=VALUE ...] [--file FILE ...]\n"
				      "       urna event submit ENTRY --socket SOCKET     one that is signed already (ENTRY.note): those that a station left with --out\n");
		return 2;
	}
	if (strncmp(word(a, 1), "--", 2) != 0 && word(a, 1)[0] != '\0')
		return event_submit_file(a);
	dir = arg_need(a, "--record");
	kind = arg_need(a, "--kind");
	(void)arg_need(a, "--socket");
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || record_events(r, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("event", &why);
	r->election = r->progress.election;
	e = event_new(r, kind);
	for (unsigned i = 0; (fact = arg_nth(a, "--fact", i)) != NULL; i++) {
		char name[32];
		const char *eq = strchr(fact, '=');

		if (eq == NULL || eq - fact > 31) {
			(void)why_set(&why, ERR_FORMAT, "--fact needs NAME=VALUE");
			return fail("event", &why);
		}
		(void)snprintf(name, sizeof name, "%.*s", (int)(eq - fact), fact);
		event_add(e, name, "%s", eq + 1);
	}
	if (strcmp(kind, "key") == 0) { /* what it must say is known */
		struct buf b = {0};
		struct hash h;

		if (record_file(r, "key/transcript.json", 8 << 20, &b, &why) != OK)
			return fail("event", &why);
		sha256(&h, b.p, b.n);
		event_add_hash(e, "transcript", &h);
		if (record_file(r, "acts/key.json", 8 << 20, &b, &why) != OK)
			return fail("event", &why);
		sha256(&h, b.p, b.n);
		event_add_hash(e, "act", &h);
	}
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("event", &why);
	args_end(a);
	(void)printf("entry %s submitted\n", kind);
	return 0;
}

int
cmd_close(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct style_sums *sums = calloc(MAX_STYLES, sizeof *sums);
	struct lists_findings findings;
	struct act act = {{0}, {0}};
	struct act_facts facts;
	struct why why = {""};

	args_end(a);
	if (r == NULL || sums == NULL || open_record(r, dir, TO_BALLOTS, &why) != OK)
		return fail("close", &why);
	if (r->close == NULL) {
		(void)why_set(&why, ERR_NOT_NOW, "the box is not closed yet; it closes by itself");
		return fail("close", &why);
	}
	facts = (struct act_facts){&r->call, r->m, r->election};
	if (sums_of_record(r, sums, &findings, core_count(), &why) != OK || act_closing(&act, &facts, r->close, r->entry, r->entries, sums) != OK)
		return fail("close", &why);
	(void)fwrite(act.text.p, 1, act.text.n, stdout);
	return put_act(dir, "closing", &act, &why) == OK ? 0 : fail("close", &why);
}

/* ---- comparison ------------------------------------------------------------------------------- */

/* Side by side what the closing said and what is here: article 36 wants it seen. The first difference stops. */
static enum err
compare(struct record *r, struct hash *file, struct why *why)
{
	struct digests d;
	char hex[65], root[65];
	enum err e;

	if ((e = source_digests(&r->src, "encrypted-votes.bin", &d, why)) != OK)
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

static int
compare_cmd(struct args *a)
{
	struct act act = {{0}, {0}};
	struct act_facts facts;
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	struct record *r, *now = NULL;
	struct event *e;
	struct hash file;

	(void)arg_need(a, "--socket");
	if (station_open(&s, a, &why) != OK || station_check(&s, UNTIL_CLOSING, 0, &why) != OK)
		return fail("decrypt", &why);
	r = &s.good->r;
	if (compare(r, &file, &why) != OK)
		return fail("decrypt", &why);
	e = event_new(r, "comparison");
	event_add_hash(e, "sha256", &file);
	event_add_hash(e, "root", &r->ballots_head.root);
	if (open_signer(a, &by, &why) != OK || station_say(&s, e, 0, &by, &why) != OK)
		return fail("decrypt", &why);
	/* the act comes after the entry: no authorizer's list can come any more that it would have to name */
	facts = (struct act_facts){&r->call, r->m, r->election};
	if ((now = calloc(1, sizeof *now)) == NULL || open_record(now, s.dir, TO_EVENTS, &why) != OK ||
	    act_start(&act, &facts, r->close, now->entry, now->entries, &file, r->ballots_head.size, &r->ballots_head.root) != OK ||
	    put_act(s.dir, "start-of-decryption", &act, &why) != OK ||
	    sign_file(a, s.dir, "acts/start-of-decryption.json", "start-of-decryption", &r->call.hash, &why) != OK)
		return fail("decrypt", &why);
	record_free(now);
	free(now);
	station_close(&s);
	return 0;
}

/* ---- mix ------------------------------------------------------------------------------------------ */

static enum err
put_text(const char *dir, const char *file, const char *text, struct why *why)
{
	struct buf b = {0};
	enum err e;

	buf_str(&b, text);
	e = put(dir, file, &b, why);
	buf_free(&b);
	return e;
}

/* Files of a session that are the same for all: version, type, auxsid, width, key, input. */
static enum err
session_files(const char *dir, const char *base, const struct session *s, const char *type, const struct point *key, const struct ciphertext *in, size_t n, struct why *why)
{
	struct buf b = {0}, info = {0};
	struct point g;
	char path[400];
	enum err e;

	session_protinfo(&info, s);
	(void)snprintf(path, sizeof path, "%s/nizkp/version", base);
	if ((e = put_text(dir, path, "3.1.0", why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/type", base);
	if ((e = put_text(dir, path, type, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/auxsid", base);
	if ((e = put_text(dir, path, s->auxsid, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/width", base);
	if ((e = put_text(dir, path, "1", why)) != OK)
		goto done;
	point_generator(&g);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_point(&b, key);
	(void)snprintf(path, sizeof path, "%s/nizkp/FullPublicKey.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	buf_free(&b);
	bt_ciphertexts(&b, in, n);
	(void)snprintf(path, sizeof path, "%s/nizkp/Ciphertexts.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	/* one protInfo.xml for a group's decryption sessions, in the folder above */
	if (strcmp(type, "decryption") == 0)
		(void)snprintf(path, sizeof path, "%.*s/protInfo.xml", (int)(strrchr(base, '/') - base), base);
	else
		(void)snprintf(path, sizeof path, "%s/protInfo.xml", base);
	e = put(dir, path, &info, why);
done:
	buf_free(&b);
	buf_free(&info);
	return e;
}

static enum err
mix_group(struct station *st, unsigned g, unsigned position, const struct signer *by, struct event *ev, struct why *why)
{
	struct record *r = &st->good->r;
	const char *dir = st->to;
	const char *folder = r->m->group[g].folder;
	struct ciphertext *in = NULL, *start = NULL, *out = NULL;
	struct shuffle_proof proof = {{0}, {0}, {0}};
	struct buf b = {0}, statement = {0}, note = {0};
	struct hash before, after;
	struct session s;
	char path[400], base[100], text[16];
	size_t n = 0;
	enum err e;

	if ((e = record_group(r, g, &start, &n)) != OK || n == 0) {
		free(start);
		return e; /* a group of 0 has no session */
	}
	in = start;
	if ((position > 1 && (e = record_mixed(r, g, &in, n, why)) != OK) || (e = station_list(st, g, in, n, why)) != OK)
		goto done;
	if ((out = calloc(n, sizeof *out)) == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	record_mix_session(&s, r, g);
	(void)snprintf(base, sizeof base, "mix/%s", folder);
	if ((e = shuffle_prove(out, &proof, &s, &r->joint.key, in, n, core_count())) != OK ||
	    (e = session_files(dir, base, &s, "shuffling", &r->joint.key, start, n, why)) != OK)
		goto done;
	if (position > 1) { /* the last output becomes an intermediate list */
		bt_ciphertexts(&b, in, n);
		(void)snprintf(path, sizeof path, "%s/nizkp/proofs/Ciphertexts%02u.bt", base, position - 1);
		if ((e = put(dir, path, &b, why)) != OK)
			goto done;
		buf_free(&b);
	}
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PermutationCommitment%02u.bt", base, position);
	if ((e = put(dir, path, &proof.permutation_commitment, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PoSCommitment%02u.bt", base, position);
	if ((e = put(dir, path, &proof.commitment, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PoSReply%02u.bt", base, position);
	if ((e = put(dir, path, &proof.reply, why)) != OK)
		goto done;
	bt_ciphertexts(&b, out, n);
	(void)snprintf(path, sizeof path, "%s/nizkp/ShuffledCiphertexts.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/activethreshold", base);
	(void)snprintf(text, sizeof text, "%u", position);
	if ((e = put_text(dir, path, text, why)) != OK)
		goto done;
	list_hash(&before, in, n);
	list_hash(&after, out, n);
	mix_statement(&statement, &s, by->name, position, &before, &after);
	(void)snprintf(path, sizeof path, "%s/%02u.note", base, position);
	if ((e = docnote_sign(&note, "mix", &r->call.hash, statement.p, statement.n, by, why)) == OK)
		e = put(dir, path, &note, why);
	if (e == OK && ev != NULL) {
		struct hash_run *run = hash_start();
		struct hash old = {{0}}, sum;

		/* the entry carries one hash over all groups' outputs */
		if (hex_decode(old.b, 32, event_fact(ev, "outputs"), 64) != OK)
			e = ERR_FORMAT;
		hash_more(run, old.b, 32);
		hash_more(run, after.b, 32);
		hash_end(run, &sum);
		hash_hex(ev->fact[2].value, &sum);
	}
done:
	if (in != start)
		free(in);
	free(start);
	free(out);
	shuffle_proof_free(&proof);
	buf_free(&b);
	buf_free(&statement);
	buf_free(&note);
	return e;
}

static enum err
next_position(struct record *r, unsigned *position, const char *name, struct why *why)
{
	*position = r->progress.mixes + 1;
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, "mix") == 0 && strcmp(event_fact(&r->entry[i], "mixer"), name) == 0)
			return why_set(why, ERR_NOT_NOW, "%s has mixed already", name);
	return r->progress.compared ? OK : why_set(why, ERR_NOT_NOW, "the comparison of article 36 comes first: urna decrypt compare");
}

static void
drop(const char *dir, const char *folder, const char *begin, const char *middle, const char *end)
{
	char path[1400];

	(void)snprintf(path, sizeof path, "%s/mix/%s/%s%s%s", dir, folder, begin, middle, end);
	(void)unlink(path);
}

/* A mixing that broke off left files of a position that no entry took: away with them, and the list before it is the last again. */
static enum err
undo(const char *dir, const struct record *r, struct why *why)
{
	static const char *const own[][2] = {{"", ".note"}, {"nizkp/proofs/PermutationCommitment", ".bt"}, {"nizkp/proofs/PoSCommitment", ".bt"}, {"nizkp/proofs/PoSReply", ".bt"}};
	static const char *const first[] = {"protInfo.xml", "nizkp/version", "nizkp/type", "nizkp/auxsid", "nizkp/width", "nizkp/FullPublicKey.bt", "nizkp/Ciphertexts.bt",
	    "nizkp/ShuffledCiphertexts.bt", "nizkp/proofs/activethreshold"};
	unsigned done = r->progress.mixes;

	for (unsigned g = 0; g < r->m->groups; g++) {
		const char *folder = r->m->group[g].folder;
		char from[1400], to[1400], path[300], text[16];
		enum err e;

		(void)snprintf(text, sizeof text, "%02u", done + 1);
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			drop(dir, folder, own[i][0], text, own[i][1]);
		for (size_t i = 0; done == 0 && i < sizeof first / sizeof *first; i++)
			drop(dir, folder, first[i], "", "");
		(void)snprintf(from, sizeof from, "%s/mix/%s/nizkp/proofs/Ciphertexts%02u.bt", dir, folder, done);
		if (done == 0 || access(from, F_OK) != 0)
			continue;
		(void)snprintf(to, sizeof to, "%s/mix/%s/nizkp/ShuffledCiphertexts.bt", dir, folder);
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/proofs/activethreshold", folder);
		(void)snprintf(text, sizeof text, "%u", done);
		if (rename(from, to) != 0)
			return why_set(why, ERR_IO, "%s: cannot be put back", from);
		if ((e = put_text(dir, path, text, why)) != OK)
			return e;
	}
	return OK;
}

/* The record as far as the log of events, to put it in order before it is checked. */
static enum err
undo_unfinished(const struct station *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	if ((e = open_record(r, s->dir, TO_EVENTS, why)) == OK)
		e = undo(s->dir, r, why);
	record_free(r);
	free(r);
	return e;
}

static int
mix_usage(void)
{
	(void)fprintf(stderr, "usage: urna mix --record DIR --election-id HEX (--socket SOCKET | --out FOLDER) --key MIXER [--pass-file FILE] [--log-key VKEY ...] [--quiet]\n"
			      "Checks the record until its closing, the comparison and the mixes before this one (urna-verify record, V01 to V28, V39), and only\n"
			      "then shuffles every group. HEX is your own note of the election id, from the opening act; without the option it is asked for.\n"
			      "Apart from the net, --out takes files and the signed entry: copy FOLDER/mix into the record, then urna event submit.\n");
	return 2;
}

int
cmd_mix(struct args *a)
{
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	struct record *r;
	struct event *e;
	unsigned position;

	if (a->argc == 0)
		return mix_usage();
	process_harden();
	if (station_open(&s, a, &why) != OK || (s.out == NULL && undo_unfinished(&s, &why) != OK) || station_check(&s, UNTIL_MIX, 1, &why) != OK)
		return fail("mix", &why);
	r = &s.good->r;
	if (open_signer(a, &by, &why) != OK)
		return fail("mix", &why);
	if (call_mixer(&r->call, by.name) == 0) {
		(void)why_set(&why, ERR_DENIED, "%s is no mixer of the call", by.name);
		return fail("mix", &why);
	}
	if (next_position(r, &position, by.name, &why) != OK)
		return fail("mix", &why);
	e = event_new(r, "mix");
	event_add(e, "mixer", "%s", by.name);
	event_add(e, "position", "%u", position);
	event_add(e, "outputs", "%064d", 0);
	for (unsigned g = 0; g < r->m->groups; g++) {
		if (mix_group(&s, g, position, &by, e, &why) != OK)
			return fail("mix", &why);
		(void)fprintf(stderr, "\r  %s: group %u of %u", by.name, g + 1, r->m->groups);
	}
	(void)fprintf(stderr, "\n");
	if (station_say(&s, e, position, &by, &why) != OK)
		return fail("mix", &why);
	station_close(&s);
	return 0;
}

/* ---- decrypt --------------------------------------------------------------------------------------- */

static enum err
decrypt_group(struct station *st, unsigned g, unsigned trustee, const struct scalar *share, const struct signer *by, struct why *why)
{
	struct record *r = &st->good->r;
	const char *dir = st->to;
	struct ciphertext *start = NULL, *list = NULL;
	struct decryption_proof proof = {{0}, {0}, {0}};
	struct buf b = {0}, note = {0};
	struct {
		struct scalar x;
	} *k = secmem_new(sizeof *k);
	struct scalar pf, ipf;
	struct point key, *factors = NULL;
	struct session s;
	char path[400], base[100];
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
	(void)snprintf(base, sizeof base, "decryption/%s/%02u", r->m->group[g].folder, trustee);
	if ((e = decryption_prove(&proof, &s, &k->x, &key, list, n, core_count())) != OK ||
	    (e = decryption_verify(&factors, &s, &key, list, n, &proof, core_count(), why)) != OK ||
	    (e = session_files(dir, base, &s, "decryption", &key, list, n, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/DecryptionFactors01.bt", base);
	if ((e = put(dir, path, &proof.factors, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/DecrFactCommitment01.bt", base);
	if ((e = put(dir, path, &proof.commitment, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/DecrFactReply01.bt", base);
	if ((e = put(dir, path, &proof.reply, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/activethreshold", base);
	if ((e = put_text(dir, path, "1", why)) != OK)
		goto done;
	bt_leaf(&b, "\1\1", 2);
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/CorrectIndices.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	buf_free(&b);
	bt_points(&b, &key, 1);
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PolynomialInExponent.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	buf_free(&b);
	bt_node(&b, n); /* v_i + D_i: a by-product of the format, not votes */
	for (size_t i = 0; i < n; i++) {
		struct point m;

		point_add(&m, &list[i].c2, &factors[i]);
		bt_point(&b, &m);
	}
	(void)snprintf(path, sizeof path, "%s/nizkp/Plaintexts.bt", base);
	if ((e = put(dir, path, &b, why)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "decryption/%s/%02u.note", r->m->group[g].folder, trustee);
	if ((e = docnote_sign(&note, "decryption", &r->call.hash, proof.factors.p, proof.factors.n, by, why)) == OK)
		e = put(dir, path, &note, why);
done:
	secmem_free(k, sizeof *k);
	free(start);
	free(list);
	free(factors);
	decryption_proof_free(&proof);
	buf_free(&b);
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
	if (share == NULL || station_open(&s, a, &why) != OK || station_check(&s, UNTIL_MIX, 0, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("decrypt", &why);
	if ((trustee = call_trustee(&s.good->r.call, by.name)) == 0) {
		(void)why_set(&why, ERR_DENIED, "%s is no trustee of the call", by.name);
		return fail("decrypt", &why);
	}
	if (own_mix(&s.good->r, trustee, waived, &why) != OK)
		return fail("decrypt", &why);
	if (passphrase_get(&pin, pin_file, "PIN", &why) != OK || token_open(&t, module, label, NULL, &pin, &why) != OK)
		return fail("decrypt", &why);
	wipe(&pin, sizeof pin);
	e = take_share(t, s.good, trustee, share, &why);
	token_close(t);
	if (e == OK)
		e = give_factors(&s, trustee, share, &by, &why);
	secmem_free(share, sizeof *share);
	if (e != OK)
		return fail("decrypt", &why);
	station_close(&s);
	return 0;
}

int
cmd_decrypt(struct args *a)
{
	const char *what = word(a, 0);

	if (strcmp(what, "compare") == 0)
		return compare_cmd(a);
	if (strcmp(what, "run") == 0)
		return decrypt_run(a);
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

/* ---- acts -------------------------------------------------------------------------------------------- */

static int
act_key_cmd(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct act act = {{0}, {0}};
	struct why why = {""};
	struct hash h;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_KEY, &why) != OK)
		return fail("act", &why);
	sha256(&h, r->transcript.p, r->transcript.n);
	if (act_key(&act, &r->call, &r->joint, r->card, r->cards, &h, r->custody.p, r->custody.n, &why) != OK || put_act(dir, "key", &act, &why) != OK ||
	    sign_file(a, dir, "acts/key.json", "key-act", &r->call.hash, &why) != OK)
		return fail("act", &why);
	(void)printf("acts/key.{json,txt} written and signed\n");
	return 0;
}

static int
act_count_cmd(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct count *c = calloc(1, sizeof *c);
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	struct hash h;

	if (r == NULL || c == NULL || open_record(r, dir, TO_BALLOTS, &why) != OK || count_record(r, c, NULL, core_count(), &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("act", &why);
	if (put(dir, "votes.csv", &c->csv, &why) != OK)
		return fail("act", &why);
	for (size_t i = 0; i < c->acts; i++) {
		char name[100];

		(void)snprintf(name, sizeof name, "acts/%s.json", c->name[i]);
		if (i < r->m->contests)
			(void)fwrite(c->act[i].text.p, 1, c->act[i].text.n, stdout);
		if (put_act(dir, c->name[i], &c->act[i], &why) != OK || sign_file(a, dir, name, "count-act", &r->call.hash, &why) != OK)
			return fail("act", &why);
	}
	sha256(&h, c->csv.p, c->csv.n);
	e = event_new(r, "count");
	event_add_hash(e, "votes", &h);
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("act", &why);
	args_end(a);
	return 0;
}

int
cmd_act(struct args *a)
{
	const char *what = word(a, 0);

	if (strcmp(what, "key") == 0)
		return act_key_cmd(a);
	if (strcmp(what, "count") == 0)
		return act_count_cmd(a);
	(void)fprintf(stderr, "usage: urna act key --record DIR --key OPERATOR [--pass-file FILE]\n"
			      "       urna act count --record DIR --socket SOCKET --key OPERATOR [--pass-file FILE]\n");
	return 2;
}

/* ---- preserve ------------------------------------------------------------------------------------------ */

/* All witnesses within some seconds, or at least the call's quorum: afterwards the record does not change. */
static enum err
wait_cosigned(struct record *r, struct why *why)
{
	size_t n = 0;
	enum err e = r->call.witness_quorum > 0 ? cosigned_wait(r, r->call.witnesses, &n, why) : OK;

	if (e != OK)
		return e;
	if (n < r->call.witness_quorum)
		return why_set(why, ERR_NOT_NOW, "%zu witnesses cosigned the final heads, the call demands %u: when they answer again, run urna preserve --finish", n, r->call.witness_quorum);
	return OK;
}

int
cmd_preserve(struct args *a)
{
	int finish = arg_flag(a, "--finish");
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct buf list[3] = {{0}, {0}, {0}};
	struct act act = {{0}, {0}};
	struct act_facts facts;
	struct signer by = {0};
	struct why why = {""};
	struct hash h[3];
	struct event *e;

	if (r == NULL || open_record(r, dir, TO_EVENTS, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("preserve", &why);
	if (!finish) {
		if (hash_lists(r, list, &why) != OK)
			return fail("preserve", &why);
		seal_hash(&h[0], &list[0]);
		for (int i = 0; i < 3; i++)
			buf_free(&list[i]);
		e = event_new(r, "seal");
		event_add_hash(e, "list", &h[0]);
		if (submit_event(a, &r->call, e, &by, &why) != OK)
			return fail("preserve", &why);
	}
	args_end(a);
	if (wait_cosigned(r, &why) != OK)
		return fail("preserve", &why);
	if (hash_lists(r, list, &why) != OK)
		return fail("preserve", &why);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"hashes.sha256", "hashes.sha512", "hashes.sha3-256"};
		char path[1400];

		sha256(&h[i], list[i].p, list[i].n);
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (file_write(path, list[i].p, list[i].n, 0644, &why) != OK)
			return fail("preserve", &why);
	}
	facts = (struct act_facts){&r->call, r->m, r->election};
	if (act_handover(&act, &facts, h, r->card, r->cards, r->entry, r->entries) != OK || put_act(dir, "handover", &act, &why) != OK ||
	    sign_file(a, dir, "acts/handover.json", "handover", &r->call.hash, &why) != OK)
		return fail("preserve", &why);
	(void)printf("sealed; hash lists written: sha256sum -c hashes.sha256\n");
	return 0;
}
