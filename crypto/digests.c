#include "crypto/digests.h"

#include <stdlib.h>

#include <openssl/evp.h>

enum { DIGESTS = 3 };

struct digest_run {
	EVP_MD_CTX *md[DIGESTS];
	int failed;
};

struct digest_run *
digests_start(void)
{
	const EVP_MD *kind[DIGESTS] = {EVP_sha256(), EVP_sha512(), EVP_sha3_256()};
	struct digest_run *r = calloc(1, sizeof *r);

	for (int i = 0; r != NULL && i < DIGESTS; i++)
		if ((r->md[i] = EVP_MD_CTX_new()) == NULL || EVP_DigestInit_ex(r->md[i], kind[i], NULL) != 1)
			r->failed = 1;
	return r;
}

void
digests_more(struct digest_run *r, const void *p, size_t n)
{
	for (int i = 0; i < DIGESTS && !r->failed; i++)
		r->failed = EVP_DigestUpdate(r->md[i], p, n) != 1;
}

enum err
digests_end(struct digest_run *r, struct digests *out)
{
	struct digests d;
	uint8_t *to[DIGESTS] = {d.sha256.b, d.sha512, d.sha3_256};
	int failed;

	if (r == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < DIGESTS; i++) {
		r->failed |= r->failed || EVP_DigestFinal_ex(r->md[i], to[i], NULL) != 1;
		EVP_MD_CTX_free(r->md[i]);
	}
	failed = r->failed;
	free(r);
	if (!failed && out != NULL)
		*out = d;
	return failed ? ERR_NOMEM : OK;
}

static enum err
on_piece(void *arg, const uint8_t *p, size_t n)
{
	digests_more(arg, p, n);
	return OK;
}

enum err
source_digests(const struct file_source *src, const char *path, size_t max, struct digests *out, struct why *why)
{
	struct digest_run *r = digests_start();
	enum err e = r != NULL ? source_stream(src, path, max, on_piece, r, why) : ERR_NOMEM, f = digests_end(r, out);

	return e != OK ? e : f;
}
