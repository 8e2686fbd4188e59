#include "api/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/collect.h"
#include "api/exchange.h"

enum { WORKERS = 4, RETRY_SECONDS = 1, PROBE_SECONDS = 2 };

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
	int probing;
	atomic_int complained; /* also without the lock */
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

/* POST one row to one authorizer, and keep what it answers. */
static enum outcome
deliver(struct target *t, uint32_t index)
{
	struct service *s = t->all->s;
	struct authorization_row *row = malloc(sizeof *row);
	struct authorization *a = malloc(sizeof *a);
	struct buf request = {0};
	struct why why = {""};
	enum outcome out = LATER;
	uint8_t answer[RSA_BYTES];

	if (row == NULL || a == NULL || authorizations_get(s->registry, index, &request, row, NULL) != OK || request.n == 0)
		goto done;
	if (row->answers >> (t->number - 1) & 1) {
		out = ANSWERED;
		goto done;
	}
	if (authorization_read(a, request.p, request.n) != OK || !(row->answers & 1))
		goto done;
	if ((out = exchange(s, t->number, &request, a, row, answer, &why)) != ANSWERED)
		complain(t, why.text);
	else if (store(t->all, a->index, t->number, answer) != OK)
		out = LATER;
done:
	buf_free(&request);
	free(row);
	free(a);
	return out;
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
	if (list_collect(t->all->s, t->number, &t->complained, &why) == OK)
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
		o = probe(t->party) ? ANSWERED : LATER;
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
