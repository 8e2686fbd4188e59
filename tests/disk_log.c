/* tests/disk_log.c - what tests/check_disk runs on a failing disk: many append to a log with a mirror, and keep their receipts.
 *
 *   disk_log FOLDER append N    until entries 0 to N - 1 are in FOLDER's log; each receipt goes to FOLDER/given when it comes
 *   disk_log FOLDER check N     its files go to FOLDER/public; all receipts, all entries, the mirror and a store restored from
 *                               it are held against them; prints the log's key
 *
 * `append` prints "felt" if an append was refused, and fails if that was not over by itself some seconds later.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keyfile.h"
#include "ledger/mirror.h"
#include "ledger/restore.h"

enum { APPENDERS = 8, MOST = 100000, TRIES = 25 };

static char store[512], head_file[512], mirror[512], public[512], given_path[512];
static struct signer key;
static struct ledger_options options = {.store = store, .head_file = head_file, .key = &key, .pool_ms = 1, .mirror = mirror};
static struct ledger *ledger;
static uint8_t there[MOST]; /* acknowledged, now or in an earlier run */
static atomic_uint next, felt, lost;
static unsigned all;
static int given;

static void
stop(const char *what)
{
	(void)fprintf(stderr, "disk_log: %s\n", what);
	exit(1);
}

static void
must(enum err e, const struct why *why)
{
	if (e != OK)
		stop(why->text[0] != '\0' ? why->text : err_name(e));
}

static size_t
entry_of(char out[64], uint8_t dedup[32], unsigned i)
{
	size_t n = (size_t)snprintf(out, 64, "voto %u", i);
	struct hash h;

	sha256(&h, out, n);
	memcpy(dedup, h.b, 32);
	return n;
}

static int
key_of(const uint8_t *entry, size_t n, uint8_t out[32])
{
	struct hash h;

	sha256(&h, entry, n);
	memcpy(out, h.b, 32);
	return 1;
}

/* ---- appending ---------------------------------------------------------------------- */

/* By writev, a call that no fault is put into: u32 entry, u64 index, u16 length and receipt. Not synced: the disk's faults are
 * those of the log, and a killed process has written what it has written. */
static void
keep(unsigned i, uint64_t index, const struct buf *receipt)
{
	struct buf b = {0};
	struct iovec v;

	buf_u32(&b, i);
	buf_u64(&b, index);
	buf_vec16(&b, receipt->p, receipt->n);
	v = (struct iovec){b.p, b.n};
	if (b.failed || writev(given, &v, 1) != (ssize_t)b.n)
		stop("the receipts cannot be kept");
	buf_free(&b);
}

static void *
appender(void *arg)
{
	struct timespec little = {0, 100000000};
	unsigned i, tries;

	(void)arg;
	while ((i = atomic_fetch_add(&next, 1)) < all && lost == 0) {
		struct buf receipt = {0};
		struct why why = {""};
		uint8_t dedup[32];
		uint64_t index;
		char text[64];
		size_t n = entry_of(text, dedup, i);
		enum err e = OK;

		if (there[i])
			continue;
		for (tries = 0; tries < TRIES; tries++) {
			e = ledger_append(ledger, text, n, dedup, &index, &receipt, &why);
			if (e == OK || e == ERR_EXISTS)
				break;
			felt++;
			buf_free(&receipt);
			(void)nanosleep(&little, NULL);
		}
		if (e == OK)
			keep(i, index, &receipt);
		else if (e != ERR_EXISTS)
			lost++;
		buf_free(&receipt);
	}
	return NULL;
}

static int
append_all(void)
{
	pthread_t t[APPENDERS];
	struct why why = {""};

	must(ledger_open(&ledger, &options, &why), &why);
	for (int i = 0; i < APPENDERS; i++)
		if (pthread_create(&t[i], NULL, appender, NULL) != 0)
			stop("threads");
	for (int i = 0; i < APPENDERS; i++)
		(void)pthread_join(t[i], NULL);
	if (lost == 0 && ledger_publish(ledger, &why) != OK)
		lost++;
	ledger_close(ledger);
	if (felt > 0)
		(void)printf("felt\n");
	return lost > 0;
}

/* ---- checking ------------------------------------------------------------------------- */

struct recomputed {
	struct frontier f;
	struct hash leaf[MOST], root[MOST + 1]; /* root: of the first n */
	unsigned seen[MOST];
};

static enum err
on_file(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf)
{
	struct recomputed *r = ctx;
	uint8_t dedup[32];
	char text[64], want[64];
	unsigned i;

	(void)snprintf(text, sizeof text, "%.*s", n < 60 ? (int)n : 60, (const char *)entry);
	if (index >= MOST || sscanf(text, "voto %u", &i) != 1 || i >= MOST || entry_of(want, dedup, i) != n || memcmp(want, entry, n) != 0)
		stop("an entry that nobody sent");
	if (r->seen[i]++ > 0)
		stop("an entry is there twice");
	r->leaf[index] = *leaf;
	frontier_append(&r->f, leaf);
	frontier_root(&r->root[index + 1], &r->f);
	return OK;
}

/* Every receipt ever given: its entry stands where it was said to be, under a head that is of this log's history. */
static unsigned
check_receipts(const struct buf *b, const struct recomputed *now)
{
	struct rd r = rd_init(b->p, b->n);
	struct why why = {""};
	struct vkey v;
	unsigned count = 0;

	must(vkey_make(&v, key.name, NOTE_ED25519, key.key), &why);
	for (;;) {
		unsigned i = rd_u32(&r);
		uint64_t index = rd_u64(&r);
		uint8_t dedup[32];
		struct receipt receipt;
		struct hash leaf;
		struct head head;
		char text[64];
		size_t size;
		const uint8_t *p = rd_vec16(&r, &size);

		if (p == NULL)
			return count;
		leaf_hash(&leaf, text, entry_of(text, dedup, i));
		must(receipt_read(&receipt, p, size, &why), &why);
		must(receipt_verify(&receipt, &leaf, &v, &head, &why), &why);
		if (receipt.index != index || index >= now->f.size || !hash_equal(&leaf, &now->leaf[index]))
			stop("an acknowledged entry is not where its receipt says");
		if (head.size > now->f.size || !hash_equal(&head.root, &now->root[head.size]))
			stop("a receipt's head is not of this log's history");
		count++;
	}
}

static enum err
on_mirror(void *ctx, uint64_t index, const uint8_t *p, size_t n)
{
	const struct recomputed *now = ctx;
	struct hash leaf;

	leaf_hash(&leaf, p, n);
	return index < now->f.size && hash_equal(&leaf, &now->leaf[index]) ? OK : ERR_PROOF;
}

static void
check_mirror(struct recomputed *now)
{
	char restored[600], cmd[700];
	struct ledger_options o = options;
	struct restore_sources from = {.mirror = mirror};
	struct why why = {""};
	uint64_t size;

	if (mirror_read(mirror, on_mirror, now, &size, &why) != OK || size != now->f.size)
		stop("the mirror is not the log");
	(void)snprintf(restored, sizeof restored, "%s.restored", store);
	(void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", restored);
	o.store = restored;
	o.entry_key = key_of;
	if (system(cmd) != 0)
		stop("rm");
	must(ledger_restore(&o, &from, &size, &why), &why);
	if (size != now->f.size)
		stop("the mirror does not give the whole log");
}

static int
check_all(const struct buf *receipts)
{
	struct recomputed *now = calloc(1, sizeof *now);
	struct file_source src = source_dir(public);
	struct why why = {""};
	struct vkey vkey;
	struct head head;
	unsigned count;
	char text[300];

	if (now == NULL)
		stop("memory");
	must(ledger_open(&ledger, &options, &why), &why);
	must(ledger_publish(ledger, &why), &why);
	must(ledger_export(ledger, public, &why), &why);
	ledger_public_head(ledger, &head, NULL);
	must(ledger_state(ledger, &why), &why);
	ledger_close(ledger);
	must(log_read(&src, "", &head, on_file, now, &why), &why);
	for (unsigned i = 0; i < all; i++)
		if (now->seen[i] != 1)
			stop("an entry is missing");
	count = check_receipts(receipts, now);
	check_mirror(now);
	must(vkey_make(&vkey, key.name, NOTE_ED25519, key.key), &why);
	vkey_write(text, &vkey);
	(void)fprintf(stderr, "%" PRIu64 " entries, each once; %u receipts\n", head.size, count);
	free(now);
	return printf("%s\n", text) < 0;
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[32] = "a key for a disk that fails";
	struct buf receipts = {0};
	struct why why = {""};
	struct rd r;

	if (argc != 4)
		return 2;
	(void)snprintf(store, sizeof store, "%.400s/store", argv[1]);
	(void)snprintf(head_file, sizeof head_file, "%.400s/head", argv[1]);
	(void)snprintf(mirror, sizeof mirror, "%.400s/mirror", argv[1]);
	(void)snprintf(public, sizeof public, "%.400s/public", argv[1]);
	(void)snprintf(given_path, sizeof given_path, "%.400s/given", argv[1]);
	all = (unsigned)atoi(argv[3]);
	if (all > MOST)
		return 2;
	must(dir_make(argv[1], &why), &why);
	must(signer_of_seed(&key, "urna.example/disk", seed), &why);
	if ((given = open(given_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
		stop("the receipts' file");
	must(file_read(&receipts, given_path, 1 << 30, &why), &why);
	if (strcmp(argv[2], "check") == 0)
		return check_all(&receipts);
	r = rd_init(receipts.p, receipts.n);
	for (size_t n;;) {
		unsigned i = rd_u32(&r);

		(void)rd_u64(&r);
		if (rd_vec16(&r, &n) == NULL)
			break;
		there[i] = 1;
	}
	return append_all();
}
