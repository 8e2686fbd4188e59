#include "election/used.h"

#include <stdlib.h>
#include <string.h>

static int
empty(const struct hash *h)
{
	static const struct hash zero;

	return hash_equal(h, &zero);
}

/* Where this hash lies, or would lie: a SHA-256 is spread well enough by its first bytes. */
static struct hash *
place(struct hash *slot, size_t room, const struct hash *h)
{
	size_t i;

	memcpy(&i, h->b, sizeof i);
	for (i %= room; !empty(&slot[i]) && !hash_equal(&slot[i], h);)
		i = (i + 1) % room;
	return &slot[i];
}

static enum err
grow(struct used *u)
{
	size_t room = u->room == 0 ? 64 : 2 * u->room;
	struct hash *more = calloc(room, sizeof *more);

	if (more == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < u->room; i++)
		if (!empty(&u->slot[i]))
			*place(more, room, &u->slot[i]) = u->slot[i];
	free(u->slot);
	u->slot = more;
	u->room = room;
	return OK;
}

static enum err
refused(const struct event *e, struct why *why)
{
	return why_set(why, ERR_EXISTS, "%s: this signed document stands in the log already; what was signed once serves once", e->kind);
}

enum err
used_check(const struct used *u, const struct event *e, struct why *why)
{
	struct hash h;

	if (e->document == NULL || u->room == 0)
		return OK;
	sha256(&h, e->document, strlen(e->document));
	return empty(place(u->slot, u->room, &h)) ? OK : refused(e, why);
}

enum err
used_add(struct used *u, const struct event *e, struct why *why)
{
	struct hash h, *at;

	if (e->document == NULL)
		return OK;
	if (2 * (u->n + 1) > u->room && grow(u) != OK)
		return ERR_NOMEM;
	sha256(&h, e->document, strlen(e->document));
	if (!empty(at = place(u->slot, u->room, &h)))
		return refused(e, why);
	*at = h;
	u->n++;
	return OK;
}

void
used_free(struct used *u)
{
	free(u->slot);
	*u = (struct used){0};
}
