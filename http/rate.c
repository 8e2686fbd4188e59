#include "http/rate.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

enum { SLOTS = 8192, BURST = 10, WAYS = 2 };

struct rate {
	pthread_mutex_t lock;
	unsigned per_second;
	uint8_t secret[16]; /* so that nobody can choose addresses that meet in one slot */
	struct slot {
		uint8_t address[16];
		int64_t at;	/* when `left` was right */
		int64_t left; /* requests, in thousandths */
	} slot[SLOTS];
};

struct rate *
rate_new(unsigned per_second)
{
	struct rate *r = per_second > 0 ? calloc(1, sizeof *r) : NULL;

	if (r == NULL)
		return NULL;
	(void)pthread_mutex_init(&r->lock, NULL);
	r->per_second = per_second;
	random_bytes(r->secret, sizeof r->secret);
	return r;
}

void
rate_free(struct rate *r)
{
	if (r != NULL)
		(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

/* An IPv4 address, or the /64 of an IPv6 one: what one customer has. */
static int
address_of(uint8_t out[16], const struct sockaddr *a)
{
	memset(out, 0, 16);
	if (a != NULL && a->sa_family == AF_INET) {
		memcpy(out, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
		out[15] = 4;
		return 1;
	}
	if (a != NULL && a->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 8);
		out[15] = 6;
		return 1;
	}
	return 0;
}

int
rate_allow(struct rate *r, const struct sockaddr *from, int64_t now)
{
	int64_t full = r != NULL ? (int64_t)r->per_second * BURST * 1000 : 0;
	struct slot *mine = NULL;
	uint8_t address[16];
	struct hash h;
	int allowed = 1;

	if (r == NULL || !address_of(address, from))
		return 1;
	sha256_3(&h, r->secret, sizeof r->secret, address, sizeof address, NULL, 0);
	(void)pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < WAYS && mine == NULL; i++) {
		struct slot *s = &r->slot[(h.b[2 * i] << 8 | h.b[2 * i + 1]) % SLOTS];

		if (memcmp(s->address, address, 16) == 0)
			mine = s;
	}
	for (unsigned i = 0; i < WAYS && mine == NULL; i++) {
		struct slot *s = &r->slot[(h.b[2 * i] << 8 | h.b[2 * i + 1]) % SLOTS];

		if (s->at == 0 || s->left + (now - s->at) * r->per_second >= full) { /* whoever had it has been quiet */
			memcpy(s->address, address, 16);
			s->at = now;
			s->left = full;
			mine = s;
		}
	}
	if (mine != NULL) { /* else both places are others' who are busy: serve */
		mine->left += (now - mine->at) * r->per_second;
		if (mine->left > full)
			mine->left = full;
		mine->at = now;
		allowed = mine->left >= 1000;
		mine->left -= allowed ? 1000 : 0;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return allowed;
}
