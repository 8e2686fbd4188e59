/* witness/authorizer_requests.c - what an authorizer answers over HTTP. */
#include "witness/authorizer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
refuse(struct authorizer *a, struct http_reply *r, enum err e, const char *text)
{
	struct json_out o = json_out(&r->body);

	r->status = e == ERR_NOT_NOW || e == ERR_IO || e == ERR_NOMEM ? 503 : e == ERR_FORMAT || e == ERR_RANGE || e == ERR_LENGTH ? 400 : 403;
	r->type = "application/json";
	r->body.n = 0;
	json_begin(&o, NULL, '{');
	json_text(&o, "error", r->status == 503 ? "not-now" : err_name(e));
	json_text(&o, "en", text);
	json_end(&o, '}');
	(void)__atomic_fetch_add(&a->refused, 1, __ATOMIC_RELAXED);
}

/* Between the hours, by our own clock, and as far as events says. */
static enum err
hours(const struct authorizer *a, struct why *why)
{
	const struct progress *p = &a->progress;
	int64_t now = a->clock();

	if (a->finished || p->closed || p->cancelled || !(p->begun >> 3 & 1))
		return why_set(why, ERR_NOT_NOW, "the election is not open");
	if (p->suspended || p->clock)
		return why_set(why, ERR_NOT_NOW, "the election is suspended");
	if (now < a->setup.m->opens - CLOCK_SKEW || now > p->closes + (int64_t)a->setup.m->grace + CLOCK_SKEW)
		return why_set(why, ERR_NOT_NOW, "by this authorizer's clock it is not the hour");
	return OK;
}

struct asked {
	struct buf request;
	struct authorization_row row;
	uint64_t events;
};

static enum err
field_base64(struct fields *f, const char *name, void *out, size_t n)
{
	const char *text = field_text(f, name, 2 * n + 8);
	uint8_t *p = malloc(n + 4);
	size_t have = n + 4;
	enum err e = f->e;

	if (e == OK && (p == NULL || base64_decode(p, &have, text, strlen(text)) != OK || have != n))
		e = field_bad(f, 1, "%s is not base64 of %zu bytes", name, n);
	if (e == OK)
		memcpy(out, p, n);
	free(p);
	return e;
}

static enum err
read_asked(struct asked *out, const struct http_request *q, struct why *why)
{
	struct json *root = NULL;
	uint8_t request[AUTHORIZATION_MAX_BYTES + 4];
	size_t n = sizeof request;
	const char *text;
	struct fields f;
	enum err e;

	if ((e = json_parse(&root, q->body, q->body_n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	text = field_text(&f, "request", 8192);
	if (f.e == OK && base64_decode(request, &n, text, strlen(text)) != OK)
		(void)field_bad(&f, 1, "request is not base64 of the right size");
	field_hex(&f, "signature", out->row.sig, SCHNORR_BYTES);
	(void)field_base64(&f, "sealed_seed", out->row.sealed, SEALED_SEED_BYTES);
	(void)field_base64(&f, "answer", out->row.answer[0], RSA_BYTES);
	out->events = (uint64_t)field_int(&f, "events", 0, INT64_MAX);
	e = fields_end(&f);
	json_free(root);
	if (e == OK)
		buf_put(&out->request, request, n);
	return e;
}

/* With the lock held: everything but the hours. The authority judged a moment ago, by its clock: a credential that was in
 * force then is good. */
static enum err
judge(const struct authorizer *a, const struct asked *x, struct authorization *q, struct why *why)
{
	int64_t now = a->clock();
	enum err e = ERR_PROOF;

	for (int64_t t = now - CLOCK_SKEW; e == ERR_PROOF && t <= now + CLOCK_SKEW; t += 2 * CLOCK_SKEW)
		e = authorization_check(q, x->request.p, x->request.n, x->row.sig, x->row.sealed, &a->setup.election, &a->roll, a->keys, a->call->authorizers, t, why);
	if (e == OK && rsa_answer_check(a->keys[0][q->style - 1], q->blinded[0], x->row.answer[0]) != OK)
		e = why_set(why, ERR_PROOF, "the authority's own answer is missing or false");
	return e;
}

/* With the lock held: judge, sign, commit. ERR_EXISTS: `x` is then the earlier request, if it is another one. */
static enum err
sign(struct authorizer *a, struct asked *x, int *same, struct why *why)
{
	struct authorization q;
	struct registry_row have = {0};
	struct buf bytes = {0};
	unsigned own = a->self - 1;
	enum err e;

	if ((e = hours(a, why)) != OK || (e = judge(a, x, &q, why)) != OK)
		return e;
	if (rsa_blind_sign(x->row.answer[own], a->rsa[q.style - 1], q.blinded[own]) != OK)
		return why_set(why, ERR_RANGE, "the blinded element is not below the modulus");
	x->row.answers = 1u | 1u << own;
	authorization_row_write(&bytes, &x->row);
	e = bytes.failed ? ERR_NOMEM : registry_authorize(a->registry, q.index, &x->request, &bytes, &have, why);
	buf_free(&bytes);
	*same = 1;
	if (e == ERR_EXISTS) {
		*same = have.request.n == x->request.n && memcmp(have.request.p, x->request.p, x->request.n) == 0;
		buf_free(&x->request);
		buf_put(&x->request, have.request.p, have.request.n);
		e = authorization_row_read(&x->row, have.answer.p, have.answer.n) == OK && !x->request.failed ? OK : ERR_IO;
	}
	registry_row_free(&have);
	return e;
}

static void
text64(struct json_out *o, const char *name, const void *p, size_t n)
{
	char text[4 * (AUTHORIZATION_MAX_BYTES / 3 + 1) + 1];

	base64_encode(text, p, n);
	json_text(o, name, text);
}

/* Whether to read events anew first: the authority knows more of it. Nobody makes us do that without its answer. */
static int
behind(struct authorizer *a, const struct asked *x)
{
	struct authorization q;
	int is;

	(void)pthread_rwlock_rdlock(&a->lock);
	is = a->loaded && a->head.size < x->events && judge(a, x, &q, NULL) != ERR_PROOF;
	(void)pthread_rwlock_unlock(&a->lock);
	return is;
}

void
authorizer_on_request(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;
	struct asked *x = calloc(1, sizeof *x);
	struct why why = {""};
	struct json_out o;
	int same = 1;
	enum err e = x != NULL ? read_asked(x, q, &why) : ERR_NOMEM;

	if (e == OK && behind(a, x) && authorizer_follow(a, x->events, &why) != OK)
		e = ERR_NOT_NOW; /* the authority knows more than we could read */
	if (e == OK) {
		(void)pthread_rwlock_rdlock(&a->lock);
		if (!a->loaded || a->broken != OK)
			e = why_set(&why, ERR_NOT_NOW, a->loaded ? "events is forked: nothing is signed" : "no opening is known yet");
		else
			e = sign(a, x, &same, &why);
		(void)pthread_rwlock_unlock(&a->lock);
	}
	if (e != OK)
		refuse(a, r, e, why.text);
	else {
		o = json_out(&r->body);
		r->type = "application/json";
		json_begin(&o, NULL, '{');
		if (same)
			text64(&o, "answer", x->row.answer[a->self - 1], RSA_BYTES);
		else {
			r->status = 409;
			json_text(&o, "error", "exists");
			json_text(&o, "en", "there is an earlier, different request; it is in \"stored\"");
			json_begin(&o, "stored", '{');
			text64(&o, "request", x->request.p, x->request.n);
			json_hex(&o, "signature", x->row.sig, SCHNORR_BYTES);
			text64(&o, "answer", x->row.answer[a->self - 1], RSA_BYTES);
			json_end(&o, '}');
		}
		json_end(&o, '}');
	}
	if (x != NULL)
		buf_free(&x->request);
	free(x);
}

void
authorizer_on_rows(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;
	struct authorizations x;
	struct json *root = NULL;
	struct why why = {""};
	struct fields f;
	const char *document, *note;
	uint32_t from = 0;
	enum err e;

	(void)pthread_rwlock_rdlock(&a->lock);
	if (!a->loaded)
		e = why_set(&why, ERR_NOT_NOW, "no opening is known yet");
	else if ((e = json_parse(&root, q->body, q->body_n, 65536, &why)) == OK) {
		authorizer_rows(a, &x);
		f = fields_of(root, &why);
		document = field_text(&f, "document", 4096);
		note = field_text(&f, "note", NOTE_MAX_BYTES);
		if ((e = fields_end(&f)) == OK && (e = rows_request_check(&x, document, note, a->clock(), &from, &why)) == OK)
			e = authorizations_page(a->registry, from, &r->body, &why);
		json_free(root);
	}
	(void)pthread_rwlock_unlock(&a->lock);
	if (e != OK)
		refuse(a, r, e, why.text);
	else
		r->type = "application/octet-stream";
}

enum err
authorizer_ready(struct authorizer *a, struct why *why)
{
	if (a->broken != OK)
		return why_set(why, ERR_IO, "events is forked: nothing is signed");
	if (a->finished)
		return why_set(why, ERR_NOT_NOW, "its list is signed: nothing is authorized any more");
	if (a->trouble.text[0] != '\0')
		return why_set(why, ERR_IO, "%s", a->trouble.text);
	if (!a->loaded)
		return why_set(why, ERR_NOT_NOW, "no opening is known yet");
	if (registry_refused(a->registry, NULL))
		return why_set(why, ERR_IO, "%s is an older copy, or its fence is gone: stop it and run urna-witness restore --registry --config FILE", a->registry_path);
	return OK;
}

enum err
authorizer_health(struct authorizer *a, struct why *why)
{
	enum err e;

	(void)pthread_rwlock_rdlock(&a->lock);
	e = authorizer_ready(a, why);
	(void)pthread_rwlock_unlock(&a->lock);
	return e;
}

void
authorizer_on_ready(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;

	(void)q;
	(void)pthread_rwlock_rdlock(&a->lock);
	r->status = authorizer_ready(a, NULL) == OK ? 200 : 503;
	buf_str(&r->body, r->status == 200 ? "ready\n" : "not ready\n");
	(void)pthread_rwlock_unlock(&a->lock);
}

void
authorizer_on_list(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;
	char path[1100];

	authorizer_beside(a, q->path + 1, path); /* "/list", "/list.note" or "/list.event", and no other path */
	(void)pthread_rwlock_rdlock(&a->lock);
	if (!a->finished) {
		r->status = 404;
		buf_str(&r->body, "the list is not signed yet\n");
	} else {
		(void)snprintf(r->file, sizeof r->file, "%s", path);
		r->type = "application/octet-stream";
	}
	(void)pthread_rwlock_unlock(&a->lock);
}

void
authorizer_counts(struct authorizer *a, uint32_t *authorizations, uint64_t *refused, int *is_ready)
{
	uint32_t confirmed;

	*authorizations = 0;
	(void)pthread_rwlock_rdlock(&a->lock);
	if (a->registry != NULL)
		registry_counts(a->registry, authorizations, &confirmed);
	*is_ready = authorizer_ready(a, NULL) == OK;
	(void)pthread_rwlock_unlock(&a->lock);
	*refused = __atomic_load_n(&a->refused, __ATOMIC_RELAXED);
}
