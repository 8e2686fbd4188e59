#include "api/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/http_client.h"
#include "crypto/parallel.h"
#include "election/docnote.h"
#include "election/lists.h"

enum { WORKERS = 4, REQUEST_SECONDS = 5, RETRY_SECONDS = 1, PROBE_SECONDS = 2, LIST_SECONDS = 120 };

/* Roll indices that wait for one authorizer, first in first out. */
struct queue {
	uint32_t *index;
	size_t first, n, room;
};

/* Another authorizer. */
struct target {
	struct relay *all;
	const struct party *party;
	unsigned number; /* from 1 */
	pthread_t worker[WORKERS];
	unsigned workers;
	struct queue queue;
	int64_t failing_since; /* steady; 0: it answered when last asked */
	int64_t not_before, probed;
	int probing, complained;
	uint64_t refused;
};

/* A voter who waits for answers. */
struct waiter {
	uint32_t index;
	struct authorization_row *row;
	pthread_cond_t came;
	struct waiter *next;
};

struct relay {
	struct service *s;
	struct target target[MAX_AUTHORIZERS];
	unsigned targets;
	pthread_mutex_t merge; /* over reading and writing an answer in the registry; taken before `lock` */
	pthread_mutex_t lock;  /* over everything in here */
	pthread_cond_t work;
	struct waiter *waiters;
	int stopping;
};

static void
complain(struct target *t, const char *text)
{
	if (!t->complained++)
		(void)fprintf(stderr, "authorizer %s: %s\n", t->party->key.name, text);
}

/* ---- queues: with the lock held ------------------------------------------------------ */

static void
push(struct queue *q, uint32_t index)
{
	if (q->n == q->room) {
		size_t room = 2 * q->room + 64;
		uint32_t *more = malloc(room * sizeof *more);

		if (more == NULL)
			abort();
		for (size_t i = 0; i < q->n; i++)
			more[i] = q->index[(q->first + i) % q->room];
		free(q->index);
		*q = (struct queue){more, 0, q->n, room};
	}
	q->index[(q->first + q->n++) % q->room] = index;
}

static uint32_t
pop(struct queue *q)
{
	uint32_t index = q->index[q->first];

	q->first = (q->first + 1) % q->room;
	q->n--;
	return index;
}

/* ---- one request ---------------------------------------------------------------------- */

enum outcome { ANSWERED, LATER, REFUSED };

static void
put_base64(struct json_out *o, const char *name, const void *p, size_t n)
{
	char *text = malloc(4 * (n / 3 + 1) + 1);

	if (text == NULL)
		abort();
	base64_encode(text, p, n);
	json_text(o, name, text);
	free(text);
}

/* Into the row of who waits, or else into the registry. */
static enum err
store(struct relay *r, uint32_t index, unsigned number, const uint8_t answer[RSA_BYTES])
{
	struct authorization_row *row = malloc(sizeof *row);
	struct buf request = {0}, bytes = {0};
	int waited = 0;
	enum err e = OK;

	if (row == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_lock(&r->merge);
	(void)pthread_mutex_lock(&r->lock);
	for (struct waiter *w = r->waiters; w != NULL; w = w->next)
		if (w->index == index) {
			memcpy(w->row->answer[number - 1], answer, RSA_BYTES);
			w->row->answers |= 1u << (number - 1);
			(void)pthread_cond_signal(&w->came);
			waited = 1;
		}
	(void)pthread_mutex_unlock(&r->lock);
	if (!waited && (e = authorizations_get(r->s->registry, index, &request, row, NULL)) == OK) {
		memcpy(row->answer[number - 1], answer, RSA_BYTES);
		row->answers |= 1u << (number - 1);
		authorization_row_write(&bytes, row);
		e = bytes.failed ? ERR_NOMEM : registry_answer(r->s->registry, index, &bytes, NULL);
	}
	(void)pthread_mutex_unlock(&r->merge);
	buf_free(&request);
	buf_free(&bytes);
	free(row);
	return e;
}

static enum outcome
take_answer(struct target *t, const struct authorization *a, const struct buf *body)
{
	struct rsa_public *const *keys = t->all->s->rsa_public[t->number - 1];
	struct json *root = NULL;
	struct fields f;
	uint8_t answer[RSA_BYTES + 4];
	size_t n = sizeof answer;
	const char *text;
	int good = 0;

	if (json_parse(&root, body->p, body->n, 65536, NULL) == OK) {
		f = fields_of(root, NULL);
		text = field_text(&f, "answer", 1024);
		good = fields_end(&f) == OK && base64_decode(answer, &n, text, strlen(text)) == OK && n == RSA_BYTES &&
		    rsa_answer_check(keys[a->style - 1], a->blinded[t->number - 1], answer) == OK;
	}
	json_free(root);
	if (!good) {
		complain(t, "gave a false answer");
		return LATER;
	}
	return store(t->all, a->index, t->number, answer) == OK ? ANSWERED : LATER;
}

/* POST one row to one authorizer. */
static enum outcome
deliver(struct target *t, uint32_t index)
{
	struct service *s = t->all->s;
	struct authorization_row *row = malloc(sizeof *row);
	struct authorization *a = malloc(sizeof *a);
	struct buf request = {0}, body = {0}, answer = {0};
	struct json_out o = json_out(&body);
	struct head events;
	struct why why = {""};
	enum outcome out = LATER;
	char url[300];
	long status = 0;

	if (row == NULL || a == NULL || authorizations_get(s->registry, index, &request, row, NULL) != OK || request.n == 0)
		goto done;
	if (row->answers >> (t->number - 1) & 1) {
		out = ANSWERED;
		goto done;
	}
	if (authorization_read(a, request.p, request.n) != OK || !(row->answers & 1))
		goto done;
	ledger_public_head(s->events, &events, NULL);
	json_begin(&o, NULL, '{');
	put_base64(&o, "request", request.p, request.n);
	json_hex(&o, "signature", row->sig, SCHNORR_BYTES);
	put_base64(&o, "sealed_seed", row->sealed, SEALED_SEED_BYTES);
	put_base64(&o, "answer", row->answer[0], RSA_BYTES);
	json_int(&o, "events", (int64_t)events.size);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/authorize", t->party->url);
	if (http_ask(&(struct http_ask){.url = url, .type = "application/json", .body = body.p, .n = body.n, .seconds = REQUEST_SECONDS}, &status, &answer, &why) != OK)
		complain(t, why.text);
	else if (status == 200)
		out = take_answer(t, a, &answer);
	else if (status == 400 || status == 403 || status == 409) {
		complain(t, "refused a request"); /* not which: nothing here names a voter */
		out = REFUSED;
	} else
		complain(t, "is not ready");
done:
	buf_free(&request);
	buf_free(&body);
	buf_free(&answer);
	free(row);
	free(a);
	return out;
}

/* Whether it is there, when nothing else asks it. */
static int
probe(const struct target *t)
{
	struct buf answer = {0};
	char url[300];
	long status = 0;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/ready", t->party->url);
	e = http_ask(&(struct http_ask){.url = url, .seconds = REQUEST_SECONDS}, &status, &answer, NULL);
	buf_free(&answer);
	return e == OK && status == 200;
}

/* With the lock held. */
static void
heard(struct target *t, int good)
{
	t->probed = steady_seconds();
	if (good) {
		if (t->failing_since != 0 && t->complained)
			(void)fprintf(stderr, "authorizer %s answers\n", t->party->key.name);
		t->failing_since = 0;
		t->complained = 0;
	} else {
		if (t->failing_since == 0)
			t->failing_since = steady_seconds();
		t->not_before = steady_seconds() + RETRY_SECONDS;
	}
}

/* ---- lists after closing ------------------------------------------------------------------- */

static enum err
fetch(const struct target *t, const char *file, size_t max, struct buf *out, struct why *why)
{
	char url[300];
	long status = 0;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/%s", t->party->url, file);
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
fetch_list(const struct target *t, struct hash *list, struct why *why)
{
	struct service *s = t->all->s;
	struct file_source src = source_http(t->party->url);
	struct lists_of of = {&s->call, s->manifest, &s->roll, &s->election, s->rsa_keys, core_count()};
	struct taking x = {NULL, NULL, why};
	struct digests d;
	char path[1400];
	enum err e;

	list_path(s, t->party->key.name, "", path);
	if ((e = lists_new(&x.lists, &of)) != OK || (e = lists_begin(x.lists, t->number, why)) != OK || (e = outfile_open(&x.file, path, 0644, why)) != OK) {
		lists_free(x.lists);
		return e;
	}
	if ((e = source_stream(&src, "list", on_piece, &x, why)) == OK)
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

/* Take its signed list into the record and events; a false one is refused and leaves an incident. */
static enum err
take_list(struct target *t, struct why *why)
{
	struct service *s = t->all->s;
	struct event *e = calloc(1, sizeof *e), *x = calloc(1, sizeof *x);
	const char *name = t->party->key.name;
	struct buf note = {0}, entry = {0};
	struct hash list;
	char path[1400];
	enum err err = e != NULL && x != NULL ? OK : ERR_NOMEM;

	if (err == OK && ((err = fetch(t, "list.event", EVENT_MAX_BYTES, &entry, why)) != OK || (err = fetch(t, "list.note", NOTE_MAX_BYTES, &note, why)) != OK))
		goto done; /* it is not there yet */
	if ((err = fetch_list(t, &list, why)) == OK &&
	    (err = docnote_verify_hash(note.p, note.n, "authorizations", &s->call.hash, &list, &t->party->key, why)) == OK)
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
	if (!t->complained++)
		(void)!service_append(s, x, NULL, NULL);
done:
	event_free(e);
	free(e);
	free(x);
	buf_free(&note);
	buf_free(&entry);
	return err;
}

/* ---- threads ---------------------------------------------------------------------------------- */

/* What the election asks of a target now. */
enum duty { REST, RELAY, COLLECT };

static enum duty
duty(struct target *t)
{
	struct service *s = t->all->s;
	enum duty d = REST;

	(void)pthread_mutex_lock(&s->lock);
	if (!s->progress.closed && !s->progress.cancelled)
		d = RELAY;
	else if (s->progress.closed && !s->progress.compared && (s->progress.begun >> 6 & 1) && !(s->progress.lists >> (t->number - 1) & 1))
		d = COLLECT;
	(void)pthread_mutex_unlock(&s->lock);
	return d;
}

static void
collect(struct target *t)
{
	struct why why = {""};
	int first;

	(void)pthread_mutex_lock(&t->all->lock);
	first = !t->probing && steady_seconds() >= t->not_before;
	t->probing |= first;
	(void)pthread_mutex_unlock(&t->all->lock);
	if (!first)
		return;
	if (take_list(t, &why) == OK)
		(void)fprintf(stderr, "list of authorizer %s taken\n", t->party->key.name);
	(void)pthread_mutex_lock(&t->all->lock);
	t->probing = 0;
	t->not_before = steady_seconds() + RETRY_SECONDS;
	(void)pthread_mutex_unlock(&t->all->lock);
}

/* With the lock held; it is given up meanwhile. */
static void
relay_one(struct relay *r, struct target *t)
{
	enum outcome o;
	uint32_t index;

	if (steady_seconds() < t->not_before)
		return;
	if (t->queue.n > 0) {
		index = pop(&t->queue);
		(void)pthread_mutex_unlock(&r->lock);
		o = deliver(t, index);
		(void)pthread_mutex_lock(&r->lock);
		if (o == LATER)
			push(&t->queue, index);
		t->refused += o == REFUSED;
		heard(t, o != LATER);
	} else if (!t->probing && steady_seconds() - t->probed >= PROBE_SECONDS) {
		t->probing = 1;
		(void)pthread_mutex_unlock(&r->lock);
		o = probe(t) ? ANSWERED : LATER;
		(void)pthread_mutex_lock(&r->lock);
		t->probing = 0;
		heard(t, o == ANSWERED);
	}
}

static void *
run(void *arg)
{
	struct target *t = arg;
	struct relay *r = t->all;

	for (;;) {
		enum duty d = duty(t);

		if (d == COLLECT)
			collect(t);
		(void)pthread_mutex_lock(&r->lock);
		if (r->stopping) {
			(void)pthread_mutex_unlock(&r->lock);
			return NULL;
		}
		if (d == RELAY)
			relay_one(r, t);
		if (d != RELAY || t->queue.n == 0 || steady_seconds() < t->not_before) {
			struct timespec until = deadline_ms(200);

			(void)pthread_cond_timedwait(&r->work, &r->lock, &until);
		}
		(void)pthread_mutex_unlock(&r->lock);
	}
}

/* What stands in the registry without this or that answer, from before a restart. */
static enum err
requeue(struct relay *r, struct why *why)
{
	struct authorization_row *row = malloc(sizeof *row);
	struct buf request = {0};
	enum err e = row != NULL ? OK : ERR_NOMEM;

	for (uint32_t i = 0; e == OK && i < registry_rows(r->s->registry); i++) {
		if ((e = authorizations_get(r->s->registry, i, &request, row, why)) != OK || request.n == 0)
			continue;
		for (unsigned k = 0; k < r->targets; k++)
			if (!(row->answers >> (r->target[k].number - 1) & 1))
				push(&r->target[k].queue, i);
	}
	buf_free(&request);
	free(row);
	return e;
}

enum err
relay_start(struct relay **out, struct service *s, struct why *why)
{
	struct relay *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->s = s;
	(void)pthread_mutex_init(&r->merge, NULL);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, NULL);
	for (unsigned a = 1; a < s->call.authorizers; a++) {
		struct target *t = &r->target[r->targets++];

		*t = (struct target){.all = r, .party = &s->call.authorizer[a], .number = a + 1, .failing_since = steady_seconds()};
	}
	e = requeue(r, why);
	for (unsigned k = 0; k < r->targets && e == OK; k++)
		for (; r->target[k].workers < WORKERS && e == OK; r->target[k].workers++)
			if (pthread_create(&r->target[k].worker[r->target[k].workers], NULL, run, &r->target[k]) != 0) {
				e = ERR_NOMEM;
				break;
			}
	if (e != OK)
		relay_stop(r);
	else
		*out = r;
	return e;
}

void
relay_stop(struct relay *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->stopping = 1;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
	for (unsigned k = 0; k < r->targets; k++) {
		for (unsigned i = 0; i < r->target[k].workers; i++)
			(void)pthread_join(r->target[k].worker[i], NULL);
		free(r->target[k].queue.index);
	}
	(void)pthread_cond_destroy(&r->work);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_mutex_destroy(&r->merge);
	free(r);
}

/* ---- for the service ----------------------------------------------------------------------------- */

/* What came while we waited goes to the registry in one write. */
static void
write_back(struct relay *r, uint32_t index, const struct authorization_row *row)
{
	struct authorization_row *have = malloc(sizeof *have);
	struct buf request = {0}, bytes = {0};

	if (have != NULL && authorizations_get(r->s->registry, index, &request, have, NULL) == OK && request.n > 0 && (row->answers & ~have->answers) != 0) {
		for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
			if ((row->answers & ~have->answers) >> a & 1)
				memcpy(have->answer[a], row->answer[a], RSA_BYTES);
		have->answers |= row->answers;
		authorization_row_write(&bytes, have);
		if (bytes.failed || registry_answer(r->s->registry, index, &bytes, NULL) != OK)
			(void)fprintf(stderr, "answers could not be kept; they will be asked for again\n");
	}
	buf_free(&request);
	buf_free(&bytes);
	free(have);
}

void
relay_request(struct relay *r, uint32_t index, struct authorization_row *row, int fresh, unsigned set, unsigned milliseconds)
{
	struct waiter w = {.index = index, .row = row};
	struct timespec until = deadline_ms(milliseconds);

	if (r->targets == 0)
		return;
	(void)pthread_cond_init(&w.came, NULL);
	(void)pthread_mutex_lock(&r->lock);
	w.next = r->waiters;
	r->waiters = &w;
	for (unsigned k = 0; fresh && k < r->targets; k++)
		push(&r->target[k].queue, index);
	(void)pthread_cond_broadcast(&r->work);
	while ((row->answers & set) != set && pthread_cond_timedwait(&w.came, &r->lock, &until) == 0)
		;
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_mutex_lock(&r->merge); /* nothing comes between leaving the line and writing */
	(void)pthread_mutex_lock(&r->lock);
	for (struct waiter **p = &r->waiters; *p != NULL; p = &(*p)->next)
		if (*p == &w) {
			*p = w.next;
			break;
		}
	(void)pthread_mutex_unlock(&r->lock);
	write_back(r, index, row);
	(void)pthread_mutex_unlock(&r->merge);
	(void)pthread_cond_destroy(&w.came);
}

unsigned
relay_set(struct relay *r, unsigned now, unsigned patience)
{
	const struct call *c = &r->s->call;
	unsigned good = 1, usable = 1, set = 1, n = 1;
	int keep = now != 0;

	(void)pthread_mutex_lock(&r->lock);
	for (unsigned k = 0; k < r->targets; k++) {
		const struct target *t = &r->target[k];
		unsigned bit = 1u << (t->number - 1);
		int64_t failing = t->failing_since != 0 ? steady_seconds() - t->failing_since + 1 : 0;

		good |= failing == 0 ? bit : 0;
		usable |= failing <= (int64_t)patience ? bit : 0;
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (keep && (now & ~usable) == 0)
		return now;
	/* members that answer stay; then those that answer; and if that is too few for a set, nothing changes */
	for (int pass = 0; pass < 3 && n < c->quorum; pass++)
		for (unsigned a = 1; a < c->authorizers && n < c->quorum; a++) {
			unsigned bit = 1u << a;

			if ((set & bit) == 0 && ((pass == 0 && (now & good & bit)) || (pass == 1 && (good & bit)) || (pass == 2 && !keep))) {
				set |= bit;
				n++;
			}
		}
	return n == c->quorum ? set : now;
}

int
relay_answers(struct relay *r, unsigned a, uint64_t *pending)
{
	int good = 1;

	*pending = 0;
	(void)pthread_mutex_lock(&r->lock);
	for (unsigned k = 0; k < r->targets; k++)
		if (r->target[k].number == a) {
			*pending = r->target[k].queue.n;
			good = r->target[k].failing_since == 0;
		}
	(void)pthread_mutex_unlock(&r->lock);
	return good;
}
