#include "crypto/clock.h"

int64_t
now_seconds(void)
{
	return (int64_t)time(NULL);
}

int64_t
steady_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1;
}

int64_t
steady_seconds(void)
{
	return steady_ms() / 1000;
}

struct timespec
deadline_ms(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	t.tv_sec += (time_t)(ms / 1000) + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}
