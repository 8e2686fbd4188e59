/* verifier/mutate_logs.c - entries of a log's bundles: taken away, twice, in another order, signed by others.
 * Spec    spec/record.md#self-test
 */
#include "verifier/mutate.h"

#include <stdlib.h>
#include <string.h>

struct bundle {
	struct {
		const uint8_t *p;
		size_t n;
	} entry[TILE_WIDTH];
	unsigned n;
};

static enum err
collect(void *ctx, const uint8_t *p, size_t n)
{
	struct bundle *x = ctx;

	x->entry[x->n].p = p;
	x->entry[x->n++].n = n;
	return OK;
}

/* Write the entries back over the file they point into. */
static void
rebuild(struct buf *b, const struct bundle *x)
{
	struct buf out = {0};

	for (unsigned i = 0; i < x->n; i++)
		buf_vec16(&out, x->entry[i].p, x->entry[i].n);
	buf_free(b);
	*b = out;
}

static struct buf *
bundle_at(struct mutant *m, struct bundle *x, const char *log, uint64_t size, uint64_t index)
{
	uint64_t left = size - index * TILE_WIDTH;
	struct buf *b;
	char path[80];

	memset(x, 0, sizeof *x);
	mutant_tile(path, log, TILE_ENTRIES, size, index);
	b = overlay_change(&m->files, path);
	return b != NULL && bundle_read(b->p, b->n, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH, collect, x) == OK ? b : NULL;
}

static int
holds(const struct bundle *x, unsigned i, const char *needle)
{
	return needle == NULL || memmem(x->entry[i].p, x->entry[i].n, needle, strlen(needle)) != NULL;
}

/* The bundle of events and the position in it of the entry that holds `needle`. */
static struct buf *
entry_with(struct mutant *m, struct bundle *x, unsigned *at, const char *needle)
{
	uint64_t size = m->r->events_head.size;

	for (uint64_t k = 0; k * TILE_WIDTH < size; k++) {
		struct buf *b = bundle_at(m, x, "events/", size, k);

		for (*at = 0; b != NULL && *at < x->n; ++*at)
			if (holds(x, *at, needle))
				return b;
	}
	return NULL;
}

/* The entry is there as an incident of the same time: the log keeps its form, the step is gone. */
void
spoil_entry_unmade(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned at;
	struct buf *b = entry_with(m, &x, &at, it->a), out = {0};
	struct event e = {.time = 0};

	if (b == NULL || event_read(&e, x.entry[at].p, x.entry[at].n, NULL) != OK)
		return;
	free(e.document);
	e.document = NULL;
	(void)strcpy(e.kind, "incident");
	if (event_write(&out, &e) == OK) {
		x.entry[at].p = out.p;
		x.entry[at].n = out.n;
		rebuild(b, &x);
		m->made = 1;
	}
	buf_free(&out);
	event_free(&e);
}

/* The neighbour (b: "-" the one before, "+" the one after) becomes a copy. */
void
spoil_entry_twice(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned at, to;
	struct buf *b = entry_with(m, &x, &at, it->a);

	to = b == NULL ? 0 : it->b[0] == '-' ? at - 1 : at + 1;
	if (b == NULL || to >= x.n)
		return;
	x.entry[to] = x.entry[at];
	rebuild(b, &x);
	m->made = 1;
}

void
spoil_entries_swapped(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned one, two;
	struct buf *b = entry_with(m, &x, &one, it->a);

	for (two = 0; b != NULL && two < x.n && !holds(&x, two, it->b);)
		two++;
	if (b == NULL || two == x.n)
		return;
	const uint8_t *p = x.entry[one].p;
	size_t n = x.entry[one].n;

	x.entry[one] = x.entry[two];
	x.entry[two].p = p;
	x.entry[two].n = n;
	rebuild(b, &x);
	m->made = 1;
}

/* The signature inside a submitted entry: taken from another entry (b), or its last letters changed. */
void
spoil_entry_signed_by_others(struct mutant *m, const struct mutation *it)
{
	struct bundle x, y;
	unsigned at, from;
	struct event e = {.time = 0}, other = {.time = 0};
	struct buf *b, out = {0};

	if (it->b != NULL && ((b = entry_with(m, &y, &from, it->b)) == NULL || event_read(&other, y.entry[from].p, y.entry[from].n, NULL) != OK))
		return;
	if ((b = entry_with(m, &x, &at, it->a)) != NULL && event_read(&e, x.entry[at].p, x.entry[at].n, NULL) == OK && e.note != NULL) {
		if (it->b != NULL) {
			free(e.note);
			e.note = other.note != NULL ? strdup(other.note) : NULL;
		} else {
			char *space = strrchr(e.note, ' ');

			space[10] = space[10] == 'A' ? 'B' : 'A'; /* within the signature, after the key's number */
		}
		if (e.note != NULL && event_write(&out, &e) == OK) {
			x.entry[at].p = out.p;
			x.entry[at].n = out.n;
			rebuild(b, &x);
			m->made = 1;
		}
	}
	buf_free(&out);
	event_free(&e);
	event_free(&other);
}

/* a: how: "gone", "twice", "swapped", "replaced". */
void
spoil_ballots_of_log(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	struct buf *b = bundle_at(m, &x, "ballots/", m->r->ballots_head.size, 0);

	if (b == NULL || x.n < 2)
		return;
	if (strcmp(it->a, "gone") == 0) {
		memmove(&x.entry[0], &x.entry[1], (x.n - 1) * sizeof x.entry[0]);
		x.n--;
	} else if (strcmp(it->a, "twice") == 0) {
		if (x.n == TILE_WIDTH)
			x.n--;
		memmove(&x.entry[1], &x.entry[0], x.n * sizeof x.entry[0]);
		x.n++;
	} else if (strcmp(it->a, "swapped") == 0) {
		const uint8_t *p = x.entry[0].p;
		size_t n = x.entry[0].n;

		x.entry[0] = x.entry[1];
		x.entry[1].p = p;
		x.entry[1].n = n;
	} else {
		x.entry[0] = x.entry[1];
	}
	rebuild(b, &x);
	m->made = 1;
}
