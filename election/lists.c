#include "election/lists.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/parallel.h"

/* A request that some list shows. An answer is the one root of its blinded element, so equal digests of answers are equal
 * elements, and what was found true once need not be tried again. */
struct seen {
	struct hash request, sig; /* SHA-256; sig of a signature that was found true */
	uint8_t answers;	  /* found true, bits */
	struct hash answer[];	  /* SHA-256, by authorizer */
};

struct another {
	uint32_t index;
	struct seen *seen;
};

struct lists {
	struct lists_of of;
	size_t seen_bytes;
	uint8_t *first;	  /* roll.n times seen_bytes: the first request of each index; answers 0: none */
	uint8_t *has;	  /* by index: the lists that have a row, bits */
	struct another *more; /* further requests of an index; few */
	size_t mores, room;
	unsigned taken;
};

static struct seen *
first_of(const struct lists *l, uint32_t index)
{
	return (struct seen *)(void *)(l->first + index * l->seen_bytes);
}

enum err
lists_new(struct lists **out, const struct lists_of *of)
{
	struct lists *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_NOMEM;
	l->of = *of;
	l->seen_bytes = sizeof(struct seen) + of->call->authorizers * sizeof(struct hash);
	if ((l->first = calloc(of->roll->n + 1u, l->seen_bytes)) == NULL || (l->has = calloc(of->roll->n + 1u, 1)) == NULL) {
		lists_free(l);
		return ERR_NOMEM;
	}
	*out = l;
	return OK;
}

void
lists_free(struct lists *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->mores; i++)
		free(l->more[i].seen);
	free(l->more);
	free(l->first);
	free(l->has);
	free(l);
}

/* ---- one list ------------------------------------------------------------------------------ */

struct adding {
	struct lists *l;
	unsigned a;
	struct list_row *row; /* by index */
	uint8_t *bad;	      /* by index: what is wrong */
	struct hash *digest;  /* of the request, by index */
};
enum { FINE, NO_REQUEST, NOT_SIGNED, NO_ANSWER, FALSE_ANSWER, BARRED };

static enum err
keep_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct adding *x = ctx;

	x->row[index] = *row;
	return OK;
}

/* The request's entry among those of its index; NULL if it was not seen. */
static struct seen *
find(const struct lists *l, uint32_t index, const struct hash *request)
{
	struct seen *s = first_of(l, index);

	if (s->answers != 0 && hash_equal(&s->request, request))
		return s;
	for (size_t i = 0; i < l->mores; i++)
		if (l->more[i].index == index && hash_equal(&l->more[i].seen->request, request))
			return l->more[i].seen;
	return NULL;
}

static int
judge(const struct adding *x, uint32_t index)
{
	const struct lists_of *of = &x->l->of;
	const struct list_row *row = &x->row[index];
	const struct seen *s = find(x->l, index, &x->digest[index]);
	struct authorization a;
	struct hash h;
	unsigned must = 1u | 1u << (x->a - 1);

	if ((row->answers & must) != must)
		return NO_ANSWER;
	if (of->roll->row[index].barred)
		return BARRED;
	sha256(&h, row->sig, SCHNORR_BYTES);
	if (s != NULL && hash_equal(&h, &s->sig)) {
		if (authorization_read(&a, row->request, row->request_n) != OK)
			return NO_REQUEST;
	} else {
		enum err e = authorization_check(&a, row->request, row->request_n, row->sig, NULL, of->election, of->roll, of->call->authorizers, EITHER_CREDENTIAL, NULL);

		if (e != OK || a.index != index)
			return e == ERR_PROOF ? NOT_SIGNED : NO_REQUEST;
	}
	for (unsigned k = 0; k < of->call->authorizers; k++) {
		if (!(row->answers >> k & 1))
			continue;
		sha256(&h, row->answer[k], RSA_BYTES);
		if ((s == NULL || !(s->answers >> k & 1) || !hash_equal(&h, &s->answer[k])) &&
		    rsa_answer_check(of->key[k][a.style - 1], a.blinded[k], row->answer[k]) != OK)
			return FALSE_ANSWER;
	}
	return FINE;
}

static void
judge_some(void *ctx, size_t begin, size_t end)
{
	struct adding *x = ctx;

	for (size_t i = begin; i < end; i++)
		if (x->row[i].present) {
			sha256(&x->digest[i], x->row[i].request, x->row[i].request_n);
			x->bad[i] = (uint8_t)judge(x, (uint32_t)i);
		}
}

static enum err
another(struct lists *l, uint32_t index, struct seen **out)
{
	struct seen *s = calloc(1, l->seen_bytes);

	if (s != NULL && l->mores == l->room) {
		size_t room = 2 * l->room + 16;
		struct another *more = realloc(l->more, room * sizeof *more);

		if (more == NULL) {
			free(s);
			return ERR_NOMEM;
		}
		l->more = more;
		l->room = room;
	}
	if (s == NULL)
		return ERR_NOMEM;
	l->more[l->mores++] = (struct another){index, s};
	*out = s;
	return OK;
}

static enum err
take(struct adding *x, uint32_t index)
{
	struct lists *l = x->l;
	const struct list_row *row = &x->row[index];
	struct seen *s = find(l, index, &x->digest[index]);
	enum err e;

	if (s == NULL && first_of(l, index)->answers == 0)
		s = first_of(l, index);
	else if (s == NULL && (e = another(l, index, &s)) != OK)
		return e;
	s->request = x->digest[index];
	sha256(&s->sig, row->sig, SCHNORR_BYTES);
	for (unsigned k = 0; k < l->of.call->authorizers; k++)
		if (row->answers >> k & 1)
			sha256(&s->answer[k], row->answer[k], RSA_BYTES);
	s->answers |= row->answers;
	l->has[index] |= (uint8_t)(1u << (x->a - 1));
	return OK;
}

enum err
lists_add(struct lists *l, unsigned a, const void *p, size_t n, struct why *why)
{
	static const char *const wrong[] = {"", "its request is not canonical, or of another election, voter or style", "its request is not signed by its credential",
	    "the authority's answer or the authorizer's own is missing", "an answer is false", "its voter was excluded before the hours"};
	uint32_t rows = l->of.roll->n;
	struct adding x = {l, a, calloc(rows + 1u, sizeof *x.row), calloc(rows + 1u, 1), calloc(rows + 1u, sizeof *x.digest)};
	const char *name = l->of.call->authorizer[a - 1].key.name;
	enum err e = x.row != NULL && x.bad != NULL && x.digest != NULL ? OK : ERR_NOMEM;

	if (e == OK && (l->taken >> (a - 1) & 1))
		e = why_set(why, ERR_EXISTS, "the list of %s stands twice", name);
	if (e == OK && (e = list_read(p, n, l->of.election, a, l->of.call->authorizers, rows, keep_row, &x, why)) != OK)
		e = why_prefix(why, e, "list of %s", name);
	if (e == OK)
		parallel(rows, l->of.threads, judge_some, &x);
	for (uint32_t i = 0; i < rows && e == OK; i++)
		if (x.bad[i] != FINE)
			e = why_set(why, ERR_PROOF, "list of %s: roll index %u: %s", name, i, wrong[x.bad[i]]);
	for (uint32_t i = 0; i < rows && e == OK; i++)
		if (x.row[i].present)
			e = take(&x, i);
	if (e == OK)
		l->taken |= 1u << (a - 1);
	free(x.row);
	free(x.bad);
	free(x.digest);
	return e;
}

/* ---- all together ---------------------------------------------------------------------------- */

static unsigned
ones(unsigned x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

int
lists_authorized(const struct lists *l, uint32_t index)
{
	if (ones(first_of(l, index)->answers) >= l->of.call->quorum)
		return 1;
	for (size_t i = 0; i < l->mores; i++)
		if (l->more[i].index == index && ones(l->more[i].seen->answers) >= l->of.call->quorum)
			return 1;
	return 0;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, HASH_BYTES);
}

/* Answers of one authorizer and style that stand for two indices: their blinded elements are equal. */
static enum err
count_equal(const struct lists *l, uint64_t *equal)
{
	struct hash *all = malloc((l->of.roll->n + l->mores + 1) * sizeof *all);

	if (all == NULL)
		return ERR_NOMEM;
	for (unsigned k = 0; k < l->of.call->authorizers; k++) {
		size_t n = 0;

		for (uint32_t i = 0; i < l->of.roll->n; i++)
			if (first_of(l, i)->answers >> k & 1)
				all[n++] = first_of(l, i)->answer[k];
		for (size_t i = 0; i < l->mores; i++) {
			const struct seen *s = l->more[i].seen, *f = first_of(l, l->more[i].index);

			if ((s->answers >> k & 1) && !((f->answers >> k & 1) && hash_equal(&f->answer[k], &s->answer[k])))
				all[n++] = s->answer[k];
		}
		qsort(all, n, sizeof *all, by_bytes);
		for (size_t i = 1; i < n; i++)
			*equal += (uint64_t)hash_equal(&all[i], &all[i - 1]);
	}
	free(all);
	return OK;
}

/* One request beside the first of its index. */
static void
compare(const struct lists *l, const struct another *m, uint8_t *counted, struct lists_findings *f)
{
	const struct seen *first = first_of(l, m->index), *s = m->seen;

	for (unsigned k = 0; k < l->of.call->authorizers; k++)
		if ((first->answers & s->answers) >> k & 1 && !hash_equal(&first->answer[k], &s->answer[k]))
			f->signed_two[k]++;
	if (!counted[m->index]) {
		counted[m->index] = 1;
		f->first_two = f->two_requests == 0 ? m->index : f->first_two;
		f->two_requests++;
	}
}

enum err
lists_findings(struct lists *l, struct lists_findings *out)
{
	uint8_t *counted = calloc(l->of.roll->n + 1u, 1);
	struct lists_findings f = {.lists = l->taken};
	enum err e;

	if (counted == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->mores; i++) {
		compare(l, &l->more[i], counted, &f);
		f.partial += ones(l->more[i].seen->answers) < l->of.call->quorum;
	}
	for (uint32_t i = 0; i < l->of.roll->n; i++) {
		const struct seen *s = first_of(l, i);
		unsigned answers = s->answers;

		if (answers == 0)
			continue;
		f.partial += ones(answers) < l->of.call->quorum;
		f.authorized += (uint64_t)lists_authorized(l, i);
		for (size_t k = 0; counted[i] && k < l->mores; k++)
			if (l->more[k].index == i)
				answers |= l->more[k].seen->answers;
		for (unsigned k = 0; k < l->of.call->authorizers; k++)
			f.lacking[k] += (l->taken >> k & 1) && (answers >> k & 1) && !(l->has[i] >> k & 1);
	}
	for (unsigned k = 0; k < MAX_AUTHORIZERS; k++)
		f.doublers += f.signed_two[k] > 0;
	e = count_equal(l, &f.equal);
	free(counted);
	*out = f;
	return e;
}

static void remark(struct buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void
remark(struct buf *out, const char *format, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	buf_printf(out, "%s%s", out->n > 0 ? "; " : "", text);
}

void
lists_remarks(struct buf *out, const struct lists_findings *f, const struct call *call)
{
	for (unsigned k = 0; k < call->authorizers; k++) {
		const char *name = call->authorizer[k].key.name;

		if (!(f->lists >> k & 1))
			remark(out, "no list of %s", name);
		if (f->lacking[k] > 0)
			remark(out, "the list of %s lacks %" PRIu64 " of its answers", name, f->lacking[k]);
		if (f->signed_two[k] > 0)
			remark(out, "%s answered two requests of %" PRIu64 " roll indices", name, f->signed_two[k]);
	}
	if (f->two_requests > 0)
		remark(out, "%" PRIu64 " voters signed two requests (one is roll index %u)", f->two_requests, f->first_two);
	if (f->partial > 0)
		remark(out, "%" PRIu64 " requests without a quorum of answers", f->partial);
	if (f->equal > 0)
		remark(out, "%" PRIu64 " equal blinded elements", f->equal);
}
