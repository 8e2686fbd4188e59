/* witness/authorizer_list.c - an authorizer's list after closing, and the entry of events that names it. */
#include "witness/authorizer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/http_client.h"

enum { COMPLETE_SECONDS = 60 };

struct completing {
	struct authorizer *a;
	struct why *why;
	struct list_walk walk;
	struct hash_run *hash;
};

/* A row of the authority's list that never reached us: its request is judged as if it had come. */
static enum err
complete_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct completing *x = ctx;
	struct authorizer *a = x->a;
	struct authorization_row *own = calloc(1, sizeof *own);
	struct authorization *q = malloc(sizeof *q);
	struct buf request = {0}, have = {0}, bytes = {0};
	enum err e = own != NULL && q != NULL ? OK : ERR_NOMEM;

	if (e == OK && row->present)
		e = authorizations_get(a->registry, index, &have, own, x->why);
	if (e != OK || !row->present || have.n > 0)
		goto done;
	if (!(row->answers & 1) ||
	    authorization_check(q, row->request, row->request_n, row->sig, NULL, &a->setup.election, &a->roll, a->keys, a->call->authorizers, EITHER_CREDENTIAL, NULL) != OK ||
	    q->index != index || rsa_answer_check(a->keys[0][q->style - 1], q->blinded[0], row->answer[0]) != OK ||
	    rsa_blind_sign(own->answer[a->self - 1], a->rsa[q->style - 1], q->blinded[a->self - 1]) != OK)
		goto done; /* false, and for the verifier to name */
	memcpy(own->sig, row->sig, sizeof own->sig);
	memcpy(own->answer[0], row->answer[0], RSA_BYTES);
	own->answers = 1u | 1u << (a->self - 1);
	authorization_row_write(&bytes, own);
	buf_put(&request, row->request, row->request_n);
	if ((e = registry_authorize(a->registry, index, &request, &bytes, NULL, x->why)) == ERR_EXISTS)
		e = OK;
done:
	buf_free(&request);
	buf_free(&have);
	buf_free(&bytes);
	free(own);
	free(q);
	return e;
}

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	struct completing *x = ctx;

	hash_more(x->hash, p, n);
	return list_feed(&x->walk, p, n, x->why);
}

/* The list is judged row by row as it comes; that it is the one of the close entry is known at its end. A false one
 * could make us answer nothing that the voter and the authority had not signed. */
static enum err
complete(struct authorizer *a, struct why *why)
{
	struct file_source src = source_http(a->account);
	struct completing x = {.a = a, .why = why, .hash = hash_start()};
	struct hash h;
	char path[200];
	enum err e;

	x.walk = (struct list_walk){.election = &a->setup.election, .authorizer = 1, .authorizers = a->call->authorizers, .rows = a->roll.n, .each = complete_row, .ctx = &x};
	(void)snprintf(path, sizeof path, "authorizations/%.128s", a->call->authorizer[0].key.name);
	e = source_stream(&src, path, SIZE_MAX, on_piece, &x, why);
	hash_end(x.hash, &h);
	if (e == OK)
		e = list_end(&x.walk, why);
	else
		buf_free(&x.walk.pending);
	if (e == OK && !hash_equal(&h, &a->close_list))
		e = why_set(why, ERR_PROOF, "the authority's list is not the one of its close entry");
	return e;
}

static enum err
sign_entry(struct authorizer *a, const struct hash *list, struct why *why)
{
	struct event *e = calloc(1, sizeof *e);
	struct buf document = {0}, note = {0}, out = {0};
	struct json_out o = json_out(&out);
	char path[1100], hex[65];
	enum err err = ERR_NOMEM;

	if (e != NULL) {
		(void)strcpy(e->kind, "list");
		e->scope = a->setup.election;
		hash_hex(hex, list);
		event_add(e, "authorizer", "%s", a->key.name);
		event_add(e, "sha256", "%s", hex);
		if ((err = event_document(&document, e)) == OK && (err = docnote_sign(&note, "event", &a->call->hash, document.p, document.n, &a->key, why)) == OK) {
			json_begin(&o, NULL, '{');
			json_text(&o, "document", buf_cstr(&document));
			json_text(&o, "note", buf_cstr(&note));
			json_end(&o, '}');
			authorizer_beside(a, "list.event", path);
			err = out.failed ? ERR_NOMEM : file_write(path, out.p, out.n, 0644, why);
		}
	}
	event_free(e);
	free(e);
	buf_free(&document);
	buf_free(&note);
	buf_free(&out);
	return err;
}

static int
due(struct authorizer *a)
{
	int is;

	(void)pthread_rwlock_rdlock(&a->lock);
	is = a->progress.closed && !a->finished;
	(void)pthread_rwlock_unlock(&a->lock);
	return is;
}

enum err
authorizer_finish(struct authorizer *a, struct why *why)
{
	struct authorizations x;
	struct hash list;
	char path[1100];
	enum err e;

	if (!due(a))
		return OK;
	if (a->close_seen == 0)
		a->close_seen = steady_seconds();
	(void)pthread_mutex_lock(&a->follow);
	e = complete(a, why);
	(void)pthread_mutex_unlock(&a->follow);
	if (e != OK && steady_seconds() - a->close_seen < COMPLETE_SECONDS)
		return e;
	(void)pthread_rwlock_wrlock(&a->lock);
	authorizer_rows(a, &x);
	authorizer_beside(a, "list", path);
	if ((e = authorizations_list(&x, path, &a->key, &list, why)) == OK && (e = sign_entry(a, &list, why)) == OK)
		a->finished = 1;
	(void)pthread_rwlock_unlock(&a->lock);
	return e;
}
