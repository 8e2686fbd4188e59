#include "registry/authorizations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/docnote.h"

enum { PAGE_BYTES = 700000, REQUEST_SECONDS = 300 };

enum err
authorizations_create(const char *path, const char *fence, uint32_t rows, struct why *why)
{
	return registry_create(path, fence, rows, AUTHORIZATION_MAX_BYTES, AUTHORIZATION_ROW_MAX_BYTES, why);
}

enum err
authorizations_get(struct registry *r, uint32_t index, struct buf *request, struct authorization_row *row, struct why *why)
{
	struct registry_row have = {0};
	enum err e = registry_get(r, index, &have, why);

	request->n = 0;
	if (e == OK && have.authorized) {
		buf_put(request, have.request.p, have.request.n);
		if (request->failed)
			e = ERR_NOMEM;
		else if (authorization_row_read(row, have.answer.p, have.answer.n) != OK)
			e = why_set(why, ERR_FORMAT, "registry: row %u is damaged", index);
	}
	registry_row_free(&have);
	return e;
}

enum err
authorizations_true(const struct authorizations *x, const struct buf *request, const struct authorization_row *row, int sealed, struct authorization *a, struct why *why)
{
	enum err e = authorization_check(a, request->p, request->n, row->sig, sealed ? row->sealed : NULL, x->election, x->roll, x->key, x->call->authorizers, EITHER_CREDENTIAL, why);

	for (unsigned k = 0; e == OK && k < MAX_AUTHORIZERS; k++)
		if (row->answers >> k & 1 && (k >= x->call->authorizers || rsa_answer_check(x->key[k][a->style - 1], a->blinded[k], row->answer[k]) != OK))
			e = why_set(why, ERR_PROOF, "the answer of authorizer %u for roll index %u is false", k + 1, a->index);
	return e;
}

/* ---- the list of closing --------------------------------------------------------------- */

static void
put(struct outfile *f, struct buf *b)
{
	outfile_put(f, b->p, b->n);
	b->n = 0;
}

static enum err
sign_list(const struct authorizations *x, const char *path, const struct hash *list, const struct signer *by, struct why *why)
{
	struct buf note = {0};
	char name[4200];
	enum err e = docnote_sign_hash(&note, "authorizations", &x->call->hash, list, by, why);

	(void)snprintf(name, sizeof name, "%.4000s.note", path);
	if (e == OK)
		e = file_write(name, note.p, note.n, 0644, why);
	buf_free(&note);
	return e;
}

enum err
authorizations_list(const struct authorizations *x, const char *path, const struct signer *by, struct hash *list, struct why *why)
{
	struct authorization_row *row = malloc(sizeof *row);
	struct outfile *f = NULL;
	struct buf piece = {0}, request = {0};
	struct digests d;
	enum err e = row != NULL ? outfile_open(&f, path, 0644, why) : ERR_NOMEM;

	if (e != OK)
		goto done;
	list_begin(&piece, x->election, x->self, x->call->authorizers, x->roll->n);
	put(f, &piece);
	for (uint32_t i = 0; i < x->roll->n && e == OK; i++) {
		struct list_row out = {0};

		if ((e = authorizations_get(x->registry, i, &request, row, why)) != OK)
			break;
		if (request.n > 0) {
			out.present = 1;
			out.request = request.p;
			out.request_n = request.n;
			out.sig = row->sig;
			out.answers = (uint8_t)row->answers;
			for (unsigned k = 0; k < MAX_AUTHORIZERS; k++)
				out.answer[k] = row->answer[k];
		}
		list_row(&piece, &out);
		put(f, &piece);
	}
	if (e == OK && (piece.failed || request.failed))
		e = ERR_NOMEM;
	if (e != OK)
		outfile_drop(f);
	else if ((e = outfile_close(f, &d, why)) == OK) {
		*list = d.sha256;
		e = sign_list(x, path, list, by, why);
	}
done:
	buf_free(&piece);
	buf_free(&request);
	free(row);
	return e;
}

/* ---- refilling ---------------------------------------------------------------------------- */

enum err
authorizations_page(struct registry *r, uint32_t from, struct buf *out, struct why *why)
{
	struct buf rows = {0};
	uint32_t i, n = registry_rows(r);
	enum err e = registry_refused(r, NULL) ? why_set(why, ERR_NOT_NOW, "this registry is not complete itself") : OK;

	for (i = from; i < n && rows.n < PAGE_BYTES && e == OK; i++) {
		struct registry_row row = {0};

		if ((e = registry_get(r, i, &row, why)) == OK && row.authorized) {
			buf_u32(&rows, i);
			buf_vec16(&rows, row.request.p, row.request.n);
			buf_vec16(&rows, row.answer.p, row.answer.n);
		}
		registry_row_free(&row);
	}
	buf_u32(out, i);
	buf_put(out, rows.p, rows.n);
	if (e == OK && (rows.failed || out->failed))
		e = ERR_NOMEM;
	buf_free(&rows);
	return e;
}

/* One row of a page into an empty row. */
static enum err
fill(const struct authorizations *x, uint32_t index, const struct buf *request, struct authorization_row *row, struct rsa_secret *const *secret, uint32_t *filled, struct why *why)
{
	unsigned own = x->self - 1;
	struct authorization a;
	struct buf bytes = {0};
	enum err e;

	if ((e = authorizations_true(x, request, row, 1, &a, why)) != OK)
		return e;
	if (a.index != index || !(row->answers & 1))
		return why_set(why, ERR_PROOF, "the row of roll index %u is of another index, or lacks the authority's answer", index);
	if (!(row->answers >> own & 1)) {
		if (secret == NULL || rsa_blind_sign(row->answer[own], secret[a.style - 1], a.blinded[own]) != OK)
			return why_set(why, ERR_PROOF, "the row of roll index %u lacks our answer", index);
		row->answers |= 1u << own;
	}
	authorization_row_write(&bytes, row);
	e = bytes.failed ? ERR_NOMEM : registry_refill(x->registry, index, request, &bytes, why);
	buf_free(&bytes);
	if (e == OK)
		(*filled)++;
	return e == ERR_EXISTS ? OK : e; /* the first request stays */
}

enum err
authorizations_fill(const struct authorizations *x, const void *page, size_t n, struct rsa_secret *const *secret, uint32_t *next, uint32_t *filled, struct why *why)
{
	struct authorization_row *row = malloc(sizeof *row);
	struct rd r = rd_init(page, n);
	enum err e = row != NULL ? OK : ERR_NOMEM;

	*next = rd_u32(&r);
	while (e == OK && !r.failed && r.n > 0) {
		uint32_t index = rd_u32(&r);
		size_t request_n = 0, row_n = 0;
		const uint8_t *request = rd_vec16(&r, &request_n), *bytes = rd_vec16(&r, &row_n);
		struct buf view = {(uint8_t *)(uintptr_t)request, request_n, request_n, 0};

		if (request == NULL || bytes == NULL || authorization_row_read(row, bytes, row_n) != OK)
			e = why_set(why, ERR_FORMAT, "a page of rows is malformed");
		else
			e = fill(x, index, &view, row, secret, filled, why);
	}
	if (e == OK && r.failed)
		e = why_set(why, ERR_FORMAT, "a page of rows is cut off");
	free(row);
	return e;
}

void
rows_request(struct buf *out, const struct hash *election, const char *name, uint32_t from, int64_t now)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "rows-request");
	json_int(&o, "version", 1);
	json_hash(&o, "election", election);
	json_text(&o, "name", name);
	json_int(&o, "from", from);
	json_time(&o, "time", now);
	json_end(&o, '}');
}

enum err
rows_request_check(const struct authorizations *x, const char *document, const char *note, int64_t now, uint32_t *from, struct why *why)
{
	struct json *root = NULL;
	struct fields f;
	struct hash election;
	const char *name;
	unsigned who = 0;
	int64_t t;
	enum err e;

	if ((e = json_parse(&root, document, strlen(document), 4096, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "rows-request") != 0)
		(void)field_bad(&f, 1, "not a request for rows");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "election", &election);
	name = field_text(&f, "name", 127);
	if (f.e == OK)
		who = call_authorizer(x->call, name);
	*from = (uint32_t)field_int(&f, "from", 0, UINT32_MAX);
	t = field_time(&f, "time");
	if ((e = fields_end(&f)) == OK && (!hash_equal(&election, x->election) || who == 0 || who == x->self || llabs(now - t) > REQUEST_SECONDS))
		e = why_set(why, ERR_DENIED, "a request for rows of another election, by nobody who may, or too old");
	if (e == OK)
		e = docnote_verify(note, strlen(note), "rows", &x->call->hash, document, strlen(document), &x->call->authorizer[who - 1].key, why);
	json_free(root);
	return e;
}
