/* tests/test_faults.c - every step of the sequencing function fails, "and was not stored" and "but was stored".
 *
 * Goal    after each fault: nothing false was acknowledged, the log goes on by itself or after a restart, every receipt
 *         verifies, heads are consistent with all heads seen before, nothing is there twice.
 * Method  the calls that the steps are made of are replaced when this program is linked (-Wl,--wrap, Makefile).
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/tile.h"
#include "ledger/headfile.h"
#include "ledger/internal.h"
#include "ledger/mirror.h"

/* STEPS: those of the sequencing function, in its order; what follows is beside it. */
enum step { FIND, FENCE_READ, SIGN, STORE, SYNC, MIRROR, RECEIPT, HEAD_FILE, STEPS, ENTRY_3, LEAF, THREAD };
static const char *const names[STEPS] = {"keys", "fence", "signature", "store", "sync", "mirror", "receipts", "head file"};

static struct {
	enum step step;
	int armed, after; /* after: carried out, and then reported as failed */
	unsigned hit, first, last; /* which of the calls fail, counted from 1; last 0: all */
} fault;

static int
strikes(enum step s)
{
	if (!fault.armed || fault.step != s)
		return 0;
	fault.hit++;
	return fault.last == 0 || (fault.hit >= fault.first && fault.hit <= fault.last);
}

enum err __real_head_file_read(const char *path, struct head *out, struct why *why);
enum err __wrap_head_file_read(const char *path, struct head *out, struct why *why);
enum err
__wrap_head_file_read(const char *path, struct head *out, struct why *why)
{
	if (strikes(FENCE_READ))
		return why_set(why, ERR_IO, "fault");
	return __real_head_file_read(path, out, why);
}

enum err __real_checkpoint_sign(struct buf *out, const struct head *head, const struct signer *log);
enum err __wrap_checkpoint_sign(struct buf *out, const struct head *head, const struct signer *log);
enum err
__wrap_checkpoint_sign(struct buf *out, const struct head *head, const struct signer *log)
{
	enum err e = OK;

	if (!strikes(SIGN))
		return __real_checkpoint_sign(out, head, log);
	if (fault.after)
		e = __real_checkpoint_sign(out, head, log);
	return e != OK ? e : ERR_IO; /* the token is gone */
}

enum err __real_store_write(struct store *s, struct store_batch *b, struct why *why);
enum err __wrap_store_write(struct store *s, struct store_batch *b, struct why *why);
enum err
__wrap_store_write(struct store *s, struct store_batch *b, struct why *why)
{
	enum err e = OK;

	if (!strikes(STORE))
		return __real_store_write(s, b, why);
	if (fault.after)
		e = __real_store_write(s, b, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

enum err __real_store_put(struct store *s, struct store_batch *b, struct why *why);
enum err __wrap_store_put(struct store *s, struct store_batch *b, struct why *why);
enum err
__wrap_store_put(struct store *s, struct store_batch *b, struct why *why)
{
	enum err e = OK;

	if (!strikes(STORE))
		return __real_store_put(s, b, why);
	if (fault.after)
		e = __real_store_put(s, b, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

enum err __real_store_sync(struct store *s, struct why *why);
enum err __wrap_store_sync(struct store *s, struct why *why);
enum err
__wrap_store_sync(struct store *s, struct why *why)
{
	enum err e = OK;

	if (!strikes(SYNC))
		return __real_store_sync(s, why);
	if (fault.after)
		e = __real_store_sync(s, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

enum err __real_store_find(struct store *s, const char *const *keys, const size_t *keys_n, size_t n, void (*found)(void *ctx, size_t i, const void *value, size_t value_n), void *ctx, struct why *why);
enum err __wrap_store_find(struct store *s, const char *const *keys, const size_t *keys_n, size_t n, void (*found)(void *ctx, size_t i, const void *value, size_t value_n), void *ctx, struct why *why);
enum err
__wrap_store_find(struct store *s, const char *const *keys, const size_t *keys_n, size_t n, void (*found)(void *ctx, size_t i, const void *value, size_t value_n), void *ctx, struct why *why)
{
	enum err e = OK;

	if (!strikes(FIND))
		return __real_store_find(s, keys, keys_n, n, found, ctx, why);
	if (fault.after)
		e = __real_store_find(s, keys, keys_n, n, found, ctx, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

enum err __real_store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why);
enum err __wrap_store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why);
enum err
__wrap_store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why)
{
	static const uint8_t entry_3[9] = {'e', 0, 0, 0, 0, 0, 0, 0, 3};

	if (key_n == sizeof entry_3 && memcmp(key, entry_3, sizeof entry_3) == 0 && strikes(ENTRY_3))
		return why_set(why, ERR_IO, "fault");
	return __real_store_get(s, key, key_n, out, why);
}

enum err __real_make_receipt(const struct node_source *nodes, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out);
enum err __wrap_make_receipt(const struct node_source *nodes, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out);
enum err
__wrap_make_receipt(const struct node_source *nodes, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out)
{
	enum err e = OK;

	if (!strikes(RECEIPT))
		return __real_make_receipt(nodes, index, head, checkpoint, out);
	if (fault.after)
		e = __real_make_receipt(nodes, index, head, checkpoint, out);
	return e != OK ? e : ERR_IO;
}

enum err __real_tile_builder_leaf(struct tile_builder *b, const struct hash *leaf);
enum err __wrap_tile_builder_leaf(struct tile_builder *b, const struct hash *leaf);
enum err
__wrap_tile_builder_leaf(struct tile_builder *b, const struct hash *leaf)
{
	return strikes(LEAF) ? ERR_NOMEM : __real_tile_builder_leaf(b, leaf);
}

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int
__wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
	return strikes(THREAD) ? 11 : __real_pthread_create(t, a, f, arg);
}

enum err __real_mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why);
enum err __wrap_mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why);
enum err
__wrap_mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why)
{
	enum err e = OK;

	if (!strikes(MIRROR))
		return __real_mirror_append(m, count, entries, checkpoint, why);
	if (fault.after)
		e = __real_mirror_append(m, count, entries, checkpoint, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

enum err __real_head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why);
enum err __wrap_head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why);
enum err
__wrap_head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why)
{
	enum err e = OK;

	if (!strikes(HEAD_FILE))
		return __real_head_file_swap(path, was, next, why);
	if (fault.after)
		e = __real_head_file_swap(path, was, next, why);
	return e != OK ? e : why_set(why, ERR_IO, "fault");
}

static char dir[64], store[128], head_file[128], mirror[128];
static struct signer key;
enum { MOST = 2000 };
static struct buf receipts[MOST];
static struct head heads[2000];
static size_t seen;

static void
entry_of(uint8_t e[40], uint8_t dedup[32], uint32_t n)
{
	struct hash h;

	memset(e, 0, 40);
	memcpy(e, &n, sizeof n);
	sha256(&h, e, 40);
	memcpy(dedup, h.b, 32);
}

static enum err
append(struct ledger *l, uint32_t n, struct why *why)
{
	uint8_t e[40], dedup[32];
	struct buf receipt = {0};
	enum err err;

	entry_of(e, dedup, n);
	err = ledger_append(l, e, sizeof e, dedup, NULL, &receipt, why);
	if (err == OK)
		receipts[n] = receipt;
	else
		buf_free(&receipt);
	return err;
}

static struct ledger *
start(void)
{
	struct ledger_options o = {.store = store, .head_file = head_file, .key = &key, .pool_ms = 0, .mirror = mirror};
	struct ledger *l;
	struct why why = {""};

	if (ledger_open(&l, &o, &why) != OK)
		fail_msg("%s", why.text);
	return l;
}

/* ---- what must hold afterwards ---------------------------------------------------------- */

/* Every receipt; every head seen; the log recomputed from its entries; no entry twice. */
struct twice {
	uint8_t seen[MOST];
	struct frontier f;
	size_t at;
};

static enum err
on_entry(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf)
{
	struct twice *t = ctx;
	struct hash root;
	uint32_t k;

	(void)index;
	if (n == 40) { /* others are there to fill the disk */
		memcpy(&k, entry, sizeof k);
		assert_int_equal(t->seen[k]++, 0);
	}
	frontier_append(&t->f, leaf);
	for (size_t i = 0; i < seen; i++)
		if (heads[i].size == t->f.size) {
			frontier_root(&root, &t->f);
			assert_memory_equal(root.b, heads[i].root.b, 32);
		}
	return OK;
}

static void
check(struct ledger *l, uint32_t n)
{
	char out[160] = "", cmd[200];
	struct twice *t = calloc(1, sizeof *t);
	struct file_source src = source_dir(out);
	struct why why = {""};
	struct head head;
	struct vkey v;

	assert_non_null(t);
	assert_int_equal(vkey_make(&v, key.name, NOTE_ED25519, key.key), OK);
	(void)snprintf(out, sizeof out, "%s/out", dir);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", out);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, out, &why), OK);
	ledger_public_head(l, &head, NULL);
	if (log_read(&src, "", &head, on_entry, t, &why) != OK)
		fail_msg("%s", why.text);
	heads[seen++] = head;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t e[40], dedup[32];
		struct receipt r;
		struct hash leaf;
		struct head under;

		assert_int_equal(t->seen[i], 1); /* each was tried until it was acknowledged, or found to be there */
		if (receipts[i].n == 0)
			continue;
		entry_of(e, dedup, i);
		leaf_hash(&leaf, e, sizeof e);
		assert_int_equal(receipt_read(&r, receipts[i].p, receipts[i].n, &why), OK);
		assert_int_equal(receipt_verify(&r, &leaf, &v, &under, &why), OK);
		assert_true(under.size <= head.size);
	}
	free(t);
}

static const struct timespec wait_heal = {1, 100000000}, wait_little = {0, 20000000};

static void
fresh(void)
{
	uint8_t seed[32] = {9};

	(void)strcpy(dir, "/tmp/urna-faults-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(store, sizeof store, "%s/store", dir);
	(void)snprintf(head_file, sizeof head_file, "%s/head", dir);
	(void)snprintf(mirror, sizeof mirror, "%s/mirror", dir);
	assert_int_equal(signer_of_seed(&key, "urna.test/log", seed), OK);
	seen = 0;
}

static void
drop(uint32_t n)
{
	char cmd[200];

	for (uint32_t i = 0; i < n; i++)
		buf_free(&receipts[i]);
	signer_close(&key);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void
arm(enum step s, int after)
{
	fault.step = s;
	fault.after = after;
	fault.hit = fault.first = fault.last = 0;
	fault.armed = 1;
}

/* Only the calls from `first` to `last`. */
static void
arm_calls(enum step s, unsigned first, unsigned last)
{
	arm(s, 0);
	fault.first = first;
	fault.last = last;
}

/* At most five seconds; nothing is done meanwhile. */
static void
until_state(struct ledger *l, enum err want)
{
	struct why why = {""};
	int tries = 0;
	enum err e;

	while ((e = ledger_state(l, &why)) != want && tries++ < 250)
		(void)nanosleep(&wait_little, NULL);
	if (e != want)
		fail_msg("the state is %s and not %s: %s", err_name(e), err_name(want), why.text);
}

/* Until entry n is acknowledged or found to be there: no hand work is needed. */
static void
insist(struct ledger *l, uint32_t n, const char *what, int after)
{
	struct why why = {""};
	int tries = 0;
	enum err e;

	while ((e = append(l, n, &why)) != OK && e != ERR_EXISTS && tries++ < 100)
		(void)nanosleep(&wait_little, NULL);
	if (e != OK && e != ERR_EXISTS)
		fail_msg("%s, %s: does not go on: %s", what, after ? "stored" : "not stored", why.text);
}

static struct ledger *
over(struct ledger *l, int restart)
{
	fault.armed = 0; /* the cause is gone */
	if (restart) {
		ledger_close(l);
		return start();
	}
	return l;
}

static void
every_step(void **state)
{
	struct why why = {""};
	struct ledger *l;
	uint32_t n = 0;

	(void)state;
	fresh();
	l = start();
	for (int restart = 0; restart < 2; restart++)
		for (int s = 0; s < STEPS; s++)
			for (int after = 0; after < 2; after++) {
				for (int i = 0; i < 5; i++)
					assert_int_equal(append(l, n++, &why), OK);
				arm((enum step)s, after);
				assert_int_not_equal(append(l, n, &why), OK); /* no acknowledgement */
				assert_true(fault.hit > 0);
				if (why.text[0] == '\0')
					fail_msg("%s: no sentence", names[s]);
				l = over(l, restart);
				insist(l, n++, names[s], after);
				check(l, n);
			}
	ledger_close(l);
	l = start();
	check(l, n);
	ledger_close(l);
	drop(n);
}

/* ---- the same with many batches under way ------------------------------------------------- */

enum { FLIGHTS = 40 };

struct flight {
	struct ledger_append a;
	uint8_t entry[40], dedup[32];
	struct buf receipt;
};

/* The fault strikes when some of the appends are done, some are in a batch at every step, some wait. */
static void
strike_under_way(struct ledger *l, uint32_t n, enum step s, int after)
{
	static struct flight f[FLIGHTS];
	struct why why = {""};
	unsigned refused = 0;

	memset(f, 0, sizeof f);
	for (uint32_t i = 0; i < FLIGHTS; i++) {
		entry_of(f[i].entry, f[i].dedup, n + i);
		f[i].a.entry = f[i].entry;
		f[i].a.n = sizeof f[i].entry;
		f[i].a.key = f[i].dedup;
		f[i].a.receipt = &f[i].receipt;
		if (i == FLIGHTS / 2)
			arm(s, after);
		assert_int_equal(ledger_submit(l, &f[i].a, &why), OK);
		if (i % 4 == 3)
			(void)nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	for (uint32_t i = 0; i < FLIGHTS; i++)
		if (ledger_wait(&f[i].a) == OK)
			receipts[n + i] = f[i].receipt;
		else {
			refused++;
			assert_int_equal(f[i].receipt.n, 0);
			buf_free(&f[i].receipt);
			assert_true(f[i].a.why.text[0] != '\0');
		}
	assert_true(fault.hit > 0 && refused > 0);
}

static void
under_load(void **state)
{
	struct ledger *l;
	uint32_t n = 0;

	(void)state;
	fresh();
	l = start();
	for (int restart = 0; restart < 2; restart++)
		for (int s = 0; s < STEPS; s++)
			for (int after = 0; after < 2; after++, n += FLIGHTS) {
				strike_under_way(l, n, (enum step)s, after);
				l = over(l, restart);
				for (uint32_t i = n; i < n + FLIGHTS; i++)
					if (receipts[i].n == 0)
						insist(l, i, names[s], after);
				check(l, n + FLIGHTS);
			}
	ledger_close(l);
	drop(n);
}

/* A key that comes again while the batch with its first entry is under way, and then fails: nobody is told that it is there. */
static void
twice_under_way(void **state)
{
	struct flight f[2];
	struct ledger *l;
	struct why why = {""};

	(void)state;
	for (int after = 0; after < 2; after++) {
		fresh();
		memset(f, 0, sizeof f);
		l = start();
		for (int i = 0; i < 2; i++) {
			entry_of(f[i].entry, f[i].dedup, 0);
			f[i].a.entry = f[i].entry;
			f[i].a.n = sizeof f[i].entry;
			f[i].a.key = f[i].dedup;
		}
		arm(HEAD_FILE, after);
		assert_int_equal(ledger_submit(l, &f[0].a, &why), OK);
		(void)nanosleep(&(struct timespec){0, 200000}, NULL);
		assert_int_equal(ledger_submit(l, &f[1].a, &why), OK);
		assert_int_equal(ledger_wait(&f[0].a), ERR_IO);
		assert_int_equal(ledger_wait(&f[1].a), ERR_IO);
		l = over(l, 0);
		insist(l, 0, "twice", after);
		check(l, 1);
		ledger_close(l);
		drop(1);
	}
}

/* ---- publishing, and what goes on by itself ------------------------------------------------ */

/* The store fails under an append, or under publishing itself: it is published when the cause is gone, without an append, also
 * in a log that is sealed. */
static void
publishing(void **state)
{
	struct why why = {""};
	struct ledger *l;
	struct head head;
	uint32_t n = 0;

	(void)state;
	fresh();
	l = start();
	for (int by_append = 0; by_append < 2; by_append++)
		for (int after = 0; after < 2; after++) {
			for (int i = 0; i < 5; i++)
				assert_int_equal(append(l, n++, &why), OK);
			ledger_public_head(l, &head, NULL);
			arm(STORE, after);
			if (by_append)
				assert_int_not_equal(append(l, n, &why), OK);
			assert_int_not_equal(ledger_publish(l, &why), OK);
			assert_non_null(strstr(why.text, "the store cannot be written (fault): nothing is acknowledged"));
			fault.armed = 0;
			if (by_append && after)
				ledger_seal(l);
			until_state(l, OK);
			assert_int_equal(ledger_publish(l, &why), OK);
			if (by_append) /* nobody was told; it is there, or it is not */
				n += after ? 1 : 0;
			check(l, n);
		}
	ledger_close(l);
	drop(n);
}

/* While the log cannot be opened again, what was public stays so. */
static void
public_meanwhile(void **state)
{
	struct buf checkpoint = {0}, receipt = {0};
	struct why why = {""};
	struct ledger *l;
	struct head head;
	char away[160];

	(void)state;
	fresh();
	l = start();
	assert_int_equal(append(l, 0, &why), OK);
	assert_int_equal(ledger_publish(l, &why), OK);
	(void)snprintf(away, sizeof away, "%s.away", head_file);
	arm(STORE, 0);
	assert_int_not_equal(append(l, 1, &why), OK);
	fault.armed = 0;
	assert_int_equal(rename(head_file, away), 0);
	until_state(l, ERR_NOT_NOW);
	(void)ledger_state(l, &why);
	assert_non_null(strstr(why.text, "is missing or damaged: without it nothing is signed"));
	ledger_public_head(l, &head, &checkpoint);
	assert_true(head.size == 1 && checkpoint.n > 0);
	assert_int_equal(ledger_receipt(l, 0, &receipt, &why), OK);
	assert_non_null(memmem(receipt.p, receipt.n, checkpoint.p, checkpoint.n));
	assert_int_equal(rename(away, head_file), 0);
	until_state(l, OK);
	insist(l, 1, "head file", 0);
	check(l, 2);
	buf_free(&checkpoint);
	buf_free(&receipt);
	ledger_close(l);
	drop(2);
}

/* ---- the full check behind ---------------------------------------------------------------- */

/* An entry of the right edge that the disk does not give when the log is opened again: that is no proof against the store. */
static uint32_t
edge_unread(struct ledger *l)
{
	struct why why = {""};
	uint32_t n = 0;

	for (; n < 5; n++)
		assert_int_equal(append(l, n, &why), OK);
	arm(STORE, 0);
	assert_int_not_equal(append(l, n, &why), OK);
	arm(ENTRY_3, 0);
	(void)nanosleep(&wait_heal, NULL);
	(void)nanosleep(&wait_heal, NULL);
	assert_true(fault.hit > 0);
	assert_int_equal(ledger_state(l, &why), ERR_IO);
	fault.armed = 0;
	until_state(l, OK);
	return n;
}

/* A block that the disk does not give stops signing until it does; no memory for the check only delays it. */
static void
full_check(void **state)
{
	static const uint8_t entry_7[9] = {'e', 0, 0, 0, 0, 0, 0, 0, 7};
	struct store_batch *b;
	struct why why = {""};
	struct ledger *l;
	struct store *s;
	uint32_t n;

	(void)state;
	fresh();
	l = start();
	for (n = edge_unread(l); n < 300; n++)
		assert_int_equal(append(l, n, &why), OK);
	ledger_close(l);
	arm(ENTRY_3, 0);
	l = start();
	until_state(l, ERR_IO);
	(void)ledger_state(l, &why);
	assert_non_null(strstr(why.text, "the full check cannot read the store (fault)"));
	for (int i = 0; i < 3; i++) { /* opened again and again, and not signing */
		assert_int_equal(append(l, n, &why), ERR_IO);
		(void)nanosleep(&wait_heal, NULL);
	}
	fault.armed = 0;
	until_state(l, OK);
	insist(l, n++, "the full check", 0);
	check(l, n);
	ledger_close(l);
	assert_int_equal(store_open(&s, store, &why), OK);
	b = store_batch_new(s);
	store_batch_put(b, entry_7, sizeof entry_7, "another", 7);
	assert_int_equal(store_write(s, b, &why), OK);
	store_batch_free(b);
	store_close(s);
	arm_calls(LEAF, 1, 3);
	l = start();
	until_state(l, ERR_PROOF);
	assert_true(fault.hit > 3);
	fault.armed = 0;
	ledger_close(l);
	drop(n);
}

/* Without all its threads, that of the full check too, the log does not open. */
static void
no_threads(void **state)
{
	struct ledger_options o = {.store = store, .head_file = head_file, .key = &key, .mirror = mirror};
	struct ledger *l;
	struct why why = {""};

	(void)state;
	fresh();
	for (unsigned k = 1; k <= 4; k++) {
		arm_calls(THREAD, k, k);
		assert_int_equal(ledger_open(&l, &o, &why), ERR_NOMEM);
		assert_int_equal(fault.hit, k);
	}
	fault.armed = 0;
	l = start();
	ledger_close(l);
	drop(0);
}

/* ---- a disk that is full, a store that cannot be written ---------------------------------- */

/* In a mount namespace of its own, `disk` is a file system of 96 MB; 0 if that is not allowed here. */
static int
small_disk(const char *disk)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", disk, "tmpfs", 0, "size=96m") == 0;
}

static void
fill(const char *disk)
{
	static const uint8_t block[4096];
	char path[200];
	int fd;

	(void)snprintf(path, sizeof path, "%s/ballast", disk);
	assert_true((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	(void)close(fd);
}

static void
on_full_disk(void)
{
	struct why why = {""};
	struct ledger *l;
	static const uint8_t big[60000];
	char ballast[200];
	uint32_t n = 0;
	enum err e = OK;

	l = start();
	for (; n < 50; n++)
		assert_int_equal(append(l, n, &why), OK);
	fill(store);
	for (int i = 0; i < 1000 && (e = ledger_append(l, big, sizeof big, NULL, NULL, NULL, &why)) == OK; i++)
		; /* the write-ahead log has some room yet */
	assert_int_not_equal(e, OK);
	assert_int_not_equal(ledger_state(l, &why), OK);
	if (strstr(why.text, "No space left") == NULL || strstr(why.text, "nothing is acknowledged") == NULL)
		fail_msg("%s", why.text);
	(void)nanosleep(&wait_heal, NULL);
	assert_int_not_equal(append(l, n, &why), OK); /* tried again, and still full */
	(void)snprintf(ballast, sizeof ballast, "%.150s/ballast", store);
	assert_int_equal(unlink(ballast), 0);
	(void)nanosleep(&wait_heal, NULL);
	insist(l, n++, "disk full", 0);
	check(l, n);
	ledger_close(l);
	/* read-only from the start: refused with a sentence, and as it was when that is over */
	assert_int_equal(mount(NULL, store, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	{
		struct ledger_options o = {.store = store, .head_file = head_file, .key = &key, .mirror = mirror};

		assert_int_not_equal(ledger_open(&l, &o, &why), OK);
		assert_non_null(strstr(why.text, "Read-only file system"));
	}
	assert_int_equal(mount(NULL, store, NULL, MS_REMOUNT, NULL), 0);
	l = start();
	check(l, n);
	ledger_close(l);
}

static void
disk_full(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fresh();
	assert_int_equal(dir_make(store, NULL), OK);
	if ((pid = fork()) == 0) { /* the namespace is the child's */
		if (!small_disk(store))
			_exit(77);
		on_full_disk();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	drop(0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("skipped: file systems may not be mounted here\n");
		skip();
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(disk_full), cmocka_unit_test(every_step), cmocka_unit_test(under_load), cmocka_unit_test(twice_under_way),
	    cmocka_unit_test(publishing), cmocka_unit_test(public_meanwhile), cmocka_unit_test(full_check), cmocka_unit_test(no_threads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
