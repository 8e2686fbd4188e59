/* tests/fuzz/fuzz_logs.c - notes, verifier keys, receipts, tile paths and bundles */
#include <stdlib.h>
#include <string.h>

#include "crypto/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err
each(void *ctx, const uint8_t *entry, size_t n)
{
	(void)entry;
	*(size_t *)ctx += n + 2;
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1), again[256];
	struct receipt r;
	struct note note;
	struct vkey k;
	size_t total = 0;
	uint64_t index;
	unsigned width;
	int level;

	if (text == NULL)
		return 0;
	memcpy(text, p, n);
	text[n] = 0;
	if (note_read(&note, p, n, NULL) == OK && note.text_n >= n)
		abort();
	if (receipt_read(&r, p, n, NULL) == OK) {
		struct buf out = {0};

		receipt_write(&out, r.index, r.path, r.path_n, r.checkpoint, r.checkpoint_n);
		if (r.extra == NULL && (out.n != n || memcmp(out.p, p, n) != 0))
			abort();
		buf_free(&out);
	}
	if (vkey_read(&k, text, NULL) == OK) {
		vkey_write(again, &k);
		if (strcmp(again, text) != 0)
			abort();
	}
	if (tile_path_read(text, &level, &index, &width) == OK && width > TILE_WIDTH)
		abort();
	if (n > 0 && bundle_read(p + 1, n - 1, p[0], each, &total) == OK && total != n - 1)
		abort();
	free(text);
	return 0;
}
