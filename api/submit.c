/* api/submit.c - POST /event of the private socket: entries that were signed elsewhere. */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err
keep_files(struct service *s, struct json *files, const char *document, struct why *why)
{
	enum err e = OK;

	for (size_t i = 0; files != NULL && i < files->n && e == OK; i++) {
		size_t n = MAX_BODY;
		uint8_t *p = malloc(n);
		struct hash h;
		char hex[65], path[1400];

		if (p == NULL || files->item[i]->text == NULL || base64_decode(p, &n, files->item[i]->text, strlen(files->item[i]->text)) != OK)
			e = why_set(why, ERR_FORMAT, "file %zu is not base64", i + 1);
		else {
			sha256(&h, p, n);
			hash_hex(hex, &h);
			(void)snprintf(path, sizeof path, "%s/documents", s->config.record);
			if (strstr(document, hex) == NULL)
				e = why_set(why, ERR_RANGE, "file %zu (SHA-256 %s) is not named in the document", i + 1, hex);
			else if ((e = dir_make(path, why)) == OK) {
				(void)snprintf(path, sizeof path, "%s/documents/%s", s->config.record, hex);
				e = file_write(path, p, n, 0644, why);
			}
		}
		free(p);
	}
	return e;
}

void
submit_entry(struct service *s, const struct http_request *q, struct http_reply *r)
{
	struct event *e = calloc(1, sizeof *e), *again = calloc(1, sizeof *again);
	struct json *root = NULL, *files = NULL;
	const char *person = NULL;
	struct why why = {""};
	struct buf entry = {0};
	struct json_out o;
	struct fields f;
	uint64_t index = 0;
	enum err err;

	if (e == NULL || again == NULL)
		abort();
	if ((err = json_parse(&root, q->body, q->body_n, MAX_BODY, &why)) != OK)
		goto done;
	f = fields_of(root, &why);
	e->document = strdup(field_text(&f, "document", EVENT_MAX_BYTES));
	e->note = strdup(field_text(&f, "note", EVENT_MAX_BYTES));
	if (field_has(&f, "files"))
		files = field_array(&f, "files", 16);
	if (field_has(&f, "person"))
		person = field_text(&f, "person", 8192);
	if ((err = fields_end(&f)) != OK)
		goto done;
	/* read kind and facts the way everybody will read them from the log */
	(void)pthread_mutex_lock(&s->lock);
	e->scope = s->progress.opened ? s->progress.election : s->call.hash;
	(void)pthread_mutex_unlock(&s->lock);
	if ((err = event_write(&entry, e)) != OK || (err = event_read(again, entry.p, entry.n, &why)) != OK)
		goto done;
	(void)pthread_mutex_lock(&s->lock);
	err = event_authorized(again, &s->call, &why);
	(void)pthread_mutex_unlock(&s->lock);
	if (err != OK || (err = keep_files(s, files, e->document, &why)) != OK)
		goto done;
	(void)pthread_mutex_lock(&s->lock);
	if (person != NULL && (err = amendment_keep_person(s, person, &why)) != OK)
		(void)0;
	else if ((err = events_append(s, again, &index, &why)) == OK) {
		if (strcmp(again->kind, "resume") == 0 && strcmp(event_fact(again, "cause"), "clock") == 0)
			s->steady_gap = now_seconds() - steady_seconds(); /* the operator has looked at the clock */
		err = events_follow(s, again->kind, &why);
	} else if (err == ERR_NOT_NOW && !s->progress.sealed) {
		struct event *x = calloc(1, sizeof *x);

		if (x != NULL) { /* an operator's step out of order leaves a line */
			(void)strcpy(x->kind, "incident");
			event_add(x, "what", "step refused: %.900s", why.text);
			(void)events_append(s, x, NULL, NULL);
		}
		free(x);
	}
	(void)pthread_mutex_unlock(&s->lock);
done:
	if (err == OK) {
		o = json_out(&r->body);
		json_begin(&o, NULL, '{');
		json_int(&o, "index", (int64_t)index);
		json_end(&o, '}');
	} else
		reply_error(r, err, why.text);
	json_free(root);
	buf_free(&entry);
	event_free(e);
	event_free(again);
	free(e);
	free(again);
}
