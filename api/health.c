/* api/health.c - what keeps urnad from acknowledging anything, while it does, and the entry that tells of it afterwards. */
#include "api/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { LEAST_MIB = 64, QUIET_SECONDS = 3 };

static void
add(struct health *h, const char *part, enum err e, const struct why *why)
{
	if (e == OK || h->n == HEALTH_PARTS)
		return;
	h->part[h->n] = part;
	h->why[h->n++] = *why;
}

/* Room for what is written, seen before it runs out. */
static enum err
folder(const char *path, struct why *why)
{
	struct statvfs v;
	uint64_t mib;

	if (path[0] == '\0')
		return OK;
	if (statvfs(path, &v) != 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (v.f_flag & ST_RDONLY)
		return why_set(why, ERR_IO, "%s can only be read", path);
	mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	return mib >= LEAST_MIB ? OK : why_set(why, ERR_IO, "%s has room for %" PRIu64 " MiB", path, mib);
}

static enum err
disk(struct service *s, struct why *why)
{
	const struct config *c = &s->config;
	const char *const paths[] = {c->data, c->fence, c->record, c->outbox, c->mirror};
	enum err e = outbox_state(s, why);

	for (size_t i = 0; i < sizeof paths / sizeof *paths && e == OK; i++)
		e = folder(paths[i], why);
	return e;
}

void
health_read(struct service *s, struct health *out)
{
	struct why why = {""};

	out->n = 0;
	add(out, "events", ledger_state(s->events, &why), &why);
	if (s->ballots != NULL)
		add(out, "ballots", ledger_state(s->ballots, &why), &why);
	if (s->registry != NULL)
		add(out, "registry", registry_state(s->registry, &why), &why);
	add(out, "disk", disk(s, &why), &why);
	add(out, "files", files_state(s, &why), &why);
	if (out->n == 0) /* else it is what the others say */
		add(out, "service", s->tick_failed, &s->tick_why);
}

/* What was wrong, once for all parts. */
static void
note(struct trouble *t, const struct health *h)
{
	char line[sizeof h->why[0].text + 32];

	for (unsigned i = 0; i < h->n; i++) {
		(void)snprintf(line, sizeof line, "%s: %.300s", h->part[i], h->why[i].text);
		if (strstr(t->parts, h->part[i]) != NULL || strlen(t->text) + strlen(line) + 3 > sizeof t->text)
			continue;
		(void)snprintf(t->parts + strlen(t->parts), sizeof t->parts - strlen(t->parts), " %s", h->part[i]);
		(void)snprintf(t->text + strlen(t->text), sizeof t->text - strlen(t->text), "%s%s", t->text[0] != '\0' ? "; " : "", line);
		journal("trouble: ", line);
	}
}

static enum err
tell(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	char from[21], to[21];
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	time_text(from, s->trouble.since);
	time_text(to, s->trouble.until);
	(void)strcpy(e->kind, "incident");
	event_add(e, "what", "from %s to %s: %s", from, to, s->trouble.text);
	err = events_append(s, e, NULL, why);
	event_free(e);
	free(e);
	return err;
}

enum err
health_follow(struct service *s, struct why *why)
{
	struct trouble *t = &s->trouble;
	struct health h;
	enum err e = OK;

	health_read(s, &h);
	if (h.n > 0) {
		if (t->since == 0)
			t->since = now_seconds();
		t->until = now_seconds();
		t->seen = steady_seconds();
		note(t, &h);
	} else if (t->since != 0 && steady_seconds() - t->seen >= QUIET_SECONDS) {
		if (!s->progress.sealed && (e = tell(s, why)) != OK)
			return e;
		journal("all is well again", "");
		memset(t, 0, sizeof *t);
	}
	return e;
}
