#include "crypto/schnorr.h"

#include <stdlib.h>
#include <string.h>

#include <secp256k1_schnorrsig.h>

#include "crypto/ct.h"
#include "crypto/parallel.h"

/* Below this many, one by one is faster than a batch (five square roots an
 * item, and small multi-multiplications gain little). */
enum { BATCH_LEAST = 200 };

enum err
schnorr_public(uint8_t key[XONLY_BYTES], const struct scalar *secret)
{
	struct point p;
	uint8_t y[32];

	point_mul_base(&p, secret);
	if (p.inf)
		return ERR_RANGE;
	declassify(&p.pk, sizeof p.pk); /* it is the public key */
	return point_write_xy(key, y, &p);
}

enum err
schnorr_sign_with(uint8_t sig[SCHNORR_BYTES], const struct scalar *secret, const struct hash *message, const uint8_t aux[32])
{
	struct {
		secp256k1_keypair pair;
		uint8_t sig[64];
	} s;
	int good;

	good = secp256k1_keypair_create(group_context(), &s.pair, secret->b);
	declassify(&good, sizeof good); /* false only for a zero secret */
	if (good)
		good = secp256k1_schnorrsig_sign32(group_context(), s.sig, message->b, &s.pair, aux);
	declassify(&good, sizeof good);
	declassify(s.sig, sizeof s.sig); /* signatures are public */
	if (good)
		memcpy(sig, s.sig, 64);
	wipe(&s, sizeof s);
	return good ? OK : ERR_RANGE;
}

enum err
schnorr_sign(uint8_t sig[SCHNORR_BYTES], const struct scalar *secret, const struct hash *message)
{
	uint8_t fresh[32];
	enum err e;

	random_bytes(fresh, sizeof fresh);
	e = schnorr_sign_with(sig, secret, message, fresh);
	wipe(fresh, sizeof fresh);
	return e;
}

enum err
schnorr_verify(const uint8_t sig[SCHNORR_BYTES], const uint8_t key[XONLY_BYTES], const struct hash *message)
{
	secp256k1_xonly_pubkey pk;

	if (secp256k1_xonly_pubkey_parse(group_context(), &pk, key) != 1)
		return ERR_RANGE;
	return secp256k1_schnorrsig_verify(group_context(), sig, message->b, HASH_BYTES, &pk) == 1 ? OK : ERR_PROOF;
}

static void
one_by_one(struct schnorr_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i].bad = schnorr_verify(items[i].sig, items[i].key, &items[i].message) != OK;
}

/* An x coordinate with an even y (BIP 340's lift_x). */
static enum err
lift_x(struct point *p, const uint8_t x[32])
{
	uint8_t b[POINT_BYTES];

	b[0] = 2;
	memcpy(b + 1, x, 32);
	return point_read(p, b);
}

struct batch {
	struct schnorr_item *items;
	struct point *r, *key;
	struct scalar *a, *e, *s; /* coefficient; coefficient times challenge; times the signature's s */
	struct hash prefix[2];
};

/* Read items and weigh them by their coefficients, which stand in a. */
static void
weigh(void *ctx, size_t begin, size_t end)
{
	struct batch *x = ctx;

	for (size_t i = begin; i < end; i++) {
		struct schnorr_item *it = &x->items[i];
		struct hash challenge;
		uint8_t body[96];

		if (scalar_read(&x->s[i], it->sig + 32) != OK || lift_x(&x->r[i], it->sig) != OK || lift_x(&x->key[i], it->key) != OK) {
			it->bad = 1;
			continue;
		}
		memcpy(body, it->sig, 32);
		memcpy(body + 32, it->key, 32);
		memcpy(body + 64, it->message.b, 32);
		sha256_3(&challenge, x->prefix, sizeof x->prefix, body, sizeof body, NULL, 0);
		scalar_reduce(&x->e[i], challenge.b, sizeof challenge.b);
		memset(x->a[i].b, 0, 16);
		scalar_mul(&x->e[i], &x->e[i], &x->a[i]);
		scalar_mul(&x->s[i], &x->s[i], &x->a[i]);
	}
}

/* sum a_i R_i + sum (a_i e_i) P_i - (sum a_i s_i) G = 0. Full-size and short
 * scalars go through separate multiplications. Returns 1 if it holds, 0 if
 * not, -1 without memory; items that do not even parse are marked and left out. */
static int
holds(struct schnorr_item *items, size_t n, unsigned threads)
{
	static const char tag[] = "BIP0340/challenge";
	struct batch x = {.items = items, .r = malloc(2 * n * sizeof *x.r), .a = malloc(3 * n * sizeof *x.a)};
	struct scalar total = SCALAR_ZERO;
	struct point sum[3];
	int answer = -1;
	size_t k = 0;

	if (x.r == NULL || x.a == NULL)
		goto done;
	x.key = x.r + n;
	x.e = x.a + n;
	x.s = x.e + n;
	sha256(&x.prefix[0], tag, sizeof tag - 1);
	x.prefix[1] = x.prefix[0];
	random_bytes(x.a, n * sizeof *x.a); /* one call: each costs more than the bytes */
	parallel(n, threads, weigh, &x);
	for (size_t i = 0; i < n; i++) {
		if (items[i].bad)
			continue;
		x.r[k] = x.r[i];
		x.key[k] = x.key[i];
		x.a[k] = x.a[i];
		x.e[k] = x.e[i];
		scalar_add(&total, &total, &x.s[i]);
		k++;
	}
	if (point_msm_var(&sum[0], x.r, x.a, k, 128, threads) != OK || point_msm_var(&sum[1], x.key, x.e, k, 256, threads) != OK)
		goto done;
	scalar_neg(&total, &total);
	point_mul_base(&sum[2], &total);
	point_sum(&sum[0], sum, 3);
	answer = sum[0].inf;

done:
	free(x.r);
	free(x.a);
	return answer;
}

static enum err
bisect(struct schnorr_item *items, size_t n, unsigned threads)
{
	enum err e;
	int answer;

	if (n < BATCH_LEAST) {
		one_by_one(items, n);
		return OK;
	}
	if ((answer = holds(items, n, threads)) < 0)
		return ERR_NOMEM;
	if (answer == 1)
		return OK;
	if ((e = bisect(items, n / 2, threads)) != OK)
		return e;
	return bisect(items + n / 2, n - n / 2, threads);
}

enum err
schnorr_verify_batch(struct schnorr_item *items, size_t n, unsigned threads)
{
	enum { AT_ONCE = 16384 };

	for (size_t i = 0; i < n; i++)
		items[i].bad = 0;
	for (size_t at = 0; at < n; at += AT_ONCE) {
		enum err e = bisect(items + at, n - at < AT_ONCE ? n - at : AT_ONCE, threads);

		if (e != OK)
			return e;
	}
	for (size_t i = 0; i < n; i++)
		if (items[i].bad)
			return ERR_PROOF;
	return OK;
}
