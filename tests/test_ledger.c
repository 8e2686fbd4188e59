/* tests/test_ledger.c - ledger/ledger.c and registry/registry.c
 *
 * Goal    what is acknowledged is durable, proven and there once; older copies
 *         and second processes are refused.
 * Method  a child appends and is killed at random moments; every receipt it was
 *         given must verify afterwards.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/token.h"
#include "ledger/headfile.h"
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

static int
in(const char *folder, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* From 300 entries, exported, to 310 and 520: who read the checkpoint of 300 finds its partial tiles until there are full ones. */
static void
grown_export(struct ledger *l, const char *out)
{
	struct why why = {""};

	add(l, 300, 310);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, out, &why), OK);
	assert_true(in(out, "tile/entries/001.p/44") && in(out, "tile/entries/001.p/54"));
	assert_true(in(out, "tile/0/001.p/44") && in(out, "tile/0/001.p/54"));
	assert_int_equal(ledger_record(l, out, &why), OK); /* a record has one size */
	assert_false(in(out, "tile/entries/001.p/44") || in(out, "tile/0/001.p/44"));
	assert_true(in(out, "tile/0/001.p/54"));
	add(l, 310, 520);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, out, &why), OK);
	assert_true(in(out, "tile/entries/001") && in(out, "tile/1/000.p/1") && in(out, "tile/1/000.p/2"));
	assert_false(in(out, "tile/entries/001.p/54") || in(out, "tile/0/001.p"));
}

/* A witness that is asked again has one line in the public checkpoint, its last; and whatever is added, the checkpoint is read again. */
static void
cosigned(void **state)
{
	struct signer witness;
	struct buf line = {0}, note = {0};
	struct ledger *l;
	struct vkey k;
	struct head head;
	struct why why = {""};
	uint8_t seed[32] = {7}, sig[72] = {0};
	uint64_t time;
	struct note parts;
	char name[16];

	(void)state;
	assert_int_equal(signer_of_seed(&witness, "witness", seed), OK);
	assert_int_equal(vkey_make(&k, witness.name, NOTE_COSIGNATURE, witness.key), OK);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 5);
	assert_int_equal(ledger_publish(l, &why), OK);
	for (uint64_t t = 1; t <= 70; t++) {
		size_t bare;

		note.n = line.n = 0;
		ledger_public_head(l, &head, &note);
		bare = note.n;
		assert_int_equal(checkpoint_cosign(&note, 1000 + t, &witness), OK);
		buf_put(&line, note.p + bare, note.n - bare);
		assert_int_equal(ledger_cosigned(l, &head, &line, &why), OK);
		assert_int_equal(ledger_cosigned(l, &head, &line, &why), ERR_EXISTS);
	}
	for (unsigned i = 0; i < 70; i++) { /* 62 others, and no more */
		(void)snprintf(name, sizeof name, "w%u", i);
		line.n = 0;
		note_line(&line, name, k.id, sig, sizeof sig);
		assert_int_equal(ledger_cosigned(l, &head, &line, &why), i < NOTE_MAX_SIGNATURES - 2 ? OK : ERR_RANGE);
	}
	line.n = 0;
	buf_str(&line, "no line\n");
	assert_int_equal(ledger_cosigned(l, &head, &line, &why), ERR_FORMAT);
	ledger_close(l);
	assert_int_equal(open_log(&l, &why), OK);
	note.n = 0;
	ledger_public_head(l, &head, &note);
	assert_int_equal(note_read(&parts, note.p, note.n, &why), OK);
	assert_int_equal(parts.signatures, NOTE_MAX_SIGNATURES);
	assert_int_equal(checkpoint_cosigned(&time, &parts, &k), OK);
	assert_int_equal(time, 1070);
	ledger_close(l);
	buf_free(&note);
	buf_free(&line);
	signer_close(&witness);
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
	assert_int_equal(ledger_public_file(l, "tile/entries/001.p/43", &b, &why), OK); /* of an earlier head */
	assert_int_equal(ledger_public_file(l, "tile/0/000.p/255", &b, &why), OK);
	assert_int_equal(ledger_public_file(l, "tile/entries/001.p/45", &b, &why), ERR_ABSENT);
	assert_int_equal(ledger_public_file(l, "tile/1/000.p/2", &b, &why), ERR_ABSENT);
	assert_int_equal(ledger_public_file(l, "tile/0/002.p/1", &b, &why), ERR_ABSENT);
	assert_int_equal(ledger_public_file(l, "../store/CURRENT", &b, &why), ERR_ABSENT);
	buf_free(&b);
	char out[128];
	(void)snprintf(out, sizeof out, "%s/export", dir);
	assert_int_equal(ledger_export(l, out, &why), OK);
	struct file_source src = source_dir(out);
	struct head head;
	ledger_public_head(l, &head, NULL);
	assert_int_equal(log_read(&src, "", &head, NULL, NULL, &why), OK);
	grown_export(l, out);
	ledger_seal(l);
	assert_int_equal(ledger_append(l, "x", 1, NULL, &index, NULL, &why), ERR_NOT_NOW);
	ledger_close(l);
}

/* At most five seconds. */
static void
until_state(struct ledger *l, enum err want)
{
	struct timespec little = {0, 10000000};
	struct why why = {""};
	int tries = 0;
	enum err e;

	while ((e = ledger_state(l, &why)) != want && tries++ < 500)
		(void)nanosleep(&little, NULL);
	if (e != want)
		fail_msg("the state is %s and not %s: %s", err_name(e), err_name(want), why.text);
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
	assert_int_equal(ledger_state(l, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "is gone or was changed by another process: nothing is signed"));
	shell("cp %s/head.new %s/head", dir, dir);
	assert_int_equal(ledger_append(l, "c", 1, NULL, &index, NULL, &why), OK); /* and back without hand work */
	assert_int_equal(ledger_state(l, &why), OK);
	shell("mv %s/head %s/head.away", dir, dir);
	until_state(l, ERR_NOT_NOW); /* noticed, and forgotten, without an append */
	shell("mv %s/head.away %s/head", dir, dir);
	until_state(l, OK);
	ledger_close(l);
}

/* ---- killed at random moments under load ------------------------------------------------ */

enum { UNDER_WAY = 100 };

struct flight {
	struct ledger_append a;
	uint8_t entry[40], key[32];
	struct buf receipt;
};

static void
submit(struct ledger *l, struct flight *f, uint32_t n)
{
	struct why why;

	memset(f, 0, sizeof *f);
	entry_of(f->entry, f->key, n);
	f->a.entry = f->entry;
	f->a.n = sizeof f->entry;
	f->a.key = f->key;
	f->a.receipt = &f->receipt;
	if (ledger_submit(l, &f->a, &why) != OK)
		_exit(4);
}

/* Append from `first` on, a hundred under way; what is acknowledged goes down the pipe: entry, index, receipt. */
static void
child(int fd, uint32_t first)
{
	static struct flight f[UNDER_WAY];
	struct ledger *l;
	struct why why;

	if (open_log(&l, &why) != OK)
		_exit(3);
	for (uint32_t i = 0; i < UNDER_WAY; i++)
		submit(l, &f[i], first + i);
	for (uint32_t i = first;; i++) {
		struct flight *at = &f[(i - first) % UNDER_WAY];
		struct buf message = {0};
		enum err e = ledger_wait(&at->a);

		if (e != OK && e != ERR_EXISTS) /* there from before, when nobody was told */
			_exit(5);
		buf_u32(&message, i);
		buf_u64(&message, at->a.index);
		buf_vec16(&message, at->receipt.p, at->receipt.n);
		if (write(fd, message.p, message.n) != (ssize_t)message.n)
			_exit(6);
		buf_free(&message);
		buf_free(&at->receipt);
		submit(l, at, i + UNDER_WAY);
	}
}

/* Every head that a receipt hung on, for the end; struct head after struct head. */
static struct buf heads_given;

/* The head that a receipt hangs on is of the same history as the log's now. */
static void
continues(struct ledger *l, const struct buf *receipt)
{
	struct hash path[MERKLE_MAX_PATH];
	struct checkpoint c;
	struct receipt r;
	struct head now;
	struct why why = {""};
	size_t n;

	ledger_head(l, &now, NULL);
	assert_int_equal(receipt_read(&r, receipt->p, receipt->n, &why), OK);
	assert_int_equal(checkpoint_read(&c, r.checkpoint, r.checkpoint_n, &why), OK);
	assert_int_equal(ledger_consistency(l, c.head.size, now.size, path, &n, &why), OK);
	assert_int_equal(consistency_check(c.head.size, now.size, path, n, &c.head.root, &now.root), OK);
	buf_put(&heads_given, &c.head, sizeof c.head);
}

/* What the files of the log say: the tree at every size, and which entries there are. */
struct recomputed {
	struct frontier f;
	struct hash *root; /* of the first n entries */
	uint8_t *seen;
	uint32_t most;
};

static enum err
on_exported(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf)
{
	struct recomputed *r = ctx;
	uint32_t k;

	memcpy(&k, entry, sizeof k);
	assert_true(n == 40 && k < r->most);
	assert_int_equal(r->seen[k]++, 0); /* none twice, none that was never sent */
	frontier_append(&r->f, leaf);
	frontier_root(&r->root[index + 1], &r->f);
	return OK;
}

/* The log recomputed from its published files: its head, and every head that a receipt hung on, are of this tree; all that was
 * acknowledged is in it. */
static void
recompute(struct ledger *l, uint32_t acknowledged_n, uint32_t most)
{
	char out[128] = "";
	struct file_source src = source_dir(out);
	struct recomputed r = {.most = most, .seen = calloc(1, most)};
	struct why why = {""};
	struct head head;

	(void)snprintf(out, sizeof out, "%s/export", dir);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, out, &why), OK);
	ledger_public_head(l, &head, NULL);
	r.root = calloc(head.size + 1, sizeof *r.root);
	assert_true(r.seen != NULL && r.root != NULL && !heads_given.failed);
	if (log_read(&src, "", &head, on_exported, &r, &why) != OK)
		fail_msg("%s", why.text);
	for (uint32_t i = 0; i < acknowledged_n; i++)
		assert_int_equal(r.seen[i], 1);
	assert_true(heads_given.n > 0);
	for (size_t i = 0; i < heads_given.n; i += sizeof head) {
		memcpy(&head, heads_given.p + i, sizeof head);
		assert_memory_equal(r.root[head.size].b, head.root.b, HASH_BYTES);
	}
	buf_free(&heads_given);
	free(r.root);
	free(r.seen);
}

/* Everything that came down the pipe: found where it was said to be, and proved. Returns how much that was. */
static uint32_t
acknowledged(struct ledger *l, int fd, uint32_t first)
{
	struct buf all = {0};
	uint8_t piece[4096];
	struct why why = {""};
	uint32_t next = first;
	struct rd r;
	ssize_t k;

	while ((k = read(fd, piece, sizeof piece)) > 0)
		buf_put(&all, piece, (size_t)k);
	r = rd_init(all.p, all.n);
	for (;;) {
		uint32_t n = rd_u32(&r);
		uint64_t index = rd_u64(&r), found;
		uint8_t e[40], dedup[32];
		size_t size;
		const uint8_t *p = rd_vec16(&r, &size);
		struct buf given = {0}, again = {0};

		if (p == NULL) /* the end, or a message that was cut off */
			break;
		assert_int_equal(n, next++);
		entry_of(e, dedup, n);
		assert_int_equal(ledger_find(l, dedup, &found), OK);
		assert_int_equal(found, index);
		assert_int_equal(ledger_receipt(l, index, &again, &why), OK);
		check_receipt(&again, n);
		if (size > 0) {
			buf_put(&given, p, size);
			check_receipt(&given, n);
			continues(l, &given);
		}
		buf_free(&given);
		buf_free(&again);
	}
	buf_free(&all);
	return next - first;
}

static void
killed(void **state)
{
	const char *rounds = getenv("CRASH_ROUNDS");
	uint32_t next = 0;
	struct ledger *l;
	struct why why = {""};
	struct head head;

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/log.mirror", dir);
	for (int round = 0; round < (rounds != NULL ? atoi(rounds) : 20); round++) {
#ifdef __SANITIZE_ADDRESS__
		long slow = 8; /* a child under the sanitizer has not even opened its store in that time */
#else
		long slow = 1;
#endif
		long wait = (rand() % 200 + 40) * slow;
		struct timespec t = {wait / 1000, wait % 1000 * 1000000};
		int fd[2], status;
		pid_t pid;

		assert_int_equal(pipe(fd), 0);
		if ((pid = fork()) == 0) {
			(void)close(fd[0]);
			child(fd[1], next);
		}
		(void)close(fd[1]);
		(void)fcntl(fd[0], F_SETPIPE_SZ, 1 << 20); /* the child does not wait for the reader */
		if (round % 4 > 0) /* else it may also be killed while it opens the log */
			(void)poll(&(struct pollfd){.fd = fd[0], .events = POLLIN}, 1, 60000);
		(void)nanosleep(&t, NULL);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status))
			fail_msg("round %d: the child ended by itself with %d", round, WEXITSTATUS(status));
		if (open_log(&l, &why) != OK)
			fail_msg("%s", why.text);
		next += acknowledged(l, fd[0], next);
		(void)close(fd[0]);
		ledger_head(l, &head, NULL);
		assert_true(head.size >= next && head.size <= next + UNDER_WAY + 0ul); /* at most those that were under way */
		ledger_close(l);
	}
	if (next < 100)
		fail_msg("only %u acknowledged: the test tests nothing", next);
	assert_int_equal(open_log(&l, &why), OK);
	recompute(l, next, next + UNDER_WAY);
	ledger_close(l);
}

/* ---- one writer -------------------------------------------------------------------------- */

enum { MEETINGS = 400 };

/* The store is copied, and both are started: first where the lock holds, then as if it did not (another machine, with the
 * head file on a shared disk): what one signs shuts the other out. */
static void
two_writers(void **state)
{
	char store[128], copy[128], head[128];
	struct ledger_options o = options(copy, head);
	struct ledger *l, *second;
	struct why why = {""};
	struct head before, after;

	(void)state;
	(void)snprintf(store, sizeof store, "%s/store", dir);
	(void)snprintf(copy, sizeof copy, "%s/copy", dir);
	(void)snprintf(head, sizeof head, "%s/head", dir);
	assert_int_equal(open_log(&l, &why), OK);
	assert_int_equal(ledger_append(l, "a", 1, NULL, NULL, NULL, &why), OK);
	assert_int_equal(ledger_backup(l, copy, &why), OK);
	assert_int_equal(ledger_open(&second, &o, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "another process runs this log"));
	shell("rm %s/head.lock", dir);
	assert_int_equal(ledger_open(&second, &o, &why), OK);
	assert_int_equal(ledger_append(l, "b", 1, NULL, NULL, NULL, &why), OK);
	ledger_head(second, &before, NULL);
	assert_int_equal(ledger_append(second, "c", 1, NULL, NULL, NULL, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "changed by another process: nothing is signed"));
	ledger_head(second, &after, NULL);
	assert_int_equal(before.size, after.size);
	assert_int_equal(ledger_append(l, "d", 1, NULL, NULL, NULL, &why), OK); /* the first goes on */
	ledger_close(second);
	assert_int_equal(ledger_open(&second, &o, &why), ERR_NOT_NOW); /* and the copy does not start again */
	assert_non_null(strstr(why.text, "it is an older copy"));
	ledger_close(l);
	/* nor does one that went its own way */
	assert_int_equal(ledger_open(&second, &o, &why), ERR_NOT_NOW);
}

/* Both wait for the other, again and again: as near to the same instant as two processes come. */
struct meeting {
	atomic_uint came[2], swapped[2][MEETINGS + 1];
};

static void
meet(struct meeting *m, int who, unsigned round)
{
	atomic_store(&m->came[who], round);
	while (atomic_load(&m->came[1 - who]) < round)
		(void)sched_yield();
}

/* One side of it: from the head of the round before to one's own. Every fourth time one side makes the file anew. */
static void
swap_in_turn(struct meeting *m, int who, const char *path)
{
	for (unsigned round = 1; round <= MEETINGS; round++) {
		struct head was, next = {.size = round, .root = {{(uint8_t)who, 1}}};
		struct why why = {""};
		enum err e;

		meet(m, who, 2 * round - 1);
		if (head_file_read(path, &was, &why) != OK)
			_exit(1);
		meet(m, who, 2 * round);
		e = round % 4 == 0 && who == 0 ? head_file_make(path, &was, &next, &why) : head_file_swap(path, &was, &next, &why);
		if (e != OK && e != ERR_NOT_NOW)
			_exit(2);
		atomic_store(&m->swapped[who][round], e == OK);
	}
}

/* Two processes compare with the same head and swap: one of them has done it, always. */
static void
swapped_at_once(void **state)
{
	struct meeting *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct head first = {.size = 0};
	struct why why = {""};
	char path[128];
	int status;
	pid_t pid;

	(void)state;
	assert_true(m != MAP_FAILED);
	(void)snprintf(path, sizeof path, "%s/head", dir);
	assert_int_equal(head_file_make(path, NULL, &first, &why), OK);
	assert_int_equal(head_file_make(path, NULL, &first, &why), ERR_NOT_NOW);
	if ((pid = fork()) == 0) {
		swap_in_turn(m, 1, path);
		_exit(0);
	}
	swap_in_turn(m, 0, path);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (unsigned round = 1; round <= MEETINGS; round++)
		if (m->swapped[0][round] + m->swapped[1][round] != 1)
			fail_msg("round %u: %u have swapped", round, m->swapped[0][round] + m->swapped[1][round]);
	(void)munmap(m, sizeof *m);
}

/* What two processes on two copies of a store had acknowledged. */
struct copies {
	atomic_int open[2], go;
	atomic_uint acknowledged[2];
};

static void
append_on_copy(struct copies *c, uint32_t first, int who, const char *store, const char *head)
{
	struct ledger_options o = options(store, head);
	struct ledger *l;
	struct why why = {""};

	if (ledger_open(&l, &o, &why) != OK)
		_exit(1);
	atomic_store(&c->open[who], 1);
	while (!atomic_load(&c->go))
		(void)sched_yield();
	for (uint32_t i = 0; i < 60; i++) { /* one of them is refused, and goes on trying until its log was opened again */
		uint8_t e[40], dedup[32];

		entry_of(e, dedup, first + i);
		if (ledger_append(l, e, sizeof e, dedup, NULL, NULL, &why) == OK)
			atomic_fetch_add(&c->acknowledged[who], 1);
		else
			(void)nanosleep(&(struct timespec){0, 25000000}, NULL);
	}
	_exit(0);
}

static void
wait_for_exit(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Both begin at once, where the lock of the log does not hold: one goes on, the other has nothing acknowledged, ever. */
static void
two_at_once(void **state)
{
	struct copies *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char store[2][128], head[128];
	struct ledger_options o = options(store[0], head);
	struct ledger *l;
	struct why why = {""};
	struct head now;

	(void)state;
	assert_true(c != MAP_FAILED);
	(void)snprintf(head, sizeof head, "%s/head", dir);
	(void)snprintf(store[0], sizeof store[0], "%s/store", dir);
	(void)snprintf(store[1], sizeof store[1], "%s/copy", dir);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 10);
	ledger_close(l);
	for (unsigned round = 0; round < 3; round++) {
		pid_t pid[2];
		int winner;

		memset(c, 0, sizeof *c);
		shell("rm -rf %s && cp -r %s %s", store[1], store[0], store[1]);
		for (int who = 0; who < 2; who++) {
			if ((pid[who] = fork()) == 0)
				append_on_copy(c, 1000 * (2 * round + (unsigned)who + 1), who, store[who], head);
			for (int tries = 0; !atomic_load(&c->open[who]) && tries < 1000; tries++)
				(void)nanosleep(&(struct timespec){0, 10000000}, NULL);
			assert_int_equal(c->open[who], 1);
			shell("rm %s.lock", head);
		}
		atomic_store(&c->go, 1);
		wait_for_exit(pid[0]);
		wait_for_exit(pid[1]);
		assert_true((c->acknowledged[0] == 60) != (c->acknowledged[1] == 60));
		winner = c->acknowledged[1] == 60;
		assert_int_equal(c->acknowledged[1 - winner], 0);
		o.store = store[1 - winner];
		assert_int_not_equal(ledger_open(&l, &o, &why), OK); /* and it does not start again */
		if (winner == 1)
			shell("rm -rf %s && mv %s %s", store[0], store[1], store[0]);
		assert_int_equal(open_log(&l, &why), OK);
		ledger_head(l, &now, NULL);
		assert_int_equal(now.size, 10 + 60 * (round + 1));
		ledger_close(l);
	}
	(void)munmap(c, sizeof *c);
}

/* A head file whose last write was torn, at every byte, says the head before. */
static void
torn_head_file(void **state)
{
	struct head a = {.size = 7, .root = {{1}}}, b = {.size = 9, .root = {{2}}}, got;
	struct buf before = {0}, after = {0};
	struct why why = {""};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/head", dir);
	assert_int_equal(head_file_read(path, &got, &why), ERR_ABSENT);
	assert_int_equal(head_file_make(path, NULL, &a, &why), OK);
	assert_int_equal(file_read(&before, path, 1 << 16, &why), OK);
	assert_int_equal(head_file_swap(path, &b, &a, &why), ERR_NOT_NOW);
	assert_int_equal(head_file_swap(path, &a, &b, &why), OK);
	assert_int_equal(head_file_read(path, &got, &why), OK);
	assert_int_equal(got.size, 9);
	assert_int_equal(file_read(&after, path, 1 << 16, &why), OK);
	assert_int_equal(before.n, after.n);
	for (size_t i = 0; i < after.n; i++)
		if (before.p[i] != after.p[i]) { /* written up to here */
			struct buf torn = {0};

			buf_put(&torn, after.p, i);
			buf_put(&torn, before.p + i, before.n - i);
			assert_int_equal(file_write(path, torn.p, torn.n, 0600, &why), OK);
			assert_int_equal(head_file_read(path, &got, &why), OK);
			assert_int_equal(got.size, 7);
			assert_memory_equal(got.root.b, a.root.b, HASH_BYTES);
			buf_free(&torn);
		}
	assert_int_equal(head_file_swap(path, &a, &b, &why), OK);
	for (size_t n = 0; n < before.n; n += 97) { /* cut short: not a head file, and nothing is made of it */
		assert_int_equal(file_write(path, before.p, n, 0600, &why), OK);
		assert_int_equal(head_file_read(path, &got, &why), ERR_FORMAT);
	}
	buf_free(&before);
	buf_free(&after);
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

/* The entries that a damaged mirror does not give come from elsewhere; whatever a source is like, it stays as it is. */
static void
sources_untouched(const char *backup, const char *copy, const char *all)
{
	static const char *const list = "cd %s && find sources ! -name .. -printf '%%p %%s %%T@ %%i\\n' | sort >%s && find sources -type f | sort | xargs sha256sum >>%s";
	char from_backup[128], from_mirror[128], before[128], after[128];
	struct why why = {""};

	shell("mkdir %s/sources && cp -r %s %s/sources/backup && cp %s %s/sources/mirror", dir, backup, dir, copy, dir);
	shell("printf '\\377' | dd of=%s/sources/mirror bs=1 seek=23082 conv=notrunc 2>/dev/null", dir);
	(void)snprintf(from_backup, sizeof from_backup, "%s/sources/backup", dir);
	(void)snprintf(from_mirror, sizeof from_mirror, "%s/sources/mirror", dir);
	(void)snprintf(before, sizeof before, "%s/before", dir);
	(void)snprintf(after, sizeof after, "%s/after", dir);
	shell(list, dir, before, before);
	assert_int_equal(restore(from_backup, from_mirror, NULL, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "300 of 700 signed entries are in no source: 400-699"));
	assert_int_equal(restore(NULL, from_mirror, NULL, &why), ERR_NOT_NOW);
	assert_int_equal(restore(from_backup, from_mirror, all, &why), OK);
	shell(list, dir, after, after);
	shell("cmp %s %s", before, after);
	shell("rm -r %s/sources", dir);
}

static void
restored(void **state)
{
	char backup[128], copy[128], published[128], before[128], all[128];
	struct ledger *l;
	struct why why = {""};

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/log.mirror", dir);
	(void)snprintf(copy, sizeof copy, "%s/copy.mirror", dir);
	(void)snprintf(backup, sizeof backup, "%s/backup", dir);
	(void)snprintf(published, sizeof published, "%s/published", dir);
	(void)snprintf(all, sizeof all, "%s/all", dir);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 400);
	assert_int_equal(ledger_backup(l, backup, &why), OK);
	add(l, 400, 500);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, published, &why), OK);
	add(l, 500, 700);
	assert_int_equal(ledger_publish(l, &why), OK);
	assert_int_equal(ledger_export(l, all, &why), OK);
	ledger_close(l);
	shell("cp %s %s && cp -r %s/head %s/head.kept", mirror, copy, dir, dir);
	/* yesterday's backup alone: says what is missing, makes nothing, and nothing is served */
	assert_int_equal(restore(backup, NULL, NULL, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "300 of 700 signed entries are in no source: 400-699"));
	shell("test ! -e %s/store.restoring", dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW);
	shell("rm -rf %s/store && cp -r %s %s/store", dir, backup, dir);
	assert_int_equal(open_log(&l, &why), ERR_NOT_NOW);
	/* backup and published files: up to 500 */
	assert_int_equal(restore(backup, NULL, published, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "200 of 700 signed entries are in no source: 500-699"));
	/* published files alone: as far as they go, and a hole in the middle is named */
	assert_int_equal(restore(NULL, NULL, published, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "200 of 700 signed entries are in no source: 500-699; nothing is restored and nothing may be signed without them"));
	shell("cp -r %s %s/holed && rm %s/holed/tile/entries/000", published, dir, dir);
	(void)snprintf(before, sizeof before, "%s/holed", dir);
	assert_int_equal(restore(NULL, NULL, before, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "456 of 700 signed entries are in no source: 0-255, 500-699"));
	assert_int_equal(restore(NULL, NULL, all, &why), OK);
	whole();
	shell("cp %s/head.kept %s/head && cp %s %s", dir, dir, copy, mirror);
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
	assert_int_equal(restore(NULL, before, NULL, &why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "is damaged or cut short"));
	sources_untouched(backup, copy, all);
	/* a mirror that is ahead shows an older store even if the head file is old, too */
	shell("rm -rf %s/store && cp -r %s %s/store && cp %s %s", dir, backup, dir, copy, mirror);
	shell("mv %s/head %s/head.new", dir, dir);
	{
		struct head old;
		char text[200];
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
		(void)snprintf(text, sizeof text, "%s/head", dir);
		assert_int_equal(head_file_make(text, NULL, &old, &why), OK);
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
		struct store_batch *b;
		uint8_t entry_key[9] = {'e', 0, 0, 0, 0, 0, 0, 0, 77}, tile_key[10] = {'e', 0, 0, 0, 0, 0, 0, 0, 255, 0}, hashes[256 * 32] = {1};
		int tries = 0;

		shell("rm -rf %s/store && cp -r %s/good %s/store", dir, dir, dir);
		assert_int_equal(store_open(&s, store, &why), OK);
		b = store_batch_new(s);
		if (kind == 0)
			store_batch_put(b, entry_key, sizeof entry_key, "another", 7);
		else if (kind == 1)
			store_batch_put(b, tile_key, sizeof tile_key, hashes, sizeof hashes);
		assert_int_equal(store_write(s, b, &why), OK);
		store_batch_free(b);
		store_close(s);
		if (open_log(&l, &why) != OK) { /* the right edge noticed it at once */
			assert_int_equal(kind, 1);
			continue;
		}
		while (kind == 2 && ledger_state(l, &why) == OK && tries++ < 100)
			(void)nanosleep(&little, NULL);
		until_state(l, kind == 2 ? OK : ERR_PROOF);
		if (kind != 2) {
			(void)ledger_state(l, &why);
			assert_non_null(strstr(why.text, "full check"));
			assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), ERR_PROOF);
		} else
			assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), OK);
		ledger_close(l);
	}
}

/* Enough for files of the store, closed; opened once more, so that nothing is in the write-ahead log alone. */
static void
fill_files(void)
{
	static uint8_t big[60000];
	struct ledger *l;
	struct why why = {""};

	assert_int_equal(open_log(&l, &why), OK);
	for (uint32_t i = 0; i < 300; i++) {
		memcpy(big, &i, sizeof i);
		assert_int_equal(ledger_append(l, big, sizeof big, NULL, NULL, NULL, &why), OK);
	}
	ledger_close(l);
	assert_int_equal(open_log(&l, &why), OK);
	ledger_close(l);
}

static void
closes_and_opens_refused(struct ledger *l)
{
	struct why why = {""};

	assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), ERR_PROOF);
	(void)nanosleep(&(struct timespec){2, 0}, NULL);
	assert_int_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), ERR_PROOF); /* it is not tried again */
	assert_int_equal(ledger_publish(l, &why), ERR_PROOF);
	ledger_close(l);
}

/* A byte flipped in a file of the store, far from the right edge: RocksDB's checksum tells, and signing stops for good. */
static void
damaged_block(void **state)
{
	char damaged[128];
	struct ledger *l;
	struct why why = {""};

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/log.mirror", dir);
	(void)snprintf(damaged, sizeof damaged, "%s/damaged", dir);
	fill_files();
	shell("cp -r %s/store %s/good", dir, dir);
	shell("f=$(ls -S %s/store/*.sst | head -1) && printf '\\377' | dd of=$f bs=1 seek=200000 conv=notrunc 2>/dev/null && ! cmp -s $f %s/good/${f##*/}", dir, dir);
	assert_int_equal(open_log(&l, &why), OK);
	until_state(l, ERR_PROOF);
	assert_int_equal(ledger_state(l, &why), ERR_PROOF);
	if (strstr(why.text, "Corruption") == NULL || strstr(why.text, "restore it") == NULL)
		fail_msg("%s", why.text);
	closes_and_opens_refused(l);
	shell("cp -r %s/store %s/kept && printf damaged | dd of=$(echo %s/store/MANIFEST*) bs=1 seek=60 conv=notrunc 2>/dev/null", dir, dir, dir);
	assert_int_equal(open_log(&l, &why), ERR_PROOF);
	assert_non_null(strstr(why.text, "restore it"));
	shell("rm -r %s/store && mv %s/kept %s", dir, dir, damaged); /* what it does not give, the mirror does */
	assert_int_equal(restore(damaged, NULL, NULL, &why), ERR_NOT_NOW);
	if (strstr(why.text, "of 300 signed entries are in no source") == NULL || strstr(why.text, "Corruption") == NULL)
		fail_msg("%s", why.text);
	assert_int_equal(restore(damaged, mirror, NULL, &why), OK);
	assert_int_equal(open_log(&l, &why), OK);
	ledger_close(l);
}

/* A frame in the middle of the mirror: the start does not read it, the full check does. */
static void
damaged_mirror(void **state)
{
	struct ledger *l;
	struct why why = {""};

	(void)state;
	(void)snprintf(mirror, sizeof mirror, "%s/log.mirror", dir);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 50);
	ledger_close(l);
	shell("printf x | dd of=%s bs=1 seek=3000 conv=notrunc 2>/dev/null", mirror);
	assert_int_equal(open_log(&l, &why), OK);
	until_state(l, ERR_PROOF);
	(void)ledger_state(l, &why);
	assert_non_null(strstr(why.text, "the mirror damaged, keep it as evidence"));
	closes_and_opens_refused(l);
}

/* The signing key is on a card that is taken away under load and comes back. */
static void
token_gone(void **state)
{
	struct passphrase so, pin;
	struct token_info info;
	struct token *t;
	struct ledger *l;
	struct vkey v;
	struct why why = {""};
	struct head before, after;
	char path[128], text[256];

	(void)state;
	if (access(TOKEN_DEFAULT_MODULE, F_OK) != 0) {
		print_message("skipped: softhsm2 is not installed\n");
		skip();
	}
	signer_close(&key);
	(void)snprintf(path, sizeof path, "%s/softhsm2.conf", dir);
	(void)snprintf(text, sizeof text, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n", dir);
	shell("mkdir %s/tokens", dir);
	assert_int_equal(file_write(path, text, strlen(text), 0600, &why), OK);
	assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
	passphrase_make(&so);
	passphrase_make(&pin);
	assert_int_equal(token_init(NULL, "log", &so, &pin, &info, &why), OK);
	assert_int_equal(token_open(&t, NULL, "log", info.serial, &pin, &why), OK);
	assert_int_equal(token_key_make(t, "urna.test/log", &v, &why), OK);
	assert_int_equal(token_signer(&key, t, "urna.test/log", &why), OK);
	assert_int_equal(open_log(&l, &why), OK);
	add(l, 0, 5);
	ledger_head(l, &before, NULL);
	for (int i = 0; i < 2; i++) {
		shell("mv %s/tokens %s/away", dir, dir);
		assert_int_not_equal(ledger_append(l, "x", 1, NULL, NULL, NULL, &why), OK);
		assert_non_null(strstr(why.text, "the log's key urna.test/log does not sign"));
		ledger_head(l, &after, NULL);
		assert_int_equal(before.size, after.size);
		assert_int_not_equal(ledger_state(l, &why), OK);
		assert_non_null(strstr(why.text, "the log's key urna.test/log does not sign"));
		shell("mv %s/away %s/tokens", dir, dir);
		until_state(l, OK);
		add(l, 5 + 5 * (uint32_t)i, 10 + 5 * (uint32_t)i); /* without hand work */
		ledger_head(l, &before, NULL);
	}
	assert_int_equal(before.size, 15);
	ledger_close(l);
	unsetenv("SOFTHSM2_CONF");
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
	    cmocka_unit_test_setup_teardown(cosigned, fresh, drop),
	    cmocka_unit_test_setup_teardown(older_copies, fresh, drop),
	    cmocka_unit_test_setup_teardown(killed, fresh, drop),
	    cmocka_unit_test_setup_teardown(two_writers, fresh, drop),
	    cmocka_unit_test_setup_teardown(swapped_at_once, fresh, drop),
	    cmocka_unit_test_setup_teardown(two_at_once, fresh, drop),
	    cmocka_unit_test_setup_teardown(torn_head_file, fresh, drop),
	    cmocka_unit_test_setup_teardown(restored, fresh, drop),
	    cmocka_unit_test_setup_teardown(changed_inside, fresh, drop),
	    cmocka_unit_test_setup_teardown(damaged_block, fresh, drop),
	    cmocka_unit_test_setup_teardown(damaged_mirror, fresh, drop),
	    cmocka_unit_test_setup_teardown(token_gone, fresh, drop),
	    cmocka_unit_test_setup_teardown(registries, fresh, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
