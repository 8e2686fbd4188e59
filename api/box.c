/* api/box.c - the listener that sees ballots and never knows who sends them.
 *
 * Spec    spec/http.md#cast, spec/http.md#receipt, spec/http.md#logs
 */
#include <stdlib.h>
#include <string.h>

#include "api/gzip.h"
#include "api/service.h"

static void
give_receipt(struct service *s, uint64_t index, struct http_reply *r)
{
	if (ledger_receipt(s->ballots, index, &r->body, NULL) != OK)
		reply_error(r, ERR_IO, "the receipt cannot be made now");
	else
		r->type = "text/plain; charset=utf-8";
}

/* The one-time key has a ballot already: its receipt if it is this one, else refused with that one's. */
static void
second(struct service *s, const struct http_request *q, uint64_t index, struct http_reply *r)
{
	struct buf have = {0}, receipt = {0};
	struct json_out o;

	if (ledger_read(s->ballots, index, &have, NULL) != OK || ledger_receipt(s->ballots, index, &receipt, NULL) != OK)
		reply_error(r, ERR_IO, "the log does not answer");
	else if (have.n == q->body_n && memcmp(have.p, q->body, q->body_n) == 0) {
		r->body = receipt;
		memset(&receipt, 0, sizeof receipt);
		r->type = "text/plain; charset=utf-8";
	} else {
		r->status = 409;
		o = json_out(&r->body);
		json_begin(&o, NULL, '{');
		json_text(&o, "error", "exists");
		json_text(&o, "es", "Ya hay un voto emitido con esta llave; se devuelve su recibo.");
		json_text(&o, "en", "another ballot was cast under this key; its receipt is in \"receipt\"");
		json_text(&o, "receipt", buf_cstr(&receipt));
		json_end(&o, '}');
	}
	buf_free(&have);
	buf_free(&receipt);
}

/* Into the log, unless the box was suspended or its hour came while the ballot was being checked. */
static enum err
put_in(struct service *s, const struct http_request *q, const struct ballot *b, uint64_t *index, struct buf *receipt, struct why *why)
{
	enum err e = ERR_NOT_NOW;

	(void)pthread_rwlock_rdlock(&s->box_lock);
	if (view_casts(&s->view))
		e = ledger_append(s->ballots, q->body, q->body_n, b->key, index, receipt, why);
	else
		(void)why_set(why, e, "the box is not open");
	(void)pthread_rwlock_unlock(&s->box_lock);
	return e;
}

static void
cast(struct service *s, const struct view *v, const struct http_request *q, struct http_reply *r)
{
	struct ballot *b = malloc(sizeof *b);
	struct why why = {""};
	uint64_t index = 0;
	enum err e;

	if (b == NULL)
		abort();
	if (!view_casts(v)) {
		reply_error(r, ERR_NOT_NOW, v->progress.closed ? "the box is closed" : "the box is not open");
		goto done;
	}
	if ((e = ballot_read(b, q->body, q->body_n)) != OK) {
		reply_error(r, e, "the ballot's bytes are not canonical");
		goto done;
	}
	if (!progress_announced(&v->progress, ballot_set(b)))
		e = why_set(&why, ERR_RANGE, "the ballot's authorizers are not a set that was announced");
	else if ((e = ballot_check(b, &s->election, s->manifest, &why)) == OK)
		e = ballot_tokens(b, s->rsa_keys, s->call.authorizers, &why);
	if (e != OK) {
		reply_error(r, e, why.text);
		goto done;
	}
	e = put_in(s, q, b, &index, &r->body, &why);
	if (e == OK) {
		s->casts++;
		r->type = "text/plain; charset=utf-8";
	} else if (e == ERR_EXISTS)
		second(s, q, index, r);
	else
		reply_error(r, e, why.text);
done:
	free(b);
}

static void
receipt(struct service *s, const struct http_request *q, struct http_reply *r)
{
	struct json *root = NULL;
	struct why why = {""};
	uint8_t key[32], sig[64];
	struct fields f;
	struct hash h;
	uint64_t index;
	int64_t t;
	enum err e;

	if ((e = json_parse(&root, q->body, q->body_n, 4096, &why)) != OK) {
		reply_error(r, e, why.text);
		return;
	}
	f = fields_of(root, &why);
	field_hex(&f, "one_time_key", key, 32);
	t = field_int(&f, "time", 0, INT64_MAX);
	field_hex(&f, "signature", sig, 64);
	e = fields_end(&f);
	json_free(root);
	receipt_request_hash(&h, &s->election, key, t);
	if (e != OK)
		reply_error(r, e, why.text);
	else if (llabs(now_seconds() - t) > 300)
		reply_error(r, ERR_RANGE, "the request's time is more than five minutes from the server's");
	else if (schnorr_verify(sig, key, &h) != OK)
		reply_error(r, ERR_PROOF, "not signed by the one-time key");
	else if (ledger_find(s->ballots, key, &index) != OK)
		reply_error(r, ERR_ABSENT, "no ballot under this key");
	else
		give_receipt(s, index, r);
}

void
box_handle(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct service *s = ctx;
	struct why why = {""};
	struct ledger *log = NULL;
	const char *path = NULL;
	struct view v;
	int get = strcmp(q->method, "GET") == 0, post = strcmp(q->method, "POST") == 0;

	if (get && strcmp(q->path, "/status") == 0) {
		status_reply(s, r);
		return;
	}
	service_view(s, &v);
	if (strncmp(q->path, "/events/", 8) == 0) {
		log = s->events;
		path = q->path + 8;
	} else if (strncmp(q->path, "/ballots/", 9) == 0) {
		log = v.loaded ? s->ballots : NULL;
		path = q->path + 9;
	}
	if (get && log != NULL) {
		if (ledger_public_file(log, path, &r->body, &why) != OK) {
			reply_error(r, ERR_ABSENT, "no such file of the public head");
			return;
		}
		if (strcmp(path, "checkpoint") == 0)
			r->type = "text/plain; charset=utf-8";
		else {
			r->type = "application/octet-stream";
			r->cache = "public, max-age=31536000, immutable";
			if (strncmp(path, "tile/entries/", 13) == 0) /* hashes do not get shorter */
				r->encoding = gzip_accepted(q->accept_encoding) && gzip_pack(&r->body) ? ENCODING_GZIP : ENCODING_PLAIN;
		}
		return;
	}
	if (post && (strcmp(q->path, "/cast") == 0 || strcmp(q->path, "/receipt") == 0)) {
		if (!v.loaded || !(v.progress.begun >> 3 & 1))
			reply_error(r, ERR_NOT_NOW, "the election is not open yet");
		else if (strcmp(q->path, "/cast") == 0)
			cast(s, &v, q, r);
		else
			receipt(s, q, r);
		return;
	}
	reply_error(r, ERR_ABSENT, "no such resource");
}
