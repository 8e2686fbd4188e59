/* crypto/tile.h - C2SP tiled logs: paths, tiles, entry bundles, whole logs.
 *
 * Spec    spec/logs.md#tiles
 * Source  c2sp.org/tlog-tiles v0.1.0
 */
#ifndef CRYPTO_TILE_H
#define CRYPTO_TILE_H

#include "crypto/checkpoint.h"
#include "crypto/source.h"

enum { TILE_WIDTH = 256, TILE_LEVELS = 8, TILE_ENTRIES = -1, TILE_MAX_ENTRY = 65535 };

/* "tile/0/x001/234.p/7": level 0.., or TILE_ENTRIES; width 1..256 (256: no
 * suffix). out holds 64 characters. */
void tile_path(char out[64], int level, uint64_t index, unsigned width);
/* The reverse; ERR_FORMAT for anything that tile_path does not make. */
MUST_CHECK enum err tile_path_read(const char *path, int *level, uint64_t *index, unsigned *width);

/* Makes all tiles of a log from its entries in order, each handed over once it
 * is full, partial ones at the end. Zero-initialise, set emit and ctx. */
struct tile_builder {
	void *ctx;
	enum err (*emit)(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n);
	struct {
		uint64_t index;
		unsigned n;
		struct hash hash[TILE_WIDTH];
	} level[TILE_LEVELS];
	struct buf bundle;
	struct frontier frontier;
};

/* ERR_LENGTH for an entry over 65,535 bytes; emit's errors. */
MUST_CHECK enum err tile_builder_add(struct tile_builder *b, const void *entry, size_t n, struct hash *leaf);
/* The same by the leaf's hash alone; no entry bundles are made. */
MUST_CHECK enum err tile_builder_leaf(struct tile_builder *b, const struct hash *leaf);
/* The hashes of all growing tiles stand in b->level[].hash: go on from a tree of this size. */
void tile_builder_resume(struct tile_builder *b, uint64_t size);
/* The node above a full tile. */
void tile_root(struct hash *out, const struct hash hashes[TILE_WIDTH]);
/* Hand over the partial tiles; free the bundle. The frontier keeps size and root. */
MUST_CHECK enum err tile_builder_finish(struct tile_builder *b);
void tile_builder_free(struct tile_builder *b);

/* Walk an entry bundle: calls `each` for every entry. ERR_FORMAT if it does not
 * hold exactly `width` entries. */
MUST_CHECK enum err bundle_read(const void *p, size_t n, unsigned width, enum err (*each)(void *ctx, const uint8_t *entry, size_t entry_n), void *ctx);

/* Recompute a whole log from its entry bundles under `prefix` (e.g. "ballots/"):
 * every tile file must be there and equal, the root must be head's. `each` (may be
 * NULL) gets every entry in order, before the root is known to be right.
 * ERR_ABSENT, ERR_FORMAT, ERR_PROOF with a sentence that names the file; each's errors. */
MUST_CHECK enum err log_read(const struct file_source *src, const char *prefix, const struct head *head,
    enum err (*each)(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf), void *ctx, struct why *why);

/* The same from where `at` stands (a multiple of 256 entries; zeroes: the start), which moves on to the last full bundle, and
 * may be kept for when the log has grown; its emit and ctx are set here. `mark` (may be NULL) gets it every 65,536 entries.
 * Bundles are hashed on all cores; some 32 of them are in memory. ERR_RANGE: `at` is behind head. */
MUST_CHECK enum err log_read_on(const struct file_source *src, const char *prefix, const struct head *head, struct tile_builder *at,
    enum err (*each)(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf), void (*mark)(void *ctx, const struct tile_builder *at), void *ctx, struct why *why);

/* 1 if a log of this size published as files has exactly this tile path. */
int tile_path_expected(const char *path, uint64_t size);
/* 1 if a log that has grown to this size can serve it: those of any smaller size too, for who read an earlier checkpoint. */
int tile_path_served(const char *path, uint64_t size);

#endif
