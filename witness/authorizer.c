#include "witness/authorizer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/clock.h"
#include "crypto/http_client.h"
#include "election/authorizer.h"
#include "election/docnote.h"
#include "election/record.h"
#include "registry/refill.h"

enum { FOLLOW_MS = 1000, CLOCK_SKEW = 30, COMPLETE_SECONDS = 60, JUST_OPENED = 60, HUGE_FILE = 1 << 30 };

struct authorizer {
	const struct call *call;
	unsigned self; /* from 1 */
	struct signer key;
	struct passphrase pass;
	char rsa_keys[1024], registry_path[1024], fence[1024], box[256], account[256];
	int64_t (*clock)(void);
	int lock_fd;
	pthread_t thread;
	int thread_runs;
	pthread_mutex_t follow; /* one at a time reads the election; taken before `lock` */
	pthread_rwlock_t lock;	/* over what follows: requests read, the follower writes */
	int stopping;
	int loaded;
	struct record setup; /* the opening's documents; its roll is the one of the file */
	struct roll roll;    /* after the amendments so far */
	struct rsa_secret **rsa;
	struct rsa_public *const *keys[MAX_AUTHORIZERS];
	struct progress progress;
	struct hash close_list; /* of the authority's list, by the close entry */
	struct head head;	/* of events, as read last */
	struct registry *registry;
	int finished; /* the list is signed */
	int64_t close_seen;
	enum err broken; /* a fork of events: nothing is signed any more */
	struct why trouble; /* what the follower said last */
	uint64_t refused;
};

static void
beside(const struct authorizer *a, const char *suffix, char out[1100])
{
	(void)snprintf(out, 1100, "%s.%s", a->registry_path, suffix);
}

static void
rows_of(struct authorizer *a, struct authorizations *x)
{
	*x = (struct authorizations){a->registry, a->call, a->setup.m, &a->roll, &a->setup.election, a->keys, a->self};
}

/* ---- following the election --------------------------------------------------------------- */

static enum err
copy_roll(struct roll *out, const struct roll *from)
{
	*out = *from;
	if ((out->row = malloc((from->n + 1u) * sizeof *out->row)) == NULL)
		return ERR_NOMEM;
	memcpy(out->row, from->row, from->n * sizeof *out->row);
	return OK;
}

/* The RSA keys that we hold must be those that the manifest shows for us. */
static enum err
own_keys(struct authorizer *a, const struct record *r, struct why *why)
{
	struct buf sealed = {0};
	enum err e;

	if ((e = file_read(&sealed, a->rsa_keys, 16 << 20, why)) == OK &&
	    (e = authorizer_secrets_read(&a->rsa, sealed.p, sealed.n, r->m->styles, &a->pass, &a->call->hash, why)) == OK)
		for (unsigned i = 0; i < r->m->styles && e == OK; i++)
			if (!rsa_same_key(r->key[a->self - 1][i], a->rsa[i]))
				e = why_set(why, ERR_PROOF, "the manifest shows another key for style %u than ours: this opening is refused", i + 1);
	buf_free(&sealed);
	return e;
}

/* One registry is of one election: its id stands beside it from the first day. */
static enum err
same_election(const struct authorizer *a, const struct hash *election, struct why *why)
{
	struct buf b = {0};
	char path[1100], hex[66];
	enum err e;

	beside(a, "election", path);
	hash_hex(hex, election);
	e = file_read(&b, path, 100, NULL);
	if (e == OK && (b.n < 64 || memcmp(b.p, hex, 64) != 0))
		e = why_set(why, ERR_PROOF, "the authority shows another opening than the one this registry is of (%s): refused", path);
	else if (e == ERR_ABSENT) {
		(void)strcat(hex, "\n");
		e = file_write(path, hex, strlen(hex), 0600, why);
	}
	buf_free(&b);
	return e;
}

/* A registry may begin empty only as long as hardly anybody can have been authorized: until a minute after the box opened. */
static int
not_open_long(struct authorizer *a, const struct record *setup)
{
	struct record *r = calloc(1, sizeof *r);
	int good = 0;

	if (r != NULL) {
		r->src = source_http(a->box);
		r->call = *a->call;
		r->election = setup->election;
		good = record_events(r, NULL) == OK;
		for (uint64_t i = 0; i < r->entries; i++)
			if (strcmp(r->entry[i].kind, "phase") == 0 && strcmp(event_fact(&r->entry[i], "phase"), "3") == 0 && a->clock() > r->entry[i].time + JUST_OPENED)
				good = 0;
		record_free(r);
	}
	free(r);
	return good;
}

static enum err
open_registry(struct authorizer *a, const struct record *r, struct why *why)
{
	enum err e = same_election(a, &r->election, why);

	if (e == OK && access(a->registry_path, F_OK) != 0)
		e = not_open_long(a, r) ? authorizations_create(a->registry_path, a->fence, r->roll.n, why)
					 : why_set(why, ERR_NOT_NOW, "%s is not there, and the election is open: put back its newest copy, if there is one, and run "
								     "urna-witness restore --registry --config FILE", a->registry_path);
	if (e == OK)
		e = registry_open(&a->registry, a->registry_path, a->fence, why);
	return e;
}

/* What is read from the account origin is also written to a folder of ours. */
struct tee {
	struct file_source from;
	char to[1100];
};

static enum err
read_and_keep(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct tee *t = ctx;
	struct buf file = {0};
	char full[1400];
	enum err e;

	if ((e = source_read(&t->from, path, max, &file, why)) == OK) {
		(void)snprintf(full, sizeof full, "%s/%.256s", t->to, path);
		*strrchr(full, '/') = '\0';
		if ((e = dir_make(full, why)) == OK) {
			(void)snprintf(full, sizeof full, "%s/%.256s", t->to, path);
			e = file_write(full, file.p, file.n, 0644, why);
		}
		buf_put(out, file.p, file.n);
	}
	buf_free(&file);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

static enum err
check_setup(struct authorizer *a, struct record *r, struct why *why)
{
	enum err e;

	if ((e = record_call(r, why)) == OK && !hash_equal(&r->call.hash, &a->call->hash))
		e = why_set(why, ERR_PROOF, "the authority shows another call than ours");
	if (e == OK && (e = record_key(r, why)) == OK && (e = record_setup(r, why)) == OK)
		e = record_opening(r, why);
	return e;
}

/* The opening and all it names, held against our call: from the account origin the first time, and from then on from the copy
 * that was kept, so that we can start, and help a registry that was lost, while the authority's service is down. */
static enum err
read_setup(struct authorizer *a, struct record *r, struct why *why)
{
	struct tee tee = {source_http(a->account), ""};
	struct buf note = {0};
	char kept[1100], opening[1200];
	enum err e;

	beside(a, "setup", kept);
	(void)snprintf(opening, sizeof opening, "%s/opening.json", kept);
	if (access(opening, F_OK) == 0) {
		r->src = source_dir(kept);
		e = check_setup(a, r, why);
		r->src = (struct file_source){0};
		return e;
	}
	e = source_read(&tee.from, "opening.json.note", NOTE_MAX_BYTES, &note, NULL);
	buf_free(&note);
	if (e == ERR_ABSENT)
		return e; /* the day has not come */
	beside(a, "setup.part", tee.to);
	r->src = (struct file_source){&tee, read_and_keep, NULL, NULL};
	if ((e = check_setup(a, r, why)) == OK && rename(tee.to, kept) != 0)
		e = why_set(why, ERR_IO, "%s: %s", kept, strerror(errno));
	r->src = (struct file_source){0};
	return e;
}

static enum err
load(struct authorizer *a, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	struct roll roll = {0};
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	if ((e = read_setup(a, r, why)) == OK && (e = copy_roll(&roll, &r->roll)) == OK && (a->rsa != NULL || (e = own_keys(a, r, why)) == OK) &&
	    (a->registry != NULL || (e = open_registry(a, r, why)) == OK)) {
		(void)pthread_rwlock_wrlock(&a->lock);
		a->setup = *r;
		for (unsigned k = 0; k < MAX_AUTHORIZERS; k++)
			a->keys[k] = a->setup.key[k];
		a->roll = roll;
		a->loaded = 1;
		(void)pthread_rwlock_unlock(&a->lock);
	} else {
		roll_free(&roll);
		record_free(r);
	}
	free(r);
	return e;
}

/* The first `old->size` entries hash to old->root. */
static enum err
continues(const struct record *r, const struct head *old)
{
	struct frontier *f = calloc(1, sizeof *f);
	struct hash leaf, root;
	enum err e = f != NULL ? OK : ERR_NOMEM;

	if (e == OK && r->entries < old->size)
		e = ERR_PROOF;
	for (uint64_t i = 0; i < old->size && e == OK; i++) {
		struct buf b = {0};

		if ((e = event_write(&b, &r->entry[i])) == OK) {
			leaf_hash(&leaf, b.p, b.n);
			frontier_append(f, &leaf);
		}
		buf_free(&b);
	}
	if (e == OK) {
		frontier_root(&root, f);
		e = hash_equal(&root, &old->root) ? OK : ERR_PROOF;
	}
	free(f);
	return e;
}

/* Take over what events says now. */
static enum err
take_events(struct authorizer *a, struct record *r, struct why *why)
{
	enum err e = OK;

	(void)pthread_rwlock_wrlock(&a->lock);
	while (registry_rows(a->registry) < r->roll.n && e == OK)
		e = registry_extend(a->registry, why);
	if (e == OK) {
		struct roll old = a->roll;

		a->roll = r->roll;
		r->roll = old; /* freed with r */
		a->progress = r->progress;
		a->head = r->events_head;
		if (r->close != NULL && hex_decode(a->close_list.b, HASH_BYTES, event_fact(r->close, "authorizations"), strlen(event_fact(r->close, "authorizations"))) != OK)
			e = ERR_FORMAT;
	}
	(void)pthread_rwlock_unlock(&a->lock);
	return e;
}

static enum err
read_events(struct authorizer *a, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_http(a->box);
	r->call = *a->call;
	r->election = a->setup.election;
	r->m = a->setup.m;
	if ((e = copy_roll(&r->roll, &a->setup.roll)) == OK && (e = record_events(r, why)) == OK) {
		if (continues(r, &a->head) != OK)
			e = a->broken = why_set(why, ERR_PROOF, "events is not the log it was: the authority shows two histories; nothing is signed any more");
		else if (r->progress.opened && !hash_equal(&r->progress.election, &a->setup.election))
			e = why_set(why, ERR_PROOF, "events names another opening than the account origin shows");
		else
			e = take_events(a, r, why);
	}
	r->m = NULL;
	record_free(r);
	free(r);
	return e;
}

/* Read what is new. `size`: entries of events that somebody knows of; 0: whatever there is. */
static enum err
follow(struct authorizer *a, uint64_t size, struct why *why)
{
	enum err e = OK;

	(void)pthread_mutex_lock(&a->follow);
	if (a->broken != OK)
		e = why_set(why, a->broken, "events is forked");
	else if (!a->loaded)
		e = load(a, why);
	if (e == OK && (size == 0 || a->head.size < size))
		e = read_events(a, why);
	(void)pthread_mutex_unlock(&a->follow);
	return e;
}

/* ---- the list after closing ------------------------------------------------------------------ */

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
	    authorization_check(q, row->request, row->request_n, row->sig, NULL, &a->setup.election, &a->roll, a->call->authorizers, EITHER_CREDENTIAL, NULL) != OK ||
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
	e = source_stream(&src, path, on_piece, &x, why);
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
			beside(a, "list.event", path);
			err = out.failed ? ERR_NOMEM : file_write(path, out.p, out.n, 0644, why);
		}
	}
	free(e);
	buf_free(&document);
	buf_free(&note);
	buf_free(&out);
	return err;
}

/* When the box is closed: complete what the authority has answered, then sign; nothing is authorized after. */
static enum err
finish(struct authorizer *a, struct why *why)
{
	struct authorizations x;
	struct hash list;
	char path[1100];
	enum err e;

	if (a->close_seen == 0)
		a->close_seen = steady_seconds();
	if ((e = complete(a, why)) != OK && steady_seconds() - a->close_seen < COMPLETE_SECONDS)
		return e;
	(void)pthread_rwlock_wrlock(&a->lock);
	rows_of(a, &x);
	beside(a, "list", path);
	if ((e = authorizations_list(&x, path, &a->key, &list, why)) == OK && (e = sign_entry(a, &list, why)) == OK)
		a->finished = 1;
	(void)pthread_rwlock_unlock(&a->lock);
	return e;
}

static void *
run(void *arg)
{
	struct authorizer *a = arg;
	struct timespec pause = {FOLLOW_MS / 1000, FOLLOW_MS % 1000 * 1000000};
	char said[sizeof a->trouble.text] = "";

	for (;;) {
		struct why why = {""};
		int stop;

		if (follow(a, 0, &why) == OK && a->progress.closed && !a->finished)
			(void)!finish(a, &why);
		(void)pthread_rwlock_wrlock(&a->lock);
		a->trouble = why;
		stop = a->stopping;
		(void)pthread_rwlock_unlock(&a->lock);
		if (stop)
			return NULL;
		if (strcmp(said, why.text) != 0 && why.text[0] != '\0')
			(void)fprintf(stderr, "authorizer: %s\n", why.text);
		(void)snprintf(said, sizeof said, "%s", why.text);
		(void)nanosleep(&pause, NULL);
	}
}

/* ---- requests ------------------------------------------------------------------------------------ */

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
		e = authorization_check(q, x->request.p, x->request.n, x->row.sig, x->row.sealed, &a->setup.election, &a->roll, a->call->authorizers, t, why);
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

	if (e == OK && behind(a, x) && follow(a, x->events, &why) != OK)
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
		rows_of(a, &x);
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

static int
ready(struct authorizer *a)
{
	return a->loaded && a->broken == OK && !a->finished && a->trouble.text[0] == '\0' && !registry_refused(a->registry, NULL);
}

void
authorizer_on_ready(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;

	(void)q;
	(void)pthread_rwlock_rdlock(&a->lock);
	r->status = ready(a) ? 200 : 503;
	buf_str(&r->body, r->status == 200 ? "ready\n" : "not ready\n");
	(void)pthread_rwlock_unlock(&a->lock);
}

void
authorizer_on_list(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct authorizer *a = ctx;
	char path[1100];

	beside(a, q->path + 1, path); /* "/list", "/list.note" or "/list.event", and no other path */
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
	*is_ready = ready(a);
	(void)pthread_rwlock_unlock(&a->lock);
	*refused = __atomic_load_n(&a->refused, __ATOMIC_RELAXED);
}

/* ---- opening and closing ---------------------------------------------------------------------------- */

static enum err
prepare(struct authorizer **out, const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = calloc(1, sizeof *a);
	char path[1100];
	enum err e;

	if (a == NULL)
		return ERR_NOMEM;
	a->call = o->call;
	a->clock = o->clock;
	a->lock_fd = -1;
	(void)snprintf(a->rsa_keys, sizeof a->rsa_keys, "%s", o->rsa_keys);
	(void)snprintf(a->registry_path, sizeof a->registry_path, "%s", o->registry);
	(void)snprintf(a->fence, sizeof a->fence, "%s", o->fence);
	(void)snprintf(a->account, sizeof a->account, "%s/record", o->call->account);
	(void)snprintf(a->box, sizeof a->box, "%s", o->call->box);
	empty_root(&a->head.root);
	(void)pthread_mutex_init(&a->follow, NULL);
	(void)pthread_rwlock_init(&a->lock, NULL);
	beside(a, "lock", path);
	if ((e = passphrase_get(&a->pass, o->pass_file, "passphrase", why)) != OK || (e = keyfile_signer(&a->key, o->key, &a->pass, why)) != OK)
		goto done;
	a->self = call_authorizer(o->call, a->key.name);
	if (a->self < 2 || memcmp(a->key.key, o->call->authorizer[a->self - 1].key.key, sizeof o->call->authorizer[0].key.key) != 0) {
		e = why_set(why, ERR_PROOF, "%s is not the key of an authorizer of the call (the first, the authority's, runs in urnad)", o->key);
		goto done;
	}
	a->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (a->lock_fd < 0 || flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0)
		e = why_set(why, ERR_NOT_NOW, "%s: %s", path, a->lock_fd < 0 ? strerror(errno) : "another process has this registry");
done:
	if (e != OK)
		authorizer_close(a);
	else
		*out = a;
	return e;
}

enum err
authorizer_open(struct authorizer **out, const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = NULL;
	char path[1100];
	enum err e;

	if ((e = prepare(&a, o, why)) != OK)
		return e;
	beside(a, "list.event", path);
	a->finished = access(path, F_OK) == 0;
	if (pthread_create(&a->thread, NULL, run, a) != 0) {
		authorizer_close(a);
		return ERR_NOMEM;
	}
	a->thread_runs = 1;
	*out = a;
	return OK;
}

void
authorizer_close(struct authorizer *a)
{
	if (a == NULL)
		return;
	if (a->thread_runs) {
		(void)pthread_rwlock_wrlock(&a->lock);
		a->stopping = 1;
		(void)pthread_rwlock_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	registry_close(a->registry);
	if (a->rsa != NULL)
		authorizer_secrets_free(a->rsa, a->setup.m != NULL ? a->setup.m->styles : 0);
	roll_free(&a->roll);
	record_free(&a->setup);
	signer_close(&a->key);
	if (a->lock_fd >= 0)
		(void)close(a->lock_fd);
	(void)pthread_mutex_destroy(&a->follow);
	(void)pthread_rwlock_destroy(&a->lock);
	wipe(a, sizeof *a);
	free(a);
}

enum err
authorizer_restore(const struct authorizer_options *o, struct why *why)
{
	struct authorizer *a = NULL;
	struct authorizations x;
	struct record *r = calloc(1, sizeof *r);
	struct refill done;
	enum err e = r != NULL ? prepare(&a, o, why) : ERR_NOMEM;

	if (e != OK) {
		free(r);
		return e;
	}
	if ((e = read_setup(a, r, why)) == OK && (e = same_election(a, &r->election, why)) == OK)
		e = refill_open(&a->registry, a->registry_path, a->fence, r->roll.n, why);
	record_free(r);
	free(r);
	if (e == OK && (e = follow(a, 0, why)) == OK) {
		rows_of(a, &x);
		if ((e = registry_complete(&x, &a->key, a->rsa, &done, why)) == OK)
			refill_say(&done);
	}
	authorizer_close(a);
	return e;
}
