#include "tally/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/http_client.h"
#include "tally/cli.h"

enum err
voter_message_read(struct voter_message *m, const char *file, struct why *why)
{
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	enum err e;

	if ((e = file_read(&b, file, 65536, why)) == OK && (e = json_parse(&root, b.p, b.n, 65536, why)) == OK) {
		f = fields_of(root, why);
		field_copy(&f, "user", m->user, sizeof m->user);
		field_copy(&f, "password", m->password, sizeof m->password);
		field_copy(&f, "account", m->account, sizeof m->account);
		field_copy(&f, "box", m->box, sizeof m->box);
		field_hash(&f, "call", &m->call);
		field_copy(&f, "phone", m->phone, sizeof m->phone);
		(void)field_text(&f, "email", 127);
		if ((e = fields_end(&f)) == OK && !password_valid(m->password))
			e = why_set(why, ERR_FORMAT, "%s: the password has a typing error", file);
		json_free(root);
	}
	buf_free(&b);
	return e;
}

/* The log of events of the box, as far as it goes now. */
static enum err
read_events(struct record *r, const char *box, struct why *why)
{
	enum err e;

	r->src = source_http(box);
	if ((e = record_events(r, why)) == OK && (!r->progress.opened || !hash_equal(&r->progress.election, &r->election)))
		e = why_set(why, ERR_PROOF, "the log of events does not name this opening: do not vote here");
	return e;
}

/* Fetch the opening's files from the account listener, each once, and check them like any record. */
static enum err
fetch_once(struct world *w, const struct voter_message *m, int *grew, struct why *why)
{
	enum err e;

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)snprintf(w->base, sizeof w->base, "%s/record", m->account);
	w->files.base = source_http(w->base);
	w->r.src = kept_source(&w->files);
	if ((e = record_call(&w->r, why)) != OK)
		return e;
	if (!hash_equal(&w->r.call.hash, &m->call)) /* the call that the registrar's message names, and no other */
		return why_set(why, ERR_PROOF, "the service shows another call than your message names: do not vote here");
	if ((e = record_key(&w->r, why)) != OK || (e = record_setup(&w->r, why)) != OK || (e = record_opening(&w->r, why)) != OK)
		return e == ERR_ABSENT ? why_prefix(why, e, "is the election open?") : e;
	e = read_events(&w->r, m->box, why); /* what was amended since, from the log of events */
	w->progress = w->r.progress;
	*grew = e == ERR_ABSENT;
	w->r.src = kept_source(&w->files);
	return e;
}

void
world_free(struct world *w)
{
	record_free(&w->r);
	kept_free(&w->files);
}

enum err
world_fetch(struct world *w, const struct voter_message *m, struct why *why)
{
	enum err e;
	int grew = 0;

	for (int tries = 0; (e = fetch_once(w, m, &grew, why)) != OK && grew && tries < 5; tries++) {
		world_free(w);
		grew = 0;
	}
	return e;
}

enum err
world_check_set(struct world *w, const char *box, unsigned set, struct why *why)
{
	struct record *r;
	enum err e = OK;

	(void)pthread_mutex_lock(&w->lock);
	if (w->progress.set != set) {
		if ((r = calloc(1, sizeof *r)) == NULL)
			e = ERR_NOMEM;
		else {
			r->call = w->r.call;
			r->election = w->r.election;
			if ((e = read_events(r, box, why)) == OK)
				w->progress = r->progress;
			record_free(r);
			free(r);
		}
		if (e == OK && w->progress.set != set) /* it may have changed just now; if it stays so, there is no token */
			e = why_set(why, ERR_ABSENT, "the service names a set of authorizers that is not the newest of the log of events: do not vote here");
	}
	(void)pthread_mutex_unlock(&w->lock);
	return e;
}
