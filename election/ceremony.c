#include "election/ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ct.h"
#include "crypto/hpke.h"
#include "crypto/kdf.h"
#include "election/docnote.h"

void
message_free(struct message *m)
{
	buf_free(&m->text);
	buf_free(&m->note);
}

void
ceremony_forget(struct ceremony_state *s)
{
	wipe(s, sizeof *s);
}

enum { COMPLAINT = 4, CARDS = 5 };
static const char *const purpose[] = {"", "ceremony-round1", "ceremony-round2", "ceremony-round3", "ceremony-complaint", "ceremony-cards"};

static enum err
sign(struct message *m, int round, const struct call *call, const struct signer *by, struct why *why)
{
	return m->text.failed ? ERR_NOMEM : docnote_sign(&m->note, purpose[round], &call->hash, m->text.p, m->text.n, by, why);
}

static void
begin(struct json_out *o, struct message *m, const char *urna, const struct call *call, const struct ceremony_state *s)
{
	*o = json_out(&m->text);
	json_begin(o, NULL, '{');
	json_text(o, "urna", urna);
	json_hash(o, "call", &call->hash);
	json_int(o, "attempt", s->attempt);
	json_int(o, "index", s->index);
}

/* call || attempt || index || t points */
static void
points_bytes(struct buf *b, const struct call *call, unsigned attempt, unsigned index, const struct point *c, unsigned t)
{
	uint8_t bytes[POINT_BYTES];

	buf_put(b, call->hash.b, HASH_BYTES);
	buf_u32(b, attempt);
	buf_u8(b, index);
	buf_u8(b, t);
	for (unsigned i = 0; i < t; i++) {
		if (point_write(bytes, &c[i]) != OK)
			b->failed = 1;
		buf_put(b, bytes, POINT_BYTES);
	}
}

static void
commitment(struct hash *possession, struct hash *commit, const struct call *call, unsigned attempt, unsigned index, const struct point *c, unsigned t, const uint8_t *proof)
{
	struct buf b = {0};

	points_bytes(&b, call, attempt, index, c, t);
	if (possession != NULL)
		tagged_hash(possession, TAG_POSSESSION, b.p, b.n);
	if (commit != NULL) {
		buf_put(&b, proof, SCHNORR_BYTES);
		tagged_hash(commit, TAG_CEREMONY_COMMIT, b.p, b.n);
	}
	buf_free(&b);
}

enum err
ceremony_round1(struct ceremony_state *s, struct message *out, const struct call *call, unsigned index, unsigned attempt, const struct signer *by, struct why *why)
{
	struct hash h;
	struct json_out o;
	enum err e;

	memset(s, 0, sizeof *s);
	s->index = index;
	s->attempt = attempt;
	s->t = call->threshold;
	s->k = call->trustees;
	for (unsigned i = 0; i < s->t; i++) {
		scalar_random(&s->a[i]);
		point_mul_base(&s->c[i], &s->a[i]);
	}
	commitment(&h, NULL, call, attempt, index, s->c, s->t, NULL);
	if ((e = schnorr_sign(s->possession, &s->a[0], &h)) != OK || (e = hpke_keypair(s->transport, s->transport_key)) != OK)
		return why_set(why, e, "the ceremony's keys cannot be made");
	commitment(NULL, &h, call, attempt, index, s->c, s->t, s->possession);
	begin(&o, out, "ceremony-round1", call, s);
	json_hex(&o, "transport", s->transport_key, 32);
	json_hash(&o, "commitment", &h);
	json_end(&o, '}');
	return sign(out, 1, call, by, why);
}

/* Hash of all texts of round 1, in order. */
static void
all_texts(struct hash *out, const struct message *m, unsigned k)
{
	struct hash_run *run = hash_start();

	for (unsigned i = 0; i < k; i++) {
		struct hash h;

		sha256(&h, m[i].text.p, m[i].text.n);
		hash_more(run, h.b, HASH_BYTES);
	}
	hash_end(run, out);
}

enum err
ceremony_round2(const struct ceremony_state *s, struct message *out, const struct call *call, const struct message *round1, const struct signer *by, struct why *why)
{
	struct json_out o;
	struct hash h;
	uint8_t b[POINT_BYTES];

	all_texts(&h, round1, s->k);
	begin(&o, out, "ceremony-round2", call, s);
	json_hash(&o, "round1", &h);
	json_begin(&o, "points", '[');
	for (unsigned i = 0; i < s->t; i++) {
		if (point_write(b, &s->c[i]) != OK)
			return ERR_RANGE;
		json_hex(&o, NULL, b, POINT_BYTES);
	}
	json_end(&o, ']');
	json_hex(&o, "possession", s->possession, SCHNORR_BYTES);
	json_end(&o, '}');
	return sign(out, 2, call, by, why);
}

/* ---- reading ---------------------------------------------------------------------- */

struct reveal {
	uint8_t transport[32];
	struct hash commit;
	struct point c[MAX_TRUSTEES];
	uint8_t possession[SCHNORR_BYTES];
};

static enum err
open_message(struct json **root, struct fields *f, const struct message *m, int round, const char *urna, const struct call *call, unsigned index, unsigned attempt, struct why *why)
{
	const struct party *who = &call->trustee[index - 1];
	struct hash h;
	enum err e;

	*root = NULL;
	if ((e = docnote_verify(m->note.p, m->note.n, purpose[round], &call->hash, m->text.p, m->text.n, &who->key, why)) != OK ||
	    (e = json_parse(root, m->text.p, m->text.n, 65536, why)) != OK)
		return why_prefix(why, e, "trustee %u (%s), round %d", index, who->key.name, round);
	*f = fields_of(*root, why);
	if (strcmp(field_text(f, "urna", 30), urna) != 0)
		(void)field_bad(f, 1, "this is not a message of round %d", round);
	field_hash(f, "call", &h);
	if (f->e == OK && !hash_equal(&h, &call->hash))
		(void)field_bad(f, 1, "made for another call");
	(void)field_int(f, "attempt", attempt, attempt);
	(void)field_int(f, "index", index, index);
	return OK;
}

static enum err
close_message(struct json *root, struct fields *f, const struct call *call, unsigned index, int round, struct why *why)
{
	enum err e = fields_end(f);

	json_free(root);
	return e == OK ? OK : why_prefix(why, e, "trustee %u (%s), round %d", index, call->trustee[index - 1].key.name, round);
}

static enum err
read_reveal(struct reveal *r, const struct call *call, const struct message *round1, const struct message *round2, unsigned index, unsigned attempt, struct why *why)
{
	struct hash all, h, have;
	struct json *root, *list;
	struct fields f;
	enum err e;

	if ((e = open_message(&root, &f, &round1[index - 1], 1, "ceremony-round1", call, index, attempt, why)) != OK)
		return e;
	field_hex(&f, "transport", r->transport, 32);
	field_hash(&f, "commitment", &r->commit);
	if ((e = close_message(root, &f, call, index, 1, why)) != OK)
		return e;
	if ((e = open_message(&root, &f, &round2[index - 1], 2, "ceremony-round2", call, index, attempt, why)) != OK)
		return e;
	all_texts(&all, round1, call->trustees);
	field_hash(&f, "round1", &have);
	if (f.e == OK && !hash_equal(&all, &have))
		(void)field_bad(&f, 1, "saw other messages of round 1");
	list = field_array(&f, "points", MAX_TRUSTEES);
	if (list != NULL && list->n != call->threshold)
		(void)field_bad(&f, list->line, "%zu points, but exactly %u are needed", list->n, call->threshold);
	for (unsigned i = 0; f.e == OK && i < call->threshold; i++) {
		uint8_t b[POINT_BYTES];

		if (list->item[i]->text == NULL || hex_decode(b, POINT_BYTES, list->item[i]->text, strlen(list->item[i]->text)) != OK ||
		    point_read(&r->c[i], b) != OK)
			(void)field_bad(&f, list->item[i]->line, "point %u is not on the curve", i);
	}
	field_hex(&f, "possession", r->possession, SCHNORR_BYTES);
	if (f.e == OK) {
		uint8_t b[POINT_BYTES];

		commitment(&h, &have, call, attempt, index, r->c, call->threshold, r->possession);
		if (!hash_equal(&have, &r->commit))
			(void)field_bad(&f, 1, "the reveal is not what was committed to in round 1");
		else if (point_write(b, &r->c[0]) != OK || schnorr_verify(r->possession, b + 1, &h) != OK)
			(void)field_bad(&f, 1, "the proof of possession is false");
	}
	return close_message(root, &f, call, index, 2, why);
}

/* sum over i of l^i c_i */
static void
at_point(struct point *out, const struct point *c, unsigned t, unsigned l)
{
	struct scalar x;
	struct point sum = c[t - 1];

	scalar_u64(&x, l);
	for (unsigned i = t - 1; i-- > 0;) {
		point_mul_var(&sum, &sum, &x);
		point_add(&sum, &sum, &c[i]);
	}
	*out = sum;
}

enum err
ceremony_agree(struct joint_key *out, const struct call *call, const struct message *round1, const struct message *round2, unsigned attempt, struct why *why)
{
	struct reveal *r = calloc(call->trustees, sizeof *r);
	struct joint_key j = {.k = call->trustees, .t = call->threshold, .attempt = attempt};
	struct point sum[MAX_TRUSTEES];
	enum err e = OK;

	if (r == NULL)
		return ERR_NOMEM;
	for (unsigned i = 0; i < j.t; i++)
		sum[i] = POINT_INFINITY;
	for (unsigned i = 1; i <= j.k && e == OK; i++) { /* whose message of round 1 is at fault, before what all saw of it */
		struct json *root;
		struct fields f;

		if ((e = open_message(&root, &f, &round1[i - 1], 1, "ceremony-round1", call, i, attempt, why)) == OK) {
			uint8_t transport[32];
			struct hash h;

			field_hex(&f, "transport", transport, 32);
			field_hash(&f, "commitment", &h);
			e = close_message(root, &f, call, i, 1, why);
		}
	}
	for (unsigned i = 1; i <= j.k && e == OK; i++) {
		if ((e = read_reveal(&r[i - 1], call, round1, round2, i, attempt, why)) != OK)
			break;
		for (unsigned k = 0; k + 1 < i && e == OK; k++)
			if (point_equal(&r[k].c[0], &r[i - 1].c[0]))
				e = why_set(why, ERR_PROOF, "trustees %u and %u revealed the same constant point", k + 1, i);
		for (unsigned c = 0; c < j.t; c++)
			point_add(&sum[c], &sum[c], &r[i - 1].c[c]);
	}
	if (e == OK) {
		j.key = sum[0];
		for (unsigned l = 1; l <= j.k; l++) {
			at_point(&j.share_key[l - 1], sum, j.t, l);
			if (j.share_key[l - 1].inf || j.key.inf)
				e = why_set(why, ERR_PROOF, "the joint key or a share is zero: start again");
		}
	}
	free(r);
	if (e == OK)
		*out = j;
	return e;
}

static void
share_info(struct buf *b, const struct call *call, unsigned attempt, unsigned dealer, unsigned to)
{
	buf_str(b, tag_name(TAG_CEREMONY_SHARE));
	buf_put(b, call->hash.b, HASH_BYTES);
	buf_u32(b, attempt);
	buf_u8(b, dealer);
	buf_u8(b, to);
}

enum err
ceremony_round3(const struct ceremony_state *s, struct message *out, const struct call *call, const struct message *round1, const struct message *round2, unsigned to, const struct signer *by, struct why *why)
{
	struct {
		struct scalar x, value;
	} k;
	struct joint_key agreed;
	struct reveal r;
	struct buf info = {0}, sealed = {0};
	struct json_out o;
	enum err e;

	if ((e = ceremony_agree(&agreed, call, round1, round2, s->attempt, why)) != OK ||
	    (e = read_reveal(&r, call, round1, round2, to, s->attempt, why)) != OK)
		return e;
	scalar_u64(&k.x, to);
	k.value = s->a[s->t - 1];
	for (unsigned i = s->t - 1; i-- > 0;) {
		scalar_mul(&k.value, &k.value, &k.x);
		scalar_add(&k.value, &k.value, &s->a[i]);
	}
	share_info(&info, call, s->attempt, s->index, to);
	e = hpke_seal(&sealed, r.transport, info.p, info.n, NULL, 0, k.value.b, SCALAR_BYTES);
	if (e == OK) {
		begin(&o, out, "ceremony-round3", call, s);
		json_int(&o, "to", to);
		json_hex(&o, "share", sealed.p, sealed.n);
		json_end(&o, '}');
		e = sign(out, 3, call, by, why);
	}
	wipe(&k, sizeof k);
	buf_free(&info);
	buf_free(&sealed);
	return e;
}

/* Open dealer's envelope for `to` and hold it against the reveal. *lies: the envelope is properly signed and at fault. */
static enum err
open_share(struct scalar *share, int *lies, const struct call *call, unsigned attempt, unsigned to, const uint8_t transport[32], unsigned dealer,
    const struct message *envelope, const struct message *round1, const struct message *round2, struct why *why)
{
	const char *who = call->trustee[dealer - 1].key.name;
	struct {
		struct scalar part;
		struct buf plain;
	} k = {.part = SCALAR_ZERO};
	uint8_t sealed[SCALAR_BYTES + HPKE_OVERHEAD];
	struct point have, want;
	struct buf info = {0};
	struct reveal r;
	struct json *root;
	struct fields f;
	enum err e;

	*lies = 0;
	if ((e = open_message(&root, &f, envelope, 3, "ceremony-round3", call, dealer, attempt, why)) != OK)
		return e;
	(void)field_int(&f, "to", to, to);
	field_hex(&f, "share", sealed, sizeof sealed);
	if ((e = close_message(root, &f, call, dealer, 3, why)) != OK || (e = read_reveal(&r, call, round1, round2, dealer, attempt, why)) != OK)
		return e;
	share_info(&info, call, attempt, dealer, to);
	if (hpke_open(&k.plain, transport, info.p, info.n, NULL, 0, sealed, sizeof sealed) != OK || k.plain.n != SCALAR_BYTES ||
	    scalar_read(&k.part, k.plain.p) != OK) {
		e = why_set(why, ERR_PROOF, "the share from trustee %u (%s) for trustee %u cannot be opened", dealer, who, to);
	} else {
		point_mul_base(&have, &k.part);
		declassify(&have, sizeof have); /* it follows from what was revealed, or somebody lied */
		at_point(&want, r.c, call->threshold, to);
		if (!point_equal(&have, &want))
			e = why_set(why, ERR_PROOF, "the share from trustee %u (%s) for trustee %u is not on the polynomial it revealed", dealer, who, to);
	}
	*lies = e != OK;
	if (e == OK)
		*share = k.part;
	buf_free(&k.plain);
	buf_free(&info);
	wipe(&k, sizeof k);
	return e;
}

enum err
ceremony_finish(const struct ceremony_state *s, struct scalar *share, const struct call *call, const struct message *round1, const struct message *round2, const struct message *round3, unsigned *liar, struct why *why)
{
	struct {
		struct scalar sum, part;
	} k = {.sum = SCALAR_ZERO};
	struct joint_key agreed;
	int lies = 0;
	enum err e;

	if (liar != NULL)
		*liar = 0;
	if ((e = ceremony_agree(&agreed, call, round1, round2, s->attempt, why)) != OK)
		return e;
	for (unsigned j = 1; j <= s->k && e == OK; j++) {
		e = open_share(&k.part, &lies, call, s->attempt, s->index, s->transport, j, &round3[j - 1], round1, round2, why);
		if (e == OK)
			scalar_add(&k.sum, &k.sum, &k.part);
		else if (lies && liar != NULL)
			*liar = j;
	}
	if (e == OK)
		*share = k.sum;
	wipe(&k, sizeof k);
	return e;
}

/* ---- complaints ------------------------------------------------------------------------ */

static void
put_message(struct json_out *o, const char *name, const struct message *m)
{
	struct buf text = {0}, note = {0};

	buf_put(&text, m->text.p, m->text.n);
	buf_put(&note, m->note.p, m->note.n);
	json_begin(o, name, '{');
	json_text(o, "text", buf_cstr(&text));
	json_text(o, "note", buf_cstr(&note));
	json_end(o, '}');
	buf_free(&text);
	buf_free(&note);
}

enum err
ceremony_complain(struct message *out, const struct ceremony_state *s, const struct call *call, unsigned dealer, const struct message *envelope, const struct signer *by, struct why *why)
{
	struct json_out o;

	begin(&o, out, purpose[COMPLAINT], call, s);
	json_int(&o, "dealer", dealer);
	json_hex(&o, "transport_secret", s->transport, 32);
	put_message(&o, "envelope", envelope);
	json_end(&o, '}');
	return sign(out, COMPLAINT, call, by, why);
}

/* The fields that every message begins with, before its signer is known. */
static enum err
whose(unsigned *index, unsigned *attempt, const struct message *m, const struct call *call, struct why *why)
{
	struct json *root = NULL;
	struct fields f;
	enum err e;

	if ((e = json_parse(&root, m->text.p, m->text.n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	*attempt = (unsigned)field_int(&f, "attempt", 1, ATTEMPTS);
	*index = (unsigned)field_int(&f, "index", 1, call->trustees);
	e = f.e;
	json_free(root);
	return e;
}

enum err
ceremony_judge(unsigned *liar, unsigned *accuser, unsigned *dealer, const struct message *complaint, const struct call *call, const struct message *round1, const struct message *round2, struct why *why)
{
	struct message envelope = {{0}, {0}};
	struct scalar part;
	struct json *root = NULL;
	struct fields f, g;
	struct reveal r;
	uint8_t secret[32], public[32];
	unsigned attempt;
	int lies;
	enum err e;

	if ((e = whose(accuser, &attempt, complaint, call, why)) != OK ||
	    (e = open_message(&root, &f, complaint, COMPLAINT, purpose[COMPLAINT], call, *accuser, attempt, why)) != OK)
		return e;
	*dealer = (unsigned)field_int(&f, "dealer", 1, call->trustees);
	field_hex(&f, "transport_secret", secret, sizeof secret);
	g = fields_of(field_object(&f, "envelope"), why);
	if (f.e == OK) {
		buf_str(&envelope.text, field_text(&g, "text", 65536));
		buf_str(&envelope.note, field_text(&g, "note", 65536));
		f.e = fields_end(&g);
	}
	if ((e = close_message(root, &f, call, *accuser, COMPLAINT, why)) != OK || (e = read_reveal(&r, call, round1, round2, *accuser, attempt, why)) != OK)
		goto done;
	/* an envelope that the dealer did not sign, or another key than the one of round 1, proves nothing against the dealer */
	if (hpke_public(public, secret) != OK || memcmp(public, r.transport, 32) != 0) {
		*liar = *accuser;
		goto done;
	}
	e = open_share(&part, &lies, call, attempt, *accuser, secret, *dealer, &envelope, round1, round2, NULL);
	*liar = e != OK && lies ? *dealer : *accuser;
	e = OK;
	wipe(&part, sizeof part);
done:
	message_free(&envelope);
	return e;
}

/* ---- between machines ------------------------------------------------------------------- */

enum err
ceremony_save(struct buf *out, const struct ceremony_state *s, const struct call *call, const uint8_t key[32])
{
	struct buf b = {0};
	enum err e;

	buf_u8(&b, s->index);
	buf_u32(&b, s->attempt);
	for (unsigned i = 0; i < s->t; i++)
		buf_put(&b, s->a[i].b, SCALAR_BYTES);
	buf_put(&b, s->transport, 32);
	buf_put(&b, s->transport_key, 32);
	buf_put(&b, s->possession, SCHNORR_BYTES);
	e = b.failed ? ERR_NOMEM : seal(out, key, b.p, b.n, call->hash.b, HASH_BYTES);
	buf_free(&b);
	return e;
}

enum err
ceremony_load(struct ceremony_state *out, const struct call *call, const uint8_t key[32], const void *p, size_t n, struct why *why)
{
	struct buf b = {0};
	struct rd r;
	enum err e = OK;

	if (unseal(&b, key, p, n, call->hash.b, HASH_BYTES) != OK)
		return why_set(why, ERR_DENIED, "the ceremony's state is of another call or passphrase");
	memset(out, 0, sizeof *out);
	r = rd_init(b.p, b.n);
	out->t = call->threshold;
	out->k = call->trustees;
	out->index = rd_u8(&r);
	out->attempt = rd_u32(&r);
	for (unsigned i = 0; i < out->t; i++) {
		rd_copy(&r, out->a[i].b, SCALAR_BYTES);
		if (!r.failed)
			point_mul_base(&out->c[i], &out->a[i]);
	}
	rd_copy(&r, out->transport, 32);
	rd_copy(&r, out->transport_key, 32);
	rd_copy(&r, out->possession, SCHNORR_BYTES);
	if (rd_done(&r) != OK || out->index < 1 || out->index > out->k) {
		ceremony_forget(out);
		e = why_set(why, ERR_FORMAT, "the ceremony's state is malformed");
	}
	buf_free(&b);
	return e;
}

static void
put_cards(struct json_out *o, const struct card *cards, size_t n)
{
	json_begin(o, "cards", '[');
	for (size_t i = 0; i < n; i++) {
		json_begin(o, NULL, '{');
		json_int(o, "trustee", cards[i].trustee);
		json_int(o, "set", cards[i].set);
		json_text(o, "label", cards[i].label);
		json_text(o, "serial", cards[i].serial);
		json_end(o, '}');
	}
	json_end(o, ']');
}

static void
get_cards(struct fields *f, struct card *cards, size_t *n, size_t room, const struct call *call)
{
	struct json *list = field_array(f, "cards", room - *n);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++, ++*n) {
		struct card *c = &cards[*n];
		struct fields g = fields_of(list->item[i], f->why);

		c->trustee = (unsigned)field_int(&g, "trustee", 1, call->trustees);
		c->set = (unsigned)field_int(&g, "set", 1, 9);
		field_copy(&g, "label", c->label, sizeof c->label);
		field_copy(&g, "serial", c->serial, sizeof c->serial);
		for (size_t k = 0; k < *n && g.e == OK; k++)
			if (strcmp(cards[k].serial, c->serial) == 0)
				(void)field_bad(&g, list->item[i]->line, "one card stands twice");
		f->e = fields_end(&g);
	}
}

enum err
ceremony_cards(struct message *out, const struct call *call, unsigned index, unsigned attempt, const struct card *cards, size_t n, const struct signer *by, struct why *why)
{
	struct ceremony_state s = {.index = index, .attempt = attempt};
	struct json_out o;

	begin(&o, out, purpose[CARDS], call, &s);
	put_cards(&o, cards, n);
	json_end(&o, '}');
	return sign(out, CARDS, call, by, why);
}

enum err
ceremony_cards_read(struct card *cards, size_t *n, size_t room, const struct message *m, const struct call *call, unsigned index, unsigned attempt, struct why *why)
{
	size_t first = *n;
	struct json *root;
	struct fields f;
	enum err e;

	if ((e = open_message(&root, &f, m, CARDS, purpose[CARDS], call, index, attempt, why)) != OK)
		return e;
	get_cards(&f, cards, n, room, call);
	for (size_t i = first; i < *n && f.e == OK; i++)
		if (cards[i].trustee != index)
			(void)field_bad(&f, 1, "card %s is named as another trustee's", cards[i].serial);
	if (f.e == OK && *n == first)
		(void)field_bad(&f, 1, "no card is named");
	return close_message(root, &f, call, index, CARDS, why);
}

/* ---- transcript ------------------------------------------------------------------------ */

static void
messages(struct json_out *o, const char *name, const struct message *m, unsigned k)
{
	json_begin(o, name, '[');
	for (unsigned i = 0; i < k; i++)
		put_message(o, NULL, &m[i]);
	json_end(o, ']');
}

enum err
transcript_write(struct buf *out, const struct call *call, const struct message *round1, const struct message *round2, const struct joint_key *key, const struct card *cards, size_t cards_n)
{
	struct json_out o = json_out(out);
	uint8_t b[POINT_BYTES];

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "key-transcript");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &call->hash);
	json_int(&o, "attempt", key->attempt);
	messages(&o, "round1", round1, call->trustees);
	messages(&o, "round2", round2, call->trustees);
	if (point_write(b, &key->key) != OK)
		return ERR_RANGE;
	json_hex(&o, "joint_key", b, POINT_BYTES);
	json_begin(&o, "share_keys", '[');
	for (unsigned i = 0; i < key->k; i++) {
		if (point_write(b, &key->share_key[i]) != OK)
			return ERR_RANGE;
		json_hex(&o, NULL, b, POINT_BYTES);
	}
	json_end(&o, ']');
	put_cards(&o, cards, cards_n);
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

static void
read_messages(struct fields *f, const char *name, struct message *m, unsigned k)
{
	struct json *list = field_array(f, name, k);

	if (list != NULL && list->n != k)
		(void)field_bad(f, list->line, "\"%s\" must have %u messages", name, k);
	for (unsigned i = 0; f->e == OK && i < k; i++) {
		struct fields g = fields_of(list->item[i], f->why);

		buf_str(&m[i].text, field_text(&g, "text", 65536));
		buf_str(&m[i].note, field_text(&g, "note", 65536));
		f->e = fields_end(&g);
	}
}

enum err
transcript_read(struct joint_key *out, struct card *cards, size_t *cards_n, const void *p, size_t n, const struct call *call, struct why *why)
{
	struct message *m = calloc(2 * MAX_TRUSTEES, sizeof *m);
	struct joint_key j = {0};
	struct json *root = NULL, *list;
	struct fields f;
	struct hash of;
	unsigned attempt;
	size_t have = 0;
	uint8_t b[POINT_BYTES], want[POINT_BYTES];
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if ((e = json_parse(&root, p, n, 8 << 20, why)) != OK)
		goto done;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "key-transcript") != 0)
		(void)field_bad(&f, 1, "not a key transcript");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &of);
	if (f.e == OK && !hash_equal(&of, &call->hash))
		(void)field_bad(&f, 1, "the transcript is of another call");
	attempt = (unsigned)field_int(&f, "attempt", 1, ATTEMPTS);
	read_messages(&f, "round1", m, call->trustees);
	read_messages(&f, "round2", m + MAX_TRUSTEES, call->trustees);
	if (f.e == OK)
		f.e = ceremony_agree(&j, call, m, m + MAX_TRUSTEES, attempt, why);
	field_hex(&f, "joint_key", b, POINT_BYTES);
	if (f.e == OK && (point_write(want, &j.key) != OK || memcmp(b, want, POINT_BYTES) != 0))
		(void)field_bad(&f, 1, "the joint key is not the sum of the revealed points");
	list = field_array(&f, "share_keys", call->trustees);
	if (list != NULL && list->n != call->trustees)
		(void)field_bad(&f, list->line, "one share key a trustee is needed");
	for (unsigned i = 0; f.e == OK && i < j.k; i++)
		if (list->item[i]->text == NULL || hex_decode(b, POINT_BYTES, list->item[i]->text, strlen(list->item[i]->text)) != OK ||
		    point_write(want, &j.share_key[i]) != OK || memcmp(b, want, POINT_BYTES) != 0)
			(void)field_bad(&f, list->item[i]->line, "the share key of trustee %u is not what its points give", i + 1);
	get_cards(&f, cards, &have, *cards_n, call);
	e = fields_end(&f);
done:
	json_free(root);
	for (unsigned i = 0; i < 2 * MAX_TRUSTEES; i++)
		message_free(&m[i]);
	free(m);
	if (e != OK)
		return why_prefix(why, e, "key/transcript.json");
	*cards_n = have;
	*out = j;
	return OK;
}

enum err
pin_allowed(const struct call *call, const char *pin, size_t n, struct why *why)
{
	size_t digits = 0;

	while (digits < n && pin[digits] >= '0' && pin[digits] <= '9')
		digits++;
	return call->tries_in_hardware || digits < n ? OK : why_set(why, ERR_RANGE, "a PIN of digits alone: the call says that its cards do not count tries in hardware "
	    "(cards, tries_in_hardware); urna trustee card makes one that nobody guesses");
}
