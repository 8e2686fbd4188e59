#include "crypto/permutation.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/bytes.h"
#include "crypto/ct.h"

struct permutation {
	size_t n;
	uint64_t *key;	  /* random, by item: item i goes where key i comes in their order */
	uint64_t *origin; /* by position: which item came there */
};

/* Swap a and b if mask is all ones; nothing if it is zero. */
static void
swap_if(uint64_t mask, uint8_t *a, uint8_t *b, size_t size)
{
	size_t i = 0;

	for (; i + 8 <= size; i += 8) {
		uint64_t x, y, d;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		d = (x ^ y) & mask;
		x ^= d;
		y ^= d;
		memcpy(a + i, &x, 8);
		memcpy(b + i, &y, 8);
	}
	for (; i < size; i++) {
		uint8_t d = (uint8_t)((a[i] ^ b[i]) & (uint8_t)mask);

		a[i] ^= d;
		b[i] ^= d;
	}
}

/* 1 if a > b, by arithmetic alone. */
static uint64_t
greater(uint64_t a, uint64_t b)
{
	return ((b - a) ^ ((b ^ a) & ((b - a) ^ b))) >> 63;
}

/* Sort the keys, and the items with them. */
static void
sort(uint64_t *key, uint8_t *items, size_t size, size_t n)
{
	size_t top = 1;

	if (n < 2)
		return;
	while (2 * top < n)
		top *= 2;
	for (size_t p = top; p > 0; p /= 2) {
		size_t q = top, r = 0, d = p;

		for (;;) {
			for (size_t i = 0; i + d < n; i++) {
				uint64_t mask;

				if ((i & p) != r)
					continue;
				mask = (uint64_t)0 - greater(key[i], key[i + d]);
				swap_if(mask, (uint8_t *)&key[i], (uint8_t *)&key[i + d], sizeof *key);
				if (items != NULL)
					swap_if(mask, items + i * size, items + (i + d) * size, size);
			}
			if (q == p)
				break;
			d = q - p;
			q /= 2;
			r = p;
		}
	}
}

enum err
permutation_new(struct permutation **out, size_t n)
{
	struct permutation *p = calloc(1, sizeof *p);
	uint64_t *key = calloc(n + 1, sizeof *key);

	if (p != NULL) {
		p->n = n;
		p->key = calloc(n + 1, sizeof *p->key);
		p->origin = calloc(n + 1, sizeof *p->origin);
	}
	if (p == NULL || key == NULL || p->key == NULL || p->origin == NULL) {
		free(key);
		permutation_free(p);
		return ERR_NOMEM;
	}
	/* two equal keys among n: below n^2 / 2^65 */
	random_bytes(p->key, n * sizeof *p->key);
	classify(p->key, n * sizeof *p->key);
	for (size_t i = 0; i < n; i++)
		p->origin[i] = i;
	memcpy(key, p->key, n * sizeof *key);
	sort(key, (uint8_t *)p->origin, sizeof *p->origin, n);
	wipe(key, n * sizeof *key);
	free(key);
	*out = p;
	return OK;
}

void
permutation_free(struct permutation *p)
{
	if (p == NULL)
		return;
	if (p->key != NULL)
		wipe(p->key, p->n * sizeof *p->key);
	if (p->origin != NULL)
		wipe(p->origin, p->n * sizeof *p->origin);
	free(p->key);
	free(p->origin);
	free(p);
}

static enum err
by(const uint64_t *keys, void *items, size_t size, size_t n)
{
	uint64_t *key = malloc((n + 1) * sizeof *key);

	if (key == NULL)
		return ERR_NOMEM;
	memcpy(key, keys, n * sizeof *key);
	sort(key, items, size, n);
	wipe(key, n * sizeof *key);
	free(key);
	return OK;
}

enum err
permutation_apply(const struct permutation *p, void *items, size_t size)
{
	return by(p->key, items, size, p->n);
}

enum err
permutation_undo(const struct permutation *p, void *items, size_t size)
{
	return by(p->origin, items, size, p->n);
}
