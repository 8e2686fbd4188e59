/* tests/ct_ceremony.c - run under valgrind (make ct): dealing shares, opening and summing them, unsealing one from a card. */
#include <stdio.h>
#include <string.h>

#include "crypto/ct.h"
#include "crypto/decryption.h"
#include "crypto/kdf.h"
#include "election/ceremony.h"

#ifndef URNA_CT
#error "build this with make ct"
#endif

enum { K = 3, T = 2 };

/* Every trustee's polynomial and transport key are secret from the reveals on. */
static int
ceremony(struct scalar share[K], struct joint_key *joint)
{
	static struct call call;
	static struct ceremony_state st[K];
	static struct message one[K], two[K], three[K];
	static struct signer by[K];
	struct why why;

	call.trustees = K;
	call.threshold = T;
	for (unsigned i = 0; i < K; i++) {
		uint8_t seed[32] = {(uint8_t)(i + 1)};
		char name[8];

		(void)snprintf(name, sizeof name, "t%u", i);
		if (signer_of_seed(&by[i], name, seed) != OK || vkey_make(&call.trustee[i].key, name, NOTE_ED25519, by[i].key) != OK ||
		    ceremony_round1(&st[i], &one[i], &call, i + 1, 1, &by[i], &why) != OK)
			return 0;
	}
	for (unsigned i = 0; i < K; i++)
		if (ceremony_round2(&st[i], &two[i], &call, one, &by[i], &why) != OK)
			return 0;
	if (ceremony_agree(joint, &call, one, two, 1, &why) != OK)
		return 0;
	for (unsigned i = 0; i < K; i++) {
		classify(st[i].a, sizeof st[i].a);
		classify(st[i].transport, sizeof st[i].transport);
	}
	for (unsigned to = 1; to <= K; to++) {
		for (unsigned i = 0; i < K; i++) {
			message_free(&three[i]);
			if (ceremony_round3(&st[i], &three[i], &call, one, two, to, &by[i], &why) != OK)
				return 0;
		}
		if (ceremony_finish(&st[to - 1], &share[to - 1], &call, one, two, three, NULL, &why) != OK)
			return 0;
	}
	return 1;
}

/* What a card gives back is opened with a key from its PIN, and used. */
static int
use(const struct scalar *share, const struct point *share_key)
{
	struct session s = {.sid = "E00", .auxsid = "D0001T01", .nopart = 1, .thres = 1, .ebitlen = 128, .vbitlen = 256};
	struct decryption_proof proof = {{0}, {0}, {0}};
	struct buf sealed = {0}, plain = {0};
	struct ciphertext c[4];
	struct scalar r;
	uint8_t key[32];

	random_bytes(key, sizeof key);
	classify(key, sizeof key);
	if (seal(&sealed, key, share->b, SCALAR_BYTES, "facts", 5) != OK)
		return 0;
	declassify(sealed.p, sealed.n); /* it lies on the card */
	if (unseal(&plain, key, sealed.p, sealed.n, "facts", 5) != OK || plain.n != SCALAR_BYTES)
		return 0;
	memcpy(r.b, plain.p, SCALAR_BYTES);
	session_start(&s);
	for (int i = 0; i < 4; i++)
		elgamal_encrypt(&c[i], share_key, share_key, &SCALAR_ONE);
	return decryption_prove(&proof, &s, &r, share_key, c, 4, 1) == OK;
}

int
main(void)
{
	struct scalar share[K];
	struct joint_key joint;

	if (!ceremony(share, &joint))
		return 1;
	for (unsigned l = 0; l < K; l++) {
		struct point y;

		point_mul_base(&y, &share[l]);
		declassify(&y, sizeof y); /* it is published */
		if (!point_equal(&y, &joint.share_key[l]))
			return 1;
	}
	return use(&share[0], &joint.share_key[0]) ? 0 : 1;
}
