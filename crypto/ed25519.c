#include "crypto/ed25519.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum err
ed25519_public(uint8_t key[32], const uint8_t seed[32])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	size_t n = 32;
	int good = k != NULL && EVP_PKEY_get_raw_public_key(k, key, &n) == 1;

	EVP_PKEY_free(k);
	return good ? OK : ERR_CRYPTO;
}

enum err
ed25519_sign(uint8_t sig[64], const uint8_t seed[32], const void *message, size_t n)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 64;
	int good = k != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, message, n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return good ? OK : ERR_CRYPTO;
}

int
ed25519_small_order(const uint8_t key[32])
{
	/* y of the points of order 1, 4, 8, 8, 2, and p, p + 1 for 0, 1; the sign bit is another point or encoding of the same */
	static const uint8_t y[7][32] = {{1}, {0},
	    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33,
		0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc,
		0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};

	for (size_t i = 0; i < sizeof y / sizeof *y; i++)
		if (memcmp(key, y[i], 31) == 0 && (key[31] & 0x7f) == y[i][31])
			return 1;
	return 0;
}

enum err
ed25519_verify(const uint8_t sig[64], const uint8_t key[32], const void *message, size_t n)
{
	EVP_PKEY *k = ed25519_small_order(key) ? NULL : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum err e = ERR_RANGE;

	if (k != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1)
		e = EVP_DigestVerify(ctx, sig, 64, message, n) == 1 ? OK : ERR_PROOF;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return e;
}

int
signer_name_shape(const char *name, size_t n)
{
	const unsigned char *p = (const unsigned char *)name, *end = p + n;

	if (n == 0 || !utf8_valid(name, n))
		return 0;
	for (; p < end; p++) {
		if (*p <= 0x20 || *p == '+' || *p == 0x7f)
			return 0;
		/* Unicode spaces that may hide in a name: U+0085, U+00A0, U+1680, U+2000..200A, U+2028, 2029, 202F, 205F, U+3000;
		 * the bytes that follow are there, for it is UTF-8 */
		if (p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
			return 0;
		if (p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80)
			return 0;
		if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf))
			return 0;
		if (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f)
			return 0;
		if (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80)
			return 0;
	}
	return 1;
}

int
signer_name_valid(const char *name)
{
	size_t n = strlen(name);

	return n < 128 && signer_name_shape(name, n);
}

static enum err
sign_with_seed(void *ctx, uint8_t sig[64], const void *message, size_t n)
{
	return ed25519_sign(sig, ctx, message, n);
}

static void
close_seed(void *ctx)
{
	wipe(ctx, 32);
	free(ctx);
}

enum err
signer_of_seed(struct signer *out, const char *name, const uint8_t seed[32])
{
	struct signer s = {.sign = sign_with_seed, .close = close_seed};
	enum err e;

	if (!signer_name_valid(name))
		return ERR_RANGE;
	if ((e = ed25519_public(s.key, seed)) != OK)
		return e;
	if ((s.ctx = malloc(32)) == NULL)
		return ERR_NOMEM;
	memcpy(s.ctx, seed, 32);
	memcpy(s.name, name, strlen(name) + 1);
	*out = s;
	return OK;
}

void
signer_close(struct signer *s)
{
	if (s->close != NULL)
		s->close(s->ctx);
	memset(s, 0, sizeof *s);
}
