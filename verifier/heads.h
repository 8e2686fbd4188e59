/* verifier/heads.h - signed heads of one log, and whether one history lies behind them.
 *
 * Spec    spec/logs.md#comparing-heads
 * Source  RFC 9162 section 2.1.4; c2sp.org/tlog-tiles
 */
#ifndef VERIFIER_HEADS_H
#define VERIFIER_HEADS_H

#include "crypto/policy.h"
#include "crypto/source.h"

/* A head with the note that carries it. Free the note. */
struct signed_head {
	struct head head;
	struct buf note;
};

/* Take the checkpoint out of a file's bytes: a checkpoint, or a receipt that ends with one. The log must have
 * signed it. ERR_FORMAT, ERR_ABSENT (not signed by this key), ERR_PROOF (a false signature). */
MUST_CHECK enum err head_take(struct signed_head *out, const void *p, size_t n, const struct vkey *log, struct why *why);
/* The same from a file or an http address. */
MUST_CHECK enum err head_load(struct signed_head *out, const char *where, const struct vkey *log, struct why *why);
/* Leave in the note one line of each log and witness of the policy, and nobody else's (note_keep): what a log pads its checkpoints with is not kept. */
MUST_CHECK enum err head_thin(struct signed_head *h, const struct policy *p);

/* Nodes of a tree of `size` entries, read from the tiles of a log that has at least these files. Keeps what it
 * read: a proof takes O(log n) tiles. Zero-initialise, set src and size. */
struct tile_reader {
	const struct file_source *src;
	uint64_t size;
	struct tile_kept {
		char path[64];
		int level;
		uint64_t index;
		struct buf bytes;
	} *tile;
	size_t n, room;
	struct why *why;
};
void tile_reader_free(struct tile_reader *r);
/* Root of 2^level entries from index * 2^level; a node_source over the reader. ERR_ABSENT, ERR_IO, ERR_FORMAT. */
MUST_CHECK enum err tile_reader_node(void *reader, unsigned level, uint64_t index, struct hash *out);
/* Write the tiles that were read under dir, as they were found. */
MUST_CHECK enum err tile_reader_save(const struct tile_reader *r, const char *dir, struct why *why);

enum relation {
	RELATION_SAME,
	RELATION_GROWS, /* the smaller is a prefix of the bigger: proved */
	RELATION_FORK,	/* two histories: proved */
};

/* small->size <= big->size. `tiles` is a reader of big's tree, or NULL. OK with *out; otherwise it cannot be said:
 * ERR_ABSENT (tiles are needed and are not there), ERR_PROOF (the tiles are not those of `big`), ERR_IO.
 * A fork is only answered when tiles prove another root of small's size under big's root, or the sizes are equal. */
MUST_CHECK enum err heads_relate(enum relation *out, const struct head *small, const struct head *big, struct tile_reader *tiles, struct why *why);

/* Write DIR/NAME/{checkpoint,other,tile/...}: `urna-verify compare other checkpoint --log DIR/NAME` on it shows
 * the same again. `other` may be any bytes (a checkpoint that is none); tiles may be NULL. `folder` gets the path. */
MUST_CHECK enum err evidence_write(char folder[512], const char *dir, const char *kind, const struct buf *checkpoint, const struct buf *other,
    const struct tile_reader *tiles, struct why *why);

#endif
