#include "crypto/merkle.h"

#include <string.h>

void
leaf_hash(struct hash *out, const void *entry, size_t n)
{
	sha256_3(out, "\0", 1, entry, n, NULL, 0);
}

void
node_hash(struct hash *out, const struct hash *left, const struct hash *right)
{
	sha256_3(out, "\1", 1, left->b, 32, right->b, 32);
}

void
empty_root(struct hash *out)
{
	sha256(out, NULL, 0);
}

void
frontier_append(struct frontier *f, const struct hash *leaf)
{
	struct hash h = *leaf;
	unsigned l = 0;

	for (; f->size >> l & 1; l++)
		node_hash(&h, &f->peak[l], &h);
	f->peak[l] = h;
	f->size++;
}

void
frontier_root(struct hash *out, const struct frontier *f)
{
	struct hash h;
	int have = 0;

	if (f->size == 0) {
		empty_root(out);
		return;
	}
	for (unsigned l = 0; l < 64; l++) {
		if (!(f->size >> l & 1))
			continue;
		if (have)
			node_hash(&h, &f->peak[l], &h);
		else
			h = f->peak[l];
		have = 1;
	}
	*out = h;
}

/* Root of leaves [begin, end), where begin is a multiple of the largest power of two
 * below end - begin, as all subtrees of RFC 6962 are. */
static enum err
range_root(struct hash *out, uint64_t begin, uint64_t end, const struct node_source *src)
{
	struct hash h, part;
	int have = 0;
	enum err e;
	uint64_t at = end;

	/* from the right: the perfect subtrees of the range, smallest first */
	while (at > begin) {
		unsigned l = 0;

		while (!((at - begin) >> l & 1))
			l++;
		if ((e = src->node(src->ctx, l, (at >> l) - 1, &part)) != OK)
			return e;
		if (have)
			node_hash(&h, &part, &h);
		else
			h = part;
		have = 1;
		at -= (uint64_t)1 << l;
	}
	*out = h;
	return OK;
}

/* The same for a range that ends where the tree ends: from the memo, if it has been asked for before. */
static enum err
last_range_root(struct hash *out, uint64_t begin, uint64_t end, const struct node_source *src)
{
	struct range_memo *m = src->memo;
	enum err e;

	if (m == NULL)
		return range_root(out, begin, end, src);
	if (m->end != end) {
		m->end = end;
		m->n = 0;
	}
	for (unsigned i = 0; i < m->n; i++)
		if (m->begin[i] == begin) {
			*out = m->root[i];
			return OK;
		}
	if ((e = range_root(out, begin, end, src)) == OK && m->n < MERKLE_MAX_PATH) {
		m->begin[m->n] = begin;
		m->root[m->n++] = *out;
	}
	return e;
}

enum err
tree_root(struct hash *out, uint64_t size, const struct node_source *src)
{
	if (size == 0) {
		empty_root(out);
		return OK;
	}
	return range_root(out, 0, size, src);
}

/* Largest power of two below n, n >= 2. */
static uint64_t
split(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

enum err
inclusion_path(struct hash path[MERKLE_MAX_PATH], size_t *n, uint64_t index, uint64_t size, const struct node_source *src)
{
	struct hash down[MERKLE_MAX_PATH + 1];
	uint64_t begin = 0, end = size;
	size_t k = 0;
	enum err e;

	if (index >= size)
		return ERR_RANGE;
	while (end - begin > 1) { /* from the root down; siblings come out in reverse */
		uint64_t mid = begin + split(end - begin);

		if (index < mid) {
			if ((e = (end == size ? last_range_root : range_root)(&down[k++], mid, end, src)) != OK)
				return e;
			end = mid;
		} else {
			if ((e = range_root(&down[k++], begin, mid, src)) != OK)
				return e;
			begin = mid;
		}
	}
	for (size_t i = 0; i < k; i++)
		path[i] = down[k - 1 - i];
	*n = k;
	return OK;
}

enum err
consistency_path(struct hash path[MERKLE_MAX_PATH], size_t *n, uint64_t old, uint64_t size, const struct node_source *src)
{
	struct hash down[MERKLE_MAX_PATH + 2];
	uint64_t begin = 0, end = size;
	size_t k = 0;
	enum err e;

	if (old > size)
		return ERR_RANGE;
	if (old == 0 || old == size) {
		*n = 0;
		return OK;
	}
	while (old != end) {
		uint64_t mid = begin + split(end - begin);

		if (old <= mid) {
			if ((e = range_root(&down[k++], mid, end, src)) != OK)
				return e;
			end = mid;
		} else {
			if ((e = range_root(&down[k++], begin, mid, src)) != OK)
				return e;
			begin = mid;
		}
	}
	/* the old tree itself needs no hash when it is a subtree from the left */
	if (begin != 0 && (e = range_root(&down[k++], begin, end, src)) != OK)
		return e;
	for (size_t i = 0; i < k; i++)
		path[i] = down[k - 1 - i];
	*n = k;
	return OK;
}

enum err
inclusion_check(uint64_t index, uint64_t size, const struct hash *leaf, const struct hash *path, size_t n, const struct hash *root)
{
	uint64_t node = index, last = size - 1;
	struct hash h = *leaf;
	size_t used = 0;

	if (index >= size)
		return ERR_RANGE;
	/* Climb. A right-most node with an even number has no sibling and moves up as it is. */
	for (; last > 0; node /= 2, last /= 2) {
		if (node % 2 == 0 && node == last)
			continue;
		if (used == n)
			return ERR_LENGTH;
		if (node % 2 == 1)
			node_hash(&h, &path[used], &h);
		else
			node_hash(&h, &h, &path[used]);
		used++;
	}
	if (used != n)
		return ERR_LENGTH;
	return hash_equal(&h, root) ? OK : ERR_PROOF;
}

enum err
consistency_check(uint64_t old, uint64_t size, const struct hash *path, size_t n, const struct hash *old_root, const struct hash *root)
{
	struct hash was, is, empty;
	uint64_t node, last;
	size_t used = 0;

	if (old > size)
		return ERR_RANGE;
	if (old == 0) {
		if (n != 0)
			return ERR_LENGTH;
		empty_root(&empty);
		if (!hash_equal(old_root, &empty))
			return ERR_PROOF;
		return size > 0 || hash_equal(root, &empty) ? OK : ERR_PROOF;
	}
	if (old == size) {
		if (n != 0)
			return ERR_LENGTH;
		return hash_equal(old_root, root) ? OK : ERR_PROOF;
	}
	node = old - 1;
	last = size - 1;
	for (; node % 2 == 1; node /= 2)
		last /= 2;
	if (node == 0) { /* the old tree is a perfect subtree */
		was = *old_root;
	} else {
		if (n == 0)
			return ERR_LENGTH;
		was = path[used++];
	}
	is = was;
	for (; last > 0; node /= 2, last /= 2) {
		if (node % 2 == 0 && node == last)
			continue;
		if (used == n)
			return ERR_LENGTH;
		if (node % 2 == 1) {
			node_hash(&was, &path[used], &was);
			node_hash(&is, &path[used], &is);
		} else {
			node_hash(&is, &is, &path[used]);
		}
		used++;
	}
	if (used != n)
		return ERR_LENGTH;
	return hash_equal(&was, old_root) && hash_equal(&is, root) ? OK : ERR_PROOF;
}
