/* tests/test_lists.c - election/lists.c, the confirmations of election/sums.c, registry/authorizations.c: four authorizers, of which three make a token; who cheats is refused or named.
 *
 * Method  real keys, requests and answers; each case builds the lists that one kind of cheat would publish.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/keyfile.h"
#include "election/docnote.h"
#include "election/sums.h"
#include "registry/refill.h"
#include "tests/four_authorizers.h"

static struct lists *
fresh(void)
{
	static struct lists_of of;
	struct lists *l;

	of = (struct lists_of){&call, manifest, &roll, &election, keys, 2};
	assert_int_equal(lists_new(&l, &of), OK);
	return l;
}

static enum err
add(struct lists *l, unsigned a, struct asked *const rows[VOTERS], const unsigned answers[VOTERS], struct why *why)
{
	struct buf b = list_of(a, rows, answers);
	enum err e = lists_add(l, a, b.p, b.n, why);

	buf_free(&b);
	return e;
}

/* The same on lists of its own: what a false one leaves is of no use. */
static enum err
alone(unsigned a, struct asked *const rows[VOTERS], const unsigned answers[VOTERS], struct why *why)
{
	struct lists *l = fresh();
	enum err e = add(l, a, rows, answers, why);

	lists_free(l);
	return e;
}

static void
honest(void **state)
{
	struct asked q[VOTERS];
	struct asked *rows[VOTERS] = {0};
	struct lists_findings f;
	struct why why = {""};
	struct buf b = {0};
	struct lists *l = fresh();

	(void)state;
	for (unsigned i = 0; i < VOTERS; i++)
		ask(&q[i], i, 0, 0);
	for (unsigned i = 0; i < 4; i++)
		rows[i] = &q[i];
	/* voter 3 was answered by two alone, one of them the authority */
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){15, 7, 13, 3, 0, 0}, &why), OK);
	assert_true(lists_authorized(l, 0) && lists_authorized(l, 1) && lists_authorized(l, 2) && lists_authorized(l, 3) && !lists_authorized(l, 4));
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){15, 7, 13, 3, 0, 0}, &why), ERR_EXISTS);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.authorized, 4);
	assert_int_equal(f.partial, 1);
	assert_int_equal(f.lists, 1);
	/* the third authorizer's list shows that it answered voter 3 too: a quorum, in whatever list */
	assert_int_equal(add(l, 3, rows, (unsigned[VOTERS]){5, 5, 5, 5, 0, 0}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.authorized, 4);
	assert_int_equal(f.partial + f.two_requests + f.equal + f.doublers + f.lacking[0] + f.lacking[2], 0);
	lists_remarks(&b, &f, &call);
	assert_string_equal(buf_cstr(&b), "no list of autorizador-2; no list of autorizador-4");
	buf_free(&b);
	for (unsigned i = 0; i < VOTERS; i++)
		buf_free(&q[i].request);
	lists_free(l);
}

/* Every row must be what the voter signed and every answer true. */
static void
invented(void **state)
{
	struct asked q, other;
	struct asked *rows[VOTERS] = {&q}, *two[VOTERS] = {NULL, &q};
	struct lists *l = NULL;
	struct lists_findings f;
	struct why why = {""};
	struct buf b;

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&other, 0, 1, 0);
	q.row.sig[5] ^= 1;
	assert_int_equal(alone(2, rows, (unsigned[VOTERS]){3}, &why), ERR_PROOF);
	assert_non_null(strstr(why.text, "autorizador-2: roll index 0: its request is not signed"));
	q.row.sig[5] ^= 1;
	assert_int_equal(alone(2, two, (unsigned[VOTERS]){0, 3}, &why), ERR_PROOF); /* another voter's request */
	assert_int_equal(alone(2, rows, (unsigned[VOTERS]){2}, &why), ERR_PROOF);	/* without the authority's answer */
	assert_non_null(strstr(why.text, "is missing"));
	assert_int_equal(alone(2, rows, (unsigned[VOTERS]){1}, &why), ERR_PROOF); /* without its own */
	q.row.answer[1][9] ^= 1;
	assert_int_equal(alone(2, rows, (unsigned[VOTERS]){3}, &why), ERR_PROOF);
	assert_non_null(strstr(why.text, "an answer is false"));
	memcpy(q.row.answer[1], other.row.answer[1], RSA_BYTES); /* true, but of another request */
	assert_int_equal(alone(2, rows, (unsigned[VOTERS]){3}, &why), ERR_PROOF);
	assert_int_equal(rsa_blind_sign(q.row.answer[1], secret[1], q.a.blinded[1]), OK);
	b = list_of(3, rows, (unsigned[VOTERS]){5});
	l = fresh();
	assert_int_equal(lists_add(l, 2, b.p, b.n, &why), ERR_FORMAT); /* another's list */
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.lists + f.authorized + f.partial, 0);
	/* and after it no other, however true: what came of the false one may wait unverified */
	assert_int_equal(add(l, 2, rows, (unsigned[VOTERS]){3}, &why), ERR_NOT_NOW);
	/* in pieces of any size the same is taken in, and neither less nor more than the list */
	for (size_t piece = 1; piece < b.n; piece = 2 * piece + 5) {
		lists_free(l);
		l = fresh();
		assert_int_equal(lists_begin(l, 3, &why), OK);
		for (size_t at = 0; at < b.n; at += piece)
			assert_int_equal(lists_feed(l, b.p + at, b.n - at < piece ? b.n - at : piece, &why), OK);
		assert_int_equal(lists_end(l, &why), OK);
		assert_int_equal(lists_findings(l, &f), OK);
		assert_int_equal(f.lists, 4);
		assert_int_equal(f.partial, 1);
	}
	lists_free(l);
	l = fresh();
	assert_int_equal(lists_add(l, 3, b.p, b.n - 1, &why), ERR_LENGTH);
	lists_free(l);
	l = fresh();
	buf_u8(&b, 0);
	assert_int_equal(lists_add(l, 3, b.p, b.n, &why), ERR_LENGTH);
	buf_free(&b);
	lists_free(l);
	l = fresh();
	assert_int_equal(add(l, 2, rows, (unsigned[VOTERS]){3}, &why), OK);
	buf_free(&q.request);
	buf_free(&other.request);
	lists_free(l);
}

static void
lacking(void **state)
{
	struct asked q, r;
	struct asked *rows[VOTERS] = {&q, &r}, *fewer[VOTERS] = {&q};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};
	struct buf b = {0};

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&r, 1, 0, 0);
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){15, 15}, &why), OK);
	assert_int_equal(add(l, 4, fewer, (unsigned[VOTERS]){9}, &why), OK);
	assert_int_equal(add(l, 2, rows, (unsigned[VOTERS]){3, 3}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.authorized, 2);
	assert_int_equal(f.lacking[3], 1);
	assert_int_equal(f.lacking[1], 0);
	lists_remarks(&b, &f, &call);
	assert_non_null(strstr(buf_cstr(&b), "the list of autorizador-4 lacks 1 of its answers"));
	buf_free(&b);
	buf_free(&q.request);
	buf_free(&r.request);
	lists_free(l);
}

/* A voter blinds one token for the authority and others for the rest, and brings a second request past the authority: counted, nobody cheated. */
static void
two_requests(void **state)
{
	struct asked q, second;
	struct asked *rows[VOTERS] = {NULL, NULL, &q}, *there[VOTERS] = {NULL, NULL, &second};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};
	struct buf b = {0};

	(void)state;
	ask(&q, 2, 0, 0);
	ask(&second, 2, 1, 1);
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){0, 0, 7}, &why), OK);
	assert_int_equal(add(l, 4, there, (unsigned[VOTERS]){0, 0, 9}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.two_requests, 1);
	assert_int_equal(f.first_two, 2);
	assert_int_equal(f.doublers, 0);
	assert_int_equal(f.authorized, 1);
	assert_int_equal(f.partial, 1);
	assert_int_equal(f.equal, 0); /* one voter's own elements are no clash */
	lists_remarks(&b, &f, &call);
	assert_non_null(strstr(buf_cstr(&b), "1 voters signed two requests (one is roll index 2)"));
	buf_free(&b);
	buf_free(&q.request);
	buf_free(&second.request);
	lists_free(l);
}

/* A voter spreads one token over three requests, each with the authority's one answer: a token, although no request has a quorum. It
 * counts as one authorization, so that the ballot does not stand above them. */
static void
spread(void **state)
{
	struct asked q, second, third;
	struct asked *one[VOTERS] = {NULL, NULL, &q}, *two[VOTERS] = {NULL, NULL, &second}, *four[VOTERS] = {NULL, NULL, &third};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};
	struct buf b = {0};

	(void)state;
	ask(&q, 2, 0, 0);
	ask(&second, 2, 1, 1 | 2);
	ask(&third, 2, 2, 1 | 8);
	assert_int_equal(add(l, 1, one, (unsigned[VOTERS]){0, 0, 1}, &why), OK);
	assert_int_equal(add(l, 2, two, (unsigned[VOTERS]){0, 0, 3}, &why), OK);
	assert_int_equal(add(l, 4, four, (unsigned[VOTERS]){0, 0, 9}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_true(lists_authorized(l, 2));
	assert_int_equal(f.authorized, 1);
	assert_int_equal(f.partial, 3);
	assert_int_equal(f.two_requests, 1);
	assert_int_equal(f.doublers + f.lacking[0], 0);
	lists_remarks(&b, &f, &call);
	assert_non_null(strstr(buf_cstr(&b), "1 voters signed two requests (one is roll index 2); 3 requests without a quorum of answers"));
	buf_free(&b);
	lists_free(l);
	/* an authority that leaves the row out does not hide it: the others show its answer, and it is named */
	l = fresh();
	assert_int_equal(add(l, 1, (struct asked *[VOTERS]){NULL}, (unsigned[VOTERS]){0}, &why), OK);
	assert_int_equal(add(l, 2, two, (unsigned[VOTERS]){0, 0, 3}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.authorized, 1);
	assert_int_equal(f.lacking[0], 1);
	assert_true(lists_shows(l, 2, 2) && !lists_shows(l, 1, 2));
	lists_remarks(&b, &f, &call);
	assert_non_null(strstr(buf_cstr(&b), "the list of autorizador-1 lacks 1 of its answers"));
	buf_free(&b);
	lists_free(l);
	buf_free(&q.request);
	buf_free(&second.request);
	buf_free(&third.request);
}

/* ---- confirmations ----------------------------------------------------------------------------- */

/* The confirmations of these voters, one of them false perhaps, against lists in which voters 0 and 1 authorized. */
static enum err
confirmed_by(const int who[VOTERS], int false_one, uint64_t *counted, struct buf *remarks, struct why *why)
{
	static char dir[] = "/tmp/urna-confirmed-XXXXXX";
	struct asked q[2];
	struct asked *rows[VOTERS] = {&q[0], &q[1]};
	struct record *r = calloc(1, sizeof *r);
	struct style_sums *sums = calloc(MAX_STYLES, sizeof *sums);
	struct lists *l = fresh();
	struct event close = {0};
	struct buf b = {0};
	uint8_t sig[SCHNORR_BYTES];
	char path[64], cmd[80], hex[65];
	struct hash h;
	enum err e;

	(void)strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	ask(&q[0], 0, 0, 0);
	ask(&q[1], 1, 0, 0);
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){15, 15}, why), OK);
	confirmations_begin(&b, &election, VOTERS);
	for (unsigned i = 0; i < VOTERS; i++) {
		confirmation_hash(&h, &election, i);
		assert_int_equal(schnorr_sign(sig, &credential[i], &h), OK);
		sig[40] ^= (int)i == false_one;
		confirmations_row(&b, who[i] ? sig : NULL);
	}
	(void)snprintf(path, sizeof path, "%s/confirmations", dir);
	assert_int_equal(file_write(path, b.p, b.n, 0600, why), OK);
	sha256(&h, b.p, b.n);
	hash_hex(hex, &h);
	event_add(&close, "confirmations", "%s", hex);
	r->src = source_dir(dir);
	r->election = election;
	r->roll = roll;
	r->close = &close;
	e = sums_confirmations(r, sums, l, remarks, 2, why);
	*counted = sums[0].confirmations;
	(void)snprintf(cmd, sizeof cmd, "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
	event_free(&close);
	buf_free(&b);
	buf_free(&q[0].request);
	buf_free(&q[1].request);
	lists_free(l);
	free(sums);
	free(r);
	return e;
}

/* A voter who confirms without an authorization is named and not counted, and voids nothing; a false confirmation is false, whoever's. */
static void
confirmations(void **state)
{
	struct buf remarks = {0};
	struct why why = {""};
	uint64_t counted;

	(void)state;
	assert_int_equal(confirmed_by((int[VOTERS]){1, 1}, -1, &counted, &remarks, &why), OK);
	assert_int_equal(counted, 2);
	assert_int_equal(remarks.n, 0);
	assert_int_equal(confirmed_by((int[VOTERS]){1, 0, 0, 1, 1}, -1, &counted, &remarks, &why), OK);
	assert_int_equal(counted, 1);
	assert_string_equal(buf_cstr(&remarks), "2 voters confirmed who are not in the authority's list: not counted (one is roll index 3)");
	assert_int_equal(confirmed_by((int[VOTERS]){1, 0, 0, 1, 1}, 4, &counted, NULL, &why), ERR_PROOF);
	assert_non_null(strstr(why.text, "confirmation of roll index 4"));
	assert_int_equal(confirmed_by((int[VOTERS]){1, 1}, 0, &counted, NULL, &why), ERR_PROOF);
	buf_free(&remarks);
}

/* An authorizer that answers two requests of one voter is named; one alone gains nothing, two make two tokens possible. */
static void
signed_twice(void **state)
{
	struct asked q, second;
	struct asked *rows[VOTERS] = {&q}, *more[VOTERS] = {&second};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};
	struct buf b = {0};

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&second, 0, 1, 0); /* the authority answered both: other elements for all */
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){7}, &why), OK);
	assert_int_equal(add(l, 4, more, (unsigned[VOTERS]){9}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.doublers, 1);
	assert_int_equal(f.signed_two[0], 1);
	assert_true(f.doublers <= 2u * T - N - 1);
	assert_int_equal(f.authorized, 1);
	lists_remarks(&b, &f, &call);
	assert_non_null(strstr(buf_cstr(&b), "autorizador-1 answered two requests of 1 roll indices"));
	buf_free(&b);
	assert_int_equal(add(l, 3, more, (unsigned[VOTERS]){5}, &why), OK); /* the third answered `q` too, as list 1 shows */
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.doublers, 2);
	assert_true(f.doublers > 2u * T - N - 1);
	assert_int_equal(f.authorized, 1); /* one index counts once, whatever its requests */
	buf_free(&q.request);
	buf_free(&second.request);
	lists_free(l);
}

/* A third request beside the second counts for who answered both, although it never saw the first. */
static void
signed_later(void **state)
{
	struct asked q, second, third;
	struct asked *one[VOTERS] = {&q}, *two[VOTERS] = {&second}, *three[VOTERS] = {&third};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&second, 0, 1, 0);
	ask(&third, 0, 2, 0);
	assert_int_equal(add(l, 1, one, (unsigned[VOTERS]){1}, &why), OK);
	assert_int_equal(add(l, 2, two, (unsigned[VOTERS]){2 | 8 | 1}, &why), OK);
	assert_int_equal(add(l, 3, three, (unsigned[VOTERS]){4 | 8 | 1}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.signed_two[0], 1); /* the authority: three, of one index */
	assert_int_equal(f.signed_two[1] + f.signed_two[2], 0);
	assert_int_equal(f.signed_two[3], 1);
	assert_int_equal(f.doublers, 2);
	assert_int_equal(f.two_requests, 1);
	assert_int_equal(f.equal, 0);
	buf_free(&q.request);
	buf_free(&second.request);
	buf_free(&third.request);
	lists_free(l);
}

/* More signatures than are verified at once: a false one is named wherever it stands, also one by a replaced credential. */
static void
many_signatures(void **state)
{
	enum { MANY = 8192 + 300 };
	const size_t places[] = {0, 8191, 8192, MANY - 1, MANY /* none */};
	struct signatures *s;
	uint8_t sig[SCHNORR_BYTES], spoilt[SCHNORR_BYTES];
	struct hash h = {{7}};

	(void)state;
	assert_int_equal(schnorr_sign(sig, &credential[1], &h), OK);
	memcpy(spoilt, sig, sizeof sig);
	spoilt[40] ^= 1;
	for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
		uint32_t named = 99;
		enum err e = OK;

		assert_int_equal(signatures_new(&s, &roll, 2), OK);
		for (size_t i = 0; i < MANY && e == OK; i++)
			e = signatures_add(s, i == places[p] ? 2 : 1, i == places[p] ? spoilt : sig, &h, &named);
		if (e == OK)
			e = signatures_end(s, &named);
		assert_int_equal(e, places[p] < MANY ? ERR_PROOF : OK);
		assert_int_equal(named, places[p] < MANY ? 2 : 99);
		signatures_free(s);
	}
	/* voter 0's signature by voter 1's key is good once that is the credential that replaced it, and a spoilt one is not */
	assert_int_equal(signatures_new(&s, &roll, 2), OK);
	roll.row[0].replaced = 1;
	memcpy(roll.row[0].next, roll.row[1].key, XONLY_BYTES);
	{
		uint32_t named = 99;

		assert_int_equal(signatures_add(s, 0, sig, &h, &named), OK);
		assert_int_equal(signatures_add(s, 0, spoilt, &h, &named), ERR_PROOF);
		assert_int_equal(named, 0);
	}
	roll.row[0].replaced = 0;
	signatures_free(s);
}

static void
equal_elements(void **state)
{
	struct asked q, r;
	struct asked *rows[VOTERS] = {&q, &r};
	struct lists *l = fresh();
	struct lists_findings f;
	struct why why = {""};
	struct hash h;

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&r, 1, 0, 0);
	memcpy(r.a.blinded, q.a.blinded, sizeof r.a.blinded); /* a page that gave two voters one seed */
	memcpy(r.row.answer, q.row.answer, sizeof r.row.answer);
	buf_free(&r.request);
	authorization_write(&r.request, &r.a);
	authorization_hash(&h, r.request.p, r.request.n);
	assert_int_equal(schnorr_sign(r.row.sig, &credential[1], &h), OK);
	assert_int_equal(add(l, 1, rows, (unsigned[VOTERS]){7, 7}, &why), OK);
	assert_int_equal(lists_findings(l, &f), OK);
	assert_int_equal(f.equal, 3);
	buf_free(&q.request);
	buf_free(&r.request);
	lists_free(l);
}

/* ---- registries ------------------------------------------------------------------------------ */

static struct authorizations
view(struct registry *r, unsigned self)
{
	return (struct authorizations){r, &call, manifest, &roll, &election, keys, self};
}

/* A registry of authorizer 3 is lost; those of the authority and authorizer 2 fill a new one, and its list is as before. */
static void
refilled(void **state)
{
	static char dir[] = "/tmp/urna-lists-XXXXXX";
	char path[3][64], fence[3][64], list[64], cmd[100];
	struct registry *r[3];
	struct registry_row have = {0};
	struct refill done;
	struct asked q[VOTERS];
	struct why why = {""};
	uint32_t next, filled = 0, behind;
	struct buf page = {0}, row = {0}, file = {0}, again = {0};
	struct authorizations x;
	struct hash h;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (unsigned k = 0; k < 3; k++) {
		(void)snprintf(path[k], sizeof path[k], "%s/registry-%u", dir, k);
		(void)snprintf(fence[k], sizeof fence[k], "%s/fence-%u", dir, k);
		assert_int_equal(authorizations_create(path[k], fence[k], VOTERS, &why), OK);
		assert_int_equal(registry_open(&r[k], path[k], fence[k], &why), OK);
	}
	for (unsigned i = 0; i < 4; i++) {
		ask(&q[i], i, 0, 0);
		for (unsigned k = 0; k < 3; k++) {
			if (k == 1 && i == 3)
				continue; /* this one reached the authority and the third alone */
			row.n = 0;
			q[i].row.answers = k == 0 ? 15 : 1u | 1u << k;
			authorization_row_write(&row, &q[i].row);
			assert_int_equal(registry_authorize(r[k], i, &q[i].request, &row, NULL, &why), OK);
		}
	}
	x = view(r[2], 3);
	(void)snprintf(list, sizeof list, "%s/list", dir);
	assert_int_equal(authorizations_list(&x, list, &signer[2], &h, &why), OK);
	assert_int_equal(file_read(&file, list, 1 << 20, &why), OK);
	registry_close(r[2]);
	assert_int_equal(unlink(path[2]), 0);
	assert_int_equal(authorizations_create(path[2], fence[2], VOTERS, &why), ERR_NOT_NOW); /* its fence counts rows */
	for (int time = 0; time < 2; time++) { /* nobody answers; the second time it is as after a crash */
		assert_int_equal(refill_open(&r[2], path[2], fence[2], VOTERS, &why), OK);
		assert_true(registry_refused(r[2], &behind));
		assert_int_equal(behind, 4);
		x = view(r[2], 3);
		assert_int_equal(registry_complete(&x, &signer[2], secret + 2, &done, &why), ERR_NOT_NOW);
		assert_int_equal(done.answered, 0);
		assert_int_equal(done.behind, 4);
		registry_close(r[2]);
	}
	assert_int_equal(registry_open(&r[2], path[2], fence[2], &why), OK);
	x = view(r[2], 3);
	assert_true(registry_refused(r[2], &behind));
	row.n = 0;
	authorization_row_write(&row, &q[0].row);
	assert_int_equal(registry_authorize(r[2], 0, &q[0].request, &row, &have, &why), ERR_NOT_NOW);
	assert_int_equal(authorizations_page(r[2], 0, &page, &why), ERR_NOT_NOW); /* it tells nobody what it does not know */
	buf_free(&page);
	/* from authorizer 2: our answers are not in it and are made anew, the same as before */
	assert_int_equal(authorizations_page(r[1], 0, &page, &why), OK);
	page.p[page.n - 1] ^= 1; /* a false answer of the last row */
	assert_int_equal(authorizations_fill(&x, page.p, page.n, secret + 2, &next, &filled, &why), ERR_PROOF);
	page.p[page.n - 1] ^= 1;
	assert_int_equal(authorizations_fill(&x, page.p, page.n, secret + 2, &next, &filled, &why), OK);
	assert_int_equal(next, VOTERS);
	assert_int_equal(filled, 3);
	buf_free(&page);
	assert_int_equal(authorizations_page(r[0], 0, &page, &why), OK);
	assert_int_equal(authorizations_fill(&x, page.p, page.n, secret + 2, &next, &filled, &why), OK);
	assert_int_equal(filled, 4);
	for (size_t cut = 1; cut < page.n; cut += 97)
		assert_int_not_equal(authorizations_fill(&x, page.p, page.n - cut, secret + 2, &next, &filled, &why), OK);
	assert_int_equal(registry_accept(r[2], &why), OK);
	assert_int_equal(registry_authorize(r[2], 0, &q[0].request, &row, &have, &why), ERR_EXISTS);
	registry_row_free(&have);
	assert_int_equal(authorizations_list(&x, list, &signer[2], &h, &why), OK);
	assert_int_equal(file_read(&again, list, 1 << 20, &why), OK);
	assert_true(again.n > 0 && file.n > 0);
	for (unsigned i = 0; i < 4; i++)
		buf_free(&q[i].request);
	for (unsigned k = 0; k < 3; k++)
		registry_close(r[k]);
	buf_free(&page);
	buf_free(&row);
	buf_free(&file);
	buf_free(&again);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

/* Who may ask for rows: another authorizer of the call, by its key, of this election, now. */
static void
asking_for_rows(void **state)
{
	struct buf document = {0}, note = {0};
	struct authorizations x = view(NULL, 1);
	struct why why = {""};
	struct hash other = election;
	int64_t now = (int64_t)time(NULL);
	uint32_t from = 0;

	(void)state;
	rows_request(&document, &election, "autorizador-2", 5, now);
	assert_int_equal(docnote_sign(&note, "rows", &call.hash, document.p, document.n, &signer[1], &why), OK);
	assert_int_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now, &from, &why), OK);
	assert_int_equal(from, 5);
	assert_int_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now + 301, &from, &why), ERR_DENIED);
	x.self = 2; /* its own request, sent back to it */
	assert_int_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now, &from, &why), ERR_DENIED);
	x.self = 1;
	other.b[0] ^= 1;
	x.election = &other;
	assert_int_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now, &from, &why), ERR_DENIED);
	x.election = &election;
	buf_free(&note);
	assert_int_equal(docnote_sign(&note, "rows", &call.hash, document.p, document.n, &signer[2], &why), OK); /* another's key */
	assert_int_not_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now, &from, &why), OK);
	buf_free(&note);
	assert_int_equal(docnote_sign(&note, "authorizations", &call.hash, document.p, document.n, &signer[1], &why), OK); /* another purpose */
	assert_int_not_equal(rows_request_check(&x, buf_cstr(&document), buf_cstr(&note), now, &from, &why), OK);
	buf_free(&note);
	buf_free(&document);
}

/* The sets that events may announce. */
static void
sets(void **state)
{
	static const char *const bad[] = {"", "3", "14", "15", "19", "7 ", "07", "-7", "263", "x"};
	struct progress p = {.opened = 1, .begun = 0x1e};
	struct event e = {.time = 1};
	struct why why;

	(void)state;
	p.election = e.scope = election;
	(void)strcpy(e.kind, "authorizers");
	event_add(&e, "set", "7");
	assert_int_equal(progress_apply(&p, &e, &call, &why), OK);
	event_set(&e, 0, "13");
	assert_int_equal(progress_apply(&p, &e, &call, &why), OK);
	assert_int_equal(p.set, 13);
	assert_true(progress_announced(&p, 7) && progress_announced(&p, 13) && !progress_announced(&p, 11) && !progress_announced(&p, 1) && !progress_announced(&p, 300));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		event_set(&e, 0, bad[i]);
		assert_int_equal(progress_apply(&p, &e, &call, &why), ERR_RANGE);
	}
	/* lists come after the close, once each, and enough of them before the comparison */
	event_free(&e);
	e.time = 2;
	(void)strcpy(e.kind, "list");
	event_add(&e, "authorizer", "autorizador-2");
	event_add(&e, "sha256", "%064d", 0);
	assert_int_equal(progress_apply(&p, &e, &call, &why), ERR_NOT_NOW);
	p.closed = 1;
	p.begun |= 1u << 6;
	assert_int_equal(progress_apply(&p, &e, &call, &why), OK);
	assert_int_equal(progress_apply(&p, &e, &call, &why), ERR_NOT_NOW);
	(void)strcpy(e.kind, "comparison");
	assert_int_equal(progress_apply(&p, &e, &call, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "lists of 2 authorizers"));
	(void)strcpy(e.kind, "list");
	event_set(&e, 0, "autorizador-1"); /* the authority's stands in the close entry */
	assert_int_equal(progress_apply(&p, &e, &call, &why), ERR_RANGE);
	event_set(&e, 0, "autorizador-4");
	assert_int_equal(progress_apply(&p, &e, &call, &why), OK);
	(void)strcpy(e.kind, "comparison");
	assert_int_equal(progress_apply(&p, &e, &call, &why), OK);
	event_free(&e);
}

/* The seal is over the lines that are not of events; a list that somebody else made has lines of any length. */
static void
sealed_lines(void **state)
{
	char hex[65], text[400];
	struct buf list = {0};
	struct hash h, want;

	(void)state;
	memset(hex, 'a', 64);
	hex[64] = '\0';
	(void)snprintf(text, sizeof text, "%s  call.json\n\nb\n%s  events", hex, hex); /* a name of two lines; an end too early */
	buf_printf(&list, "%s  call.json\n%s  events/checkpoint\n\nb\n%s  events", hex, hex, hex);
	seal_hash(&h, &list);
	sha256(&want, text, strlen(text));
	assert_true(hash_equal(&h, &want));
	list.n = 0;
	seal_hash(&h, &list);
	sha256(&want, "", 0);
	assert_true(hash_equal(&h, &want));
	buf_free(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(honest), cmocka_unit_test(invented), cmocka_unit_test(lacking), cmocka_unit_test(two_requests),
	    cmocka_unit_test(spread), cmocka_unit_test(confirmations),
	    cmocka_unit_test(signed_twice), cmocka_unit_test(signed_later), cmocka_unit_test(many_signatures), cmocka_unit_test(equal_elements), cmocka_unit_test(refilled), cmocka_unit_test(asking_for_rows), cmocka_unit_test(sets), cmocka_unit_test(sealed_lines)};

	return cmocka_run_group_tests(tests, begin, end);
}
