/* crypto/msm.c - sums of products, by Pippenger's method on the library's
 * public interface.
 *
 * Scalars are cut into signed digits of w bits. For each digit position
 * (window) the points with the same digit meet in one bucket, which is one
 * secp256k1_ec_pubkey_combine over pointers (one inversion a bucket). A
 * window's sum of d * bucket[d] is split d = row * 2^h + column; rows and
 * columns are summed, and each of these short lists goes into "bit planes": the
 * sum of the entries whose number has bit j. A plane belongs to one bit
 * position of the result, so one Horner chain over all positions ends it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/group.h"

enum { SMALL = 48, WIDEST = 16, POSITIONS = 256 + 2 * WIDEST };

struct msm {
	const struct point *p;
	secp256k1_pubkey *negated;
	const struct scalar *s;
	size_t n;
	unsigned width, windows;
	struct point *plane; /* POSITIONS sums, one a bit position */
	atomic_uint next;
	atomic_int failed;
};

/* w bits of s from bit position at (0 = least significant). */
static unsigned
bits_at(const struct scalar *s, unsigned at, unsigned w)
{
	unsigned v = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned byte = at / 8 + i;

		if (byte < 32)
			v |= (unsigned)s->b[31 - byte] << (8 * i);
	}
	return v >> (at % 8) & ((1u << w) - 1);
}

/* Digit of window k in the signed form: between -2^(w-1) + 1 and 2^(w-1). The carry into
 * it is decided by the digits below; it is found by looking down until a digit
 * that does not depend on its own carry. */
static int
digit(const struct scalar *s, unsigned k, unsigned w)
{
	int half = 1 << (w - 1), d = (int)bits_at(s, k * w, w), carry = 0;

	for (unsigned i = k; i-- > 0;) {
		int below = (int)bits_at(s, i * w, w);

		if (below != half) {
			carry = below > half;
			break;
		}
	}
	d += carry;
	return d > half ? d - 2 * half : d;
}

static struct point
combine(const secp256k1_pubkey *const *list, size_t n)
{
	struct point r = {.inf = 0};

	if (n == 0)
		return POINT_INFINITY;
	if (n == 1) {
		r.pk = *list[0];
		return r;
	}
	r.inf = secp256k1_ec_pubkey_combine(group_context(), &r.pk, list, n) != 1;
	return r;
}

/* Planes of sum over i of i * item[i] (items 0..n-1), from position `at` up. */
static void
planes(struct msm *m, const struct point *item, unsigned n, unsigned at, const secp256k1_pubkey **list)
{
	for (unsigned j = 0; 1u << j < n; j++) {
		size_t k = 0;

		for (unsigned i = 1; i < n; i++)
			if (i >> j & 1 && !item[i].inf)
				list[k++] = &item[i].pk;
		m->plane[at + j] = combine(list, k);
	}
}

static int
window(struct msm *m, unsigned k)
{
	unsigned half = 1u << (m->width - 1), low = m->width / 2, columns = 1u << low, rows = (half >> low) + 1;
	uint32_t *start = calloc(half + 2, sizeof *start);
	int32_t *digits = malloc(m->n * sizeof *digits);
	const secp256k1_pubkey **list = malloc((m->n + half + 1) * sizeof *list);
	struct point *bucket = malloc((half + 1 + rows + columns) * sizeof *bucket), *row, *column;
	int good = 0;

	if (start == NULL || digits == NULL || list == NULL || bucket == NULL)
		goto done;
	row = bucket + half + 1;
	column = row + rows;

	for (size_t i = 0; i < m->n; i++) {
		digits[i] = m->p[i].inf ? 0 : digit(&m->s[i], k, m->width);
		start[(unsigned)abs(digits[i]) + 1]++;
	}
	for (unsigned d = 1; d <= half + 1; d++)
		start[d] += start[d - 1];
	for (size_t i = 0; i < m->n; i++) {
		unsigned d = (unsigned)abs(digits[i]);

		list[start[d]++] = digits[i] < 0 ? &m->negated[i] : &m->p[i].pk;
	}
	/* start[d] is now the end of bucket d, and start[d - 1] its beginning. */
	bucket[0] = POINT_INFINITY;
	for (unsigned d = 1; d <= half; d++) {
		for (uint32_t i = start[d]; d < half && i < start[d + 1]; i++) { /* the next bucket's, all over memory */
			__builtin_prefetch(list[i]);
			__builtin_prefetch((const uint8_t *)list[i] + sizeof **list - 1);
		}
		bucket[d] = combine(list + start[d - 1], start[d] - start[d - 1]);
	}

	for (unsigned r = 0; r < rows; r++) {
		size_t n = 0;

		for (unsigned c = 0; c < columns && r * columns + c <= half; c++)
			if (!bucket[r * columns + c].inf)
				list[n++] = &bucket[r * columns + c].pk;
		row[r] = combine(list, n);
	}
	for (unsigned c = 0; c < columns; c++) {
		size_t n = 0;

		for (unsigned r = 0; r * columns + c <= half; r++)
			if (!bucket[r * columns + c].inf)
				list[n++] = &bucket[r * columns + c].pk;
		column[c] = combine(list, n);
	}
	planes(m, column, columns, k * m->width, list);
	planes(m, row, rows, k * m->width + low, list);
	good = 1;

done:
	free(start);
	free(digits);
	free(list);
	free(bucket);
	return good;
}

static void *
work(void *arg)
{
	struct msm *m = arg;
	unsigned k;

	while ((k = atomic_fetch_add(&m->next, 1)) < m->windows)
		if (!window(m, k))
			atomic_store(&m->failed, 1);
	return NULL;
}

/* The width with the least work: n point additions and 2^(w-1) buckets a window. */
static unsigned
best_width(size_t n, unsigned bits)
{
	unsigned best = 4;
	double least = 0;

	for (unsigned w = 4; w <= WIDEST; w++) {
		double cost = (double)(bits / w + 1) * (0.2 * (double)n + 2.3 * (double)(1u << (w - 1)));

		if (w == 4 || cost < least) {
			least = cost;
			best = w;
		}
	}
	return best;
}

static void
one_by_one(struct point *r, const struct point *p, const struct scalar *s, size_t n)
{
	struct point term, sum = POINT_INFINITY;

	for (size_t i = 0; i < n; i++) {
		point_mul_var(&term, &p[i], &s[i]);
		point_add(&sum, &sum, &term);
	}
	*r = sum;
}

enum err
point_msm_var(struct point *r, const struct point *p, const struct scalar *s, size_t n, unsigned bits, unsigned threads)
{
	struct point plane[POSITIONS], sum = POINT_INFINITY;
	struct msm m = {.p = p, .s = s, .n = n, .plane = plane};
	pthread_t helper[16];
	unsigned helpers = 0;
	int good = 1;

	if (bits != 128 && bits != 256)
		return ERR_RANGE;
	if (bits == 128)
		for (size_t i = 0; i < n; i++)
			if (memcmp(s[i].b, SCALAR_ZERO.b, 16) != 0)
				return ERR_RANGE;
	if (n < SMALL) {
		one_by_one(r, p, s, n);
		return OK;
	}
	m.width = best_width(n, bits);
	m.windows = bits / m.width + 1;
	if ((m.negated = malloc(n * sizeof *m.negated)) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (!p[i].inf) {
			m.negated[i] = p[i].pk;
			good &= secp256k1_ec_pubkey_negate(group_context(), &m.negated[i]);
		}
	if (!good) {
		free(m.negated);
		return ERR_RANGE;
	}
	for (unsigned i = 0; i < POSITIONS; i++)
		plane[i] = POINT_INFINITY;

	while (helpers + 1 < threads && helpers < sizeof helper / sizeof *helper &&
	    pthread_create(&helper[helpers], NULL, work, &m) == 0)
		helpers++;
	(void)work(&m);
	for (unsigned i = 0; i < helpers; i++)
		(void)pthread_join(helper[i], NULL);
	free(m.negated);
	if (atomic_load(&m.failed))
		return ERR_NOMEM;

	for (unsigned i = POSITIONS; i-- > 0;) {
		const secp256k1_pubkey *list[3];
		size_t k = 0;

		if (!sum.inf) {
			list[k++] = &sum.pk;
			list[k++] = &sum.pk;
		}
		if (!plane[i].inf)
			list[k++] = &plane[i].pk;
		sum = combine(list, k);
	}
	*r = sum;
	return OK;
}
