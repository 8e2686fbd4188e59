#include "tally/entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/docnote.h"
#include "election/signers.h"

enum { ATTACHED_MAX_BYTES = 200000 };

struct event *
event_new(const struct record *r, const char *kind)
{
	struct event *e = calloc(1, sizeof *e);

	if (e == NULL)
		abort();
	(void)snprintf(e->kind, sizeof e->kind, "%s", kind);
	e->scope = r->progress.opened ? r->election : r->call.hash;
	return e;
}

void
event_add_hash(struct event *e, const char *name, const struct hash *h)
{
	char hex[65];

	hash_hex(hex, h);
	event_add(e, name, "%s", hex);
}

/* ---- signed -------------------------------------------------------------------------- */

static enum err
sign_entry(struct buf *document, struct buf *note, const struct call *call, const struct event *e, const struct signer *by, struct why *why)
{
	enum err err = event_document(document, e);

	if (err != OK)
		return why_set(why, err, "%s: a fact is too long, or holds a control or direction character; or out of memory", e->kind);
	return docnote_sign(note, "event", &call->hash, document->p, document->n, by, why);
}

enum err
event_to_file(const struct call *call, const struct event *e, const struct signer *by, const char *file, struct why *why)
{
	struct buf document = {0}, note = {0};
	char path[1400];
	enum err err;

	(void)snprintf(path, sizeof path, "%s.note", file);
	if ((err = sign_entry(&document, &note, call, e, by, why)) == OK && (err = file_write(file, document.p, document.n, 0644, why)) == OK)
		err = file_write(path, note.p, note.n, 0644, why);
	buf_free(&document);
	buf_free(&note);
	return err;
}

enum err
draft_free(const char *file, struct why *why)
{
	static const char advice[] = "it may be an entry that others have signed, and is not written over; name another file, or remove this one";
	char note[1400];
	enum err e;

	(void)snprintf(note, sizeof note, "%s.note", file);
	return (e = new_file(file, advice, why)) == OK ? new_file(note, advice, why) : e;
}

enum err
draft_event(struct args *a, const struct call *call, struct event *e, const char *file, struct why *why)
{
	struct signer by = {0};
	enum err err;

	if ((err = draft_free(file, why)) == OK && (err = open_signer(a, &by, why)) == OK && (err = signer_allowed_event(call, e, &by, why)) == OK)
		err = event_to_file(call, e, &by, file, why);
	signer_close(&by);
	return err;
}

/* ---- submitted -------------------------------------------------------------------------- */

enum err
attach(struct attached *to, struct event *e, const char *path, struct why *why)
{
	struct hash h;
	char name[32];
	enum err err;

	if (to->n == sizeof to->file / sizeof *to->file)
		return why_set(why, ERR_RANGE, "more than %u files", to->n);
	if ((err = file_read(&to->file[to->n], path, ATTACHED_MAX_BYTES, why)) != OK)
		return err;
	sha256(&h, to->file[to->n].p, to->file[to->n].n);
	(void)snprintf(name, sizeof name, "file%u", ++to->n);
	event_add_hash(e, name, &h);
	return OK;
}

void
attached_free(struct attached *f)
{
	for (unsigned i = 0; i < f->n; i++)
		buf_free(&f->file[i]);
	f->n = 0;
}

static void
put_base64(struct json_out *o, const char *name, const struct buf *b)
{
	char *text = malloc(b->n * 2 + 8);

	if (text != NULL) {
		base64_encode(text, b->p, b->n);
		json_text(o, name, text);
	} else
		o->b->failed = 1;
	free(text);
}

/* Hand a signed entry over. person, files: what goes with it, or NULL. */
static enum err
post_entry(const char *socket, struct buf *document, struct buf *note, const struct buf *person, const struct attached *files, struct why *why)
{
	struct buf body = {0}, answer = {0};
	struct json_out o = json_out(&body);
	long status = 0;
	enum err err;

	json_begin(&o, NULL, '{');
	json_text(&o, "document", buf_cstr(document));
	json_text(&o, "note", buf_cstr(note));
	if (person != NULL)
		put_base64(&o, "person", person);
	if (files != NULL) {
		json_begin(&o, "files", '[');
		for (unsigned i = 0; i < files->n; i++)
			put_base64(&o, NULL, &files->file[i]);
		json_end(&o, ']');
	}
	json_end(&o, '}');
	err = body.failed ? ERR_NOMEM : http_call(socket, "http://urnad/event", "application/json", body.p, body.n, &status, &answer, why);
	if (err == OK && status != 200)
		err = why_set(why, ERR_NOT_NOW, "urnad refuses the entry: %.700s", buf_cstr(&answer));
	buf_free(&body);
	buf_free(&answer);
	return err;
}

enum err
submit_event(const char *socket, const struct call *call, const struct event *e, const struct signer *by, const struct attached *files, struct why *why)
{
	struct buf document = {0}, note = {0};
	enum err err;

	if ((err = sign_entry(&document, &note, call, e, by, why)) == OK)
		err = post_entry(socket, &document, &note, NULL, files, why);
	buf_free(&document);
	buf_free(&note);
	return err;
}

/* The registrar has made a password for this entry, and its message lies in the queue: not where somebody who was excluded is let in again. */
static int
gives_password(struct buf *document)
{
	const char *text = buf_cstr(document);

	return strstr(text, "\"replace-credential\"") != NULL || (strstr(text, "\"include\"") != NULL && strstr(text, "\"row\": ") != NULL);
}

enum err
submit_file(const char *socket, const char *file, const char *person, struct why *why)
{
	struct buf document = {0}, note = {0}, sealed = {0};
	char path[1400];
	enum err err;

	(void)snprintf(path, sizeof path, "%s.note", file);
	if ((err = file_read(&document, file, EVENT_MAX_BYTES, why)) == OK && (err = file_read(&note, path, NOTE_MAX_BYTES, why)) == OK &&
	    (person == NULL || (err = file_read(&sealed, person, 4096, why)) == OK) &&
	    (err = post_entry(socket, &document, &note, person != NULL ? &sealed : NULL, NULL, why)) == ERR_NOT_NOW && gives_password(&document))
		(void)why_prefix(why, err, "unless this is sent again, remove the message that urna roll put into the queue for it: its password will never serve");
	buf_free(&document);
	buf_free(&note);
	buf_free(&sealed);
	return err;
}
