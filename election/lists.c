#include "election/lists.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/parallel.h"
#include "election/signatures.h"

/* A request that some list shows. An answer is the one root of its blinded element, so equal digests of answers are equal
 * elements, and what was found true once need not be tried again. */
struct seen {
	struct seen *next;	  /* another request of its index; allocated */
	struct hash request, sig; /* SHA-256; sig of a signature that was found true, or will be before the list is taken */
	uint8_t answers;	  /* found true, bits */
	struct hash answer[];	  /* SHA-256, by authorizer */
};

/* A row of the piece at hand. */
struct piece_row {
	uint32_t index;
	struct list_row row;
	struct hash request, sig; /* their digests */
	int bad, new_sig;	  /* new_sig: to be verified yet */
};

struct lists {
	struct lists_of of;
	size_t seen_bytes;
	uint8_t *first;	  /* roll.n times seen_bytes: the first request of each index; answers 0: none */
	uint8_t *has;	  /* by index: the lists that have a row, bits */
	unsigned taken;
	/* the list that is being taken in */
	unsigned a; /* 0: none is under way */
	struct list_walk walk;
	struct piece_row *piece;
	size_t rows, piece_room;
	struct signatures *signatures;
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
	if ((l->first = calloc(of->roll->n + 1u, l->seen_bytes)) == NULL || (l->has = calloc(of->roll->n + 1u, 1)) == NULL ||
	    signatures_new(&l->signatures, of->roll, of->threads) != OK) {
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
	for (uint32_t i = 0; l->first != NULL && i < l->of.roll->n; i++)
		for (struct seen *s = first_of(l, i)->next, *next; s != NULL; s = next) {
			next = s->next;
			free(s);
		}
	buf_free(&l->walk.pending);
	signatures_free(l->signatures);
	free(l->piece);
	free(l->first);
	free(l->has);
	free(l);
}

/* ---- one list ------------------------------------------------------------------------------ */

enum { FINE, NO_REQUEST, NOT_SIGNED, NO_ANSWER, FALSE_ANSWER, BARRED };

/* The request's entry among those of its index, of which there are at most as many as lists; NULL if it was not seen. */
static struct seen *
find(const struct lists *l, uint32_t index, const struct hash *request)
{
	struct seen *s = first_of(l, index);

	while (s != NULL && (s->answers == 0 || !hash_equal(&s->request, request)))
		s = s->next;
	return s;
}

/* All but a signature that was not seen yet. */
static int
judge(const struct lists *l, struct piece_row *p)
{
	const struct lists_of *of = &l->of;
	const struct list_row *row = &p->row;
	const struct seen *s = find(l, p->index, &p->request);
	struct authorization a;
	struct hash h;
	unsigned must = 1u | 1u << (l->a - 1);

	p->new_sig = s == NULL || !hash_equal(&p->sig, &s->sig);
	if ((row->answers & must) != must)
		return NO_ANSWER;
	if (of->roll->row[p->index].barred)
		return BARRED;
	if (authorization_fits(&a, row->request, row->request_n, of->election, of->roll, of->call->authorizers, NULL) != OK || a.index != p->index)
		return NO_REQUEST;
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
	struct lists *l = ctx;

	for (size_t i = begin; i < end; i++) {
		struct piece_row *p = &l->piece[i];

		sha256(&p->request, p->row.request, p->row.request_n);
		sha256(&p->sig, p->row.sig, SCHNORR_BYTES);
		p->bad = judge(l, p);
	}
}

static enum err
take(struct lists *l, const struct piece_row *p, uint32_t *false_index)
{
	const struct list_row *row = &p->row;
	struct seen *s = find(l, p->index, &p->request), *first = first_of(l, p->index);
	struct hash h;

	if (s == NULL && first->answers == 0)
		s = first;
	else if (s == NULL) {
		if ((s = calloc(1, l->seen_bytes)) == NULL)
			return ERR_NOMEM;
		s->next = first->next;
		first->next = s;
	}
	s->request = p->request;
	s->sig = p->sig;
	for (unsigned k = 0; k < l->of.call->authorizers; k++)
		if (row->answers >> k & 1)
			sha256(&s->answer[k], row->answer[k], RSA_BYTES);
	s->answers |= row->answers;
	l->has[p->index] |= (uint8_t)(1u << (l->a - 1));
	if (!p->new_sig)
		return OK;
	authorization_hash(&h, row->request, row->request_n);
	return signatures_add(l->signatures, p->index, row->sig, &h, false_index);
}

static enum err
keep_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct lists *l = ctx;

	if (!row->present)
		return OK;
	if (l->rows == l->piece_room) {
		size_t room = 2 * l->piece_room + 512;
		struct piece_row *more = realloc(l->piece, room * sizeof *more);

		if (more == NULL)
			return ERR_NOMEM;
		l->piece = more;
		l->piece_room = room;
	}
	l->piece[l->rows++] = (struct piece_row){.index = index, .row = *row};
	return OK;
}

enum err
lists_begin(struct lists *l, unsigned a, struct why *why)
{
	if (l->taken >> (a - 1) & 1)
		return why_set(why, ERR_EXISTS, "the list of %s stands twice", l->of.call->authorizer[a - 1].key.name);
	if (l->a != 0) /* what it left was not verified to its end */
		return why_set(why, ERR_NOT_NOW, "the list of %s was not taken in", l->of.call->authorizer[l->a - 1].key.name);
	l->a = a;
	buf_free(&l->walk.pending);
	l->walk = (struct list_walk){.election = l->of.election, .authorizer = a, .authorizers = l->of.call->authorizers, .rows = l->of.roll->n, .each = keep_row, .ctx = l};
	return OK;
}

static enum err
named(const struct lists *l, struct why *why, int bad, uint32_t index)
{
	static const char *const wrong[] = {"", "its request is not canonical, or of another election, voter or style", "its request is not signed by its credential",
	    "the authority's answer or the authorizer's own is missing", "an answer is false", "its voter was excluded before the hours"};

	return why_set(why, ERR_PROOF, "list of %s: roll index %u: %s", l->of.call->authorizer[l->a - 1].key.name, index, wrong[bad]);
}

enum err
lists_feed(struct lists *l, const uint8_t *p, size_t n, struct why *why)
{
	uint32_t false_index = 0;
	enum err e;

	l->rows = 0;
	if ((e = list_feed(&l->walk, p, n, why)) != OK)
		return why_prefix(why, e, "list of %s", l->of.call->authorizer[l->a - 1].key.name);
	parallel(l->rows, l->of.threads, judge_some, l);
	for (size_t i = 0; i < l->rows; i++)
		if (l->piece[i].bad != FINE)
			return named(l, why, l->piece[i].bad, l->piece[i].index);
	for (size_t i = 0; i < l->rows && e == OK; i++)
		if ((e = take(l, &l->piece[i], &false_index)) == ERR_PROOF)
			return named(l, why, NOT_SIGNED, false_index);
	return e;
}

enum err
lists_end(struct lists *l, struct why *why)
{
	uint32_t false_index = 0;
	enum err e = list_end(&l->walk, why);

	if (e != OK)
		return why_prefix(why, e, "list of %s", l->of.call->authorizer[l->a - 1].key.name);
	if ((e = signatures_end(l->signatures, &false_index)) == ERR_PROOF)
		return named(l, why, NOT_SIGNED, false_index);
	if (e == OK) {
		l->taken |= 1u << (l->a - 1);
		l->a = 0;
	}
	return e;
}

enum err
lists_add(struct lists *l, unsigned a, const void *p, size_t n, struct why *why)
{
	enum err e;

	if ((e = lists_begin(l, a, why)) == OK && (e = lists_feed(l, p, n, why)) == OK)
		e = lists_end(l, why);
	return e;
}

/* ---- all together ---------------------------------------------------------------------------- */

/* A request that is in any list has the authority's answer (judge). A quorum of answers to one request is not asked for: a voter
 * can spread a token's answers over several requests, and there is none without the authority's, which gives one an index. */
int
lists_authorized(const struct lists *l, uint32_t index)
{
	return first_of(l, index)->answers & 1;
}

int
lists_shows(const struct lists *l, unsigned a, uint32_t index)
{
	return l->has[index] >> (a - 1) & 1;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, HASH_BYTES);
}

/* s shows an answer of authorizer k + 1 that no request before it in the chain of its index, from first, shows. */
static int
shows_new(const struct seen *first, const struct seen *s, unsigned k)
{
	if (!(s->answers >> k & 1))
		return 0;
	for (; first != s; first = first->next)
		if ((first->answers >> k & 1) && hash_equal(&first->answer[k], &s->answer[k]))
			return 0;
	return 1;
}

/* Answers of one authorizer and style that stand for two indices: their blinded elements are equal. */
static enum err
count_equal(const struct lists *l, uint64_t *equal)
{
	size_t room = 0;
	struct hash *all;

	for (uint32_t i = 0; i < l->of.roll->n; i++)
		for (const struct seen *s = first_of(l, i); s != NULL; s = s->next)
			room += s->answers != 0;
	if ((all = malloc((room + 1) * sizeof *all)) == NULL)
		return ERR_NOMEM;
	for (unsigned k = 0; k < l->of.call->authorizers; k++) {
		size_t n = 0;

		for (uint32_t i = 0; i < l->of.roll->n; i++)
			for (const struct seen *s = first_of(l, i); s != NULL; s = s->next)
				if (shows_new(first_of(l, i), s, k))
					all[n++] = s->answer[k];
		qsort(all, n, sizeof *all, by_bytes);
		for (size_t i = 1; i < n; i++)
			*equal += (uint64_t)hash_equal(&all[i], &all[i - 1]);
	}
	free(all);
	return OK;
}

/* What the requests of one index show. */
static void
find_of_index(const struct lists *l, uint32_t index, struct lists_findings *f)
{
	const struct seen *first = first_of(l, index);
	unsigned answers = 0;

	if (first->next != NULL && f->two_requests++ == 0)
		f->first_two = index;
	for (const struct seen *s = first; s != NULL; s = s->next) {
		f->partial += (unsigned)__builtin_popcount(s->answers) < l->of.call->quorum;
		answers |= s->answers;
	}
	f->authorized += (uint64_t)lists_authorized(l, index);
	for (unsigned k = 0; k < l->of.call->authorizers; k++) {
		unsigned shown = 0;

		for (const struct seen *s = first; s != NULL; s = s->next)
			shown += (unsigned)shows_new(first, s, k);
		f->signed_two[k] += shown > 1;
		f->lacking[k] += (l->taken >> k & 1) && (answers >> k & 1) && !(l->has[index] >> k & 1);
	}
}

enum err
lists_findings(struct lists *l, struct lists_findings *out)
{
	struct lists_findings f = {.lists = l->taken};
	enum err e;

	for (uint32_t i = 0; i < l->of.roll->n; i++)
		if (first_of(l, i)->answers != 0)
			find_of_index(l, i, &f);
	for (unsigned k = 0; k < MAX_AUTHORIZERS; k++)
		f.doublers += f.signed_two[k] > 0;
	e = count_equal(l, &f.equal);
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
