#include "crypto/hpke.h"

#include <string.h>

#include <openssl/evp.h>

#include "crypto/ct.h"

static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t hpke_suite[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x01};

struct schedule {
	uint8_t key[16], nonce[12];
};

enum err
hpke_public(uint8_t key[32], const uint8_t secret[32])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
	size_t n = 32;
	int good = k != NULL && EVP_PKEY_get_raw_public_key(k, key, &n) == 1;

	EVP_PKEY_free(k);
	return good ? OK : ERR_CRYPTO;
}

enum err
hpke_keypair(uint8_t secret[32], uint8_t key[32])
{
	random_bytes(secret, 32);
	return hpke_public(key, secret);
}

/* ERR_RANGE for a public key of small order (all-zero result). */
static enum err
exchange(uint8_t out[32], const uint8_t secret[32], const uint8_t key[32])
{
	EVP_PKEY *a = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
	EVP_PKEY *b = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, key, 32);
	EVP_PKEY_CTX *ctx = a != NULL ? EVP_PKEY_CTX_new(a, NULL) : NULL;
	size_t n = 32;
	int good = b != NULL && ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, b) == 1 &&
	    EVP_PKEY_derive(ctx, out, &n) == 1 && n == 32;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	return good ? OK : ERR_RANGE;
}

/* LabeledExtract and LabeledExpand, RFC 9180 section 4. */
static enum err
labeled_extract(struct hash *out, const struct hash *salt, const uint8_t *suite, size_t suite_n, const char *label, const void *ikm, size_t n)
{
	struct buf b = {0};
	enum err e;

	buf_str(&b, "HPKE-v1");
	buf_put(&b, suite, suite_n);
	buf_str(&b, label);
	buf_put(&b, ikm, n);
	e = b.failed ? ERR_NOMEM : hkdf_extract(out, b.p, b.n, salt != NULL ? salt->b : NULL, salt != NULL ? 32 : 0);
	buf_free(&b);
	return e;
}

static enum err
labeled_expand(void *out, size_t n, const struct hash *prk, const uint8_t *suite, size_t suite_n, const char *label, const void *info, size_t info_n)
{
	struct buf b = {0};
	enum err e;

	buf_u16(&b, (unsigned)n);
	buf_str(&b, "HPKE-v1");
	buf_put(&b, suite, suite_n);
	buf_str(&b, label);
	buf_put(&b, info, info_n);
	e = b.failed ? ERR_NOMEM : hkdf_expand(out, n, prk, b.p, b.n);
	buf_free(&b);
	return e;
}

/* ExtractAndExpand of the KEM, then the key schedule of base mode. */
static enum err
derive(struct schedule *out, const uint8_t dh[32], const uint8_t enc[32], const uint8_t key[32], const void *info, size_t info_n)
{
	struct {
		struct hash eae, shared, secret, id, info;
		uint8_t context[64], schedule[65];
	} s;
	enum err e;

	memcpy(s.context, enc, 32);
	memcpy(s.context + 32, key, 32);
	if ((e = labeled_extract(&s.eae, NULL, kem_suite, sizeof kem_suite, "eae_prk", dh, 32)) != OK ||
	    (e = labeled_expand(s.shared.b, 32, &s.eae, kem_suite, sizeof kem_suite, "shared_secret", s.context, 64)) != OK ||
	    (e = labeled_extract(&s.id, NULL, hpke_suite, sizeof hpke_suite, "psk_id_hash", NULL, 0)) != OK ||
	    (e = labeled_extract(&s.info, NULL, hpke_suite, sizeof hpke_suite, "info_hash", info, info_n)) != OK)
		goto done;
	s.schedule[0] = 0; /* mode_base */
	memcpy(s.schedule + 1, s.id.b, 32);
	memcpy(s.schedule + 33, s.info.b, 32);
	if ((e = labeled_extract(&s.secret, &s.shared, hpke_suite, sizeof hpke_suite, "secret", NULL, 0)) != OK ||
	    (e = labeled_expand(out->key, 16, &s.secret, hpke_suite, sizeof hpke_suite, "key", s.schedule, 65)) != OK)
		goto done;
	e = labeled_expand(out->nonce, 12, &s.secret, hpke_suite, sizeof hpke_suite, "base_nonce", s.schedule, 65);
done:
	wipe(&s, sizeof s);
	return e;
}

enum err
hpke_seal_with(struct buf *out, const uint8_t ephemeral[32], const uint8_t key[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *plain, size_t n)
{
	struct {
		uint8_t dh[32];
		struct schedule k;
	} s;
	uint8_t enc[32];
	struct buf body = {0};
	enum err e;

	if ((e = hpke_public(enc, ephemeral)) != OK || (e = exchange(s.dh, ephemeral, key)) != OK ||
	    (e = derive(&s.k, s.dh, enc, key, info, info_n)) != OK)
		goto done;
	buf_put(&body, plain, n);
	for (int i = 0; i < 16; i++)
		buf_u8(&body, 0);
	if (body.failed) {
		e = ERR_NOMEM;
		goto done;
	}
	if ((e = gcm_encrypt(body.p, s.k.key, 16, s.k.nonce, plain, n, aad, aad_n)) != OK)
		goto done;
	declassify(body.p, body.n); /* a ciphertext is public */
	buf_put(out, enc, 32);
	buf_put(out, body.p, body.n);
	e = out->failed ? ERR_NOMEM : OK;
done:
	wipe(&s, sizeof s);
	buf_free(&body);
	return e;
}

enum err
hpke_seal(struct buf *out, const uint8_t key[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *plain, size_t n)
{
	uint8_t ephemeral[32];
	enum err e;

	random_bytes(ephemeral, 32);
	e = hpke_seal_with(out, ephemeral, key, info, info_n, aad, aad_n, plain, n);
	wipe(ephemeral, 32);
	return e;
}

enum err
hpke_open(struct buf *out, const uint8_t secret[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *sealed, size_t n)
{
	struct {
		uint8_t dh[32];
		struct schedule k;
	} s;
	const uint8_t *enc = sealed;
	uint8_t key[32];
	struct buf body = {0};
	enum err e = ERR_LENGTH;

	if (n < HPKE_OVERHEAD)
		return e;
	if ((e = hpke_public(key, secret)) != OK || (e = exchange(s.dh, secret, enc)) != OK ||
	    (e = derive(&s.k, s.dh, enc, key, info, info_n)) != OK)
		goto done;
	buf_put(&body, enc + 32, n - 32);
	if (body.failed) {
		e = ERR_NOMEM;
		goto done;
	}
	if ((e = gcm_decrypt(body.p, s.k.key, 16, s.k.nonce, enc + 32, n - 32, aad, aad_n)) != OK)
		goto done;
	buf_put(out, body.p, n - HPKE_OVERHEAD);
	e = out->failed ? ERR_NOMEM : OK;
done:
	wipe(&s, sizeof s);
	buf_free(&body);
	return e;
}
