/* tests/test_registry.c - registry/registry.c under many threads: changes are committed together, each index goes to one request, and the fence follows.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "registry/registry.h"

enum { ROWS = 120, THREADS = 12 };

static char dir[] = "/tmp/urna-registry-XXXXXX", path[64], fence[64];
static struct registry *r;
static atomic_int won[ROWS], lost[ROWS];

/* Every thread wants every row, with a request of its own, then adds an answer and confirms. */
static void *
greedy(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (uint32_t k = 0; k < ROWS; k++) {
		uint32_t i = (k * 7 + me * 31) % ROWS;
		struct buf request = {0}, answer = {0};
		struct registry_row have = {0};
		uint8_t sig[64];
		enum err e;

		buf_printf(&request, "request of %u for %u", me, i);
		buf_printf(&answer, "answer to %u", me);
		e = registry_authorize(r, i, &request, &answer, &have, NULL);
		if (e == OK) {
			won[i]++;
			buf_printf(&answer, " and more");
			assert_int_equal(registry_answer(r, i, &answer, NULL), OK);
			memset(sig, (int)me, sizeof sig);
			assert_int_equal(registry_confirm(r, i, sig, NULL), OK);
		} else {
			assert_int_equal(e, ERR_EXISTS);
			assert_true(have.authorized && (have.request.n != request.n || memcmp(have.request.p, request.p, request.n) != 0));
			lost[i]++;
		}
		registry_row_free(&have);
		buf_free(&request);
		buf_free(&answer);
	}
	return NULL;
}

static void
together(void **state)
{
	struct why why = {""};
	pthread_t t[THREADS];
	uint32_t authorized, confirmed;
	struct buf b = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/registry", dir);
	(void)snprintf(fence, sizeof fence, "%s/fence", dir);
	assert_int_equal(registry_create(path, fence, ROWS + 1, 100, 100, &why), OK);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, greedy, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
	registry_counts(r, &authorized, &confirmed);
	assert_int_equal(authorized, ROWS);
	assert_int_equal(confirmed, ROWS);
	registry_close(r);
	assert_int_equal(file_read(&b, fence, 100, &why), OK);
	assert_int_equal(atoi(buf_cstr(&b)), ROWS);
	buf_free(&b);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_false(registry_refused(r, NULL));
	for (uint32_t i = 0; i < ROWS; i++) {
		struct registry_row row = {0};
		unsigned who, index;

		assert_int_equal(won[i], 1);
		assert_int_equal(lost[i], THREADS - 1);
		assert_int_equal(registry_get(r, i, &row, &why), OK);
		assert_int_equal(sscanf(buf_cstr(&row.request), "request of %u for %u", &who, &index), 2);
		assert_int_equal(index, i);
		buf_printf(&b, "answer to %u and more", who);
		assert_string_equal(buf_cstr(&row.answer), buf_cstr(&b));
		assert_int_equal(row.confirmation[0], who);
		buf_free(&b);
		registry_row_free(&row);
	}
}

/* What does not fit or does not come at its time changes nothing, also in company. */
static void
refused(void **state)
{
	struct buf large = {0}, small = {0};
	struct registry_row row = {0};
	struct why why = {""};
	uint32_t authorized, confirmed;
	uint8_t sig[64] = {1};

	(void)state;
	for (unsigned i = 0; i < 101; i++)
		buf_u8(&large, i);
	buf_str(&small, "x");
	assert_int_equal(registry_authorize(r, ROWS, &large, &small, NULL, &why), ERR_LENGTH);
	assert_int_equal(registry_authorize(r, ROWS, &small, &large, NULL, &why), ERR_LENGTH);
	assert_int_equal(registry_authorize(r, ROWS + 1, &small, &small, NULL, &why), ERR_RANGE);
	assert_int_equal(registry_answer(r, ROWS, &small, &why), ERR_ABSENT);
	assert_int_equal(registry_confirm(r, ROWS, sig, &why), ERR_ABSENT);
	assert_int_equal(registry_get(r, ROWS, &row, &why), OK);
	assert_false(row.authorized || row.confirmed);
	registry_row_free(&row);
	/* the fence is gone: nobody is authorized, whoever has been stays */
	registry_close(r);
	assert_int_equal(unlink(fence), 0);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_authorize(r, ROWS, &small, &small, NULL, &why), ERR_NOT_NOW);
	assert_int_equal(registry_refill(r, ROWS, &small, &small, &why), OK);
	assert_int_equal(registry_refill(r, ROWS, &small, &small, &why), ERR_EXISTS);
	assert_int_equal(registry_accept(r, &why), OK);
	assert_int_equal(registry_authorize(r, ROWS, &small, &small, NULL, &why), ERR_EXISTS);
	registry_counts(r, &authorized, &confirmed);
	assert_int_equal(authorized, ROWS + 1);
	registry_close(r);
	buf_free(&large);
	buf_free(&small);
}

static void
until_well(void)
{
	struct timespec pause = {0, 100000000};

	for (int i = 0; i < 50 && registry_state(r, NULL) != OK; i++)
		(void)nanosleep(&pause, NULL);
	assert_int_equal(registry_state(r, NULL), OK);
}

/* A fence that cannot be written for a while: nobody is answered meanwhile, nothing is lost, and nobody has to do anything. */
static void
fence_comes_back(void **state)
{
	struct buf small = {0};
	struct registry_row have = {0};
	struct why why = {""};
	char aside[80];

	(void)state;
	buf_str(&small, "x");
	(void)snprintf(aside, sizeof aside, "%s.aside", fence);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_extend(r, &why), OK);
	assert_int_equal(registry_extend(r, &why), OK);
	assert_int_equal(rename(fence, aside) | mkdir(fence, 0700), 0);
	assert_int_equal(registry_authorize(r, ROWS + 1, &small, &small, NULL, &why), ERR_IO);
	assert_int_equal(registry_state(r, &why), ERR_IO);
	assert_int_equal(registry_authorize(r, ROWS + 1, &small, &small, &have, &why), ERR_IO); /* committed, but not told */
	assert_int_equal(have.request.n, 0);
	assert_int_equal(registry_authorize(r, ROWS + 2, &small, &small, NULL, &why), ERR_IO);
	assert_int_equal(rmdir(fence) | rename(aside, fence), 0);
	until_well(); /* nobody has to ask for that */
	assert_int_equal(registry_authorize(r, ROWS + 2, &small, &small, NULL, &why), OK);
	assert_int_equal(registry_authorize(r, ROWS + 1, &small, &small, &have, &why), ERR_EXISTS);
	assert_int_equal(have.request.n, 1);
	assert_int_equal(registry_state(r, &why), OK);
	registry_close(r);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_state(r, &why), OK);
	registry_close(r);
	registry_row_free(&have);
	buf_free(&small);
}

/* A lost registry is made anew under its old fence, which keeps its count: nobody is authorized until it is accepted, whatever
 * came into its rows in between. */
static void
lost_and_made_anew(void **state)
{
	struct buf small = {0}, b = {0};
	struct why why = {""};
	uint32_t behind = 0;

	(void)state;
	buf_str(&small, "x");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(registry_create(path, fence, ROWS + 4, 100, 100, &why), ERR_NOT_NOW);
	assert_int_equal(registry_suspend(fence, &why), OK);
	assert_int_equal(registry_create(path, NULL, ROWS + 4, 100, 100, &why), OK);
	for (uint32_t i = 0; i < ROWS + 4; i++) {
		assert_int_equal(registry_open(&r, path, fence, &why), OK); /* as after a crash, each time */
		assert_true(registry_refused(r, &behind));
		assert_int_equal(behind, i <= ROWS + 3 ? ROWS + 3 - i : 0);
		assert_int_equal(registry_authorize(r, i, &small, &small, NULL, &why), ERR_NOT_NOW);
		assert_int_equal(registry_refill(r, i, &small, &small, &why), OK);
		registry_close(r);
	}
	assert_int_equal(registry_open(&r, path, fence, &why), OK); /* more rows than the fence counts, and still not accepted */
	assert_true(registry_refused(r, &behind));
	assert_int_equal(registry_suspend(fence, &why), OK);
	assert_int_equal(registry_accept(r, &why), OK);
	assert_false(registry_refused(r, &behind));
	registry_close(r);
	assert_int_equal(file_read(&b, fence, 100, &why), OK);
	assert_int_equal(b.n, 11);
	assert_int_equal(b.p[10], '\n');
	assert_int_equal(atoi(buf_cstr(&b)), ROWS + 4);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_false(registry_refused(r, &behind));
	registry_close(r);
	/* no fence: nobody can say how many rows there were */
	assert_int_equal(unlink(path) | unlink(fence), 0);
	assert_int_equal(registry_suspend(fence, &why), OK);
	assert_int_equal(registry_create(path, NULL, ROWS, 100, 100, &why), OK);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_true(registry_refused(r, &behind));
	assert_int_equal(behind, UNCOUNTED);
	registry_close(r);
	buf_free(&small);
	buf_free(&b);
}

static int
end(void **state)
{
	char cmd[100];

	(void)state;
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(together), cmocka_unit_test(refused), cmocka_unit_test(fence_comes_back), cmocka_unit_test(lost_and_made_anew)};

	return cmocka_run_group_tests(tests, NULL, end);
}
