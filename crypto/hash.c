#include "crypto/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* The digest is fetched once for the process; each thread keeps one context
 * (fetching or allocating per hash costs more than hashing a tree node). */
static EVP_MD *digest;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void
drop(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void
prepare(void)
{
	digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (digest == NULL || pthread_key_create(&key, drop) != 0) {
		(void)fprintf(stderr, "OpenSSL has no SHA-256; stopping\n");
		abort();
	}
}

static EVP_MD_CTX *
thread_context(void)
{
	EVP_MD_CTX *ctx;

	(void)pthread_once(&once, prepare);
	if ((ctx = pthread_getspecific(key)) == NULL) {
		if ((ctx = EVP_MD_CTX_new()) == NULL)
			abort();
		(void)pthread_setspecific(key, ctx);
	}
	return ctx;
}

void
sha256_3(struct hash *out, const void *a, size_t an, const void *b, size_t bn, const void *c, size_t cn)
{
	EVP_MD_CTX *ctx = thread_context();

	if (EVP_DigestInit_ex2(ctx, digest, NULL) != 1 || EVP_DigestUpdate(ctx, a, an) != 1 ||
	    EVP_DigestUpdate(ctx, b, bn) != 1 || EVP_DigestUpdate(ctx, c, cn) != 1 ||
	    EVP_DigestFinal_ex(ctx, out->b, NULL) != 1)
		abort();
}

void
sha256(struct hash *out, const void *p, size_t n)
{
	sha256_3(out, p, n, NULL, 0, NULL, 0);
}

struct hash_run {
	EVP_MD_CTX *ctx;
};

struct hash_run *
hash_start(void)
{
	struct hash_run *h = malloc(sizeof *h);

	(void)pthread_once(&once, prepare);
	if (h == NULL || (h->ctx = EVP_MD_CTX_new()) == NULL || EVP_DigestInit_ex2(h->ctx, digest, NULL) != 1)
		abort();
	return h;
}

void
hash_more(struct hash_run *h, const void *p, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

void
hash_end(struct hash_run *h, struct hash *out)
{
	if (h == NULL)
		return;
	if (out != NULL && EVP_DigestFinal_ex(h->ctx, out->b, NULL) != 1)
		abort();
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

const char *
tag_name(enum tag tag)
{
	static const char *const names[] = {
#define X(name, text) [name] = text,
	    URNA_TAGS(X)
#undef X
	};

	return tag < TAG_COUNT ? names[tag] : "";
}

void
tagged_hash(struct hash *out, enum tag tag, const void *p, size_t n)
{
	struct hash twice[2];

	sha256(&twice[0], tag_name(tag), strlen(tag_name(tag)));
	twice[1] = twice[0];
	sha256_3(out, twice, sizeof twice, p, n, NULL, 0);
}

int
hash_equal(const struct hash *a, const struct hash *b)
{
	return ct_equal(a->b, b->b, HASH_BYTES);
}

void
hash_hex(char out[65], const struct hash *h)
{
	hex_encode(out, h->b, HASH_BYTES);
}
