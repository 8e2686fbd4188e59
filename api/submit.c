/* api/submit.c - POST /event of the private socket: entries that were signed elsewhere. */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/docnote.h"

/* Kind and facts the way everybody will read them from the log. */
static enum err
read_back(struct service *s, const char *document, const char *note, struct event *out, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	struct buf entry = {0};
	enum err err;

	if (e == NULL || (e->document = strdup(document)) == NULL || (e->note = strdup(note)) == NULL)
		abort();
	(void)pthread_mutex_lock(&s->lock);
	e->scope = s->progress.opened ? s->progress.election : s->call.hash;
	(void)pthread_mutex_unlock(&s->lock);
	if ((err = event_write(&entry, e)) == OK)
		err = event_read(out, entry.p, entry.n, why);
	event_free(e);
	free(e);
	buf_free(&entry);
	return err;
}

/* An operator's step out of order leaves a line; anybody else could fill the log with them, and so could one that was
 * taken before. With the lock. */
static void
note_refusal(struct service *s, const struct event *e, const char *why)
{
	struct event *x = calloc(1, sizeof *x);

	if (x != NULL && !s->progress.sealed && used_check(&s->used, e, NULL) == OK &&
	    docnote_verify(e->note, strlen(e->note), "event", &s->call.hash, e->document, strlen(e->document), &s->call.operator.key, NULL) == OK) {
		(void)strcpy(x->kind, "incident");
		event_add(x, "what", "step refused: %.900s", why);
		(void)!events_append(s, x, NULL, NULL);
	}
	event_free(x);
	free(x);
}

/* With the lock. */
static enum err
take(struct service *s, struct event *e, const struct json *files, const char *person, uint64_t *index, struct why *why)
{
	enum err err;

	if ((err = event_authorized(e, &s->call, why)) != OK || (err = documents_keep(s, files, e, why)) != OK)
		return err;
	if (person != NULL && (err = amendment_keep_person(s, person, why)) != OK)
		return err;
	if ((err = events_append(s, e, index, why)) == ERR_NOT_NOW)
		note_refusal(s, e, why->text);
	if (err != OK)
		return err;
	if (strcmp(e->kind, "resume") == 0 && strcmp(event_fact(e, "cause"), "clock") == 0)
		s->steady_gap = now_seconds() - steady_seconds(); /* the operator has looked at the clock */
	events_show(s);
	return events_follow(s, why);
}

void
submit_entry(struct service *s, const struct http_request *q, struct http_reply *r)
{
	struct event *e = calloc(1, sizeof *e);
	struct json *root = NULL, *files = NULL;
	const char *document, *note, *person = NULL;
	struct why why = {""};
	struct json_out o;
	struct fields f;
	uint64_t index = 0;
	enum err err;

	if (e == NULL)
		abort();
	if ((err = json_parse(&root, q->body, q->body_n, MAX_BODY, &why)) == OK) {
		f = fields_of(root, &why);
		document = field_text(&f, "document", EVENT_MAX_BYTES);
		note = field_text(&f, "note", EVENT_MAX_BYTES);
		if (field_has(&f, "files"))
			files = field_array(&f, "files", 16);
		if (field_has(&f, "person"))
			person = field_text(&f, "person", 8192);
		if ((err = fields_end(&f)) == OK && (err = read_back(s, document, note, e, &why)) == OK) {
			(void)pthread_mutex_lock(&s->lock);
			err = take(s, e, files, person, &index, &why);
			(void)pthread_mutex_unlock(&s->lock);
		}
	}
	if (err == OK) {
		o = json_out(&r->body);
		json_begin(&o, NULL, '{');
		json_int(&o, "index", (int64_t)index);
		json_end(&o, '}');
	} else
		reply_operator(r, err, why.text);
	json_free(root);
	event_free(e);
	free(e);
}
