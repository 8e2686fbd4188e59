/* tally/count_cmd.c - `urna event, close, mix, decrypt, act, preserve`: from the close to the hand-over. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "crypto/decryption.h"
#include "crypto/parallel.h"
#include "crypto/secmem.h"
#include "crypto/shuffle.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "election/sums.h"
#include "tally/cli.h"

/* An event of this kind and scope. */
static struct event *
event_new(const struct record *r, const char *kind)
{
	struct event *e = calloc(1, sizeof *e);

	if (e == NULL)
		abort();
	(void)snprintf(e->kind, sizeof e->kind, "%s", kind);
	e->scope = r->progress.opened ? r->election : r->call.hash;
	return e;
}

static void
add_hash(struct event *e, const char *name, const struct hash *h)
{
	char hex[65];

	hash_hex(hex, h);
	event_add(e, name, "%s", hex);
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
		(void)fprintf(stderr, "usage: urna event submit --record DIR --socket SOCKET --kind KIND --key FILE [--pass-file FILE] [--fact NAME=VALUE ...] [--file FILE ...]\n");
		return 2;
	}
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
		add_hash(e, "transcript", &h);
		if (record_file(r, "acts/key.json", 8 << 20, &b, &why) != OK)
			return fail("event", &why);
		sha256(&h, b.p, b.n);
		add_hash(e, "act", &h);
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

static enum err
compare(struct record *r, struct hash *file, struct why *why)
{
	struct buf b = {0};
	char hex[65], root[65];
	uint8_t *bad;
	enum err e;

	if (r->close == NULL)
		return why_set(why, ERR_NOT_NOW, "the box is not closed yet");
	if ((e = record_file(r, "encrypted-votes.bin", 1 << 30, &b, why)) != OK)
		return e;
	sha256(file, b.p, b.n);
	buf_free(&b);
	hash_hex(hex, file);
	hash_hex(root, &r->ballots_head.root);
	(void)printf("SHA-256 al cierre:       %s\nSHA-256 de este archivo: %s\nra\xc3\xadz al cierre:          %s\nra\xc3\xadz recalculada:       %s\n",
	    event_fact(r->close, "sha256"), hex, event_fact(r->close, "root"), root);
	if (strcmp(hex, event_fact(r->close, "sha256")) != 0)
		return why_set(why, ERR_PROOF, "the file of encrypted votes is not the one of the closing: stop");
	if (strcmp(root, event_fact(r->close, "root")) != 0)
		return why_set(why, ERR_PROOF, "the ballots log is not the one of the closing: stop");
	if ((bad = calloc(r->ballots + 1, 1)) == NULL)
		return ERR_NOMEM;
	e = record_check_ballots(r, core_count(), bad, NULL, NULL);
	for (uint64_t i = 0; i < r->ballots && e == OK; i++)
		if (bad[i])
			e = why_set(why, ERR_PROOF, "ballot %" PRIu64 " is not valid: stop", i);
	free(bad);
	return e;
}

static int
compare_cmd(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct act act = {{0}, {0}};
	struct act_facts facts;
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	struct hash file;

	if (r == NULL || open_record(r, dir, TO_BALLOTS, &why) != OK || compare(r, &file, &why) != OK)
		return fail("decrypt", &why);
	(void)printf("COINCIDEN\n");
	facts = (struct act_facts){&r->call, r->m, r->election};
	if (act_start(&act, &facts, r->close, r->entry, r->entries, &file, r->ballots_head.size, &r->ballots_head.root) != OK || put_act(dir, "start-of-decryption", &act, &why) != OK ||
	    sign_file(a, dir, "acts/start-of-decryption.json", "start-of-decryption", &r->call.hash, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("decrypt", &why);
	e = event_new(r, "comparison");
	add_hash(e, "sha256", &file);
	add_hash(e, "root", &r->ballots_head.root);
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("decrypt", &why);
	args_end(a);
	return 0;
}

/* ---- mix ------------------------------------------------------------------------------------------ */

static void
list_hash(struct hash *out, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};

	bt_ciphertexts(&b, c, n);
	sha256(out, b.p, b.n);
	buf_free(&b);
}

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
mix_group(struct record *r, const char *dir, unsigned g, unsigned position, const struct signer *by, struct event *ev, struct why *why)
{
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
	if (position > 1 && (e = record_mixed(r, g, &in, n, why)) != OK)
		goto done;
	if ((out = calloc(n, sizeof *out)) == NULL) {
		e = ERR_NOMEM;
		goto done;
	}
	record_mix_session(&s, r, g, 0);
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

int
cmd_mix(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	unsigned position;

	process_harden();
	if (r == NULL || open_record(r, dir, TO_BALLOTS, &why) != OK || open_signer(a, &by, &why) != OK)
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
		if (mix_group(r, dir, g, position, &by, e, &why) != OK)
			return fail("mix", &why);
		(void)fprintf(stderr, "\r  %s: group %u of %u", by.name, g + 1, r->m->groups);
	}
	(void)fprintf(stderr, "\n");
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("mix", &why);
	args_end(a);
	return 0;
}

/* ---- decrypt --------------------------------------------------------------------------------------- */

static enum err
decrypt_group(struct record *r, const char *dir, unsigned g, unsigned trustee, const struct scalar *share, const struct signer *by, struct why *why)
{
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
	if ((e = record_group(r, g, &start, &n)) != OK || n == 0 || (e = record_mixed(r, g, &list, n, why)) != OK)
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

static int
decrypt_run(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *label = arg_need(a, "--label"), *module = arg(a, "--module"), *pin_file = arg(a, "--pin-file");
	struct record *r = calloc(1, sizeof *r);
	struct scalar *share = secmem_new(sizeof *share);
	struct share_facts facts;
	struct passphrase pin;
	struct token *t = NULL;
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	struct hash file;
	unsigned trustee;
	int listed = 0;

	process_harden();
	/* the station checks the whole record itself, and only then touches its card */
	if (r == NULL || share == NULL || open_record(r, dir, TO_BALLOTS, &why) != OK || compare(r, &file, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("decrypt", &why);
	if (!r->progress.compared || r->progress.mixes < r->call.minimum_mixers) {
		(void)why_set(&why, ERR_NOT_NOW, "%s", !r->progress.compared ? "the comparison of article 36 comes first" : "fewer mixers than the call's minimum have mixed");
		return fail("decrypt", &why);
	}
	if (verify_mixes(r, core_count(), &why) != OK)
		return fail("decrypt", &why);
	if ((trustee = call_trustee(&r->call, by.name)) == 0) {
		(void)why_set(&why, ERR_DENIED, "%s is no trustee of the call", by.name);
		return fail("decrypt", &why);
	}
	if (passphrase_get(&pin, pin_file, "PIN", &why) != OK || token_open(&t, module, label, NULL, &pin, &why) != OK)
		return fail("decrypt", &why);
	wipe(&pin, sizeof pin);
	for (size_t i = 0; i < r->cards; i++)
		listed |= strcmp(r->card[i].serial, token_info(t)->serial) == 0 && r->card[i].trustee == trustee;
	if (!listed) {
		(void)why_set(&why, ERR_PROOF, "card %s (serial %s) is not one of trustee %u's cards in the ceremony's transcript", label, token_info(t)->serial, trustee);
		return fail("decrypt", &why);
	}
	if (token_remember(t, "election", &r->call.hash, &r->election, &why) != OK || token_remember(t, "root", &r->election, &r->ballots_head.root, &why) != OK ||
	    token_share_load(t, &r->call.hash, share->b, &facts, &why) != OK)
		return fail("decrypt", &why);
	token_close(t);
	e = event_new(r, "station");
	event_add(e, "trustee", "%s", by.name);
	add_hash(e, "root", &r->ballots_head.root);
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("decrypt", &why);
	for (unsigned g = 0; g < r->m->groups; g++) {
		if (decrypt_group(r, dir, g, trustee, share, &by, &why) != OK) {
			secmem_free(share, sizeof *share);
			return fail("decrypt", &why);
		}
		(void)fprintf(stderr, "\r  %s: group %u of %u", by.name, g + 1, r->m->groups);
	}
	(void)fprintf(stderr, "\n");
	secmem_free(share, sizeof *share);
	e = event_new(r, "factors");
	event_add(e, "trustee", "%s", by.name);
	event_add(e, "number", "%u", trustee);
	if (submit_event(a, &r->call, e, &by, &why) != OK)
		return fail("decrypt", &why);
	args_end(a);
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
	(void)fprintf(stderr, "usage: urna decrypt compare --record DIR --socket SOCKET --key OPERATOR [--pass-file FILE]     (article 36)\n"
			      "       urna decrypt run --record DIR --socket SOCKET --key TRUSTEE [--pass-file FILE] --label CARD --pin-file FILE [--module LIB]\n");
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
	add_hash(e, "votes", &h);
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

/* Cosignatures that the final heads have in the record: the fewer of the two logs'. */
static enum err
cosigned(struct record *r, size_t *least, struct why *why)
{
	static const char *const logs[] = {"events/checkpoint", "ballots/checkpoint"};
	struct vkey keys[MAX_PARTIES];
	enum err e = OK;

	for (unsigned i = 0; i < r->call.witnesses; i++)
		keys[i] = r->call.witness[i].key;
	*least = r->call.witnesses;
	for (size_t i = 0; i < 2 && e == OK; i++) {
		struct buf b = {0};
		size_t n = 0;

		if ((e = record_file(r, logs[i], NOTE_MAX_BYTES, &b, why)) == OK && (e = checkpoint_cosigners(&n, b.p, b.n, keys, r->call.witnesses, why)) == OK && n < *least)
			*least = n;
		buf_free(&b);
	}
	return e;
}

/* All witnesses within some seconds, or at least the call's quorum: afterwards the record does not change. */
static enum err
wait_cosigned(struct record *r, struct why *why)
{
	struct timespec pause = {0, 100000000};
	size_t n = 0;
	enum err e = OK;

	for (int i = 0; i < 150 && r->call.witness_quorum > 0; i++) {
		if ((e = cosigned(r, &n, why)) != OK || n == r->call.witnesses)
			return e;
		(void)nanosleep(&pause, NULL);
	}
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

	if (r == NULL || open_record(r, dir, TO_EVENTS, &why) != OK || open_signer(a, &by, &why) != OK || record_list_hash(r, &h[0], &why) != OK)
		return fail("preserve", &why);
	if (!finish) {
		e = event_new(r, "seal");
		add_hash(e, "list", &h[0]);
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
