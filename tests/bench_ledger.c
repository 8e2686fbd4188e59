/* tests/bench_ledger.c - durable appends to the log, beside bare RocksDB writes of the same bytes in the same run.
 *
 * usage: bench_ledger [SECONDS [ROUNDS]]   entries of 1 KiB; every append is acknowledged after a synced write, with a receipt
 *        bench_ledger growth ENTRIES   128-byte entries: time, bytes to the disk, memory, proofs and restart at each power of ten
 *        bench_ledger audit ENTRIES    the log recomputed from its published files, beside its SHA-256 calls alone
 *
 * A waiting client is an append under way (ledger_submit, ledger_wait), of which a thread has as many as it likes; beside
 * it, the same with a thread for each.
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keyfile.h"
#include "crypto/parallel.h"
#include "ledger/ledger.h"
#include "ledger/layout.h"
#include "ledger/store.h"

enum { ENTRY = 1024, SMALL = 128, SAMPLES = 2000000, MOST_ROUNDS = 21 };

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_time(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
pause_for(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	if (seconds > 0)
		(void)nanosleep(&t, NULL);
}

static void
stop(const char *what)
{
	(void)fprintf(stderr, "bench_ledger: %s\n", what);
	exit(1);
}

/* What this process has sent to the disk. */
static double
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
	return (double)n;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

/* Random keys at no cost beside what is measured (splitmix64): OpenSSL's generator is made anew for each thread. */
static void
random_key(uint8_t key[32])
{
	static _Thread_local uint64_t at;

	if (at == 0)
		at = (uint64_t)(now() * 1e9) ^ (uint64_t)(uintptr_t)&at << 20;
	for (size_t i = 0; i < 32; i += 8) {
		uint64_t z = at += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		z ^= z >> 31;
		memcpy(key + i, &z, 8);
	}
}

/* ---- the log under load ------------------------------------------------------------- */

struct load {
	struct ledger *log;
	size_t entry_n;
	unsigned under_way;     /* appends that each thread keeps under way */
	double until;           /* stop then */
	pthread_barrier_t start; /* when all threads are there */
	unsigned long long most; /* or after so many entries */
	double pace;            /* entries a second, at times fixed beforehand; 0: as fast as they come back */
	int receipts;
	atomic_ullong begun, done;
	double *latency; /* seconds, of the first SAMPLES */
};

struct flight {
	struct ledger_append a;
	uint8_t entry[ENTRY], key[32];
	struct buf receipt;
	double since;
};

static void
start_flight(struct load *r, struct flight *f, double since)
{
	random_key(f->key);
	memcpy(f->entry, f->key, 32);
	f->a.entry = f->entry;
	f->a.n = r->entry_n;
	f->a.key = f->key;
	f->a.receipt = r->receipts ? &f->receipt : NULL;
	f->since = since;
	if (ledger_submit(r->log, &f->a, NULL) != OK)
		stop("submit");
}

static void
end_flight(struct load *r, struct flight *f)
{
	unsigned long long k;

	if (ledger_wait(&f->a) != OK)
		stop(f->a.why.text);
	k = atomic_fetch_add(&r->done, 1);
	if (k < SAMPLES && r->latency != NULL)
		r->latency[k] = now() - f->since;
	free(f->receipt.p);
	memset(&f->receipt, 0, sizeof f->receipt);
}

/* As many under way as it should be, the oldest waited for first: batches are answered in order. */
static void *
client(void *arg)
{
	struct load *r = arg;
	struct flight *f = calloc(r->under_way, sizeof *f);
	unsigned long long begun = 0, ended = 0;

	if (f == NULL)
		stop("memory");
	(void)pthread_barrier_wait(&r->start);
	for (;;) {
		int more = now() < r->until && (r->most == 0 || atomic_fetch_add(&r->begun, 1) < r->most);

		if (begun - ended == r->under_way || (!more && ended < begun))
			end_flight(r, &f[ended++ % r->under_way]);
		if (!more && ended == begun)
			break;
		if (more)
			start_flight(r, &f[begun++ % r->under_way], now());
	}
	free(f);
	return NULL;
}

/* Entries at fixed times, whatever the log does meanwhile: a slow batch is felt by all who come during it. */
struct paced {
	struct load *r;
	struct flight *f;
	sem_t ready;
	atomic_ullong begun, ended;
	atomic_int over;
};

static void *
paced_waiter(void *arg)
{
	struct paced *p = arg;

	for (;;) {
		while (sem_wait(&p->ready) != 0)
			;
		if (p->ended == p->begun && p->over)
			return NULL;
		end_flight(p->r, &p->f[p->ended % p->r->under_way]);
		p->ended++;
	}
}

static double
paced_load(struct load *r, double seconds)
{
	struct paced p = {.r = r, .f = calloc(r->under_way, sizeof *p.f)};
	double begun = now(), due = begun;
	pthread_t t;

	r->until = begun + seconds;
	(void)sem_init(&p.ready, 0, 0);
	if (p.f == NULL || pthread_create(&t, NULL, paced_waiter, &p) != 0)
		stop("memory");
	for (; due < r->until; due += 1 / r->pace) {
		pause_for(due - now());
		while (p.begun - p.ended == r->under_way)
			pause_for(0.001);
		start_flight(r, &p.f[p.begun % r->under_way], due);
		p.begun++;
		(void)sem_post(&p.ready);
	}
	p.over = 1;
	(void)sem_post(&p.ready);
	(void)pthread_join(t, NULL);
	free(p.f);
	return now() - begun;
}

struct result {
	double rate, batch, p50, p99, p999, bytes; /* entries a second, a batch; seconds; bytes to the disk for one of an entry */
};

static struct signer signer;
static unsigned pool_ms = 5;

static struct ledger *
open_log(const char *dir)
{
	char store[300], head[300];
	struct ledger_options o = {.store = store, .head_file = head, .key = &signer, .pool_ms = pool_ms};
	struct ledger *log;
	struct why why = {""};

	(void)snprintf(store, sizeof store, "%s/log", dir);
	(void)snprintf(head, sizeof head, "%s/head", dir);
	if (ledger_open(&log, &o, &why) != OK)
		stop(why.text);
	return log;
}

/* For so many seconds; returns how long it was. */
static double
run_clients(struct load *r, unsigned threads, double seconds)
{
	pthread_t *t = calloc(threads, sizeof *t);
	pthread_attr_t attr;
	double begun;

	(void)pthread_barrier_init(&r->start, NULL, threads + 1);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 256 * 1024);
	for (unsigned i = 0; t != NULL && i < threads; i++)
		if (pthread_create(&t[i], &attr, client, r) != 0)
			stop("threads");
	begun = now();
	r->until = begun + seconds;
	(void)pthread_barrier_wait(&r->start);
	for (unsigned i = 0; t != NULL && i < threads; i++)
		(void)pthread_join(t[i], NULL);
	free(t);
	return now() - begun;
}

static void
remove_all(const char *dir)
{
	char cmd[400];

	(void)snprintf(cmd, sizeof cmd, "rm -rf %s/*", dir);
	if (system(cmd) != 0)
		stop("rm");
}

/* A new log under `clients` waiting clients on so many threads, or at a pace. */
static struct result
measure(const char *dir, unsigned clients, unsigned threads, double seconds, double pace)
{
	struct load r = {.entry_n = ENTRY, .under_way = clients / threads, .pace = pace, .receipts = 1};
	struct result x;
	size_t n;

	remove_all(dir);
	r.latency = calloc(SAMPLES, sizeof *r.latency);
	r.log = open_log(dir);
	if (r.latency == NULL)
		stop("memory");
	x.bytes = bytes_written();
	x.rate = pace > 0 ? paced_load(&r, seconds) : run_clients(&r, threads, seconds);
	x.rate = (double)r.done / x.rate;
	x.bytes = (bytes_written() - x.bytes) / (double)r.done / ENTRY;
	x.batch = (double)r.done / (double)ledger_batches(r.log);
	n = r.done < SAMPLES ? r.done : SAMPLES;
	qsort(r.latency, n, sizeof *r.latency, by_value);
	x.p50 = r.latency[n / 2];
	x.p99 = r.latency[n - 1 - n / 100];
	x.p999 = r.latency[n - 1 - n / 1000];
	ledger_close(r.log);
	free(r.latency);
	return x;
}

static void
print(const char *what, const struct result *x)
{
	(void)printf("%-52s %8.0f /s   p50 %.1f ms  p99 %.1f  p99.9 %.1f   batches of %.0f, %.2f bytes to the disk for one of the entry\n", what, x->rate, x->p50 * 1e3, x->p99 * 1e3, x->p999 * 1e3, x->batch,
	    x->bytes);
	(void)fflush(stdout);
}

/* ---- bare RocksDB ------------------------------------------------------------------- */

/* Entries a second by bare synced writes of batches: with the tiles and head that the log adds, or only entry and key. Keys
 * are put as they come; that the log sorts them first is work of its own, which makes RocksDB's cheaper. */
static double
bare(const char *dir, unsigned batch, double seconds, int all)
{
	static uint8_t tile[8192];
	struct store *s;
	struct store_batch *b;
	struct why why = {""};
	char path[300];
	uint8_t entry[ENTRY], key[32], k[STORE_KEY_BYTES], value[8] = {0};
	unsigned long long n = 0;
	double begun;

	remove_all(dir);
	(void)snprintf(path, sizeof path, "%s/bare", dir);
	if (store_open(&s, path, &why) != OK)
		stop(why.text);
	random_bytes(entry, sizeof entry);
	b = store_batch_new(s);
	begun = now();
	while (now() < begun + seconds) {
		store_batch_clear(b);
		for (unsigned i = 0; i < batch; i++, n++) {
			random_key(key);
			memcpy(entry, key, 32);
			memcpy(value, &n, sizeof n);
			store_batch_put(b, k, store_entry_key(k, n), entry, sizeof entry);
			store_batch_put(b, k, store_dedup_key(k, key), value, sizeof value);
			if (all && n % 256 == 255)
				store_batch_put(b, k, store_tile_key(k, 0, n / 256), tile, sizeof tile);
			if (all && n % 65536 == 65535)
				store_batch_put(b, k, store_tile_key(k, 1, n / 65536), tile, sizeof tile);
		}
		if (all)
			store_batch_put(b, "h", 1, entry, 200);
		if (store_write(s, b, &why) != OK)
			stop(why.text);
	}
	begun = (double)n / (now() - begun);
	store_batch_free(b);
	store_close(s);
	return begun;
}

static double
sync_time(const char *dir)
{
	uint8_t page[4096] = {0};
	char path[300];
	double t;
	int fd;

	(void)snprintf(path, sizeof path, "%s/sync", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	t = now();
	for (int i = 0; i < 50; i++)
		if (fd < 0 || pwrite(fd, page, sizeof page, (off_t)i * 4096) < 0 || fdatasync(fd) != 0)
			stop("sync");
	(void)close(fd);
	return (now() - t) / 50;
}

static void
target(const char *what, double least, double is)
{
	(void)printf("    target: %s at least %g: %.2f, %s\n", what, least, is, is >= least ? "met" : "MISSED");
	(void)fflush(stdout);
}

static void
limit(const char *what, double most, double is)
{
	(void)printf("    target: %s at most %g: %.3g, %s\n", what, most, is, is <= most ? "met" : "MISSED");
	(void)fflush(stdout);
}

/* Few clients, beside bare RocksDB in the same batches; with a pool that waits for company, which hides who came first, and without. */
static void
few(const char *dir, unsigned clients, double seconds)
{
	static const char *const wait[] = {"", ", no waiting for company"};

	for (int i = 0; i < 2; i++) {
		struct result x;
		unsigned batch;
		char what[80];
		double all, least;

		pool_ms = i == 0 ? 5 : 0;
		x = measure(dir, clients, 1, seconds, 0);
		batch = x.batch < 1 ? 1 : (unsigned)(x.batch + 0.5);
		(void)snprintf(what, sizeof what, "append 1 KiB, %u client%s%s", clients, clients > 1 ? "s" : "", wait[i]);
		print(what, &x);
		all = bare(dir, batch, seconds, 1);
		least = bare(dir, batch, seconds, 0);
		(void)printf("%-52s %8.0f /s   the log reaches %.2f of it; of entries and keys alone, %.0f /s, %.2f\n", "bare RocksDB, the same bytes in the same batches", all, x.rate / all, least, x.rate / least);
	}
	pool_ms = 5;
}

static int
appends(const char *dir, double seconds, unsigned rounds)
{
	double rate[MOST_ROUNDS], same[MOST_ROUNDS], least[MOST_ROUNDS], threads_same[MOST_ROUNDS], threads_least[MOST_ROUNDS], t;
	struct result x, y;
	char what[80];

	(void)printf("the disk's own fdatasync after 4 KiB %30.2f ms\n", sync_time(dir) * 1e3);
	few(dir, 1, seconds);
	few(dir, 64, seconds);
	x = measure(dir, 512, 2, seconds, 0);
	print("append 1 KiB, 512 clients", &x);
	(void)snprintf(what, sizeof what, "bytes to the disk for one of the entry, in batches of %.0f,", x.batch);
	limit(what, 3, x.bytes);
	for (unsigned i = 0; i < rounds; i++) { /* one after the other, so that what else the machine does hits all */
		x = measure(dir, 1024, 2, seconds, 0);
		print("append 1 KiB, 1024 clients", &x);
		rate[i] = x.rate;
		y = measure(dir, 1024, 1024, seconds, 0);
		print("append 1 KiB, 1024 clients, a thread each", &y);
		t = bare(dir, (unsigned)x.batch, seconds, 1);
		same[i] = x.rate / t;
		threads_same[i] = y.rate / t;
		(void)printf("%-52s %8.0f /s   the log reaches %.2f of it, %.2f with a thread each\n", "bare RocksDB, the same bytes in the same batches", t, same[i], threads_same[i]);
		t = bare(dir, (unsigned)x.batch, seconds, 0);
		least[i] = x.rate / t;
		threads_least[i] = y.rate / t;
		(void)printf("%-52s %8.0f /s   the log reaches %.2f of it, %.2f with a thread each\n", "bare RocksDB, entries and keys alone", t, least[i], threads_least[i]);
		(void)fflush(stdout);
	}
	t = median(rate, rounds);
	(void)printf("medians of %u: %.0f /s, %.2f of the same bytes, %.2f of entries and keys alone\n", rounds, t, median(same, rounds), median(least, rounds));
	target("of the same bytes at 1024 clients", 0.8, median(same, rounds));
	target("of entries and keys alone at 1024 clients", 0.5, median(least, rounds));
	(void)printf("with a thread each, which adds two context switches for every append: %.2f of the same bytes, %.2f of entries and keys alone\n", median(threads_same, rounds), median(threads_least, rounds));
	x = measure(dir, 8192, 1, 2 * seconds, t / 2);
	print("at half of that, at times fixed beforehand", &x);
	limit("milliseconds to a receipt at half load, p99,", 100, x.p99 * 1e3);
	(void)printf("the disk's own fdatasync after 4 KiB %30.2f ms\n", sync_time(dir) * 1e3);
	return 0;
}

/* ---- growth ------------------------------------------------------------------------- */

/* A line of /proc/self/status, in MB. */
static long
memory_mb(const char *what)
{
	char line[128];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kb = atol(line + strlen(what) + 1);
	if (f != NULL)
		(void)fclose(f);
	return (kb + 512) / 1024;
}

/* Seconds for an inclusion proof, on average over entries anywhere. */
static double
proof_time(struct ledger *log, unsigned long long size)
{
	double began = now();

	for (unsigned i = 0; i < 1000; i++) {
		struct buf receipt = {0};
		struct why why = {""};
		uint64_t at;

		random_bytes(&at, sizeof at);
		if (ledger_receipt(log, at % size, &receipt, &why) != OK)
			stop(why.text);
		buf_free(&receipt);
	}
	return (now() - began) / 1000;
}

static unsigned long long
grow(struct ledger *log, unsigned long long from, unsigned long long to)
{
	struct load r = {.log = log, .entry_n = SMALL, .under_way = 1024, .most = to - from};

	(void)run_clients(&r, 2, 1e9);
	return r.done;
}

static int
growth(const char *dir, unsigned long long entries)
{
	struct ledger *log = open_log(dir);
	unsigned long long size = 0;

	(void)printf("  entries   since the last line, for each entry:            memory: now, most    inclusion  restart\n"
	             "            time     processor time  bytes to the disk                          proof\n");
	for (unsigned long long mark = 10000; mark <= entries; mark *= 10) {
		double began = now(), cpu = cpu_time(), written = bytes_written(), proof;
		double n = (double)(mark - size);
		long memory;

		size += grow(log, size, mark);
		began = (now() - began) / n;
		cpu = (cpu_time() - cpu) / n;
		written = (bytes_written() - written) / n;
		proof = proof_time(log, size);
		memory = memory_mb("VmRSS");
		(void)printf("%9llu   %5.1f us %8.1f us %15.0f %17ld MB %4ld MB %13.3f ms", size, began * 1e6, cpu * 1e6, written, memory, memory_mb("VmHWM"), proof * 1e3);
		ledger_close(log);
		began = now();
		log = open_log(dir);
		began = now() - began;
		(void)printf("  %.3f s\n", began);
		if (mark == 1000000)
			limit("seconds of a restart with 10^6 entries", 2, began);
		if (mark == 10000000)
			limit("milliseconds of an inclusion proof in 10^7 entries", 1, proof * 1e3);
		(void)fflush(stdout);
	}
	ledger_close(log);
	return 0;
}

/* ---- recomputation ------------------------------------------------------------------ */

/* The SHA-256 calls of a tree of n entries, a leaf and a node for each: processor time. */
static double
hashing_time(unsigned long long n)
{
	uint8_t entry[SMALL] = {0};
	struct hash a, b = {{0}};
	double began = cpu_time();

	for (unsigned long long i = 0; i < n; i++) {
		memcpy(entry, &i, sizeof i);
		leaf_hash(&a, entry, sizeof entry);
		node_hash(&b, &a, &b);
	}
	return cpu_time() - began;
}

static int
audit(const char *dir, unsigned long long entries)
{
	struct ledger *log = open_log(dir);
	char out[300];
	struct file_source src = source_dir(out);
	struct why why = {""};
	struct head head;
	double bare_s, began, cpu, all;

	(void)snprintf(out, sizeof out, "%s/public", dir);
	(void)grow(log, 0, entries);
	if (ledger_publish(log, &why) != OK || ledger_export(log, out, &why) != OK)
		stop(why.text);
	ledger_public_head(log, &head, NULL);
	ledger_close(log);
	for (int i = 0; i < 3; i++) {
		bare_s = hashing_time(head.size);
		began = now();
		cpu = cpu_time();
		if (log_read(&src, "", &head, NULL, NULL, &why) != OK)
			stop(why.text);
		all = now() - began;
		cpu = cpu_time() - cpu;
		(void)printf("%llu entries recomputed from files: %.2f s of processor time in %.2f s on %u cores; the SHA-256 calls alone %.2f s: %.2f of it per core\n", (unsigned long long)head.size, cpu, all,
		    core_count(), bare_s, bare_s / cpu);
		target("of the bare SHA-256 calls per core", 0.6, bare_s / cpu);
		target("cores in use", core_count() > 1 ? 1.5 : 0.9, cpu / all);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	char dir[] = "build/bench-ledger-XXXXXX", cmd[64];
	uint8_t seed[32] = {1};
	int bad;

	if (mkdtemp(dir) == NULL || signer_of_seed(&signer, "bench.example/log", seed) != OK)
		return 1;
	if (argc == 3 && strcmp(argv[1], "growth") == 0)
		bad = growth(dir, strtoull(argv[2], NULL, 10));
	else if (argc == 3 && strcmp(argv[1], "audit") == 0)
		bad = audit(dir, strtoull(argv[2], NULL, 10));
	else {
		unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 3;

		bad = appends(dir, argc > 1 ? atof(argv[1]) : 3, rounds < 1 || rounds > MOST_ROUNDS ? 3 : rounds);
	}
	signer_close(&signer);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd) != 0 || bad;
}
