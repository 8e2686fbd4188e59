#include "api/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/http_client.h"
#include "crypto/parallel.h"
#include "election/docnote.h"
#include "election/lists.h"

enum { LIST_SECONDS = 120 };

static enum err
fetch(const struct party *from, const char *file, size_t max, struct buf *out, struct why *why)
{
	char url[300];
	long status = 0;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/%s", from->url, file);
	if ((e = http_ask(&(struct http_ask){.url = url, .seconds = LIST_SECONDS, .max = max}, &status, out, why)) == OK && status != 200)
		e = why_set(why, ERR_NOT_NOW, "%s: status %ld", url, status);
	return e;
}

struct taking {
	struct outfile *file;
	struct lists *lists;
	struct why *why;
};

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	struct taking *x = ctx;

	outfile_put(x->file, p, n);
	return lists_feed(x->lists, p, n, x->why);
}

static void
list_path(const struct service *s, const char *name, const char *suffix, char path[1400])
{
	(void)snprintf(path, 1400, "%s/authorizations/%.128s%s", s->config.record, name, suffix);
}

/* The list comes piece by piece, every row is checked on the way, and the file appears under its name only if all are true. */
static enum err
fetch_list(struct service *s, unsigned number, struct hash *list, struct why *why)
{
	const struct party *from = &s->call.authorizer[number - 1];
	struct file_source src = source_http(from->url);
	struct lists_of of = {&s->call, s->manifest, &s->roll, &s->election, s->rsa_keys, core_count()};
	struct taking x = {NULL, NULL, why};
	struct digests d;
	char path[1400];
	enum err e;

	list_path(s, from->key.name, "", path);
	if ((e = lists_new(&x.lists, &of)) != OK || (e = lists_begin(x.lists, number, why)) != OK || (e = outfile_open(&x.file, path, 0644, why)) != OK) {
		lists_free(x.lists);
		return e;
	}
	if ((e = source_stream(&src, "list", SIZE_MAX, on_piece, &x, why)) == OK)
		e = lists_end(x.lists, why);
	if (e == OK)
		e = outfile_close(x.file, &d, why);
	else
		outfile_drop(x.file);
	if (e == OK)
		*list = d.sha256;
	lists_free(x.lists);
	return e;
}

/* The signed entry that came with the list, as if it had been submitted. */
static enum err
list_entry(struct event *e, const struct buf *body, const char *name, const struct hash *list, struct service *s, struct why *why)
{
	struct event *draft = calloc(1, sizeof *draft);
	struct json *root = NULL;
	struct buf entry = {0};
	struct fields f;
	char hex[65];
	enum err err;

	if (draft == NULL)
		return ERR_NOMEM;
	if ((err = json_parse(&root, body->p, body->n, EVENT_MAX_BYTES, why)) == OK) {
		f = fields_of(root, why);
		draft->document = strdup(field_text(&f, "document", EVENT_MAX_BYTES));
		draft->note = strdup(field_text(&f, "note", EVENT_MAX_BYTES));
		draft->scope = s->election;
		if ((err = fields_end(&f)) == OK && (err = event_write(&entry, draft)) == OK && (err = event_read(e, entry.p, entry.n, why)) == OK)
			err = event_authorized(e, &s->call, why);
		json_free(root);
	}
	hash_hex(hex, list);
	if (err == OK && (strcmp(e->kind, "list") != 0 || strcmp(event_fact(e, "authorizer"), name) != 0 || strcmp(event_fact(e, "sha256"), hex) != 0))
		err = why_set(why, ERR_PROOF, "its entry is not of its list");
	event_free(draft);
	free(draft);
	buf_free(&entry);
	return err;
}

enum err
list_collect(struct service *s, unsigned number, atomic_int *told, struct why *why)
{
	const struct party *from = &s->call.authorizer[number - 1];
	struct event *e = calloc(1, sizeof *e), *x = calloc(1, sizeof *x);
	const char *name = from->key.name;
	struct buf note = {0}, entry = {0};
	struct hash list;
	char path[1400];
	enum err err = e != NULL && x != NULL ? OK : ERR_NOMEM;

	if (err == OK && ((err = fetch(from, "list.event", EVENT_MAX_BYTES, &entry, why)) != OK || (err = fetch(from, "list.note", NOTE_MAX_BYTES, &note, why)) != OK))
		goto done; /* it is not there yet */
	if ((err = fetch_list(s, number, &list, why)) == OK &&
	    (err = docnote_verify_hash(note.p, note.n, "authorizations", &s->call.hash, &list, &from->key, why)) == OK)
		err = list_entry(e, &entry, name, &list, s, why);
	list_path(s, name, ".note", path);
	if (err == OK && (err = file_write(path, note.p, note.n, 0644, why)) == OK)
		err = service_append(s, e, NULL, why);
	if (err == OK || err == ERR_IO || err == ERR_NOMEM)
		goto done;
	list_path(s, name, "", path); /* what is refused does not stay */
	(void)unlink(path);
	(void)strcpy(x->kind, "incident");
	event_add(x, "what", "the list of authorizer %s is refused: %.700s", name, why->text);
	if (!(*told)++)
		(void)!service_append(s, x, NULL, NULL);
done:
	event_free(e);
	free(e);
	event_free(x);
	free(x);
	buf_free(&note);
	buf_free(&entry);
	return err;
}
