/* election/ballot.h - ballots, tokens and what a voter's device computes.
 *
 * Spec    spec/vote.md#ballot
 */
#ifndef ELECTION_BALLOT_H
#define ELECTION_BALLOT_H

#include "crypto/elgamal.h"
#include "crypto/rsablind.h"
#include "crypto/schnorr.h"
#include "election/manifest.h"

#define PASSWORD_LETTERS 22
enum { BALLOT_MAX_BYTES = 32 + 2 + 32 + 1 + MAX_AUTHORIZERS * (1 + RSA_BYTES) + 1 + MAX_CONTESTS * 130 + 64 };

struct vote_proof {
	uint8_t c1[POINT_BYTES], c2[POINT_BYTES], proof[SCHNORR_BYTES];
};

struct ballot {
	struct hash election;
	unsigned style; /* from 1 */
	uint8_t key[XONLY_BYTES]; /* one-time key */
	unsigned signatures;
	struct {
		unsigned authorizer; /* from 1, ascending */
		uint8_t sig[RSA_BYTES];
	} token[MAX_AUTHORIZERS];
	unsigned contests;
	struct vote_proof vote[MAX_CONTESTS];
	uint8_t sig[SCHNORR_BYTES];
};

/* ---- bytes: spec/vote.md#ballot ---- */
void ballot_write(struct buf *out, const struct ballot *b);
/* Exactly what ballot_write makes; ERR_LENGTH, ERR_FORMAT. Points are not looked at. */
MUST_CHECK enum err ballot_read(struct ballot *out, const void *p, size_t n);

/* ---- hashes ---- */
/* What a token signs: spec/vote.md#token */
void token_hash(struct hash *out, const struct hash *election, unsigned style, const uint8_t key[XONLY_BYTES]);
/* spec/vote.md#commitment */
void commitment_hash(struct hash *out, const struct ballot *b);
/* 32 letters for a person to note: the first 160 bits. */
void commitment_letters(char out[40], const struct hash *h);

/* ---- making ---- */
/* Encrypt one marking (an element) per contest with fresh randomness; fills key, style, votes. The
 * exponents come out for a challenge; wipe them. */
MUST_CHECK enum err ballot_mark(struct ballot *b, struct scalar *exponents, const struct hash *election, unsigned style,
    const uint8_t key[XONLY_BYTES], const struct point *markings, unsigned contests, const struct point *joint);
/* Prove and sign, after the tokens are in. */
MUST_CHECK enum err ballot_finish(struct ballot *b, const struct scalar *exponents, const struct scalar *one_time);

/* ---- checking ---- */
/* Everything but the RSA signatures: election, style, contests, points, proofs, signature.
 * ERR_RANGE, ERR_FORMAT, ERR_PROOF with a sentence. */
MUST_CHECK enum err ballot_check(const struct ballot *b, const struct hash *election, const struct manifest *m, struct why *why);
/* As ballot_check for n ballots at once through batches; bad[i] set to 1 where it fails. */
MUST_CHECK enum err ballots_check(const struct ballot *b, size_t n, const struct hash *election, const struct manifest *m, unsigned threads, uint8_t *bad);
/* The set of authorizers (bit a: authorizer a + 1) whose signatures the ballot carries. */
unsigned ballot_set(const struct ballot *b);
/* The tokens: keys[a][s] is authorizer a+1's key for style s+1; whether the set was announced is for the caller. */
MUST_CHECK enum err ballot_tokens(const struct ballot *b, struct rsa_public *const *const *keys, unsigned authorizers, struct why *why);

/* ---- the voter's secrets: spec/vote.md#credential ---- */
/* A password of 100 random bits with two check letters. */
void password_make(char out[PASSWORD_LETTERS + 1]);
/* 1 if the check letters are right (a typing error is found). */
int password_valid(const char *s);
MUST_CHECK enum err credential_derive(struct scalar *secret, uint8_t key[XONLY_BYTES], const char *password, const struct hash *call, const char *user);
/* The key that seals the seed. */
MUST_CHECK enum err seed_key_derive(uint8_t out[32], const char *password, const struct hash *call, const char *user);
/* From the seed: one-time key and the blinding of authorizer a (from 1). */
MUST_CHECK enum err one_time_derive(struct scalar *secret, uint8_t key[XONLY_BYTES], const uint8_t seed[32], const struct hash *election, uint32_t index, const uint8_t credential[32]);
MUST_CHECK enum err blinding_derive(uint8_t out[RSA_BLINDING_BYTES], const uint8_t seed[32], const struct hash *election, uint32_t index, const uint8_t credential[32], unsigned authorizer);

/* ---- authorization: spec/vote.md#authorization ---- */
enum { SEALED_SEED_BYTES = 32 + 28 };
struct authorization {
	struct hash election;
	uint32_t index; /* roll index, from 0 */
	unsigned style, n;
	uint8_t blinded[MAX_AUTHORIZERS][RSA_BYTES];
	struct hash sealed_seed; /* hash of the sealed seed */
};
enum { AUTHORIZATION_MAX_BYTES = 32 + 4 + 2 + 1 + MAX_AUTHORIZERS * RSA_BYTES + 32 };
void authorization_write(struct buf *out, const struct authorization *a);
MUST_CHECK enum err authorization_read(struct authorization *out, const void *p, size_t n);
/* What the credential signs. */
void authorization_hash(struct hash *out, const void *request, size_t n);
void sealed_seed_hash(struct hash *out, const struct hash *election, const uint8_t sealed[SEALED_SEED_BYTES]);

/* What a credential signs to confirm, to log in and to ask for a receipt again: the hashes of spec/README.md under these names.
 * origin: the account origin of the call; time: seconds since 1970. */
void confirmation_hash(struct hash *out, const struct hash *election, uint32_t index);
void login_hash(struct hash *out, const struct hash *election, const char *origin, const uint8_t server_nonce[32], const uint8_t client_nonce[32], const char *user);
void receipt_request_hash(struct hash *out, const struct hash *election, const uint8_t key[32], int64_t time);

#endif
