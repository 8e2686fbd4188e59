/* api/events.c - the log `events`: what may come is appended, carried out, and replayed after a restart. */
#include "api/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
journal(const char *what, const char *text)
{
	char t[21];

	time_text(t, now_seconds());
	(void)fprintf(stderr, "%s %s%s\n", t, what, text);
}

/* Nobody casts while suspended, in the grace neither. */
static const char *
stage_of(const struct progress *p)
{
	return p->sealed		 ? "sealed"
	    : p->cancelled		 ? "cancelled"
	    : p->closed			 ? "closed"
	    : p->suspended || p->clock	 ? "suspended"
	    : (p->begun >> 5 & 1)	 ? "grace"
	    : (p->begun >> 3 & 1)	 ? "open"
					 : "before";
}

void
events_show(struct service *s)
{
	(void)pthread_rwlock_wrlock(&s->box_lock);
	s->view = (struct view){stage_of(&s->progress), s->loaded, s->progress, s->steady_gap, s->manifest != NULL ? (int64_t)s->manifest->grace : 0};
	(void)pthread_rwlock_unlock(&s->box_lock);
}

void
service_view(struct service *s, struct view *out)
{
	(void)pthread_rwlock_rdlock(&s->box_lock);
	*out = s->view;
	(void)pthread_rwlock_unlock(&s->box_lock);
}

int64_t
hour_by(int64_t steady_gap)
{
	int64_t now = now_seconds(), steady = steady_seconds() + steady_gap;

	return llabs(now - steady) > 30 ? steady : now;
}

int
view_authorizes(const struct view *v)
{
	return strcmp(v->stage, "open") == 0 && hour_by(v->steady_gap) < v->progress.closes;
}

int
view_casts(const struct view *v)
{
	return (strcmp(v->stage, "open") == 0 || strcmp(v->stage, "grace") == 0) && hour_by(v->steady_gap) < v->progress.closes + v->grace;
}

/* What cannot be read again would stop every reader of the log for good. */
static enum err
readable(const struct buf *entry, struct why *why)
{
	struct event *again = calloc(1, sizeof *again);
	enum err err = again != NULL ? event_read(again, entry->p, entry->n, why) : ERR_NOMEM;

	if (err == OK)
		event_free(again);
	free(again);
	return err;
}

static void
stamp(const struct service *s, struct event *e)
{
	const struct progress *p = &s->progress;

	e->time = now_seconds();
	if (e->time < p->last)
		e->time = p->last;
	if (strcmp(e->kind, "opening") != 0)
		e->scope = p->opened ? p->election : s->call.hash;
}

/* An entry that stands in the log changes where the election stands. */
static enum err
carry_out(struct service *s, const struct event *e, const struct progress *next, struct why *why)
{
	enum err err;

	s->progress = *next;
	s->taken++;
	s->unexported = 1;
	judge_note(&s->said, e, &s->call);
	events_show(s);
	if ((err = used_add(&s->used, e, why)) != OK || (err = replace_apply(&s->call, e, why)) != OK)
		return err;
	if (s->loaded && (err = amendment_carry_out(s, e, why)) != OK)
		return err;
	return documents_settle(s, e, why);
}

/* An append that failed may stand in the log all the same: what it said is carried out before anything else is said. */
enum err
events_take_up(struct service *s, struct why *why)
{
	struct head head;
	enum err err;

	if ((err = ledger_state(s->events, why)) != OK)
		return err;
	ledger_head(s->events, &head, NULL);
	while (s->taken < head.size && err == OK) {
		struct event *x = calloc(1, sizeof *x);
		struct progress next = s->progress;
		struct buf b = {0};

		if (x == NULL)
			return ERR_NOMEM;
		if ((err = ledger_read(s->events, s->taken, &b, why)) == OK && (err = event_read(x, b.p, b.n, why)) == OK &&
		    (err = progress_apply(&next, x, &s->call, why)) == OK)
			err = carry_out(s, x, &next, why);
		event_free(x);
		free(x);
		buf_free(&b);
	}
	return err == OK ? ledger_publish(s->events, why) : err;
}

/* One entry. */
static enum err
append_one(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	struct progress next;
	struct buf entry = {0};
	uint64_t at;
	enum err err;

	if ((err = events_take_up(s, why)) != OK)
		return err;
	next = s->progress;
	stamp(s, e);
	if ((err = progress_apply(&next, e, &s->call, why)) != OK || (err = used_check(&s->used, e, why)) != OK)
		goto done;
	if ((err = event_write(&entry, e)) != OK) {
		(void)why_set(why, err, err == ERR_RANGE ? "%s: a fact holds a control or direction character" : "%s: the entry is too long", e->kind);
		goto done;
	}
	if ((err = readable(&entry, why)) != OK || (err = amendment_prepare(s, e, why)) != OK || (err = judge_entry(s, e, why)) != OK)
		goto done;
	if ((err = ledger_append(s->events, entry.p, entry.n, NULL, &at, NULL, why)) != OK || (err = ledger_publish(s->events, why)) != OK)
		goto done;
	if ((err = carry_out(s, e, &next, why)) != OK)
		goto done;
	if (index != NULL)
		*index = at;
	journal("entry: ", e->kind);
	err = service_export(s, why);
done:
	buf_free(&entry);
	return err;
}

/* Seconds since the last head, if they are more than there may be between two: urnad or its store was down. A suspension
 * by the clock says for itself that times prove nothing. */
static int64_t
late(const struct service *s)
{
	const struct progress *p = &s->progress;
	int64_t gap = now_seconds() - p->head_time;

	return (p->begun >> 3 & 1) && !(p->ended >> 3 & 1) && !p->clock && gap >= (int64_t)heartbeat_gap(s->manifest) ? gap : 0;
}

enum err
events_heartbeat(struct service *s, int force, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	uint32_t authorized, confirmed;
	struct head head;
	char hex[65];
	enum err err = OK;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "heartbeat");
	if ((force || s->progress.after_suspend) && (err = ledger_publish(s->ballots, why)) != OK)
		goto done;
	ledger_public_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	hash_hex(hex, &head.root);
	event_add(e, "size", "%" PRIu64, head.size);
	event_add(e, "root", "%s", hex);
	event_add(e, "authorizations", "%u", authorized);
	if (registry_refused(s->registry, NULL)) /* an older copy was put back: its count is that of another day */
		event_add(e, "registry", "incomplete");
	if (late(s) > 0)
		event_add(e, "late", "%lld", (long long)late(s));
	err = append_one(s, e, NULL, why);
	s->heartbeat_time = steady_seconds();
done:
	event_free(e);
	free(e);
	return err;
}

/* A head of ballots stands at both ends of a suspension: right after the entry that begins it (also when urnad died in
 * between), right before the one that ends it. */
static enum err
head_before(struct service *s, struct event *e, struct why *why)
{
	struct progress next = s->progress;
	int resume = strcmp(e->kind, "resume") == 0;

	if (s->ballots == NULL || strcmp(e->kind, "heartbeat") == 0 || (!next.after_suspend && !resume))
		return OK;
	stamp(s, e);
	if (resume && (next.after_heartbeat || progress_apply(&next, e, &s->call, NULL) != OK))
		return OK;
	return events_heartbeat(s, 1, why);
}

enum err
events_append(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	enum err err = head_before(s, e, why);

	if (err == OK)
		err = append_one(s, e, index, why);
	if (err == OK && strcmp(e->kind, "suspend") == 0 && s->ballots != NULL)
		err = events_heartbeat(s, 1, why);
	return err;
}

enum err
service_append(struct service *s, struct event *e, uint64_t *index, struct why *why)
{
	enum err err;

	(void)pthread_mutex_lock(&s->lock);
	err = events_append(s, e, index, why);
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

/* Size and root of ballots as facts; forces a public head. */
static enum err
add_head(struct service *s, struct event *e, struct why *why)
{
	struct head head;
	char hex[65];
	enum err err;

	if (s->ballots == NULL)
		return OK;
	if ((err = ledger_publish(s->ballots, why)) != OK)
		return err;
	s->head_time = now_seconds();
	ledger_public_head(s->ballots, &head, NULL);
	hash_hex(hex, &head.root);
	event_add(e, "size", "%" PRIu64, head.size);
	event_add(e, "root", "%s", hex);
	return OK;
}

enum err
events_phase(struct service *s, int n, const char *edge, struct why *why)
{
	unsigned done = strcmp(edge, "begin") == 0 ? s->progress.begun : s->progress.ended;
	struct event *e;
	enum err err;

	if (done >> n & 1)
		return OK;
	if ((e = calloc(1, sizeof *e)) == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "phase");
	event_add(e, "phase", "%d", n);
	event_add(e, "edge", "%s", edge);
	if ((err = add_head(s, e, why)) == OK)
		err = events_append(s, e, NULL, why);
	event_free(e);
	free(e);
	return err;
}

enum err
events_follow(struct service *s, struct why *why)
{
	const struct progress *p = &s->progress;
	enum err e = OK;

	if (p->cancelled || p->sealed)
		return OK;
	if (p->key && (e = events_phase(s, 1, "end", why)) == OK)
		e = events_phase(s, 2, "begin", why);
	if (e == OK && p->closed && (e = events_phase(s, 5, "end", why)) == OK)
		e = events_phase(s, 6, "begin", why);
	if (e == OK && p->counted && (e = events_phase(s, 6, "end", why)) == OK && (e = events_phase(s, 7, "begin", why)) == OK)
		e = events_phase(s, 7, "end", why);
	return e;
}

enum err
events_replay(struct service *s, struct why *why)
{
	enum err e;

	s->taken = 0;
	if ((e = events_take_up(s, why)) == OK)
		documents_drop(s);
	events_show(s);
	return e;
}

enum err
service_export(struct service *s, struct why *why)
{
	char path[1200];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/events", s->config.record);
	s->unexported = 1;
	if ((e = ledger_record(s->events, path, why)) != OK)
		return e;
	if (s->progress.closed && s->ballots != NULL) {
		(void)snprintf(path, sizeof path, "%s/ballots", s->config.record);
		if (access(path, F_OK) != 0)
			e = ledger_record(s->ballots, path, why);
	}
	s->unexported = e != OK;
	return e;
}
