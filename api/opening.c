/* api/opening.c - from an opening in the record folder to a service that is armed for the hour. */
#include "api/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "api/relay.h"

/* The authority's own RSA keys, which must be those that it published. */
static enum err
load_rsa(struct service *s, struct why *why)
{
	enum err e = files_rsa(s, s->manifest->styles, &s->rsa, why);

	for (unsigned i = 0; i < s->manifest->styles && e == OK; i++)
		if (!rsa_same_key(s->rsa_public[0][i], s->rsa[i]))
			e = why_set(why, ERR_PROOF, "%s: style %u has another key than was published", s->config.rsa_keys, i + 1);
	return e;
}

static enum err
load_people(struct service *s, struct why *why)
{
	struct person *more;
	uint8_t key[32];
	enum err e = files_people(s, key, &s->person, &s->persons, why);

	if (e == OK) {
		memcpy(s->roll_key, key, sizeof key);
		if ((more = realloc(s->person, ((size_t)s->call.maximum_voters + 1) * sizeof *more)) == NULL)
			e = ERR_NOMEM;
		else
			s->person = more;
	}
	if (e == OK && s->persons != s->roll.n)
		e = why_set(why, ERR_RANGE, "the private roll has %u people, the public one %u", s->persons, s->roll.n);
	wipe(key, sizeof key);
	return e;
}

/* The opening and all that it names, read and checked as everybody reads them. */
static enum err
load_documents(struct service *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_dir(s->config.record);
	if ((e = record_call(r, why)) == OK && !hash_equal(&r->call.hash, &s->call.hash))
		e = why_set(why, ERR_PROOF, "call.json is another one than at the start");
	if (e == OK && (e = record_key(r, why)) == OK && (e = record_setup(r, why)) == OK && (e = record_opening(r, why)) == OK &&
	    (s->progress.opened || (e = manifest_not_over(r->m, now_seconds(), why)) == OK)) {
		s->manifest = r->m;
		s->roll = r->roll;
		s->joint = r->joint;
		s->election = r->election;
		for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
			s->rsa_keys[a] = s->rsa_public[a] = r->key[a];
		r->m = NULL; /* what was taken over is not freed here */
		memset(&r->roll, 0, sizeof r->roll);
		memset(r->key, 0, sizeof r->key);
	}
	record_free(r);
	free(r);
	if (e == OK && (e = load_rsa(s, why)) == OK)
		e = load_people(s, why);
	return e;
}

void
service_authorizations(struct service *s, struct authorizations *out)
{
	*out = (struct authorizations){s->registry, &s->call, s->manifest, &s->roll, &s->election, s->rsa_keys, 1};
}

static void
registry_place(const struct service *s, char store[1200], char fence[1200])
{
	(void)snprintf(store, 1200, "%s/registry.sqlite", s->config.data);
	(void)snprintf(fence, 1200, "%s/registry.count", s->config.fence);
}

static enum err
open_stores(struct service *s, struct why *why)
{
	struct log_place at;
	struct ledger_options o = service_log(s, "ballots", &at);
	char store[1200], fence[1200];
	enum err e;

	if ((e = ledger_open(&s->ballots, &o, why)) != OK)
		return why_prefix(why, e, "ballots");
	registry_place(s, store, fence);
	if (access(store, F_OK) != 0 && !s->progress.opened && (e = authorizations_create(store, fence, s->roll.n, why)) != OK)
		return e;
	if (access(store, F_OK) != 0)
		return why_set(why, ERR_NOT_NOW, "%s is gone, and the election was opened: put back its newest copy, if there is one, and run urnad restore --registry --config FILE", store);
	if ((e = registry_open(&s->registry, store, fence, why)) != OK)
		return e;
	if (registry_refused(s->registry, NULL))
		journal("registry: ", "an older copy, or its fence is gone: nobody is authorized until urnad restore --registry has completed it");
	if ((s->logins = logins_new((uint32_t)s->call.maximum_voters)) == NULL)
		return ERR_NOMEM;
	return ledger_publish(s->ballots, why);
}

/* The operator's step out of order leaves a line in the log; nobody signed it, so that it does only once. */
static void
note_second(struct service *s)
{
	struct event *x = s->second_noted++ || s->progress.sealed ? NULL : calloc(1, sizeof *x);

	if (x == NULL)
		return;
	(void)strcpy(x->kind, "incident");
	event_add(x, "what", "step refused: a second loading of an opening");
	(void)!events_append(s, x, NULL, NULL);
	event_free(x);
	free(x);
}

enum err
service_load(struct service *s, struct why *why)
{
	struct event *e = NULL;
	char hex[65], t[21];
	enum err err;

	(void)pthread_mutex_lock(&s->lock);
	if (s->loaded) {
		err = why_set(why, ERR_NOT_NOW, "an opening is loaded already");
		note_second(s);
	} else if ((err = load_documents(s, why)) == OK && (err = open_stores(s, why)) == OK && !s->progress.opened) {
		if ((e = calloc(1, sizeof *e)) == NULL)
			err = ERR_NOMEM;
		else {
			(void)strcpy(e->kind, "opening");
			e->scope = s->election;
			hash_hex(hex, &s->election);
			event_add(e, "opening", "%s", hex);
			time_text(t, s->manifest->opens);
			event_add(e, "opens", "%s", t);
			time_text(t, s->manifest->closes);
			event_add(e, "closes", "%s", t);
			err = events_append(s, e, NULL, why);
		}
	} else if (err == OK && !hash_equal(&s->progress.election, &s->election))
		err = why_set(why, ERR_PROOF, "the record's opening is not the one that was logged");
	if (err == OK && s->progress.opened)
		err = amendments_replay(s, why);
	if (err == OK && s->progress.after_suspend)
		err = events_heartbeat(s, 1, why); /* urnad died before it */
	if (err == OK && s->call.authorizers > 1)
		err = relay_start(&s->relay, s, why);
	if (err == OK) {
		s->loaded = 1;
		s->steady_gap = now_seconds() - steady_seconds();
		events_show(s);
	}
	event_free(e);
	free(e);
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

static enum err
amended_roll(struct service *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_dir(s->config.record);
	r->call = s->call;
	r->election = s->election;
	r->m = s->manifest;
	r->roll = s->roll;
	e = record_events(r, why);
	s->roll = r->roll;
	r->m = NULL;
	memset(&r->roll, 0, sizeof r->roll);
	record_free(r);
	free(r);
	return e;
}

enum err
service_complete_registry(struct service *s, struct refill *done, struct why *why)
{
	char store[1200], fence[1200], lock[1300];
	struct authorizations own;
	int fd;
	enum err e;

	registry_place(s, store, fence);
	(void)snprintf(lock, sizeof lock, "%s/events.head.lock", s->config.fence);
	if ((fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return why_set(why, ERR_NOT_NOW, "urnad is running (or %s cannot be opened): stop it first", lock);
	if ((e = load_documents(s, why)) == OK && (e = amended_roll(s, why)) == OK && (e = refill_open(&s->registry, store, fence, s->roll.n, why)) == OK) {
		service_authorizations(s, &own);
		e = registry_complete(&own, &s->authorizer_key, s->rsa, done, why);
	}
	(void)close(fd);
	return e;
}
