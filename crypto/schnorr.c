#include "crypto/schnorr.h"

#include <stdlib.h>
#include <string.h>

#include <secp256k1_schnorrsig.h>

#include "crypto/ct.h"

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

/* sum a_i R_i + sum (a_i e_i) P_i - (sum a_i s_i) G = 0. Full-size and short
 * scalars go through separate multiplications. Returns 1 if it holds, 0 if
 * not, -1 without memory; items that do not even parse are marked and left out. */
static int
holds(struct schnorr_item *items, size_t n, unsigned threads)
{
	static const char tag[] = "BIP0340/challenge";
	struct point *r = malloc(2 * n * sizeof *r), *key = r + n, sum[3];
	struct scalar *a = malloc((2 * n + 1) * sizeof *a), *e = a + n, s, total = SCALAR_ZERO;
	struct hash prefix[2];
	int answer = -1;
	size_t k = 0;

	if (r == NULL || a == NULL)
		goto done;
	sha256(&prefix[0], tag, sizeof tag - 1);
	prefix[1] = prefix[0];
	for (size_t i = 0; i < n; i++) {
		struct hash challenge;
		uint8_t body[96];

		if (scalar_read(&s, items[i].sig + 32) != OK || lift_x(&r[k], items[i].sig) != OK ||
		    lift_x(&key[k], items[i].key) != OK) {
			items[i].bad = 1;
			continue;
		}
		memcpy(body, items[i].sig, 32);
		memcpy(body + 32, items[i].key, 32);
		memcpy(body + 64, items[i].message.b, 32);
		sha256_3(&challenge, prefix, sizeof prefix, body, sizeof body, NULL, 0);
		scalar_reduce(&e[k], challenge.b, sizeof challenge.b);
		memset(&a[k], 0, sizeof a[k]);
		random_bytes(a[k].b + 16, 16);
		scalar_mul(&e[k], &e[k], &a[k]);
		scalar_mul(&s, &s, &a[k]);
		scalar_add(&total, &total, &s);
		k++;
	}
	if (point_msm_var(&sum[0], r, a, k, 128, threads) != OK || point_msm_var(&sum[1], key, e, k, 256, threads) != OK)
		goto done;
	scalar_neg(&total, &total);
	point_mul_base(&sum[2], &total);
	point_sum(&sum[0], sum, 3);
	answer = sum[0].inf;

done:
	free(r);
	free(a);
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
