/* api/hours.c - what the clock asks for: the opening, heads and heartbeats, the set in use, the closing. */
#include "api/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/relay.h"

/* The set of authorizers whose signatures make a token from here on. */
static enum err
announce(struct service *s, unsigned set, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "authorizers");
	event_add(e, "set", "%u", set);
	err = events_append(s, e, NULL, why);
	event_free(e);
	free(e);
	return err;
}

/* Nobody has logged in, authorized or cast before the hour. */
static enum err
nothing_yet(struct service *s, struct why *why)
{
	uint32_t authorized, confirmed;
	int64_t codes = outbox_codes(s);
	struct head head;

	ledger_head(s->ballots, &head, NULL);
	registry_counts(s->registry, &authorized, &confirmed);
	if (head.size > 0)
		return why_set(why, ERR_NOT_NOW, "the box holds %" PRIu64 " ballots before the hour: the election does not open; leave %s as it is and call the notary", head.size, s->config.data);
	if (authorized > 0 || confirmed > 0)
		return why_set(why, ERR_NOT_NOW, "the registry holds %u authorizations and %u confirmations before the hour: the election does not open; leave %s as it is and call the notary",
		    authorized, confirmed, s->config.data);
	if (codes < 0)
		return why_set(why, ERR_NOT_NOW, "the outbox %s cannot be read: the election opens when it can", s->config.outbox);
	if (codes > 0)
		return why_set(why, ERR_NOT_NOW, "the outbox %s holds %" PRId64 " files that are no notices: move them away with the notary watching, and the election opens", s->config.outbox, codes);
	return OK;
}

/* Up to the first set of authorizers, without which nobody casts; what of it stands in the log since before a crash is done. */
static enum err
open_now(struct service *s, struct why *why)
{
	enum err err = s->progress.begun >> 3 & 1 ? OK : nothing_yet(s, why);

	if (err == OK && (err = events_phase(s, 2, "end", why)) == OK && (err = events_phase(s, 3, "begin", why)) == OK && (err = events_phase(s, 4, "begin", why)) == OK)
		err = announce(s, s->relay != NULL ? relay_set(s->relay, 0, s->config.patience) : 1, why);
	s->heartbeat_time = steady_seconds();
	return err;
}

static enum err
clock_suspends(struct service *s, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	enum err err;

	if (e == NULL)
		return ERR_NOMEM;
	(void)strcpy(e->kind, "suspend");
	event_add(e, "cause", "clock");
	event_add(e, "jump", "%lld", (long long)(now_seconds() - steady_seconds() - s->steady_gap));
	journal("the clock jumped: ", "authorizing and casting are suspended until the operator's signed resume");
	err = events_append(s, e, NULL, why);
	event_free(e);
	free(e);
	return err;
}

/* Heads and heartbeats, the set in use, and at the hour the end of voting. */
static enum err
while_open(struct service *s, int64_t now, struct why *why)
{
	const struct progress *p = &s->progress;
	struct head last, public;
	unsigned set;
	enum err e = OK;

	ledger_head(s->ballots, &last, NULL);
	ledger_public_head(s->ballots, &public, NULL);
	if (steady_seconds() - s->heartbeat_time >= s->manifest->heartbeat && (e = events_heartbeat(s, 0, why)) != OK)
		return e;
	if (now >= p->closes)
		return (e = events_phase(s, 3, "end", why)) != OK || (e = events_phase(s, 4, "end", why)) != OK ? e : events_phase(s, 5, "begin", why);
	if (last.size > public.size &&
	    ((now - s->head_time >= s->manifest->head_seconds && last.size - public.size >= s->manifest->head_ballots) ||
		now - s->head_time >= s->manifest->head_most)) {
		e = ledger_publish(s->ballots, why);
		s->head_time = now;
	}
	if (e == OK && s->relay != NULL && (set = relay_set(s->relay, p->set, s->config.patience)) != p->set)
		e = announce(s, set, why);
	return e;
}

static enum err
tick(struct service *s, struct why *why)
{
	const struct progress *p = &s->progress;
	int64_t now = hour_by(s->steady_gap); /* the deadline that was set by the steady clock closes, whatever the system clock says */
	enum err e;

	if ((e = events_take_up(s, why)) != OK || (e = events_follow(s, why)) != OK || !s->loaded || p->closed || p->cancelled)
		return e;
	if (llabs(now - now_seconds()) > 30 && !p->clock && (p->begun >> 3 & 1) && (e = clock_suspends(s, why)) != OK)
		return e;
	if (p->set == 0) {
		if ((p->begun >> 3 & 1) || (now >= s->manifest->opens && now < p->closes))
			e = open_now(s, why);
	} else if (!(p->begun >> 5 & 1)) {
		e = while_open(s, now, why);
	} else if (now >= p->closes + s->manifest->grace) {
		e = close_now(s, why);
	}
	return e;
}

void
service_tick(struct service *s)
{
	struct why why = {""}, said = {""};

	(void)pthread_mutex_lock(&s->lock);
	if ((s->tick_failed = tick(s, &why)) == OK && s->unexported)
		s->tick_failed = service_export(s, &why);
	s->tick_why = why;
	if (health_follow(s, &said) != OK)
		journal("error: ", said.text);
	(void)pthread_mutex_unlock(&s->lock);
}
