#include "crypto/rsablind.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { DIGEST = 48, MOST_BYTES = 1024, EXPONENT = 65537 };

struct rsa_secret {
	EVP_PKEY *key;
	struct rsa_public *public;
	uint8_t n[RSA_BYTES];
};

struct rsa_public {
	EVP_PKEY *key;
	BIGNUM *n, *e;
	BN_MONT_CTX *mont;
};

/* ---- encoding -------------------------------------------------------------- */

static enum err
digest(uint8_t out[DIGEST], const void *a, size_t an, const void *b, size_t bn)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good = ctx != NULL && EVP_DigestInit_ex2(ctx, EVP_sha384(), NULL) == 1 && EVP_DigestUpdate(ctx, a, an) == 1 &&
	    EVP_DigestUpdate(ctx, b, bn) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return good ? OK : ERR_CRYPTO;
}

/* RFC 8017 section 9.1.1 with sLen = 0, SHA-384 and MGF1-SHA-384. */
enum err
pss_encode(uint8_t *em, size_t em_bits, const void *message, size_t n)
{
	static const uint8_t zeroes[8];
	size_t len = (em_bits + 7) / 8, db = len - DIGEST - 1;
	uint8_t hash[DIGEST], h[DIGEST], mask[DIGEST];
	enum err e;

	if (len < DIGEST + 2 || len > MOST_BYTES)
		return ERR_LENGTH;
	if ((e = digest(hash, message, n, NULL, 0)) != OK || (e = digest(h, zeroes, 8, hash, DIGEST)) != OK)
		return e;
	memset(em, 0, db);
	em[db - 1] = 1;
	for (size_t at = 0, counter = 0; at < db; at += DIGEST, counter++) {
		uint8_t c[4] = {0, 0, (uint8_t)(counter >> 8), (uint8_t)counter};

		if ((e = digest(mask, h, DIGEST, c, 4)) != OK)
			return e;
		for (size_t i = 0; i < DIGEST && at + i < db; i++)
			em[at + i] ^= mask[i];
	}
	em[0] &= (uint8_t)(0xff >> (8 * len - em_bits));
	memcpy(em + db, h, DIGEST);
	em[len - 1] = 0xbc;
	return OK;
}

/* ---- keys ------------------------------------------------------------------ */

enum err
rsa_modulus_check(const uint8_t n[RSA_BYTES])
{
	return (n[0] & 0x80) != 0 && (n[RSA_BYTES - 1] & 1) != 0 ? OK : ERR_RANGE;
}

enum err
rsa_public_make(struct rsa_public **out, const uint8_t n[RSA_BYTES])
{
	struct rsa_public *k = calloc(1, sizeof *k);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BN_CTX *bn = BN_CTX_new();
	enum err e = ERR_CRYPTO;

	if (rsa_modulus_check(n) != OK) {
		e = ERR_RANGE;
		goto done;
	}
	if (k == NULL || bld == NULL || ctx == NULL || bn == NULL || (k->n = BN_bin2bn(n, RSA_BYTES, NULL)) == NULL ||
	    (k->e = BN_new()) == NULL || BN_set_word(k->e, EXPONENT) != 1 || (k->mont = BN_MONT_CTX_new()) == NULL ||
	    BN_MONT_CTX_set(k->mont, k->n, bn) != 1)
		goto done;
	if (OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, k->n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, k->e) != 1 || (params = OSSL_PARAM_BLD_to_param(bld)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &k->key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		goto done;
	*out = k;
	k = NULL;
	e = OK;
done:
	rsa_public_free(k);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_CTX_free(bn);
	return e;
}

void
rsa_public_free(struct rsa_public *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	BN_free(k->n);
	BN_free(k->e);
	BN_MONT_CTX_free(k->mont);
	free(k);
}

/* Take over key: check its shape and prepare the public half. */
static enum err
adopt(struct rsa_secret **out, EVP_PKEY *key)
{
	struct rsa_secret *k = calloc(1, sizeof *k);
	BIGNUM *n = NULL, *exponent = NULL;
	enum err e = ERR_RANGE;

	if (k == NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1 || BN_num_bits(n) != 8 * RSA_BYTES ||
	    !BN_is_word(exponent, EXPONENT) || BN_bn2binpad(n, k->n, RSA_BYTES) != RSA_BYTES)
		goto done;
	if ((e = rsa_public_make(&k->public, k->n)) != OK)
		goto done;
	k->key = key;
	key = NULL;
	*out = k;
	k = NULL;
done:
	BN_free(n);
	BN_free(exponent);
	EVP_PKEY_free(key);
	rsa_secret_free(k);
	return e;
}

enum err
rsa_generate(struct rsa_secret **out)
{
	EVP_PKEY *key = EVP_RSA_gen(8 * RSA_BYTES);

	return key != NULL ? adopt(out, key) : ERR_CRYPTO;
}

enum err
rsa_secret_write(struct buf *out, const struct rsa_secret *k)
{
	unsigned char *der = NULL;
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->key);
	int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (n <= 0)
		return ERR_CRYPTO;
	buf_put(out, der, (size_t)n);
	OPENSSL_clear_free(der, (size_t)n);
	return out->failed ? ERR_NOMEM : OK;
}

enum err
rsa_secret_read(struct rsa_secret **out, const void *der, size_t n)
{
	const unsigned char *p = der;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)n);

	return key != NULL ? adopt(out, key) : ERR_FORMAT;
}

void
rsa_secret_free(struct rsa_secret *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	rsa_public_free(k->public);
	free(k);
}

void
rsa_modulus(uint8_t n[RSA_BYTES], const struct rsa_secret *k)
{
	memcpy(n, k->n, RSA_BYTES);
}

int
rsa_same_key(const struct rsa_public *public, const struct rsa_secret *k)
{
	return BN_cmp(public->n, k->public->n) == 0;
}

/* ---- blinding -------------------------------------------------------------- */

/* The secret factor r = random mod N, and its inverse. */
static enum err
factor(BIGNUM *r, BIGNUM *inverse, const struct rsa_public *k, const uint8_t random[RSA_BLINDING_BYTES], BN_CTX *bn)
{
	BIGNUM *wide = BN_secure_new();
	enum err e = ERR_CRYPTO;

	if (wide == NULL || BN_bin2bn(random, RSA_BLINDING_BYTES, wide) == NULL)
		goto done;
	BN_set_flags(wide, BN_FLG_CONSTTIME);
	BN_set_flags(r, BN_FLG_CONSTTIME);
	if (BN_nnmod(r, wide, k->n, bn) != 1)
		goto done;
	e = BN_mod_inverse(inverse, r, k->n, bn) != NULL ? OK : ERR_RANGE;
done:
	BN_clear_free(wide);
	return e;
}

/* RFC 9474 section 4.2: blinded = m * r^e, and the inverse of r unblinds. */
enum err
rsa_blind(uint8_t blinded[RSA_BYTES], const struct rsa_public *k, const struct hash *message, const uint8_t random[RSA_BLINDING_BYTES])
{
	BN_CTX *bn = BN_CTX_secure_new();
	BIGNUM *r = BN_secure_new(), *inverse = BN_secure_new(), *m = BN_new(), *x = BN_secure_new();
	uint8_t em[RSA_BYTES];
	enum err e = ERR_NOMEM;

	if (bn == NULL || r == NULL || inverse == NULL || m == NULL || x == NULL)
		goto done;
	if ((e = factor(r, inverse, k, random, bn)) != OK || (e = pss_encode(em, 8 * RSA_BYTES - 1, message->b, HASH_BYTES)) != OK)
		goto done;
	e = ERR_CRYPTO;
	if (BN_bin2bn(em, sizeof em, m) == NULL || BN_mod_exp_mont_consttime(x, r, k->e, k->n, bn, k->mont) != 1 ||
	    BN_mod_mul(x, x, m, k->n, bn) != 1 || BN_bn2binpad(x, blinded, RSA_BYTES) != RSA_BYTES)
		goto done;
	e = OK;
done:
	BN_clear_free(r);
	BN_clear_free(inverse);
	BN_clear_free(x);
	BN_free(m);
	BN_CTX_free(bn);
	return e;
}

enum err
rsa_blind_raw(uint8_t *blinded, const uint8_t *modulus, size_t n_bytes, const void *message, size_t n, const uint8_t *factor_inverse)
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *mod = BN_bin2bn(modulus, (int)n_bytes, NULL), *inverse = BN_bin2bn(factor_inverse, (int)n_bytes, NULL);
	BIGNUM *r = BN_new(), *m = BN_new(), *exponent = BN_new();
	uint8_t em[MOST_BYTES];
	enum err e = n_bytes <= MOST_BYTES ? pss_encode(em, 8 * n_bytes - 1, message, n) : ERR_LENGTH;

	if (e == OK)
		e = bn != NULL && mod != NULL && inverse != NULL && r != NULL && m != NULL && exponent != NULL &&
			    BN_set_word(exponent, EXPONENT) == 1 && BN_bin2bn(em, (int)n_bytes, m) != NULL &&
			    BN_mod_inverse(r, inverse, mod, bn) != NULL && BN_mod_exp(r, r, exponent, mod, bn) == 1 &&
			    BN_mod_mul(r, r, m, mod, bn) == 1 && BN_bn2binpad(r, blinded, (int)n_bytes) == (int)n_bytes
		    ? OK
		    : ERR_CRYPTO;
	BN_free(mod);
	BN_free(inverse);
	BN_free(r);
	BN_free(m);
	BN_free(exponent);
	BN_CTX_free(bn);
	return e;
}

enum err
rsa_blind_sign(uint8_t answer[RSA_BYTES], const struct rsa_secret *k, const uint8_t blinded[RSA_BYTES])
{
	EVP_PKEY_CTX *ctx;
	size_t n = RSA_BYTES;
	int good;

	if (memcmp(blinded, k->n, RSA_BYTES) >= 0)
		return ERR_RANGE;
	ctx = EVP_PKEY_CTX_new(k->key, NULL);
	good = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
	    EVP_PKEY_decrypt(ctx, answer, &n, blinded, RSA_BYTES) == 1 && n == RSA_BYTES;
	EVP_PKEY_CTX_free(ctx);
	if (!good)
		return ERR_CRYPTO;
	/* a fault in the private operation would give the key away */
	return rsa_answer_check(k->public, blinded, answer) == OK ? OK : ERR_CRYPTO;
}

enum err
rsa_blinded_check(const struct rsa_public *k, const uint8_t blinded[RSA_BYTES])
{
	BIGNUM *b = BN_bin2bn(blinded, RSA_BYTES, NULL);
	enum err e = b == NULL ? ERR_NOMEM : !BN_is_zero(b) && BN_ucmp(b, k->n) < 0 ? OK : ERR_RANGE;

	BN_free(b);
	return e;
}

/* x^65537 mod N for a public x below N: to Montgomery's form, squared sixteen times, times x itself, which leads back out of
 * the form. About a fifth faster than an exponentiation that takes any exponent. */
static int
public_power(BIGNUM *out, const BIGNUM *x, const struct rsa_public *k, BN_CTX *bn)
{
	int good = BN_to_montgomery(out, x, k->mont, bn);

	for (int i = 0; i < 16; i++)
		good &= BN_mod_mul_montgomery(out, out, out, k->mont, bn);
	return good & BN_mod_mul_montgomery(out, out, x, k->mont, bn);
}

enum err
rsa_answer_check(const struct rsa_public *k, const uint8_t blinded[RSA_BYTES], const uint8_t answer[RSA_BYTES])
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *a = BN_bin2bn(answer, RSA_BYTES, NULL), *b = BN_bin2bn(blinded, RSA_BYTES, NULL), *back = BN_new();
	int good = bn != NULL && a != NULL && b != NULL && back != NULL && BN_ucmp(a, k->n) < 0 && public_power(back, a, k, bn) == 1 && BN_cmp(back, b) == 0;

	BN_free(a);
	BN_free(b);
	BN_free(back);
	BN_CTX_free(bn);
	return good ? OK : ERR_PROOF;
}

enum err
rsa_verify(const struct rsa_public *k, const struct hash *message, const uint8_t sig[RSA_BYTES])
{
	uint8_t em[RSA_BYTES];

	/* The empty salt makes the encoding unique: compare it whole. */
	if (pss_encode(em, 8 * RSA_BYTES - 1, message->b, HASH_BYTES) != OK)
		return ERR_CRYPTO;
	return rsa_answer_check(k, em, sig);
}

enum err
rsa_finalize(uint8_t sig[RSA_BYTES], const struct rsa_public *k, const struct hash *message, const uint8_t answer[RSA_BYTES], const uint8_t random[RSA_BLINDING_BYTES])
{
	BN_CTX *bn = BN_CTX_secure_new();
	BIGNUM *r = BN_secure_new(), *inverse = BN_secure_new(), *a = BN_new();
	uint8_t out[RSA_BYTES];
	enum err e = ERR_NOMEM;

	if (bn == NULL || r == NULL || inverse == NULL || a == NULL)
		goto done;
	if ((e = factor(r, inverse, k, random, bn)) != OK)
		goto done;
	if (BN_bin2bn(answer, RSA_BYTES, a) == NULL || BN_mod_mul(a, a, inverse, k->n, bn) != 1 ||
	    BN_bn2binpad(a, out, RSA_BYTES) != RSA_BYTES) {
		e = ERR_CRYPTO;
		goto done;
	}
	if ((e = rsa_verify(k, message, out)) == OK)
		memcpy(sig, out, RSA_BYTES);
done:
	BN_clear_free(r);
	BN_clear_free(inverse);
	BN_clear_free(a);
	BN_CTX_free(bn);
	return e;
}
