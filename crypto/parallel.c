#include "crypto/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_THREADS = 16 };

struct loop {
	size_t n, step;
	void (*body)(void *, size_t, size_t);
	void *ctx;
	atomic_size_t next;
};

unsigned
core_count(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

static void *
work(void *arg)
{
	struct loop *l = arg;
	size_t at;

	while ((at = atomic_fetch_add(&l->next, l->step)) < l->n)
		l->body(l->ctx, at, l->n - at < l->step ? l->n : at + l->step);
	return NULL;
}

void
parallel(size_t n, unsigned threads, void (*body)(void *, size_t, size_t), void *ctx)
{
	struct loop l = {.n = n, .step = n / 64 + 1, .body = body, .ctx = ctx};
	pthread_t helper[MOST_THREADS];
	unsigned helpers = 0;

	while (n > 16 && helpers + 1 < threads && helpers < MOST_THREADS && pthread_create(&helper[helpers], NULL, work, &l) == 0)
		helpers++;
	(void)work(&l);
	for (unsigned i = 0; i < helpers; i++)
		(void)pthread_join(helper[i], NULL);
}
