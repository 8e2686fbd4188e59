/* tests/test_witness.c - witness/witness.c
 *
 * Goal    each request gets the answer of the specification; no state is ever cosigned that does not continue the
 *         last one, whatever the order, the threads and the disk do.
 * Method  a log whose key signs two histories that part at entry 40; every status; every byte of the state damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "witness/witness.h"

enum { MOST = 120, PART = 40 };

static char dir[64];
static struct signer key, other, cosigner;
static struct vkey log_key[2], cosigner_key;
static int64_t now = 1700000000;

static int64_t
clock_of_test(void)
{
	return now;
}

/* ---- a log with two histories ---------------------------------------------------------------- */

struct history {
	char letter;
};

static struct history main_line = {'a'}, fork_line = {'b'};

static void
leaf(struct hash *out, const struct history *h, uint64_t i)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%c %" PRIu64, i < PART ? 'a' : h->letter, i);
	leaf_hash(out, text, strlen(text));
}

static enum err
node(void *ctx, unsigned level, uint64_t index, struct hash *out)
{
	struct hash l, r;

	if (level == 0) {
		leaf(out, ctx, index);
		return OK;
	}
	if (node(ctx, level - 1, 2 * index, &l) != OK || node(ctx, level - 1, 2 * index + 1, &r) != OK)
		return ERR_IO;
	node_hash(out, &l, &r);
	return OK;
}

static void
head_of(struct head *out, struct history *h, uint64_t size)
{
	struct node_source src = {h, node, NULL};

	out->size = size;
	empty_root(&out->root);
	if (size > 0)
		assert_int_equal(tree_root(&out->root, size, &src), OK);
}

/* The request of this history, from old to size, signed by `by`. */
static void
request(struct buf *out, struct history *h, uint64_t old, uint64_t size, const struct signer *by)
{
	struct node_source src = {h, node, NULL};
	struct hash path[MERKLE_MAX_PATH];
	struct buf note = {0};
	struct head head;
	char text[48];
	size_t n = 0;

	buf_free(out);
	head_of(&head, h, size);
	if (old <= size)
		assert_int_equal(consistency_path(path, &n, old, size, &src), OK);
	buf_printf(out, "old %" PRIu64 "\n", old);
	for (size_t i = 0; i < n; i++) {
		base64_encode(text, path[i].b, 32);
		buf_printf(out, "%s\n", text);
	}
	assert_int_equal(checkpoint_sign(&note, &head, by), OK);
	buf_u8(out, '\n');
	buf_put(out, note.p, note.n);
	buf_free(&note);
}

static struct witness *
start(void)
{
	struct witness_options o = {dir, log_key, 2, &cosigner, clock_of_test};
	struct witness *w = NULL;
	struct why why = {""};

	if (witness_open(&w, &o, &why) != OK)
		fail_msg("%s", why.text);
	return w;
}

static enum err
refuses_to_start(struct why *why)
{
	struct witness_options o = {dir, log_key, 2, &cosigner, clock_of_test};
	struct witness *w = NULL;
	enum err e = witness_open(&w, &o, why);

	if (e == OK)
		witness_close(w);
	return e;
}

/* The status; on 200 the cosignature must be good and is counted. */
static unsigned
send(struct witness *w, const struct buf *q, const char *body)
{
	struct witness_answer a = {0};
	unsigned status;

	witness_add_checkpoint(w, q->p, q->n, &a);
	status = a.status;
	if (body != NULL) {
		assert_int_equal(a.body.n, strlen(body));
		assert_memory_equal(a.body.p, body, a.body.n);
	}
	if (status == 409)
		assert_string_equal(a.type, "text/x.tlog.size");
	if (status == 200) {
		const char *checkpoint = memmem(q->p, q->n, "\n\n", 2);
		struct buf note = {0};
		struct why why = {""};
		size_t count = 0;

		checkpoint += 2;
		buf_put(&note, checkpoint, q->n - (size_t)(checkpoint - (const char *)q->p));
		buf_put(&note, a.body.p, a.body.n);
		assert_int_equal(checkpoint_cosigners(&count, note.p, note.n, &cosigner_key, 1, &why), OK);
		assert_int_equal(count, 1);
		buf_free(&note);
	}
	buf_free(&a.body);
	return status;
}

static unsigned
ask(struct witness *w, struct history *h, uint64_t old, uint64_t size, const struct signer *by, const char *body)
{
	struct buf q = {0};
	unsigned status;

	request(&q, h, old, size, by);
	status = send(w, &q, body);
	buf_free(&q);
	return status;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static int
setup(void **state)
{
	uint8_t seed[32] = {1};
	char cmd[128];

	(void)state;
	if (dir[0] == '\0') {
		(void)strcpy(dir, "/tmp/test-witness-XXXXXX");
		if (mkdtemp(dir) == NULL)
			return -1;
		assert_int_equal(signer_of_seed(&key, "log.example/a", seed), OK);
		seed[0] = 2;
		assert_int_equal(signer_of_seed(&other, "log.example/b", seed), OK);
		seed[0] = 3;
		assert_int_equal(signer_of_seed(&cosigner, "witness.example/w", seed), OK);
		assert_int_equal(vkey_make(&log_key[0], key.name, NOTE_ED25519, key.key), OK);
		assert_int_equal(vkey_make(&log_key[1], other.name, NOTE_ED25519, other.key), OK);
		assert_int_equal(vkey_make(&cosigner_key, cosigner.name, NOTE_COSIGNATURE, cosigner.key), OK);
	}
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s/*", dir);
	return system(cmd);
}

static int
teardown(void **state)
{
	char cmd[128];

	(void)state;
	signer_close(&key);
	signer_close(&other);
	signer_close(&cosigner);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

static void
grows(void **state)
{
	struct witness *w = start();
	uint64_t last = 0;

	(void)state;
	for (uint64_t size = 0; size <= MOST; size += 1 + size % 5) {
		assert_int_equal(ask(w, &main_line, last, size, &key, NULL), 200);
		last = size;
	}
	assert_int_equal(ask(w, &main_line, 0, 3, &other, NULL), 200); /* the other log has its own state */
	witness_close(w);
	w = start();
	assert_int_equal(ask(w, &main_line, last, MOST, &key, NULL), 200);
	witness_close(w);
}

/* The requests that are refused, and with what, by a witness at size 50. */
static void
statuses(void **state)
{
	static const struct {
		const char *name, *from, *to; /* a replacement in the request 50 -> 60; to NULL: cut there */
		unsigned status;
	} rows[] = {{"good", "old 50", "old 50", 200}, {"no old line", "old 50\n", "", 400}, {"leading zero", "old 50", "old 050", 400}, {"sign", "old 50", "old +50", 400},
	    {"two spaces", "old 50", "old  50", 400}, {"too large", "old 50", "old 9223372036854775808", 400}, {"old above size", "old 50", "old 61", 400},
	    {"not the recorded size", "old 50", "old 49", 409}, {"old zero", "old 50", "old 0", 409}, {"cut at the empty line", "\n\n", NULL, 400},
	    {"proof line too short", "=\n", "\n", 400}, {"unknown origin", "log.example/a\n", "log.example/x\n", 404},
	    {"altered size", "\n60\n", "\n61\n", 403}, {"another log's key", "log.example/a\n", "log.example/b\n", 403},
	    {"not base64", "=\n", "!\n", 400}, {"carriage return", "old 50\n", "old 50\r\n", 400}};
	struct witness *w = start();
	struct buf good = {0}, q = {0};

	(void)state;
	assert_int_equal(ask(w, &main_line, 0, 50, &key, NULL), 200);
	for (size_t i = sizeof rows / sizeof *rows; i-- > 0;) {
		const char *at;
		size_t before;

		request(&good, &main_line, 50, 60, &key);
		at = memmem(good.p, good.n, rows[i].from, strlen(rows[i].from));
		assert_non_null(at);
		before = (size_t)(at - (const char *)good.p);
		buf_free(&q);
		buf_put(&q, good.p, before);
		if (rows[i].to != NULL) {
			buf_str(&q, rows[i].to);
			buf_put(&q, at + strlen(rows[i].from), good.n - before - strlen(rows[i].from));
		}
		if (send(w, &q, rows[i].status == 409 ? "50\n" : NULL) != rows[i].status)
			fail_msg("%s", rows[i].name);
	}
	/* now at 60 */
	assert_int_equal(ask(w, &fork_line, 60, 60, &key, NULL), 422); /* same size, another root */
	assert_int_equal(ask(w, &fork_line, 60, 70, &key, NULL), 422); /* a proof of another history */
	assert_int_equal(ask(w, &fork_line, 50, 70, &key, "60\n"), 409);
	assert_int_equal(ask(w, &main_line, 60, 59, &key, NULL), 400); /* shorter */
	assert_int_equal(ask(w, &main_line, 59, 59, &key, "60\n"), 409);
	assert_int_equal(ask(w, &main_line, 60, 60, &key, NULL), 200); /* again */
	request(&q, &main_line, 60, 60, &key);
	buf_free(&good);
	buf_str(&good, "old 60\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	buf_put(&good, q.p + strlen("old 60\n"), q.n - strlen("old 60\n"));
	assert_int_equal(send(w, &good, NULL), 422); /* a proof where none is due */
	buf_free(&good);
	buf_str(&good, "old 60\n");
	for (int i = 0; i < 64; i++)
		buf_str(&good, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	buf_put(&good, q.p + strlen("old 60\n"), q.n - strlen("old 60\n"));
	assert_int_equal(send(w, &good, NULL), 400);
	while (good.n <= WITNESS_MAX_BODY)
		buf_u8(&good, 'x');
	assert_int_equal(send(w, &good, NULL), 413);
	/* the log that was never cosigned: old 0 needs an empty proof; size 0 the empty root */
	request(&q, &main_line, 0, 5, &other);
	buf_free(&good);
	buf_str(&good, "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	buf_put(&good, q.p + strlen("old 0\n"), q.n - strlen("old 0\n"));
	assert_int_equal(send(w, &good, NULL), 422);
	{
		struct head wrong = {0};
		struct buf note = {0};

		assert_int_equal(checkpoint_sign(&note, &wrong, &other), OK);
		buf_free(&good);
		buf_str(&good, "old 0\n\n");
		buf_put(&good, note.p, note.n);
		assert_int_equal(send(w, &good, NULL), 422);
		buf_free(&note);
	}
	assert_int_equal(ask(w, &main_line, 1, 5, &other, "0\n"), 409);
	assert_int_equal(ask(w, &main_line, 0, 0, &other, NULL), 200);
	buf_free(&q);
	buf_free(&good);
	witness_close(w);
}

/* Extension lines are cosigned with the rest; a line that is empty is no checkpoint. */
static void
extensions(void **state)
{
	struct witness *w = start();
	struct buf body = {0}, note = {0}, q = {0};
	struct head head;

	(void)state;
	head_of(&head, &main_line, 7);
	checkpoint_body(&body, key.name, &head);
	buf_str(&body, "an extension\n");
	assert_int_equal(note_sign(&note, (const char *)body.p, body.n, &key), OK);
	buf_str(&q, "old 0\n\n");
	buf_put(&q, note.p, note.n);
	assert_int_equal(send(w, &q, NULL), 200);
	buf_str(&body, "\nmore\n");
	buf_free(&note);
	buf_free(&q);
	assert_int_equal(note_sign(&note, (const char *)body.p, body.n, &key), OK);
	buf_str(&q, "old 7\n\n");
	buf_put(&q, note.p, note.n);
	assert_int_equal(send(w, &q, NULL), 400);
	witness_close(w);
	w = start(); /* and its state is read back */
	assert_int_equal(ask(w, &main_line, 7, 9, &key, NULL), 200);
	witness_close(w);
	buf_free(&body);
	buf_free(&note);
	buf_free(&q);
}

/* A signature under the log's name and id that is false refuses the note even beside good ones of others. */
static void
false_beside_good(void **state)
{
	struct witness_options o = {dir, log_key, 2, &cosigner, clock_of_test};
	struct vkey two[2];
	struct signer second;
	struct witness *w = NULL;
	struct buf q = {0};
	uint8_t seed[32] = {9}, sig[64] = {0};
	struct why why = {""};

	(void)state;
	assert_int_equal(signer_of_seed(&second, key.name, seed), OK);
	two[0] = log_key[0];
	assert_int_equal(vkey_make(&two[1], second.name, NOTE_ED25519, second.key), OK);
	o.log = two;
	assert_int_equal(witness_open(&w, &o, &why), OK);
	assert_int_equal(ask(w, &main_line, 0, 3, &second, NULL), 200); /* either key of the log will do */
	assert_int_equal(ask(w, &main_line, 3, 5, &key, NULL), 200);
	request(&q, &main_line, 5, 8, &key);
	note_line(&q, two[1].name, two[1].id, sig, sizeof sig);
	assert_int_equal(send(w, &q, NULL), 403);
	request(&q, &main_line, 5, 8, &key);
	note_line(&q, "stranger", two[1].id, sig, sizeof sig);
	assert_int_equal(send(w, &q, NULL), 200); /* one of an unknown key is ignored */
	buf_free(&q);
	witness_close(w);
	signer_close(&second);
}

static uint64_t
served(struct witness *w, const char *origin)
{
	struct witness_answer a = {0};
	struct note note;
	struct hash h;
	char hex[65];
	uint64_t time = 0;

	sha256(&h, origin, strlen(origin));
	hash_hex(hex, &h);
	witness_checkpoint(w, hex, &a);
	if (a.status != 200) {
		assert_int_equal(a.status, 404);
		buf_free(&a.body);
		return 0;
	}
	assert_int_equal(note_read(&note, a.body.p, a.body.n, NULL), OK);
	for (size_t i = 0; i < note.signatures; i++) {
		struct note_signature s;

		assert_int_equal(note_signature(&note, i, &s), OK);
		for (int b = 0; strcmp(s.name, cosigner.name) == 0 && b < 8; b++)
			time = time << 8 | s.sig[b];
	}
	buf_free(&a.body);
	return time;
}

/* Signature lines in what is served of the log. */
static size_t
served_lines(struct witness *w, const char *origin)
{
	struct witness_answer a = {0};
	struct note note;
	struct hash h;
	char hex[65];

	sha256(&h, origin, strlen(origin));
	hash_hex(hex, &h);
	witness_checkpoint(w, hex, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(note_read(&note, a.body.p, a.body.n, NULL), OK);
	buf_free(&a.body);
	return note.signatures;
}

static void
state_file(char out[256], const char *origin)
{
	struct hash h;
	char hex[65];

	sha256(&h, origin, strlen(origin));
	hash_hex(hex, &h);
	(void)snprintf(out, 256, "%s/%s", dir, hex);
}

/* The public checkpoint with the log's line in it `times` times: anyone can send that. */
static void
padded(struct buf *q, uint64_t old, uint64_t size, int times)
{
	const char *line;
	size_t n;

	request(q, &main_line, old, size, &key);
	line = (const char *)memmem(q->p, q->n, "\n\n\xe2\x80\x94", 5) + 2;
	n = q->n - (size_t)(line - (const char *)q->p);
	for (int i = 1; i < times; i++) {
		char copy[256];

		memcpy(copy, q->p + q->n - n, n);
		buf_put(q, copy, n);
	}
}

/* Lines that a request repeats are not kept: one of the log's and one of ours is served and read back, and within a second nothing is signed anew. */
static void
repeated_lines(void **state)
{
	struct witness *w = start();
	struct witness_counts before, after;
	struct buf q = {0}, first = {0}, again = {0};
	struct why why = {""};
	char path[256];

	(void)state;
	padded(&q, 0, 50, NOTE_MAX_SIGNATURES - 1);
	assert_int_equal(send(w, &q, NULL), 200); /* with the answer put behind them it is a note still */
	assert_int_equal(served_lines(w, key.name), 2);
	state_file(path, key.name);
	assert_int_equal(file_read(&first, path, 65536, &why), OK);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 4; i++) { /* the answer of the same second is not written again */
		padded(&q, 50, 50, 1 + i % 2);
		assert_int_equal(send(w, &q, NULL), 200);
	}
	assert_int_equal(file_read(&again, path, 65536, &why), ERR_ABSENT);
	assert_int_equal(file_write(path, first.p, first.n, 0600, &why), OK);
	padded(&q, 50, 60, NOTE_MAX_SIGNATURES);
	witness_counts(w, &before);
	{
		struct witness_answer a = {0};

		witness_add_checkpoint(w, q.p, q.n, &a);
		assert_int_equal(a.status, 200);
		buf_free(&a.body);
	}
	witness_counts(w, &after);
	assert_int_equal(after.cosigned, before.cosigned + 1);
	assert_int_equal(served_lines(w, key.name), 2);
	witness_close(w);
	w = start();
	assert_int_equal(served_lines(w, key.name), 2);
	assert_int_equal(ask(w, &main_line, 60, 70, &key, NULL), 200);
	witness_close(w);
	buf_free(&q);
	buf_free(&first);
	buf_free(&again);
}

/* The state that an earlier version wrote of such a request, 64 lines of the log's and its own, is read. */
static void
state_of_repeated_lines(void **state)
{
	struct witness *w = start();
	struct buf file = {0}, rest = {0}, old = {0};
	const char *note, *line, *last;
	struct why why = {""};
	struct hash h;
	char path[256], hex[65];

	(void)state;
	assert_int_equal(ask(w, &main_line, 0, 50, &key, NULL), 200);
	witness_close(w);
	state_file(path, key.name);
	assert_int_equal(file_read(&file, path, 65536, &why), OK);
	buf_u8(&file, '\0');
	note = strchr((const char *)file.p, '\n') + 1;
	line = strstr(note, "\n\n") + 2;
	last = strchr(line, '\n') + 1;
	buf_put(&rest, note, (size_t)(line - note));
	for (int i = 0; i < NOTE_MAX_SIGNATURES; i++)
		buf_put(&rest, line, (size_t)(last - line));
	buf_str(&rest, last);
	sha256(&h, rest.p, rest.n);
	hash_hex(hex, &h);
	buf_printf(&old, "urna-witness state v1 %s\n", hex);
	buf_put(&old, rest.p, rest.n);
	assert_int_equal(file_write(path, old.p, old.n, 0600, &why), OK);
	w = start();
	assert_int_equal(served_lines(w, key.name), 2);
	assert_int_equal(served(w, key.name), now);
	assert_int_equal(ask(w, &main_line, 0, 60, &key, "50\n"), 409);
	assert_int_equal(ask(w, &main_line, 50, 60, &key, NULL), 200);
	witness_close(w);
	buf_free(&file);
	buf_free(&rest);
	buf_free(&old);
}

static void
time_never_goes_back(void **state)
{
	struct witness *w = start();
	int64_t was = now;

	(void)state;
	assert_int_equal(served(w, key.name), 0);
	assert_int_equal(ask(w, &main_line, 0, 3, &key, NULL), 200);
	assert_int_equal(served(w, key.name), was);
	now = was - 1000;
	assert_int_equal(ask(w, &main_line, 3, 5, &key, NULL), 200);
	assert_int_equal(served(w, key.name), was);
	witness_close(w);
	w = start();
	assert_int_equal(served(w, key.name), was);
	assert_int_equal(ask(w, &main_line, 5, 5, &key, NULL), 200);
	assert_int_equal(served(w, key.name), was);
	now = was + 7;
	assert_int_equal(ask(w, &main_line, 5, 5, &key, NULL), 200);
	assert_int_equal(served(w, key.name), was + 7);
	witness_close(w);
	now = was;
}

static void
one_process(void **state)
{
	struct witness *w = start();
	struct why why = {""};

	(void)state;
	assert_int_equal(refuses_to_start(&why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "another process"));
	witness_close(w);
	assert_int_equal(refuses_to_start(&why), OK);
}

/* Any byte of a state file changed, cut or added stops the start; so does a lost file. */
static void
damaged_state(void **state)
{
	struct witness *w = start();
	struct buf good = {0}, bad = {0};
	struct why why = {""};
	char path[256];

	(void)state;
	assert_int_equal(ask(w, &main_line, 0, 50, &key, NULL), 200);
	witness_close(w);
	state_file(path, key.name);
	assert_int_equal(file_read(&good, path, 65536, &why), OK);
	for (size_t i = 0; i < good.n; i += i < 120 ? 1 : 7) {
		buf_free(&bad);
		buf_put(&bad, good.p, good.n);
		bad.p[i] ^= 1;
		assert_int_equal(file_write(path, bad.p, bad.n, 0600, &why), OK);
		assert_int_not_equal(refuses_to_start(&why), OK);
		assert_non_null(strstr(why.text, "Restore its newest copy"));
		assert_int_equal(file_write(path, good.p, i, 0600, &why), OK);
		assert_int_not_equal(refuses_to_start(&why), OK);
	}
	buf_u8(&good, '\n');
	assert_int_equal(file_write(path, good.p, good.n, 0600, &why), OK);
	assert_int_not_equal(refuses_to_start(&why), OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(refuses_to_start(&why), ERR_NOT_NOW);
	assert_non_null(strstr(why.text, "is lost"));
	assert_int_equal(file_write(path, good.p, good.n - 1, 0600, &why), OK);
	assert_int_equal(refuses_to_start(&why), OK);
	/* another log's state under this name */
	w = start();
	assert_int_equal(ask(w, &main_line, 0, 60, &other, NULL), 200);
	witness_close(w);
	buf_free(&bad);
	state_file(path, other.name);
	assert_int_equal(file_read(&bad, path, 65536, &why), OK);
	state_file(path, key.name);
	assert_int_equal(file_write(path, bad.p, bad.n, 0600, &why), OK);
	assert_int_equal(refuses_to_start(&why), ERR_PROOF);
	buf_free(&good);
	buf_free(&bad);
}

/* A state that cannot be written: 500, nothing cosigned; when it can again, all goes on. */
static void
no_disk(void **state)
{
	struct witness *w = start();
	char moved[80];
	struct why why = {""};

	(void)state;
	assert_int_equal(ask(w, &main_line, 0, 50, &key, NULL), 200);
	(void)snprintf(moved, sizeof moved, "%s.away", dir);
	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(ask(w, &main_line, 50, 60, &key, NULL), 500);
	assert_int_equal(witness_health(w, &why), ERR_IO);
	assert_int_equal(ask(w, &main_line, 60, 70, &key, "50\n"), 409); /* it does not believe it cosigned 60 */
	assert_int_equal(rename(moved, dir), 0);
	assert_int_equal(ask(w, &main_line, 50, 60, &key, NULL), 200);
	assert_int_equal(witness_health(w, NULL), OK);
	witness_close(w);
}

/* ---- races ---------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 60 };
static struct witness *raced;
static unsigned won[2]; /* cosignatures above the parting, by history */
static pthread_mutex_t won_lock = PTHREAD_MUTEX_INITIALIZER;

static void *
racer(void *arg)
{
	struct history *h = *(struct history **)arg;
	uint64_t old = PART;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t size = PART + 1 + (uint64_t)i;
		struct witness_answer a = {0};
		struct buf q = {0};

		request(&q, h, old, size, &key);
		witness_add_checkpoint(raced, q.p, q.n, &a);
		if (a.status == 200) {
			(void)pthread_mutex_lock(&won_lock);
			won[h == &fork_line]++;
			(void)pthread_mutex_unlock(&won_lock);
			old = size;
		} else if (a.status == 409) {
			(void)buf_cstr(&a.body);
			old = strtoull((char *)a.body.p, NULL, 10);
			if (old > size)
				i = (int)(old - PART) - 1;
		} else
			assert_int_equal(a.status, 422);
		buf_free(&a.body);
		buf_free(&q);
	}
	return NULL;
}

static void
races(void **state)
{
	struct history *line[2] = {&main_line, &fork_line};
	pthread_t t[THREADS];

	(void)state;
	raced = start();
	assert_int_equal(ask(raced, &main_line, 0, PART, &key, NULL), 200);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, racer, &line[i % 2]), 0);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
	assert_true((won[0] == 0) != (won[1] == 0));
	witness_close(raced);
}

static void
bad_lists(void **state)
{
	struct vkey logs[2] = {log_key[0], log_key[0]};
	struct witness_options o = {dir, logs, 2, &cosigner, clock_of_test};
	struct witness *w;

	(void)state;
	assert_int_equal(witness_open(&w, &o, NULL), ERR_RANGE); /* twice the same */
	o.logs = 0;
	assert_int_equal(witness_open(&w, &o, NULL), ERR_RANGE);
	o.logs = 1;
	o.key = &key;
	assert_int_equal(witness_open(&w, &o, NULL), ERR_RANGE); /* the witness's own key */
	o.key = &cosigner;
	logs[0] = cosigner_key;
	assert_int_equal(witness_open(&w, &o, NULL), ERR_RANGE); /* a cosigner's key */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(grows, setup), cmocka_unit_test_setup(statuses, setup),
	    cmocka_unit_test_setup(extensions, setup), cmocka_unit_test_setup(false_beside_good, setup),
	    cmocka_unit_test_setup(repeated_lines, setup), cmocka_unit_test_setup(state_of_repeated_lines, setup),
	    cmocka_unit_test_setup(time_never_goes_back, setup), cmocka_unit_test_setup(one_process, setup),
	    cmocka_unit_test_setup(damaged_state, setup), cmocka_unit_test_setup(no_disk, setup), cmocka_unit_test_setup(races, setup),
	    cmocka_unit_test_setup(bad_lists, setup)};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
