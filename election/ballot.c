#include "election/ballot.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/kdf.h"
#include "crypto/parallel.h"

/* ---- bytes --------------------------------------------------------------------- */

static void
unsigned_part(struct buf *out, const struct ballot *b)
{
	buf_put(out, b->election.b, HASH_BYTES);
	buf_u16(out, b->style);
	buf_put(out, b->key, XONLY_BYTES);
	buf_u8(out, b->signatures);
	for (unsigned i = 0; i < b->signatures; i++) {
		buf_u8(out, b->token[i].authorizer);
		buf_put(out, b->token[i].sig, RSA_BYTES);
	}
	buf_u8(out, b->contests);
	for (unsigned i = 0; i < b->contests; i++) {
		buf_put(out, b->vote[i].c1, POINT_BYTES);
		buf_put(out, b->vote[i].c2, POINT_BYTES);
		buf_put(out, b->vote[i].proof, SCHNORR_BYTES);
	}
}

void
ballot_write(struct buf *out, const struct ballot *b)
{
	unsigned_part(out, b);
	buf_put(out, b->sig, SCHNORR_BYTES);
}

enum err
ballot_read(struct ballot *out, const void *p, size_t n)
{
	struct rd r = rd_init(p, n);
	struct ballot b;

	memset(&b, 0, sizeof b);
	rd_copy(&r, b.election.b, HASH_BYTES);
	b.style = rd_u16(&r);
	rd_copy(&r, b.key, XONLY_BYTES);
	b.signatures = rd_u8(&r);
	if (b.signatures > MAX_AUTHORIZERS)
		return ERR_FORMAT;
	for (unsigned i = 0; i < b.signatures; i++) {
		b.token[i].authorizer = rd_u8(&r);
		rd_copy(&r, b.token[i].sig, RSA_BYTES);
		if (b.token[i].authorizer == 0 || b.token[i].authorizer > MAX_AUTHORIZERS ||
		    (i > 0 && b.token[i].authorizer <= b.token[i - 1].authorizer))
			return ERR_FORMAT;
	}
	b.contests = rd_u8(&r);
	if (b.contests > MAX_CONTESTS)
		return ERR_FORMAT;
	for (unsigned i = 0; i < b.contests; i++) {
		rd_copy(&r, b.vote[i].c1, POINT_BYTES);
		rd_copy(&r, b.vote[i].c2, POINT_BYTES);
		rd_copy(&r, b.vote[i].proof, SCHNORR_BYTES);
	}
	rd_copy(&r, b.sig, SCHNORR_BYTES);
	if (rd_done(&r) != OK)
		return ERR_LENGTH;
	*out = b;
	return OK;
}

/* ---- hashes -------------------------------------------------------------------- */

/* Hash the buffer under the tag and free it. */
static void
finish(struct hash *out, enum tag tag, struct buf *b)
{
	if (b->failed)
		abort();
	tagged_hash(out, tag, b->p, b->n);
	buf_free(b);
}

void
token_hash(struct hash *out, const struct hash *election, unsigned style, const uint8_t key[XONLY_BYTES])
{
	struct buf b = {0};

	buf_put(&b, election->b, HASH_BYTES);
	buf_u16(&b, style);
	buf_put(&b, key, XONLY_BYTES);
	finish(out, TAG_TOKEN, &b);
}

void
commitment_hash(struct hash *out, const struct ballot *x)
{
	struct buf b = {0};

	buf_put(&b, x->election.b, HASH_BYTES);
	buf_u16(&b, x->style);
	buf_put(&b, x->key, XONLY_BYTES);
	buf_u8(&b, x->contests);
	for (unsigned i = 0; i < x->contests; i++) {
		buf_put(&b, x->vote[i].c1, POINT_BYTES);
		buf_put(&b, x->vote[i].c2, POINT_BYTES);
	}
	finish(out, TAG_COMMITMENT, &b);
}

static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32, without l, o, 0, 1 */

void
commitment_letters(char out[40], const struct hash *h)
{
	size_t n = 0;

	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = 5 * i, v = 0;

		for (unsigned k = 0; k < 5; k++)
			v = v << 1 | ((unsigned)h->b[(bit + k) / 8] >> (7 - (bit + k) % 8) & 1u);
		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[v];
	}
	out[n] = '\0';
}

static void
proof_hash(struct hash *out, const struct ballot *x, unsigned at)
{
	struct buf b = {0};

	buf_put(&b, x->election.b, HASH_BYTES);
	buf_u16(&b, x->style);
	buf_u8(&b, at + 1);
	buf_put(&b, x->key, XONLY_BYTES);
	buf_put(&b, x->vote[at].c1, POINT_BYTES);
	buf_put(&b, x->vote[at].c2, POINT_BYTES);
	finish(out, TAG_BALLOT_PROOF, &b);
}

static void
ballot_hash(struct hash *out, const struct ballot *x)
{
	struct buf b = {0};

	unsigned_part(&b, x);
	finish(out, TAG_BALLOT, &b);
}

/* ---- making -------------------------------------------------------------------- */

enum err
ballot_mark(struct ballot *b, struct scalar *exponents, const struct hash *election, unsigned style,
    const uint8_t key[XONLY_BYTES], const struct point *markings, unsigned contests, const struct point *joint)
{
	struct ciphertext c;
	enum err e;

	b->election = *election;
	b->style = style;
	memcpy(b->key, key, XONLY_BYTES);
	b->contests = contests;
	for (unsigned i = 0; i < contests; i++) {
		scalar_random(&exponents[i]);
		elgamal_encrypt(&c, &markings[i], joint, &exponents[i]);
		if ((e = point_write(b->vote[i].c1, &c.c1)) != OK || (e = point_write(b->vote[i].c2, &c.c2)) != OK)
			return e;
	}
	return OK;
}

enum err
ballot_finish(struct ballot *b, const struct scalar *exponents, const struct scalar *one_time)
{
	struct hash h;
	enum err e;

	for (unsigned i = 0; i < b->contests; i++) {
		proof_hash(&h, b, i);
		if ((e = schnorr_sign(b->vote[i].proof, &exponents[i], &h)) != OK)
			return e;
	}
	ballot_hash(&h, b);
	return schnorr_sign(b->sig, one_time, &h);
}

/* ---- checking ------------------------------------------------------------------ */

/* What needs no curve arithmetic but parsing. */
static enum err
shape(const struct ballot *b, const struct hash *election, const struct manifest *m, struct why *why)
{
	struct point p;

	if (!hash_equal(&b->election, election))
		return why_set(why, ERR_RANGE, "the ballot is of another election");
	if (b->style < 1 || b->style > m->styles)
		return why_set(why, ERR_RANGE, "the ballot's style %u is unknown", b->style);
	if (b->contests != m->style[b->style - 1].contests)
		return why_set(why, ERR_RANGE, "the ballot has %u contests, its style %u", b->contests, m->style[b->style - 1].contests);
	for (unsigned i = 0; i < b->contests; i++) {
		if (point_read(&p, b->vote[i].c1) != OK || point_read(&p, b->vote[i].c2) != OK)
			return why_set(why, ERR_FORMAT, "contest %u: not points of the curve", i + 1);
		for (unsigned k = 0; k < i; k++)
			if (memcmp(b->vote[i].c1 + 1, b->vote[k].c1 + 1, 32) == 0)
				return why_set(why, ERR_RANGE, "contests %u and %u use the same randomness", k + 1, i + 1);
	}
	return OK;
}

enum err
ballot_check(const struct ballot *b, const struct hash *election, const struct manifest *m, struct why *why)
{
	struct hash h;
	enum err e;

	if ((e = shape(b, election, m, why)) != OK)
		return e;
	for (unsigned i = 0; i < b->contests; i++) {
		proof_hash(&h, b, i);
		if (schnorr_verify(b->vote[i].proof, b->vote[i].c1 + 1, &h) != OK)
			return why_set(why, ERR_PROOF, "contest %u: the proof of knowledge is false", i + 1);
	}
	ballot_hash(&h, b);
	if (schnorr_verify(b->sig, b->key, &h) != OK)
		return why_set(why, ERR_PROOF, "the ballot's signature is false");
	return OK;
}

struct shapes {
	const struct ballot *b;
	const struct hash *election;
	const struct manifest *m;
	uint8_t *bad;
};

static void
check_shapes(void *ctx, size_t begin, size_t end)
{
	struct shapes *s = ctx;

	for (size_t i = begin; i < end; i++)
		s->bad[i] = shape(&s->b[i], s->election, s->m, NULL) != OK;
}

enum err
ballots_check(const struct ballot *b, size_t n, const struct hash *election, const struct manifest *m, unsigned threads, uint8_t *bad)
{
	struct shapes s = {b, election, m, bad};
	struct schnorr_item *items;
	size_t k = 0, most = 0;
	enum err e;

	parallel(n, threads, check_shapes, &s);
	for (size_t i = 0; i < n; i++)
		most += bad[i] ? 0 : b[i].contests + 1u;
	if ((items = calloc(most + 1, sizeof *items)) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (bad[i])
			continue;
		for (unsigned c = 0; c < b[i].contests; c++, k++) {
			items[k].sig = b[i].vote[c].proof;
			items[k].key = b[i].vote[c].c1 + 1;
			proof_hash(&items[k].message, &b[i], c);
		}
		items[k].sig = b[i].sig;
		items[k].key = b[i].key;
		ballot_hash(&items[k++].message, &b[i]);
	}
	e = schnorr_verify_batch(items, k, threads);
	k = 0;
	for (size_t i = 0; i < n && e != ERR_NOMEM; i++) {
		int skip = bad[i];

		for (unsigned c = 0; !skip && c <= b[i].contests; c++)
			bad[i] |= (uint8_t)items[k++].bad;
	}
	free(items);
	return e == ERR_NOMEM ? e : OK;
}

unsigned
ballot_set(const struct ballot *b)
{
	unsigned set = 0;

	for (unsigned i = 0; i < b->signatures; i++)
		set |= 1u << (b->token[i].authorizer - 1);
	return set;
}

enum err
ballot_tokens(const struct ballot *b, struct rsa_public *const *const *keys, unsigned authorizers, struct why *why)
{
	struct hash h;

	if (ballot_set(b) >> authorizers != 0)
		return why_set(why, ERR_RANGE, "the ballot names an authorizer that the call does not");
	token_hash(&h, &b->election, b->style, b->key);
	for (unsigned i = 0; i < b->signatures; i++)
		if (rsa_verify(keys[b->token[i].authorizer - 1][b->style - 1], &h, b->token[i].sig) != OK)
			return why_set(why, ERR_PROOF, "the token of authorizer %u is false (of another style or election?)", b->token[i].authorizer);
	return OK;
}

/* ---- the voter's secrets --------------------------------------------------------- */

/* Two check letters: 10 bits of SHA-256 of the twenty. */
static void
check_letters(char out[2], const char *s)
{
	struct hash h;

	sha256(&h, s, PASSWORD_LETTERS - 2);
	out[0] = letters[h.b[0] & 31];
	out[1] = letters[h.b[1] & 31];
}

void
password_make(char out[PASSWORD_LETTERS + 1])
{
	uint8_t random[PASSWORD_LETTERS - 2];

	random_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		out[i] = letters[random[i] & 31];
	check_letters(out + PASSWORD_LETTERS - 2, out);
	out[PASSWORD_LETTERS] = '\0';
	wipe(random, sizeof random);
}

int
password_valid(const char *s)
{
	char want[2];

	if (strlen(s) != PASSWORD_LETTERS || strspn(s, letters) != PASSWORD_LETTERS)
		return 0;
	check_letters(want, s);
	return ct_equal(want, s + PASSWORD_LETTERS - 2, 2);
}

static enum err
from_password(void *out, size_t n, enum tag tag, const char *password, const struct hash *call, const char *user)
{
	struct buf salt = {0};
	enum err e;

	buf_put(&salt, call->b, HASH_BYTES);
	buf_str(&salt, user);
	e = salt.failed ? ERR_NOMEM : hkdf(out, n, password, strlen(password), salt.p, salt.n, tag_name(tag), strlen(tag_name(tag)));
	buf_free(&salt);
	return e;
}

enum err
credential_derive(struct scalar *secret, uint8_t key[XONLY_BYTES], const char *password, const struct hash *call, const char *user)
{
	uint8_t wide[64];
	enum err e = from_password(wide, sizeof wide, TAG_CREDENTIAL, password, call, user);

	if (e == OK) {
		scalar_reduce64(secret, wide);
		e = schnorr_public(key, secret);
	}
	wipe(wide, sizeof wide);
	return e;
}

enum err
seed_key_derive(uint8_t out[32], const char *password, const struct hash *call, const char *user)
{
	return from_password(out, 32, TAG_SEED_KEY, password, call, user);
}

static enum err
from_seed(void *out, size_t n, enum tag tag, const uint8_t seed[32], const struct hash *election, uint32_t index,
    const uint8_t credential[32], unsigned authorizer)
{
	struct buf info = {0};
	enum err e;

	buf_str(&info, tag_name(tag));
	buf_put(&info, election->b, HASH_BYTES);
	buf_u32(&info, index);
	buf_put(&info, credential, 32);
	buf_u8(&info, authorizer);
	e = info.failed ? ERR_NOMEM : hkdf(out, n, seed, 32, NULL, 0, info.p, info.n);
	buf_free(&info);
	return e;
}

enum err
one_time_derive(struct scalar *secret, uint8_t key[XONLY_BYTES], const uint8_t seed[32], const struct hash *election, uint32_t index, const uint8_t credential[32])
{
	uint8_t wide[64];
	enum err e = from_seed(wide, sizeof wide, TAG_ONE_TIME_KEY, seed, election, index, credential, 0);

	if (e == OK) {
		scalar_reduce64(secret, wide);
		e = schnorr_public(key, secret);
	}
	wipe(wide, sizeof wide);
	return e;
}

enum err
blinding_derive(uint8_t out[RSA_BLINDING_BYTES], const uint8_t seed[32], const struct hash *election, uint32_t index, const uint8_t credential[32], unsigned authorizer)
{
	return from_seed(out, RSA_BLINDING_BYTES, TAG_BLINDING, seed, election, index, credential, authorizer);
}

/* ---- authorization ---------------------------------------------------------------- */

void
authorization_write(struct buf *out, const struct authorization *a)
{
	buf_put(out, a->election.b, HASH_BYTES);
	buf_u32(out, a->index);
	buf_u16(out, a->style);
	buf_u8(out, a->n);
	for (unsigned i = 0; i < a->n; i++)
		buf_put(out, a->blinded[i], RSA_BYTES);
	buf_put(out, a->sealed_seed.b, HASH_BYTES);
}

enum err
authorization_read(struct authorization *out, const void *p, size_t n)
{
	struct rd r = rd_init(p, n);
	struct authorization a;

	memset(&a, 0, sizeof a);
	rd_copy(&r, a.election.b, HASH_BYTES);
	a.index = rd_u32(&r);
	a.style = rd_u16(&r);
	a.n = rd_u8(&r);
	if (a.n < 1 || a.n > MAX_AUTHORIZERS)
		return ERR_FORMAT;
	for (unsigned i = 0; i < a.n; i++)
		rd_copy(&r, a.blinded[i], RSA_BYTES);
	rd_copy(&r, a.sealed_seed.b, HASH_BYTES);
	if (rd_done(&r) != OK)
		return ERR_LENGTH;
	*out = a;
	return OK;
}

void
authorization_hash(struct hash *out, const void *request, size_t n)
{
	tagged_hash(out, TAG_AUTHORIZATION, request, n);
}

void
sealed_seed_hash(struct hash *out, const struct hash *election, const uint8_t sealed[SEALED_SEED_BYTES])
{
	struct buf b = {0};

	buf_put(&b, election->b, HASH_BYTES);
	buf_put(&b, sealed, SEALED_SEED_BYTES);
	finish(out, TAG_SEALED_SEED, &b);
}

void
confirmation_hash(struct hash *out, const struct hash *election, uint32_t index)
{
	struct buf b = {0};

	buf_put(&b, election->b, HASH_BYTES);
	buf_u32(&b, index);
	finish(out, TAG_CONFIRMATION, &b);
}

void
login_hash(struct hash *out, const struct hash *election, const char *origin, const uint8_t server_nonce[32], const uint8_t client_nonce[32], const char *user)
{
	struct buf b = {0};

	buf_put(&b, election->b, HASH_BYTES);
	buf_vec16(&b, origin, strlen(origin));
	buf_put(&b, server_nonce, 32);
	buf_put(&b, client_nonce, 32);
	buf_vec8(&b, user, strlen(user));
	finish(out, TAG_LOGIN, &b);
}

void
receipt_request_hash(struct hash *out, const struct hash *election, const uint8_t key[32], int64_t time)
{
	struct buf b = {0};

	buf_put(&b, election->b, HASH_BYTES);
	buf_put(&b, key, 32);
	buf_u64(&b, (uint64_t)time);
	finish(out, TAG_RECEIPT_REQUEST, &b);
}
