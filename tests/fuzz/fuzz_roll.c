/* tests/fuzz/fuzz_roll.c - the public roll and the lists of closing; what is read is written back the same */
#include <stdlib.h>
#include <string.h>

#include "election/roll.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err
on_row(void *ctx, uint32_t index, const struct list_row *row)
{
	(void)index;
	list_row(ctx, row);
	return OK;
}

static enum err
on_confirmation(void *ctx, uint32_t index, const uint8_t *sig)
{
	(void)index;
	confirmations_row(ctx, sig);
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct manifest m;
	struct hash scope = {{0}};
	struct buf again = {0};
	struct roll roll;
	uint32_t rows;

	if (n < 80)
		return 0;
	/* the header names what it is of: take that as what is asked for, and reach the rows */
	memcpy(scope.b, p + 1, HASH_BYTES);
	memcpy(m.styles_hash.b, p + 1 + HASH_BYTES, HASH_BYTES);
	m.styles = 4;
	if (roll_read(&roll, p, n, &scope, &m, NULL) == OK) {
		roll_write(&again, &roll);
		if (again.n != n || memcmp(again.p, p, n) != 0)
			abort();
		roll_free(&roll);
		buf_free(&again);
	}
	rows = (uint32_t)p[35] << 24 | (uint32_t)p[36] << 16 | (uint32_t)p[37] << 8 | p[38];
	if (rows < 100000 && p[34] >= 1 && p[34] <= MAX_AUTHORIZERS) {
		list_begin(&again, &scope, p[33], p[34], rows);
		if (list_read(p, n, &scope, p[33], p[34], rows, on_row, &again, NULL) == OK && (again.n != n || memcmp(again.p, p, n) != 0))
			abort();
		buf_free(&again);
	}
	rows = (uint32_t)p[33] << 24 | (uint32_t)p[34] << 16 | (uint32_t)p[35] << 8 | p[36];
	if (rows < 100000) {
		confirmations_begin(&again, &scope, rows);
		if (confirmations_read(p, n, &scope, rows, on_confirmation, &again, NULL) == OK && (again.n != n || memcmp(again.p, p, n) != 0))
			abort();
		buf_free(&again);
	}
	return 0;
}
