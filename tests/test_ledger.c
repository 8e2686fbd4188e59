/* tests/test_ledger.c - ledger/ledger.c and registry/registry.c
 *
 * Goal    what is acknowledged is durable, proven and there once; older copies
 *         and second processes are refused.
 * Method  a child appends and is killed at random moments; every receipt it was
 *         given must verify afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "ledger/restore.h"
#include "ledger/store.h"
#include "registry/registry.h"

static char dir[64];
static struct signer key;

static void
shell(const char *format, ...)
{
	char cmd[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(cmd, sizeof cmd, format, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static char mirror[128]; /* empty: none */

static int
key_of_entry(const uint8_t *entry, size_t n, uint8_t out[32])
{
	struct hash h;

	if (n != 40)
		return 0;
	sha256(&h, entry, n);
	memcpy(out, h.b, 32);
	return 1;
}

static struct ledger_options
options(const char *store, const char *head)
{
	return (struct ledger_options){.store = store, .head_file = head, .key = &key, .pool_ms = 1, .mirror = mirror[0] != '\0' ? mirror : NULL, .entry_key = key_of_entry};
}

static enum err
open_log(struct ledger **l, struct why *why)
{
	char store[128], head[128];
	struct ledger_options o = options(store, head);

	(void)snprintf(store, sizeof store, "%s/store", dir);
	(void)snprintf(head, sizeof head, "%s/head", dir);
	return ledger_open(l, &o, why);
}

static int
fresh(void **state)
{
	uint8_t seed[32] = {3};

	(void)state;
	(void)strcpy(dir, "/tmp/urna-ledger-XXXXXX");
	mirror[0] = '\0';
	return mkdtemp(dir) == NULL || signer_of_seed(&key, "urna.test/log", seed) != OK;
}

static int
drop(void **state)
{
	(void)state;
	signer_close(&key);
	shell("rm -rf %s", dir);
	return 0;
}

static void
entry_of(uint8_t e[40], uint8_t dedup[32], uint32_t n)
{
	struct hash h;

	memset(e, 0, 40);
	memcpy(e, &n, sizeof n);
	sha256(&h, e, 40);
	memcpy(dedup, h.b, 32);
}

static void
check_receipt(const struct buf *receipt, uint32_t n)
{
	uint8_t e[40], dedup[32];
	struct receipt r;
	struct vkey v;
	struct hash leaf;
	struct head head;

	entry_of(e, dedup, n);
	leaf_hash(&leaf, e, sizeof e);
	assert_int_equal(vkey_make(&v, key.name, NOTE_ED25519, key.key), OK);
	assert_int_equal(receipt_read(&r, receipt->p, receipt->n, NULL), OK);
	assert_int_equal(receipt_verify(&r, &leaf, &v, &head, NULL), OK);
}

static void
appends(void **state)
{
	struct ledger *l, *second;
	struct why why;
	uint64_t index, again;

	(void)state;
	assert_int_equal(open_log(&l, &why), OK);
	for (uint32_t i = 0; i < 300; i++) {
		uint8_t e[40], dedup[32];
		struct buf receipt = {0};

		entry_of(e, dedup, i);
		assert_int_equal(ledger_append(l, e, sizeof e, dedup, &index, &receipt, &why), OK);
		assert_int_equal(index, i);
		check_receipt(&receipt, i);
		buf_free(&receipt);
		e[39] = 1; /* another entry under the same key */
		assert_int_equal(ledger_append(l, e, sizeof e, dedup, &again, NULL, &why), ERR_EXISTS);
		assert_int_equal(again, index);
	}
	assert_int_equal(open_log(&second, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "another process"));
	assert_int_equal(ledger_publish(l, &why), OK);
	struct buf b = {0};
	assert_int_equal(ledger_public_file(l, "tile/entries/001.p/44", &b, &why), OK);
	assert_int_equal(ledger_public_file(l, "tile/entries/001.p/43", &b, &why), ERR_ABSENT);
	assert_int_equal(ledger_public_file(l, "../store/CURRENT", &b, &why), ERR_ABSENT);
	buf_free(&b);
	char out[128];
	(void)snprintf(out, sizeof out, "%s/export", dir);
	assert_int_equal(ledger_export(l, out, &why), OK);
	struct file_source src = source_dir(out);
	struct head head;
	ledger_public_head(l, &head, NULL);
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, &why), OK);
	ledger_seal(l);
	assert_int_equal(ledger_append(l, "x", 1, NULL, &index, NULL, &why), ERR_NOT_NOW);
	ledger_close(l);
}

static void
older_copies(void **state)
{
	struct ledger *l;
	struct why why;
	uint64_t index;

	(void)state;
	assert_int_equal(open_log(&l, &why), OK);
	assert_int_equal(ledger_append(l, "a", 1, NULL, &index, NULL, &why), OK);
	ledger_close(l);
	shell("cp -r %s/store %s/old && cp %s/head %s/head.old", dir, dir, dir, dir);
	assert_int_equal(open_log(&l, &why), OK);
	assert_int_equal(ledger_append(l, "b", 1, NULL, &index, NULL, &why), OK);
	ledger_close(l);
	shell("mv %s/store %s/new && cp -r %s/old %s/store", dir, dir, dir, dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW); /* yesterday's backup */
	shell("rm -r %s/store", dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW); /* no store at all */
	shell("rm -rf %s/store && mv %s/new %s/store && mv %s/head %s/head.new", dir, dir, dir, dir, dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW); /* no head file */
	shell("cp %s/head.old %s/head", dir, dir);
	assert_int_equal(open_log(&l, &why), OK); /* stopped between store and head file: goes on */
	struct head head;
	ledger_head(l, &head, NULL);
	assert_int_equal(head.size, 2);
	shell("rm %s/head", dir);
	assert_int_equal(ledger_append(l, "c", 1, NULL, &index, NULL, &why), ERR_NOT_NOW); /* fence gone: nothing signed */
	shell("cp %s/head.new %s/head", dir, dir);
	assert_int_equal(ledger_append(l, "c", 1, NULL, &index, NULL, &why), OK); /* and back without hand work */
	ledger_close(l);
}

/* Append from `first` on; every receipt goes down the pipe before the next. */
static void
child(int fd, uint32_t first)
{
	struct ledger *l;
	struct why why;

	if (open_log(&l, &why) != OK)
		_exit(3);
	for (uint32_t i = first;; i++) {
		uint8_t e[40], dedup[32];
		struct buf receipt = {0}, message = {0};
		uint64_t index;

		entry_of(e, dedup, i);
		if (ledger_append(l, e, sizeof e, dedup, &index, &receipt, &why) != OK)
			_exit(4);
		buf_u32(&message, i);
		buf_u64(&message, index);
		if (write(fd, message.p, message.n) != (ssize_t)message.n)
			_exit(5);
		check_receipt(&receipt, i);
		buf_free(&receipt);
		buf_free(&message);
	}
}

static void
killed(void **state)
{
	const char *rounds = getenv("CRASH_ROUNDS");
	uint64_t acknowledged = 0;
	uint32_t next = 0;

	(void)state;
	for (int round = 0; round < (rounds != NULL ? atoi(rounds) : 20); round++) {
		int fd[2];
		uint8_t m[12];
		pid_t pid;

		assert_int_equal(pipe(fd), 0);
		if ((pid = fork()) == 0) {
			(void)close(fd[0]);
			child(fd[1], next);
		}
		(void)close(fd[1]);
#ifdef __SANITIZE_ADDRESS__
		long slow = 8; /* a child under the sanitizer has not even opened its store in that time */
#else
		long slow = 1;
#endif
		long wait = (rand() % 200 + 40) * slow;
		struct timespec t = {wait / 1000, wait % 1000 * 1000000};
		(void)nanosleep(&t, NULL);
		(void)kill(pid, SIGKILL);
		int status;
		(void)waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		struct ledger *l;
		struct why why;
		if (open_log(&l, &why) != OK)
			fail_msg("%s", why.text);
		while (read(fd[0], m, sizeof m) == (ssize_t)sizeof m) {
			struct rd r = rd_init(m, sizeof m);
			uint32_t n = rd_u32(&r);
			uint64_t index = rd_u64(&r), found;
			uint8_t e[40], dedup[32];
			struct buf receipt = {0};

			entry_of(e, dedup, n);
			assert_int_equal(ledger_find(l, dedup, &found), OK);
			assert_int_equal(found, index);
			assert_int_equal(ledger_receipt(l, index, &receipt, &why), OK);
			check_receipt(&receipt, n);
			buf_free(&receipt);
			next = n + 1;
			acknowledged++;
		}
		(void)close(fd[0]);
		struct head head;
		ledger_head(l, &head, NULL);
		assert_true(head.size >= next && head.size <= next + 1ul); /* at most one that nobody was told of */
		next = (uint32_t)head.size;
		ledger_close(l);
	}
	assert_true(acknowledged > 0);
}

static void
add(struct ledger *l, uint32_t from, uint32_t to)
{
	struct why why = {""};

	for (uint32_t i = from; i < to; i++) {
		uint8_t e[40], dedup[32];

		entry_of(e, dedup, i);
		if (ledger_append(l, e, sizeof e, dedup, NULL, NULL, &why) != OK)
			fail_msg("%s", why.text);
	}
}

static enum err
restore(const char *backup, const char *with_mirror, const char *published, struct why *why)
{
	char store[128], head[128];
	struct ledger_options o = options(store, head);
	struct restore_sources from = {backup, with_mirror, published};
	uint64_t size;

	(void)snprintf(store, sizeof store, "%s/store", dir);
	(void)snprintf(head, sizeof head, "%s/head", dir);
	shell("rm -rf %s/store", dir);
	return ledger_restore(&o, &from, &size, why);
}

/* The restored log has all 700 entries, finds them by key, and goes on. */
static void
whole(void)
{
	struct ledger *l;
	struct why why = {""};
	struct head head;
	uint64_t index;
	uint8_t e[40], dedup[32];

	if (open_log(&l, &why) != OK)
		fail_msg("%s", why.text);
	ledger_head(l, &head, NULL);
	assert_true(head.size >= 700);
	for (uint32_t i = 0; i < 700; i += 7) {
		entry_of(e, dedup, i);
		assert_int_equal(ledger_append(l, e, sizeof e, dedup, &index, NULL, &why), ERR_EXISTS);
		assert_int_equal(index, i);
	}
	add(l, (uint32_t)head.size, (uint32_t)head.size + 3);
	ledger_close(l);
}

static void
restored(void **state)
{
	char backup[128], copy[128], published[128], before[128];
	struct ledger *l;
	struct why why = {""};

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/log.mirror", dir);
	(void)snprintf(copy, sizeof copy, "%s/copy.mirror", dir);
	(void)snprintf(backup, sizeof backup, "%s/backup", dir);
	(void)snprintf(published, sizeof published, "%s/published", dir);
	(void)snprintf(before, sizeof before, "%s/before", dir);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 400);
	assert_int_equal(ledger_backup(l, backup, &why), OK);
	add(l, 400, 500);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, published, &why), OK);
	add(l, 500, 700);
	ledger_close(l);
	shell("cp %s %s && cp -r %s/head %s/head.kept", mirror, copy, dir, dir);
	/* yesterday's backup alone: says what is missing, makes nothing, and nothing is served */
	assert_int_equal(restore(backup, NULL, NULL, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "300 of 700 signed entries are in no source: 400-699"));
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW);
	shell("rm -rf %s/store && cp -r %s %s/store", dir, backup, dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW);
	/* backup and published files: up to 500 */
	assert_int_equal(restore(backup, NULL, published, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "200 of 700 signed entries are in no source: 500-699"));
	/* backup and mirror; mirror alone; all */
	assert_int_equal(restore(backup, copy, NULL, &why), OK);
	whole();
	shell("cp %s/head.kept %s/head && cp %s %s", dir, dir, copy, mirror);
	assert_int_equal(restore(NULL, copy, NULL, &why), OK);
	whole();
	shell("cp %s/head.kept %s/head && cp %s %s", dir, dir, copy, mirror);
	assert_int_equal(restore(backup, copy, published, &why), OK);
	whole();
	shell("cp %s/head.kept %s/head && cp %s %s", dir, dir, copy, mirror);
	/* a torn last frame, and a damaged one */
	shell("head -c -3 %s >%s.torn", copy, copy);
	(void)snprintf(before, sizeof before, "%s.torn", copy);
	assert_int_equal(restore(NULL, before, NULL, &why), ERR_NOT_NOW);
	shell("cp %s %s.torn && printf x | dd of=%s.torn bs=1 seek=3000 conv=notrunc 2>/dev/null", copy, copy, copy);
	assert_int_equal(restore(NULL, before, NULL, &why), ERR_PROOF);
	/* a mirror that is ahead shows an older store even if the head file is old, too */
	shell("rm -rf %s/store && cp -r %s %s/store && cp %s %s", dir, backup, dir, copy, mirror);
	shell("mv %s/head %s/head.new", dir, dir);
	{
		struct head old;
		char text[200], hex[65];
		struct store *s;
		struct buf b = {0};
		struct vkey v;

		(void)snprintf(text, sizeof text, "%s/store", dir);
		assert_int_equal(store_open(&s, text, &why), OK);
		assert_int_equal(store_get(s, "h", 1, &b, &why), OK);
		store_close(s);
		assert_int_equal(vkey_make(&v, key.name, NOTE_ED25519, key.key), OK);
		assert_int_equal(checkpoint_open(&old, b.p, b.n, &v, &why), OK);
		buf_free(&b);
		hash_hex(hex, &old.root);
		shell("echo %lu %s >%s/head", (unsigned long)old.size, hex, dir);
	}
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "the mirror has 700"));
	/* published files of another log */
	shell("mv %s/head.new %s/head && cp -r tests/vectors/tlog/ref600 %s/other", dir, dir, dir);
	(void)snprintf(before, sizeof before, "%s/other", dir);
	assert_int_equal(restore(backup, NULL, before, &why), ERR_FORMAT); /* another origin */
}

/* An entry, then a tile, changed inside the store: the right edge is right, the full check behind it is not deceived. */
static void
changed_inside(void **state)
{
	struct timespec little = {0, 10000000};
	struct ledger *l;
	struct why why = {""};
	struct store *s;
	char store[128];

	(void)state;
	(void)snprintf(store, sizeof store, "%s/store", dir);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 300);
	ledger_close(l);
	shell("cp -r %s/store %s/good", dir, dir);
	for (int kind = 0; kind < 3; kind++) {
		struct store_batch *b = store_batch_new();
		uint8_t entry_key[9] = {'e', 0, 0, 0, 0, 0, 0, 0, 77}, tile_key[10] = {'t', 0}, hashes[256 * 32] = {1};
		int tries = 0;

		shell("rm -rf %s/store && cp -r %s/good %s/store", dir, dir, dir);
		if (kind == 0)
			store_batch_put(b, entry_key, sizeof entry_key, "another", 7);
		else if (kind == 1)
			store_batch_put(b, tile_key, sizeof tile_key, hashes, sizeof hashes);
		assert_int_equal(store_open(&s, store, &why), OK);
		assert_int_equal(store_write(s, b, &why), OK);
		store_batch_free(b);
		store_close(s);
		if (open_log(&l, &why) != OK) { /* the right edge noticed it at once */
			assert_int_equal(kind, 1);
			continue;
		}
		while (ledger_state(l, &why) == OK && tries++ < 200)
			(void)nanosleep(&little, NULL);
		assert_int_equal(ledger_state(l, &why), kind == 2 ? OK : ERR_PROOF);
		if (kind != 2) {
			assert_non_null(strstr(why.text, "full check"));
			assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), ERR_PROOF);
		} else
			assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), OK);
		ledger_close(l);
	}
}

static void
registries(void **state)
{
	char path[128], fence[128];
	struct buf request = {0}, other = {0}, answer = {0};
	struct registry_row have = {0};
	struct registry *r;
	struct why why;
	uint8_t sig[64] = {1};
	uint32_t a, c;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/r.sqlite", dir);
	(void)snprintf(fence, sizeof fence, "%s/r.count", dir);
	buf_str(&request, "request");
	buf_str(&other, "another");
	buf_str(&answer, "answer");
	assert_int_equal(registry_create(path, fence, 50, 100, 100, &why), OK);
	assert_int_equal(registry_create(path, fence, 50, 100, 100, &why), ERR_EXISTS);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_authorize(r, 7, &request, &answer, &have, &why), OK);
	assert_int_equal(registry_authorize(r, 7, &other, &answer, &have, &why), ERR_EXISTS);
	assert_int_equal(have.request.n, request.n);
	assert_memory_equal(have.request.p, request.p, request.n);
	registry_row_free(&have);
	assert_int_equal(registry_authorize(r, 50, &request, &answer, &have, &why), ERR_RANGE);
	assert_int_equal(registry_confirm(r, 7, sig, &why), OK);
	registry_counts(r, &a, &c);
	assert_int_equal(a, 1);
	assert_int_equal(c, 1);
	registry_close(r);
	shell("cp %s %s.old", path, path);
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_authorize(r, 3, &request, &answer, &have, &why), OK);
	registry_close(r);
	shell("cp %s.old %s", path, path); /* an older copy authorizes nobody */
	assert_int_equal(registry_open(&r, path, fence, &why), OK);
	assert_int_equal(registry_authorize(r, 3, &other, &answer, &have, &why), ERR_NOT_NOW);
	assert_int_equal(registry_authorize(r, 9, &other, &answer, &have, &why), ERR_NOT_NOW);
	registry_close(r);
	buf_free(&request);
	buf_free(&other);
	buf_free(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(appends, fresh, drop),
	    cmocka_unit_test_setup_teardown(older_copies, fresh, drop),
	    cmocka_unit_test_setup_teardown(killed, fresh, drop),
	    cmocka_unit_test_setup_teardown(restored, fresh, drop),
	    cmocka_unit_test_setup_teardown(changed_inside, fresh, drop),
	    cmocka_unit_test_setup_teardown(registries, fresh, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
