/* tests/test_faults.c - every step of the sequencing function fails, "and was not stored" and "but was stored".
 *
 * Goal    after each fault: nothing false was acknowledged, the log goes on by itself or after a restart, every receipt
 *         verifies, heads are consistent with all heads seen before, nothing is there twice.
 * Method  the calls that the steps are made of are replaced when this program is linked (-Wl,--wrap, Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "crypto/tile.h"
#include "ledger/headfile.h"
#include "ledger/ledger.h"
#include "ledger/mirror.h"
#include "ledger/store.h"

enum step { FENCE_READ, SIGN, STORE, MIRROR, HEAD_FILE, STEPS };
static const char *const names[STEPS] = {"fence", "signature", "store", "mirror", "head file"};

static struct {
	enum step step;
	int armed, after; /* after: carried out, and then reported as failed */
	unsigned hit;
} fault;

static int
strikes(enum step s)
{
	if (!fault.armed || fault.step != s)
		return 0;
	fault.hit++;
	return 1;
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
static struct buf receipts[1000];
static struct head heads[200];
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

/* Every receipt; every head seen; the log recomputed from its entries; no entry twice. */
struct twice {
	uint8_t seen[1000];
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
	assert_int_equal(n, 40);
	memcpy(&k, entry, sizeof k);
	assert_int_equal(t->seen[k]++, 0);
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

static void
every_step(void **state)
{
	struct why why = {""};
	struct timespec wait = {1, 100000000}, little = {0, 20000000};
	uint8_t seed[32] = {9};
	struct ledger *l;
	uint32_t n = 0;
	char cmd[200];

	(void)state;
	(void)strcpy(dir, "/tmp/urna-faults-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(store, sizeof store, "%s/store", dir);
	(void)snprintf(head_file, sizeof head_file, "%s/head", dir);
	(void)snprintf(mirror, sizeof mirror, "%s/mirror", dir);
	assert_int_equal(signer_of_seed(&key, "urna.test/log", seed), OK);
	l = start();
	for (int restart = 0; restart < 2; restart++)
		for (int s = 0; s < STEPS; s++)
			for (int after = 0; after < 2; after++) {
				enum err e;
				int tries = 0;

				for (int i = 0; i < 5; i++)
					assert_int_equal(append(l, n++, &why), OK);
				fault.step = (enum step)s;
				fault.after = after;
				fault.hit = 0;
				fault.armed = 1;
				assert_int_not_equal(append(l, n, &why), OK); /* no acknowledgement */
				assert_true(fault.hit > 0);
				if (why.text[0] == '\0')
					fail_msg("%s: no sentence", names[s]);
				fault.armed = 0; /* the cause is gone */
				if (restart) {
					ledger_close(l);
					l = start();
				} else if (ledger_state(l, NULL) != OK)
					(void)nanosleep(&wait, NULL);
				while ((e = append(l, n, &why)) != OK && e != ERR_EXISTS && tries++ < 100)
					(void)nanosleep(&little, NULL);
				if (e != OK && e != ERR_EXISTS)
					fail_msg("%s, %s: does not go on: %s", names[s], after ? "stored" : "not stored", why.text);
				n++;
				check(l, n);
			}
	ledger_close(l);
	l = start();
	check(l, n);
	ledger_close(l);
	for (uint32_t i = 0; i < n; i++)
		buf_free(&receipts[i]);
	signer_close(&key);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_step)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
