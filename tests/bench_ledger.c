/* tests/bench_ledger.c - durable appends to the log, beside bare RocksDB writes of the same bytes in the same run.
 *
 * usage: bench_ledger growth ENTRIES   128-byte entries: rate, memory, proofs and restart at each power of ten, then the recomputation
 *        bench_ledger [SECONDS]   entries of 1 KiB; every append is acknowledged after a synced write and a signed head
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keyfile.h"
#include "ledger/ledger.h"
#include "ledger/store.h"

enum { ENTRY = 1024 };

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What this process has sent to the disk. */
static unsigned long long
bytes_written(void)
{
	unsigned long long n = 0;
	char line[128];
	FILE *f = fopen("/proc/self/io", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "write_bytes: %llu", &n) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

struct run {
	struct ledger *log;
	double until;
	atomic_ullong done;
	float *latency; /* seconds, of the first `room` */
	size_t room;
	double pause; /* between two appends of a client, for half load */
};

static void *
client(void *arg)
{
	struct run *r = arg;
	uint8_t entry[ENTRY], key[32];

	random_bytes(entry, sizeof entry);
	while (now() < r->until) {
		struct buf receipt = {0};
		double t = now();
		unsigned long long k;

		random_bytes(key, sizeof key);
		memcpy(entry, key, 32);
		if (ledger_append(r->log, entry, sizeof entry, key, NULL, &receipt, NULL) != OK)
			abort();
		k = atomic_fetch_add(&r->done, 1);
		if (k < r->room)
			r->latency[k] = (float)(now() - t);
		buf_free(&receipt);
		if (r->pause > 0) {
			struct timespec p = {(time_t)r->pause, (long)((r->pause - (double)(time_t)r->pause) * 1e9)};

			(void)nanosleep(&p, NULL);
		}
	}
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* Appends a second with so many waiting clients. */
static double
appends(const char *dir, unsigned clients, double seconds, double pause, double quantile[3], double *written)
{
	char store[300], head[300];
	uint8_t seed[32] = {1};
	struct signer by;
	struct ledger_options o = {.store = store, .head_file = head, .key = &by, .pool_ms = 5};
	struct run r = {.room = 2000000, .pause = pause};
	pthread_t *t = calloc(clients, sizeof *t);
	struct why why = {""};
	pthread_attr_t attr;
	double begun;
	size_t n;

	(void)snprintf(store, sizeof store, "%s/log-%u-%d", dir, clients, pause > 0);
	(void)snprintf(head, sizeof head, "%s/head-%u-%d", dir, clients, pause > 0);
	r.latency = calloc(r.room, sizeof *r.latency);
	if (t == NULL || r.latency == NULL || signer_of_seed(&by, "bench.example/log", seed) != OK || ledger_open(&r.log, &o, &why) != OK) {
		(void)fprintf(stderr, "bench_ledger: %s\n", why.text);
		exit(1);
	}
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 256 * 1024);
	*written = (double)bytes_written();
	begun = now();
	r.until = begun + seconds;
	for (unsigned i = 0; i < clients; i++)
		if (pthread_create(&t[i], &attr, client, &r) != 0)
			exit(1);
	for (unsigned i = 0; i < clients; i++)
		(void)pthread_join(t[i], NULL);
	*written = ((double)bytes_written() - *written) / (double)r.done;
	n = r.done < r.room ? r.done : r.room;
	qsort(r.latency, n, sizeof *r.latency, by_value);
	if (quantile != NULL && n > 1000) {
		quantile[0] = r.latency[n / 2];
		quantile[1] = r.latency[n - n / 100];
		quantile[2] = r.latency[n - n / 1000];
	}
	ledger_close(r.log);
	signer_close(&by);
	free(r.latency);
	free(t);
	return (double)r.done / (now() - begun);
}

/* Entries a second by bare synced writes of batches: with the nodes and head that the log adds, or only entry and key. */
static double
bare(const char *dir, unsigned batch, double seconds, int all)
{
	struct store *s;
	struct why why = {""};
	char path[300];
	static uint8_t tile[8192];
	uint8_t entry[ENTRY], key[33];
	double begun = now();
	unsigned long long n = 0;

	(void)snprintf(path, sizeof path, "%s/bare-%u-%d", dir, batch, all);
	if (store_open(&s, path, &why) != OK) {
		(void)fprintf(stderr, "bench_ledger: %s\n", why.text);
		exit(1);
	}
	random_bytes(entry, sizeof entry);
	while (now() < begun + seconds) {
		struct store_batch *b = store_batch_new();

		for (unsigned i = 0; i < batch; i++, n++) {
			uint8_t k[33];

			random_bytes(key, sizeof key);
			memcpy(entry, key, 32);
			for (int x = 0; x < 8; x++)
				k[1 + x] = (uint8_t)(n >> (56 - 8 * x));
			k[0] = 'e';
			store_batch_put(b, k, 9, entry, sizeof entry);
			memcpy(k + 1, key, 32);
			k[0] = 'k';
			store_batch_put(b, k, 33, &n, 8);
			if (all && n % 256 == 255) { /* the hashes of a full tile, and that of the level above */
				k[0] = 't';
				store_batch_put(b, k, 10, tile, sizeof tile);
			}
		}
		if (all)
			store_batch_put(b, "head", 4, entry, 300);
		if (store_write(s, b, &why) != OK)
			exit(1);
		store_batch_free(b);
	}
	store_close(s);
	return (double)n / (now() - begun);
}

/* ---- growth ------------------------------------------------------------------------- */

enum { SMALL = 128, GROWERS = 512 };

struct growth {
	struct ledger *log;
	atomic_ullong next;
	unsigned long long until;
};

static void *
grower(void *arg)
{
	struct growth *g = arg;
	uint8_t entry[SMALL] = {0}, key[32];
	unsigned long long k;

	while ((k = atomic_fetch_add(&g->next, 1)) < g->until) {
		random_bytes(key, sizeof key);
		memcpy(entry, &k, sizeof k);
		memcpy(entry + 8, key, 32);
		if (ledger_append(g->log, entry, sizeof entry, key, NULL, NULL, NULL) != OK)
			abort();
	}
	return NULL;
}

static long
resident_mb(void)
{
	long pages = 0, skip;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%ld %ld", &skip, &pages) != 2)
		pages = 0;
	if (f != NULL)
		(void)fclose(f);
	return pages * 4096 / (1 << 20);
}

static int
growth(const char *dir, unsigned long long entries)
{
	char store[300], head[300], out[300];
	uint8_t seed[32] = {1}, entry[SMALL] = {0};
	struct signer by;
	struct ledger_options o = {.store = store, .head_file = head, .key = &by, .pool_ms = 5};
	struct growth g = {.until = 0};
	struct why why = {""};
	struct hash a, b;
	struct head h;
	pthread_t t[GROWERS];
	pthread_attr_t attr;
	double began;

	(void)snprintf(store, sizeof store, "%s/growing", dir);
	(void)snprintf(head, sizeof head, "%s/growing.head", dir);
	(void)snprintf(out, sizeof out, "%s/growing.public", dir);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 128 * 1024);
	if (signer_of_seed(&by, "bench.example/log", seed) != OK || ledger_open(&g.log, &o, &why) != OK)
		return 1;
	for (unsigned long long mark = 10000; mark <= entries; mark *= 10) {
		unsigned long long from = g.until;
		double rate, proof;

		g.until = mark;
		atomic_store(&g.next, from);
		began = now();
		for (unsigned i = 0; i < GROWERS; i++)
			if (pthread_create(&t[i], &attr, grower, &g) != 0)
				return 1;
		for (unsigned i = 0; i < GROWERS; i++)
			(void)pthread_join(t[i], NULL);
		rate = (double)(mark - from) / (now() - began);
		began = now();
		for (unsigned i = 0; i < 1000; i++) {
			struct buf receipt = {0};
			uint64_t at;

			random_bytes(&at, sizeof at);
			if (ledger_receipt(g.log, at % mark, &receipt, &why) != OK)
				return 1;
			buf_free(&receipt);
		}
		proof = (now() - began) / 1000;
		ledger_close(g.log);
		began = now();
		if (ledger_open(&g.log, &o, &why) != OK)
			return 1;
		(void)printf("%9llu entries: %7.0f /s since the last line, %4ld MB, inclusion proof %.3f ms, restart %.3f s\n", mark, rate, resident_mb(), proof * 1e3, now() - began);
		(void)fflush(stdout);
	}
	/* recomputation from the published files, beside its SHA-256 calls alone */
	if (g.until <= 1000000) {
		struct file_source src = source_dir(out);
		double bare, all;

		if (ledger_publish(g.log, &why) != OK || ledger_export(g.log, out, &why) != OK)
			return 1;
		ledger_public_head(g.log, &h, NULL);
		began = now();
		for (unsigned long long i = 0; i < g.until; i++) {
			memcpy(entry, &i, sizeof i);
			leaf_hash(&a, entry, sizeof entry);
			node_hash(&b, &a, &b);
		}
		bare = now() - began;
		began = now();
		if (log_read(&src, "", &h, NULL, NULL, &why) != OK)
			return 1;
		all = now() - began;
		(void)printf("recomputed from files: %.2f s, the SHA-256 calls alone %.2f s: %.2f of it\n", all, bare, bare / all);
	}
	ledger_close(g.log);
	signer_close(&by);
	return 0;
}

int
main(int argc, char **argv)
{
	static const unsigned clients[] = {1, 64, 1024};
	double seconds = argc > 1 && strcmp(argv[1], "growth") != 0 ? atof(argv[1]) : 3, rate = 0, q[3] = {0}, t, written;
	char dir[] = "build/bench-ledger-XXXXXX", path[300], cmd[320];
	uint8_t page[4096] = {0};
	int fd;

	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	if (argc == 3 && strcmp(argv[1], "growth") == 0) {
		int bad = growth(dir, strtoull(argv[2], NULL, 10));

		return system(cmd) != 0 || bad;
	}
	(void)snprintf(path, sizeof path, "%s/sync", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	t = now();
	for (int i = 0; i < 50; i++)
		if (fd < 0 || pwrite(fd, page, sizeof page, (off_t)i * 4096) < 0 || fdatasync(fd) != 0)
			return 1;
	(void)printf("the disk's own fdatasync after 4 KiB                  %8.2f ms\n", (now() - t) / 50 * 1e3);
	(void)close(fd);
	for (size_t i = 0; i < 3; i++) {
		rate = appends(dir, clients[i], seconds, 0, q, &written);
		(void)printf("append 1 KiB, %4u clients, durable, signed, receipt  %8.0f /s", clients[i], rate);
		(void)printf("   p50 %.2f ms  p99 %.2f  p99.9 %.2f   %.1f bytes to the disk for one of the entry\n", q[0] * 1e3, q[1] * 1e3, q[2] * 1e3, written / ENTRY);
	}
	t = bare(dir, 256, seconds, 1);
	(void)printf("bare RocksDB, the same bytes, batches of 256          %8.0f /s   the log reaches %.2f of it\n", t, rate / t);
	t = bare(dir, 256, seconds, 0);
	(void)printf("bare RocksDB, entries and keys alone                  %8.0f /s   the log reaches %.2f of it\n", t, rate / t);
	/* half of what 1024 clients reached */
	t = appends(dir, 256, seconds, 256 / (rate / 2), q, &written);
	(void)printf("at half load (%.0f /s): p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n", t, q[0] * 1e3, q[1] * 1e3, q[2] * 1e3);
	return system(cmd) == 0 ? 0 : 1;
}
