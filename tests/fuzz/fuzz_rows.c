/* tests/fuzz/fuzz_rows.c - pages of a registry from another authorizer, what asks for them, and lists that come in pieces */
#include <stdlib.h>
#include <string.h>

#include "registry/authorizations.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err
on_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct buf *out = ctx;

	buf_u32(out, index);
	list_row(out, row);
	return OK;
}

/* A list in pieces of `size` gives the rows, and the verdict, that it gives whole. */
static void
pieces(const uint8_t *p, size_t n, size_t size)
{
	struct hash scope;
	struct buf whole = {0}, apart = {0};
	struct list_walk w = {.election = &scope, .authorizer = p[33], .authorizers = p[34], .rows = p[38], .each = on_row, .ctx = &apart};
	enum err a, b = OK;

	memcpy(scope.b, p + 1, HASH_BYTES);
	a = list_read(p, n, &scope, p[33], p[34], p[38], on_row, &whole, NULL);
	for (size_t at = 0; at < n && b == OK; at += size)
		b = list_feed(&w, p + at, n - at < size ? n - at : size, NULL);
	if (b == OK)
		b = list_end(&w, NULL);
	else
		buf_free(&w.pending);
	if (a != b || whole.n != apart.n || (whole.n > 0 && memcmp(whole.p, apart.p, whole.n) != 0))
		abort();
	buf_free(&whole);
	buf_free(&apart);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct call call;
	static struct roll roll;
	static struct manifest manifest;
	static struct hash election;
	static struct rsa_public *const *keys[MAX_AUTHORIZERS];
	struct authorizations x = {NULL, &call, &manifest, &roll, &election, keys, 2};
	struct authorization_row *row = malloc(sizeof *row);
	struct buf again = {0}, text = {0};
	uint32_t next, filled = 0;

	if (row == NULL)
		return 0;
	call.authorizers = 4;
	call.quorum = 3;
	/* nobody stands on this roll: whatever the page holds, no row may be taken */
	if (authorizations_fill(&x, p, n, NULL, &next, &filled, NULL) == OK && (n != 4 || filled != 0))
		abort();
	if (authorization_row_read(row, p, n) == OK) {
		authorization_row_write(&again, row);
		if (again.n != n || memcmp(again.p, p, n) != 0)
			abort();
	}
	buf_put(&text, p, n);
	if (rows_request_check(&x, buf_cstr(&text), "", 0, &next, NULL) == OK)
		abort();
	if (n >= 40 && p[34] >= 1 && p[34] <= MAX_AUTHORIZERS)
		pieces(p, n, (size_t)p[39] + 1);
	buf_free(&again);
	buf_free(&text);
	free(row);
	return 0;
}
