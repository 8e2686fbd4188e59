#include "crypto/bytetree.h"

#include <stdlib.h>
#include <string.h>

void
bt_node(struct buf *b, size_t children)
{
	if (children > UINT32_MAX)
		b->failed = 1;
	buf_u8(b, 0);
	buf_u32(b, (uint32_t)children);
}

void
bt_leaf(struct buf *b, const void *p, size_t n)
{
	buf_u8(b, 1);
	buf_vec32(b, p, n);
}

void
bt_text(struct buf *b, const char *s)
{
	bt_leaf(b, s, strlen(s));
}

void
bt_int(struct buf *b, uint32_t v)
{
	buf_u8(b, 1);
	buf_u32(b, 4);
	buf_u32(b, v);
}

/* 33 bytes: a leading zero, as of a signed integer. */
static void
wide(struct buf *b, const uint8_t v[32])
{
	uint8_t t[38] = {1, 0, 0, 0, 33, 0};

	memcpy(t + 6, v, 32);
	buf_put(b, t, sizeof t);
}

void
bt_scalar(struct buf *b, const struct scalar *s)
{
	wide(b, s->b);
}

/* node(leaf of 33 bytes, leaf of 33 bytes) in one piece: lists are long, and hashed often. */
void
bt_point(struct buf *b, const struct point *p)
{
	uint8_t t[BT_POINT_BYTES] = {0, 0, 0, 0, 2, [5] = 1, 0, 0, 0, 33, [43] = 1, 0, 0, 0, 33};

	if (p->inf) {
		memset(t + 10, 0xff, 33);
		memset(t + 48, 0xff, 33);
	} else if (point_write_xy(t + 11, t + 49, p) != OK) {
		b->failed = 1;
		return;
	}
	buf_put(b, t, sizeof t);
}

void
bt_points(struct buf *b, const struct point *p, size_t n)
{
	buf_room(b, 5 + n * BT_POINT_BYTES);
	bt_node(b, n);
	for (size_t i = 0; i < n; i++)
		bt_point(b, &p[i]);
}

void
bt_ciphertexts(struct buf *b, const struct ciphertext *c, size_t n)
{
	buf_room(b, 15 + 2 * n * BT_POINT_BYTES);
	bt_node(b, 2);
	bt_node(b, n);
	for (size_t i = 0; i < n; i++)
		bt_point(b, &c[i].c1);
	bt_node(b, n);
	for (size_t i = 0; i < n; i++)
		bt_point(b, &c[i].c2);
}

void
bt_read_node(struct rd *r, size_t children)
{
	if (rd_u8(r) != 0 || rd_u32(r) != children)
		r->failed = 1;
}

const uint8_t *
bt_read_leaf(struct rd *r, size_t n)
{
	if (rd_u8(r) != 1 || rd_u32(r) != n)
		r->failed = 1;
	return rd_take(r, n);
}

void
bt_read_scalar(struct rd *r, struct scalar *out)
{
	const uint8_t *p = bt_read_leaf(r, 33);

	*out = SCALAR_ZERO;
	if (p == NULL || p[0] != 0 || scalar_read(out, p + 1) != OK)
		r->failed = 1;
}

void
bt_read_scalars(struct rd *r, struct scalar *out, size_t n)
{
	bt_read_node(r, n);
	for (size_t i = 0; i < n && !r->failed; i++)
		bt_read_scalar(r, &out[i]);
}

void
bt_read_point(struct rd *r, struct point *out, int infinity)
{
	const uint8_t *x, *y;
	uint8_t none[33];

	*out = POINT_INFINITY;
	bt_read_node(r, 2);
	x = bt_read_leaf(r, 33);
	y = bt_read_leaf(r, 33);
	if (x == NULL || y == NULL)
		return;
	memset(none, 0xff, sizeof none);
	if (memcmp(x, none, 33) == 0 && memcmp(y, none, 33) == 0) {
		if (!infinity)
			r->failed = 1;
		return;
	}
	if (x[0] != 0 || y[0] != 0 || point_read_xy(out, x + 1, y + 1) != OK)
		r->failed = 1;
}

void
bt_read_points(struct rd *r, struct point *out, size_t n, int infinity)
{
	bt_read_node(r, n);
	for (size_t i = 0; i < n && !r->failed; i++)
		bt_read_point(r, &out[i], infinity);
}

void
bt_read_ciphertexts(struct rd *r, struct ciphertext *out, size_t n)
{
	bt_read_node(r, 2);
	bt_read_node(r, n);
	for (size_t i = 0; i < n && !r->failed; i++)
		bt_read_point(r, &out[i].c1, 0);
	bt_read_node(r, n);
	for (size_t i = 0; i < n && !r->failed; i++)
		bt_read_point(r, &out[i].c2, 0);
}

size_t
bt_ciphertexts_count(size_t bytes)
{
	if (bytes < 15 || (bytes - 15) % (2 * BT_POINT_BYTES) != 0)
		return 0;
	return (bytes - 15) / (2 * BT_POINT_BYTES);
}

enum err
bt_ciphertexts_read(struct ciphertext **out, size_t n, const void *p, size_t bytes)
{
	struct ciphertext *list;
	struct rd r = rd_init(p, bytes);

	if (bytes != 15 + n * 2 * BT_POINT_BYTES)
		return ERR_FORMAT;
	if ((list = calloc(n + 1, sizeof *list)) == NULL)
		return ERR_NOMEM;
	bt_read_ciphertexts(&r, list, n);
	if (rd_done(&r) != OK) {
		free(list);
		return ERR_FORMAT;
	}
	*out = list;
	return OK;
}
