#include "crypto/kdf.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static enum err
derive(void *out, size_t n, int mode, const void *secret, size_t secret_n, const void *salt, size_t salt_n, const void *info, size_t info_n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM p[6], *at = p;
	char digest[] = "SHA256";
	int good;

	*at++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*at++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*at++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, secret_n);
	if (salt_n > 0)
		*at++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_n);
	if (info_n > 0)
		*at++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_n);
	*at = OSSL_PARAM_construct_end();
	good = ctx != NULL && EVP_KDF_derive(ctx, out, n, p) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good ? OK : ERR_CRYPTO;
}

enum err
hkdf(void *out, size_t n, const void *secret, size_t secret_n, const void *salt, size_t salt_n, const void *info, size_t info_n)
{
	if (n > 255 * 32)
		return ERR_LENGTH;
	return derive(out, n, EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, secret, secret_n, salt, salt_n, info, info_n);
}

enum err
hkdf_extract(struct hash *prk, const void *secret, size_t secret_n, const void *salt, size_t salt_n)
{
	return derive(prk->b, 32, EVP_KDF_HKDF_MODE_EXTRACT_ONLY, secret, secret_n, salt, salt_n, NULL, 0);
}

enum err
hkdf_expand(void *out, size_t n, const struct hash *prk, const void *info, size_t info_n)
{
	if (n > 255 * 32)
		return ERR_LENGTH;
	return derive(out, n, EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk->b, 32, NULL, 0, info, info_n);
}

enum err
slow_hash(uint8_t out[32], const void *password, size_t n, const void *salt, size_t salt_n)
{
	return EVP_PBE_scrypt(password, n, salt, salt_n, 1 << 15, 8, 1, 64 << 20, out, 32) == 1 ? OK : ERR_CRYPTO;
}

static const EVP_CIPHER *
gcm(size_t key_n)
{
	return key_n == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

enum err
gcm_encrypt(uint8_t *out, const uint8_t *key, size_t key_n, const uint8_t nonce[12], const void *plain, size_t n, const void *aad, size_t aad_n)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len, good;

	if (n > 1 << 30 || aad_n > 1 << 30) {
		EVP_CIPHER_CTX_free(ctx);
		return ERR_LENGTH;
	}
	good = ctx != NULL && EVP_EncryptInit_ex2(ctx, gcm(key_n), key, nonce, NULL) == 1 &&
	    (aad_n == 0 || EVP_EncryptUpdate(ctx, NULL, &len, aad, (int)aad_n) == 1) &&
	    (n == 0 || EVP_EncryptUpdate(ctx, out, &len, plain, (int)n) == 1) &&
	    EVP_EncryptFinal_ex(ctx, out + n, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, out + n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good ? OK : ERR_CRYPTO;
}

enum err
gcm_decrypt(uint8_t *out, const uint8_t *key, size_t key_n, const uint8_t nonce[12], const void *sealed, size_t n, const void *aad, size_t aad_n)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t tag[16];
	int len, good;

	if (n < 16 || n > 1 << 30 || aad_n > 1 << 30)
		return ERR_LENGTH;
	n -= 16;
	memcpy(tag, (const uint8_t *)sealed + n, 16);
	ctx = EVP_CIPHER_CTX_new();
	good = ctx != NULL && EVP_DecryptInit_ex2(ctx, gcm(key_n), key, nonce, NULL) == 1 &&
	    (aad_n == 0 || EVP_DecryptUpdate(ctx, NULL, &len, aad, (int)aad_n) == 1) &&
	    (n == 0 || EVP_DecryptUpdate(ctx, out, &len, sealed, (int)n) == 1) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, 16, tag) == 1 && EVP_DecryptFinal_ex(ctx, out + n, &len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!good)
		wipe(out, n);
	return good ? OK : ERR_PROOF;
}

enum err
seal(struct buf *out, const uint8_t key[32], const void *plain, size_t n, const void *aad, size_t aad_n)
{
	uint8_t nonce[12], *body = malloc(n + 16);
	enum err e;

	if (body == NULL)
		return ERR_NOMEM;
	random_bytes(nonce, sizeof nonce);
	if ((e = gcm_encrypt(body, key, 32, nonce, plain, n, aad, aad_n)) == OK) {
		buf_put(out, nonce, sizeof nonce);
		buf_put(out, body, n + 16);
		e = out->failed ? ERR_NOMEM : OK;
	}
	free(body);
	return e;
}

enum err
unseal(struct buf *out, const uint8_t key[32], const void *sealed, size_t n, const void *aad, size_t aad_n)
{
	const uint8_t *p = sealed;
	uint8_t *body;
	enum err e;

	if (n < SEAL_OVERHEAD)
		return ERR_LENGTH;
	if ((body = malloc(n - SEAL_OVERHEAD + 1)) == NULL)
		return ERR_NOMEM;
	if ((e = gcm_decrypt(body, key, 32, p, p + 12, n - 12, aad, aad_n)) == OK) {
		buf_put(out, body, n - SEAL_OVERHEAD);
		e = out->failed ? ERR_NOMEM : OK;
	}
	wipe(body, n - SEAL_OVERHEAD);
	free(body);
	return e;
}
