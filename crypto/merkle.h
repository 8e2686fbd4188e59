/* crypto/merkle.h - Merkle trees of RFC 6962.
 *
 * Spec    spec/logs.md#merkle-trees
 * Source  RFC 6962 section 2.1; RFC 9162 section 2.1 (verification)
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "crypto/hash.h"

#define MERKLE_MAX_PATH 63

/* SHA-256(00 || entry) and SHA-256(01 || left || right). */
void leaf_hash(struct hash *out, const void *entry, size_t n);
void node_hash(struct hash *out, const struct hash *left, const struct hash *right);
/* Root of the tree without entries: SHA-256 of nothing. */
void empty_root(struct hash *out);

/* A tree that only grows: the roots of its perfect subtrees, largest first. */
struct frontier {
	uint64_t size;
	struct hash peak[64]; /* peak[l] is used if bit l of size is set: root of 2^l leaves */
};

/* Append a leaf hash. O(log n) worst, O(1) on average. */
void frontier_append(struct frontier *f, const struct hash *leaf);
/* Root of the tree so far. */
void frontier_root(struct hash *out, const struct frontier *f);

/* Roots of ranges that end where the tree ends, which all proofs of one tree share; zero to begin with. */
struct range_memo {
	uint64_t end;
	unsigned n;
	uint64_t begin[MERKLE_MAX_PATH];
	struct hash root[MERKLE_MAX_PATH];
};

/* Where proofs read nodes from: the root of the perfect subtree of leaves
 * [index * 2^level, (index + 1) * 2^level). memo, if not NULL, is for many proofs of one tree. */
struct node_source {
	void *ctx;
	enum err (*node)(void *ctx, unsigned level, uint64_t index, struct hash *out);
	struct range_memo *memo;
};

/* Root of the first `size` leaves. Reads O(log n) nodes. */
MUST_CHECK enum err tree_root(struct hash *out, uint64_t size, const struct node_source *src);
/* Path from leaf `index` to the root of the first `size` leaves, leaf's sibling
 * first. *n is set. ERR_RANGE if index >= size. */
MUST_CHECK enum err inclusion_path(struct hash path[MERKLE_MAX_PATH], size_t *n, uint64_t index, uint64_t size, const struct node_source *src);
/* Proof that the tree of `old` leaves is a prefix of that of `size`. Empty for
 * old == 0 and old == size. ERR_RANGE if old > size. */
MUST_CHECK enum err consistency_path(struct hash path[MERKLE_MAX_PATH], size_t *n, uint64_t old, uint64_t size, const struct node_source *src);

/* OK; ERR_RANGE (index >= size), ERR_LENGTH (not the number of hashes this
 * index and size call for), ERR_PROOF (another root). */
MUST_CHECK enum err inclusion_check(uint64_t index, uint64_t size, const struct hash *leaf, const struct hash *path, size_t n, const struct hash *root);
/* OK; ERR_RANGE (old > size), ERR_LENGTH, ERR_PROOF. old == 0 needs the empty
 * root and an empty proof. */
MUST_CHECK enum err consistency_check(uint64_t old, uint64_t size, const struct hash *path, size_t n, const struct hash *old_root, const struct hash *root);

#endif
