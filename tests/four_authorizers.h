/* tests/four_authorizers.h - an election with four authorizers, of which three make a token, and six voters, for tests: real keys,
 * requests and answers.
 */
#ifndef TESTS_FOUR_AUTHORIZERS_H
#define TESTS_FOUR_AUTHORIZERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "election/lists.h"
#include "election/signatures.h"

enum { VOTERS = 6, N = 4, T = 3 };

static struct call call;
static struct manifest *manifest;
static struct roll roll;
static struct hash election;
static struct scalar credential[VOTERS];
static struct rsa_secret *secret[N];
static struct rsa_public *public[N], **by_style[N];
static struct rsa_public *const *keys[MAX_AUTHORIZERS];
static struct signer signer[N];

static inline int
begin(void **state)
{
	(void)state;
	manifest = calloc(1, sizeof *manifest);
	manifest->styles = 1;
	call.authorizers = N;
	call.quorum = T;
	memset(election.b, 7, HASH_BYTES);
	for (unsigned a = 0; a < N; a++) {
		uint8_t n[RSA_BYTES], seed[32] = {(uint8_t)(a + 1)};
		char name[20];

		(void)snprintf(name, sizeof name, "autorizador-%u", a + 1);
		if (rsa_generate(&secret[a]) != OK || signer_of_seed(&signer[a], name, seed) != OK || vkey_make(&call.authorizer[a].key, name, NOTE_ED25519, signer[a].key) != OK)
			return -1;
		rsa_modulus(n, secret[a]);
		if (rsa_public_make(&public[a], n) != OK)
			return -1;
		by_style[a] = &public[a];
		keys[a] = by_style[a];
	}
	roll.n = VOTERS;
	roll.row = calloc(VOTERS + 1, sizeof *roll.row);
	for (unsigned i = 0; i < VOTERS; i++) {
		scalar_random(&credential[i]);
		if (schnorr_public(roll.row[i].key, &credential[i]) != OK)
			return -1;
		roll.row[i].style = 1;
	}
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	for (unsigned a = 0; a < N; a++) {
		rsa_secret_free(secret[a]);
		rsa_public_free(public[a]);
		signer_close(&signer[a]);
	}
	roll_free(&roll);
	free(manifest);
	return 0;
}

/* A voter's request, and what each authorizer answers. */
struct asked {
	struct buf request;
	struct authorization a;
	struct authorization_row row;
};

/* `salt` tells requests of one voter apart; `same` (bits): authorizers for which the blinded element is that of salt 0. */
static inline void
ask(struct asked *out, uint32_t index, unsigned salt, unsigned same)
{
	struct hash h, token;
	uint8_t key[32] = {0};

	memset(out, 0, sizeof *out);
	out->a.election = election;
	out->a.index = index;
	out->a.style = 1;
	out->a.n = N;
	for (unsigned a = 0; a < N; a++) {
		uint8_t factor[RSA_BLINDING_BYTES] = {0};
		unsigned s = same >> a & 1 ? 0 : salt;

		memset(factor, (int)(17 * index + a + 40 * s + 1), sizeof factor);
		key[0] = (uint8_t)(s + 1);
		key[1] = (uint8_t)index;
		token_hash(&token, &election, 1, key);
		assert_int_equal(rsa_blind(out->a.blinded[a], public[a], &token, factor), OK);
		assert_int_equal(rsa_blind_sign(out->row.answer[a], secret[a], out->a.blinded[a]), OK);
	}
	sealed_seed_hash(&out->a.sealed_seed, &election, out->row.sealed);
	authorization_write(&out->request, &out->a);
	authorization_hash(&h, out->request.p, out->request.n);
	assert_int_equal(schnorr_sign(out->row.sig, &credential[index], &h), OK);
}

/* The list of authorizer a (from 1): rows[i] (or NULL) with these answers. */
static inline struct buf
list_of(unsigned a, struct asked *const rows[VOTERS], const unsigned answers[VOTERS])
{
	struct buf out = {0};

	list_begin(&out, &election, a, N, VOTERS);
	for (unsigned i = 0; i < VOTERS; i++) {
		struct list_row row = {0};

		if (rows[i] != NULL) {
			row = (struct list_row){.present = 1, .request = rows[i]->request.p, .request_n = rows[i]->request.n, .sig = rows[i]->row.sig, .answers = (uint8_t)answers[i]};
			for (unsigned k = 0; k < N; k++)
				row.answer[k] = rows[i]->row.answer[k];
		}
		list_row(&out, &row);
	}
	return out;
}

#endif
