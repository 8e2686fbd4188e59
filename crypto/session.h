/* crypto/session.h - what a mix or decryption session hashes: its parameters,
 * the random oracle, the pseudo-random generator, independent generators.
 *
 * Spec    spec/mixnet.md#sessions
 * Source  Verificatum 3.1.0 (vmn), rohash and prg SHA-256, curve secp256k1
 */
#ifndef CRYPTO_SESSION_H
#define CRYPTO_SESSION_H

#include "crypto/group.h"

struct session {
	char sid[64], auxsid[32];
	unsigned nopart, thres; /* parties and threshold of protInfo.xml */
	unsigned ebitlen;	/* bits of a batching exponent: 128 or 256 */
	unsigned vbitlen;	/* bits of a challenge: 256 (others' transcripts: 128 too) */
	struct hash rho;	/* made by session_start */
};

/* Fill rho from the other fields. */
void session_start(struct session *s);
/* The exact bytes of protInfo.xml for these parameters. Appends. */
void session_protinfo(struct buf *out, const struct session *s);

/* A stream of bytes from a seed. */
struct prg {
	struct hash seed;
	uint32_t counter;
	uint8_t block[HASH_BYTES];
	unsigned used;
};

void prg_start(struct prg *g, const struct hash *seed);
void prg_bytes(struct prg *g, uint8_t *out, size_t n);
/* An integer of `bits` bits (at most 256), reduced mod n. */
void prg_scalar(struct prg *g, struct scalar *out, unsigned bits);

/* The random oracle with `bits` bits of output (a multiple of 8, at most 256) on
 * rho || data; out holds bits / 8. */
void oracle(uint8_t *out, unsigned bits, const struct session *s, const void *data, size_t n);
/* oracle as a seed, and as a challenge mod n. */
void oracle_seed(struct hash *out, const struct session *s, const struct buf *data);
void oracle_challenge(struct scalar *out, const struct session *s, const struct buf *data);

/* The session's independent generators h_0..h_{n-1}. 9 us each. ERR_NOMEM. */
MUST_CHECK enum err session_generators(struct point *h, size_t n, const struct session *s);

#endif
