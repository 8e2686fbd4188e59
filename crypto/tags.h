/* crypto/tags.h - every domain tag of the protocol, once.
 *
 * The fields hashed under each stand in spec/README.md#tagged-hashes; a tag
 * here that is not there (or the reverse) fails `make check`.
 */
#ifndef CRYPTO_TAGS_H
#define CRYPTO_TAGS_H

#define URNA_TAGS(X) \
	X(TAG_POSSESSION, "urna/v1/possession") \
	X(TAG_CEREMONY_COMMIT, "urna/v1/ceremony-commit") \
	X(TAG_CEREMONY_SHARE, "urna/v1/ceremony-share") \
	X(TAG_SHARE_SEAL, "urna/v1/share-seal") \
	X(TAG_CREDENTIAL, "urna/v1/credential") \
	X(TAG_SEED_KEY, "urna/v1/seed-key") \
	X(TAG_ROLL_ROW, "urna/v1/roll-row") \
	X(TAG_LOGIN, "urna/v1/login") \
	X(TAG_SEED, "urna/v1/seed") \
	X(TAG_ONE_TIME_KEY, "urna/v1/one-time-key") \
	X(TAG_BLINDING, "urna/v1/blinding") \
	X(TAG_TOKEN, "urna/v1/token") \
	X(TAG_SEALED_SEED, "urna/v1/sealed-seed") \
	X(TAG_AUTHORIZATION, "urna/v1/authorization") \
	X(TAG_COMMITMENT, "urna/v1/commitment") \
	X(TAG_BALLOT_PROOF, "urna/v1/ballot-proof") \
	X(TAG_BALLOT, "urna/v1/ballot") \
	X(TAG_RECEIPT_REQUEST, "urna/v1/receipt-request") \
	X(TAG_CONFIRMATION, "urna/v1/confirmation")

enum tag {
#define X(name, text) name,
	URNA_TAGS(X)
#undef X
	TAG_COUNT
};

#endif
