#include "crypto/proof.h"

#include <inttypes.h>
#include <string.h>

static const char proof_head[] = "c2sp.org/tlog-proof@v1\n";

void
receipt_write(struct buf *out, uint64_t index, const struct hash *path, size_t path_n, const void *checkpoint, size_t checkpoint_n)
{
	buf_printf(out, "%sindex %" PRIu64 "\n", proof_head, index);
	for (size_t i = 0; i < path_n; i++) {
		char text[48];

		base64_encode(text, path[i].b, 32);
		buf_printf(out, "%s\n", text);
	}
	buf_u8(out, '\n');
	buf_put(out, checkpoint, checkpoint_n);
}

enum err
receipt_read(struct receipt *out, const void *p, size_t n, struct why *why)
{
	const char *at = p, *end = at + n, *eol;
	struct receipt r = {0};

	if (n < sizeof proof_head - 1 || memcmp(at, proof_head, sizeof proof_head - 1) != 0)
		return why_set(why, ERR_FORMAT, "not a receipt: its first line is not c2sp.org/tlog-proof@v1");
	at += sizeof proof_head - 1;
	if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL || eol - at < 6 || memcmp(at, "index ", 6) != 0 ||
	    decimal_read(&r.index, at + 6, eol) != OK)
		return why_set(why, ERR_FORMAT, "receipt: bad index line");
	for (at = eol + 1;; at = eol + 1) {
		if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return why_set(why, ERR_FORMAT, "receipt: cut short");
		if (eol == at)
			break;
		if (r.path_n == MERKLE_MAX_PATH || hash_read(&r.path[r.path_n], at, eol) != OK)
			return why_set(why, ERR_FORMAT, "receipt: hash line %zu is malformed", r.path_n + 1);
		r.path_n++;
	}
	r.checkpoint = eol + 1;
	r.checkpoint_n = (size_t)(end - r.checkpoint);
	*out = r;
	return OK;
}

enum err
receipt_verify(const struct receipt *r, const struct hash *leaf, const struct vkey *log, struct head *head, struct why *why)
{
	struct head h;
	enum err e;

	if ((e = checkpoint_open(&h, r->checkpoint, r->checkpoint_n, log, why)) != OK)
		return why_prefix(why, e, "receipt");
	*head = h;
	if ((e = inclusion_check(r->index, h.size, leaf, r->path, r->path_n, &h.root)) != OK)
		return why_set(why, e, "receipt: the entry is not in the tree of size %" PRIu64 " at index %" PRIu64, h.size, r->index);
	return OK;
}
