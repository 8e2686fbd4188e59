#include "witness/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_HEAD "urna-witness state v1 "
#define LIST_NAME  "logs"
enum { MAX_KEYS = 8, STATE_MAX_BYTES = WITNESS_MAX_BODY + 4096 };

/* One log. head, time and note change together, under lock, and only after the state file says the same. */
struct log {
	struct vkey key[MAX_KEYS];
	size_t keys;
	char hex[65]; /* SHA-256 of the origin: the state file's name */
	pthread_mutex_t lock;
	struct head head; /* last cosigned; size 0 and the empty root if there is none */
	uint64_t time;	  /* of the last cosignature; later ones are never earlier */
	struct buf note;  /* the last cosigned checkpoint, the log's signatures and ours; empty if there is none */
};

struct witness {
	struct log *log; /* by hex */
	size_t logs;
	char folder[3072];
	int lock_fd;
	const struct signer *key;
	struct vkey cosigner;
	int64_t (*clock)(void);
	pthread_mutex_t lock; /* over what follows */
	struct witness_counts counts;
	enum err broken;
	struct why broken_why;
};

/* ---- state files ----------------------------------------------------------------------- */

static void
state_path(char out[4096], const struct witness *w, const char *name)
{
	(void)snprintf(out, 4096, "%s/%s", w->folder, name);
}

/* First line: a name and the hash of everything after it; second: time, size and root; then the cosigned note, if any. */
static void
state_write(struct buf *out, const struct head *head, uint64_t time, const struct buf *note)
{
	struct buf rest = {0};
	char root[65], hex[65];
	struct hash h;

	hash_hex(root, &head->root);
	buf_printf(&rest, "time %" PRIu64 " size %" PRIu64 " root %s\n", time, head->size, root);
	buf_put(&rest, note->p, note->n);
	sha256(&h, rest.p, rest.n);
	hash_hex(hex, &h);
	buf_printf(out, STATE_HEAD "%s\n", hex);
	buf_put(out, rest.p, rest.n);
	out->failed |= rest.failed;
	buf_free(&rest);
}

/* "LABEL decimal" at *at, ended by `stop`; moves behind it. */
static enum err
state_number(uint64_t *out, const char **at, const char *end, const char *label, char stop)
{
	size_t n = strlen(label);
	const char *last;

	if ((size_t)(end - *at) < n || memcmp(*at, label, n) != 0 || (last = memchr(*at + n, stop, (size_t)(end - *at) - n)) == NULL ||
	    decimal_read(out, *at + n, last) != OK)
		return ERR_FORMAT;
	*at = last + 1;
	return OK;
}

/* The first line of each name and id, of a note whose lines may be more than a note may have: earlier versions kept all that a request repeated
 * of the log's, and put their own behind 64. ERR_FORMAT also: more signers than a note may have. */
static enum err
without_repeats(struct buf *out, const char *p, size_t n)
{
	struct note_signature s, kept[NOTE_MAX_SIGNATURES];
	struct note all = {.text = p};
	const char *at = p + n;
	size_t k, count = 0;
	enum err e;

	while (at - p > 2 && memcmp(at - 2, "\n\n", 2) != 0)
		at--;
	all.lines = at;
	all.lines_n = (size_t)(p + n - at);
	buf_put(out, p, (size_t)(at - p));
	for (size_t i = 0; (e = note_signature(&all, i, &s)) == OK; i++) {
		for (k = 0; k < count && (strcmp(kept[k].name, s.name) != 0 || memcmp(kept[k].id, s.id, sizeof s.id) != 0); k++)
			;
		if (k == NOTE_MAX_SIGNATURES)
			return ERR_FORMAT;
		if (k == count) {
			kept[count++] = s;
			buf_put(out, s.line, s.line_n);
		}
	}
	return out->failed ? ERR_NOMEM : e == ERR_RANGE ? OK : e; /* ERR_RANGE: there is no further line */
}

/* A cosigned note of this head. *ours: how many lines this witness's key has in it. */
static enum err
note_check(const struct log *l, const struct witness *w, const struct head *head, const struct buf *note, size_t *ours)
{
	struct checkpoint c;
	struct hash h;
	char hex[65];

	if (checkpoint_read(&c, note->p, note->n, NULL) != OK)
		return ERR_FORMAT;
	sha256(&h, c.origin, c.origin_n);
	hash_hex(hex, &h);
	if (c.head.size != head->size || !hash_equal(&c.head.root, &head->root) || strcmp(hex, l->hex) != 0)
		return ERR_PROOF;
	return checkpoint_cosigners(ours, note->p, note->n, &w->cosigner, 1, NULL) == OK ? OK : ERR_PROOF;
}

/* Into a log that has no state yet. */
static enum err
state_read(struct log *l, const struct witness *w, const struct buf *file)
{
	const size_t first = sizeof STATE_HEAD - 1 + 64 + 1;
	const char *at = (const char *)file->p, *end = at + file->n;
	struct head head;
	struct hash h;
	uint64_t time;
	size_t ours = 0;
	char hex[65];
	enum err e;

	if (file->n < first || memcmp(at, STATE_HEAD, sizeof STATE_HEAD - 1) != 0 || at[first - 1] != '\n')
		return ERR_FORMAT;
	sha256(&h, at + first, file->n - first);
	hash_hex(hex, &h);
	if (memcmp(hex, at + sizeof STATE_HEAD - 1, 64) != 0)
		return ERR_PROOF;
	at += first;
	if (state_number(&time, &at, end, "time ", ' ') != OK || state_number(&head.size, &at, end, "size ", ' ') != OK || end - at < 5 + 64 + 1 ||
	    memcmp(at, "root ", 5) != 0 || hex_decode(head.root.b, 32, at + 5, 64) != OK || at[5 + 64] != '\n')
		return ERR_FORMAT;
	at += 5 + 64 + 1;
	if (at == end) {
		empty_root(&h);
		if (head.size != 0 || !hash_equal(&head.root, &h))
			return ERR_FORMAT;
	} else {
		if ((e = without_repeats(&l->note, at, (size_t)(end - at))) != OK || (e = note_check(l, w, &head, &l->note, &ours)) != OK)
			return e;
		if (ours == 0) /* an earlier key of this witness cosigned it: it binds us, and is not ours to serve */
			buf_free(&l->note);
	}
	l->head = head;
	l->time = time;
	return l->note.failed ? ERR_NOMEM : OK;
}

/* The file of origins whose state must be there: 1 if this one is in it. */
static int
listed(const struct buf *list, const char *origin)
{
	size_t n = strlen(origin);

	for (const char *at = (const char *)list->p, *end = list->n > 0 ? at + list->n : at; at < end;) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		if (eol == NULL)
			return 0;
		if ((size_t)(eol - at) == n && memcmp(at, origin, n) == 0)
			return 1;
		at = eol + 1;
	}
	return 0;
}

static enum err
load_log(struct witness *w, struct log *l, struct buf *list, struct why *why)
{
	const char *origin = l->key[0].name;
	struct buf file = {0};
	char path[4096];
	enum err e;

	state_path(path, w, l->hex);
	e = file_read(&file, path, STATE_MAX_BYTES, why);
	if (e == ERR_ABSENT && listed(list, origin)) {
		e = why_set(why, ERR_NOT_NOW, "%s, the state of the log %s, is lost. Restore its newest copy; without one this witness cannot "
			"know what it cosigned: take the log out of the configuration and give it to a witness with a new key", path, origin);
	} else if (e == ERR_ABSENT) { /* a log that is new here: its state comes before its name in the list */
		empty_root(&l->head.root);
		state_write(&file, &l->head, 0, &l->note);
		if ((e = file.failed ? ERR_NOMEM : file_write(path, file.p, file.n, 0600, why)) == OK) {
			buf_printf(list, "%s\n", origin);
			state_path(path, w, LIST_NAME);
			e = list->failed ? ERR_NOMEM : file_write(path, list->p, list->n, 0600, why);
		}
	} else if (e == OK && (e = state_read(l, w, &file)) != OK) {
		e = why_set(why, e, "%s, the state of the log %s, is damaged (%s). Restore its newest copy, of no earlier size than this witness last "
			"cosigned; do not delete it: a witness that forgets may cosign a fork", path, origin, err_name(e));
	}
	buf_free(&file);
	return e;
}

static int
by_hex(const void *a, const void *b)
{
	return strcmp(((const struct log *)a)->hex, ((const struct log *)b)->hex);
}

static enum err
take_keys(struct witness *w, const struct witness_options *o, struct why *why)
{
	if (o->logs == 0 || o->logs > WITNESS_MAX_LOGS)
		return why_set(why, ERR_RANGE, "a witness needs 1 to %d logs", WITNESS_MAX_LOGS);
	if ((w->log = calloc(o->logs, sizeof *w->log)) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < o->logs; i++) {
		const struct vkey *k = &o->log[i];
		struct log *l = NULL;
		struct hash h;

		if (k->type != NOTE_ED25519)
			return why_set(why, ERR_RANGE, "%s: a log signs with a key of type 01, not %02x", k->name, k->type);
		if (vkey_equal(k, &w->cosigner))
			return why_set(why, ERR_RANGE, "%s has the key of the witness itself", k->name);
		for (size_t j = 0; j < w->logs && l == NULL; j++)
			if (strcmp(w->log[j].key[0].name, k->name) == 0)
				l = &w->log[j];
		for (size_t j = 0; l != NULL && j < l->keys; j++)
			if (vkey_equal(&l->key[j], k))
				return why_set(why, ERR_RANGE, "%s stands twice in the list of logs", k->name);
		if (l == NULL) {
			l = &w->log[w->logs++];
			sha256(&h, k->name, strlen(k->name));
			hash_hex(l->hex, &h);
		}
		if (l->keys == MAX_KEYS)
			return why_set(why, ERR_RANGE, "%s: more than %d keys of one log", k->name, MAX_KEYS);
		l->key[l->keys++] = *k;
	}
	qsort(w->log, w->logs, sizeof *w->log, by_hex);
	for (size_t i = 0; i < w->logs; i++)
		(void)pthread_mutex_init(&w->log[i].lock, NULL);
	return OK;
}

/* What a kill left half written. With the folder's lock held. */
static void
drop_temporaries(const struct witness *w)
{
	DIR *d = opendir(w->folder);
	struct dirent *f;
	char path[4096];

	while (d != NULL && (f = readdir(d)) != NULL)
		if (strstr(f->d_name, ".tmp-") != NULL) {
			state_path(path, w, f->d_name);
			(void)unlink(path);
		}
	if (d != NULL)
		(void)closedir(d);
}

enum err
witness_open(struct witness **out, const struct witness_options *o, struct why *why)
{
	struct witness *w = calloc(1, sizeof *w);
	struct buf list = {0};
	char path[4096];
	enum err e;

	if (w == NULL)
		return ERR_NOMEM;
	w->lock_fd = -1;
	w->key = o->key;
	w->clock = o->clock;
	(void)pthread_mutex_init(&w->lock, NULL);
	if (strlen(o->folder) >= sizeof w->folder) {
		e = why_set(why, ERR_LENGTH, "%s: path too long", o->folder);
		goto done;
	}
	(void)strcpy(w->folder, o->folder);
	if ((e = vkey_make(&w->cosigner, o->key->name, NOTE_COSIGNATURE, o->key->key)) != OK || (e = take_keys(w, o, why)) != OK ||
	    (e = dir_make(w->folder, why)) != OK)
		goto done;
	state_path(path, w, "lock");
	if (chmod(w->folder, 0700) != 0 || (w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
		e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
		goto done;
	}
	if (flock(w->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		e = why_set(why, ERR_NOT_NOW, "%s: another process runs on this state. Stop it first; two witnesses with one key could cosign a fork", w->folder);
		goto done;
	}
	drop_temporaries(w);
	state_path(path, w, LIST_NAME);
	if ((e = file_read(&list, path, (size_t)WITNESS_MAX_LOGS * 256, why)) != OK && e != ERR_ABSENT)
		goto done;
	e = OK;
	for (size_t i = 0; i < w->logs && e == OK; i++)
		e = load_log(w, &w->log[i], &list, why);
	w->counts.logs = w->logs;
done:
	buf_free(&list);
	if (e != OK)
		witness_close(w);
	else
		*out = w;
	return e;
}

void
witness_close(struct witness *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->logs; i++)
		buf_free(&w->log[i].note);
	free(w->log);
	if (w->lock_fd >= 0)
		(void)close(w->lock_fd);
	free(w);
}

/* ---- answers ----------------------------------------------------------------------------- */

static void
reply(struct witness *w, struct witness_answer *out, unsigned status, const char *text)
{
	out->status = status;
	out->type = "text/plain; charset=utf-8";
	buf_free(&out->body);
	if (text[0] != '\0')
		buf_printf(&out->body, "%s\n", text);
	(void)pthread_mutex_lock(&w->lock);
	w->counts.cosigned += status == 200;
	w->counts.conflicts += status == 409;
	w->counts.refused += status >= 400 && status < 500 && status != 409;
	w->counts.failed += status >= 500;
	(void)pthread_mutex_unlock(&w->lock);
}

static void
remember_health(struct witness *w, enum err e, const struct why *why)
{
	(void)pthread_mutex_lock(&w->lock);
	w->broken = e;
	if (e != OK)
		w->broken_why = *why;
	(void)pthread_mutex_unlock(&w->lock);
}

/* ---- adding a checkpoint ------------------------------------------------------------------- */

struct submission {
	uint64_t old;
	struct hash proof[WITNESS_MAX_PROOF];
	size_t proof_n;
	struct checkpoint checkpoint;
};

/* "old N", at most 63 hashes, an empty line, a checkpoint. */
static enum err
submission_read(struct submission *out, const void *body, size_t n, struct why *why)
{
	const char *at = body, *end = at + n, *eol;

	if (n < 4 || memcmp(at, "old ", 4) != 0 || (eol = memchr(at, '\n', n)) == NULL || decimal_read(&out->old, at + 4, eol) != OK)
		return why_set(why, ERR_FORMAT, "the first line is not: old, a space, a decimal below 2^63");
	out->proof_n = 0;
	for (at = eol + 1;; at = eol + 1) {
		if (at == end || (eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return why_set(why, ERR_FORMAT, "no empty line after the proof");
		if (eol == at)
			break;
		if (out->proof_n == WITNESS_MAX_PROOF)
			return why_set(why, ERR_FORMAT, "more than %d lines of proof", WITNESS_MAX_PROOF);
		if (hash_line_read(&out->proof[out->proof_n], at, eol) != OK)
			return why_set(why, ERR_FORMAT, "line %zu of the proof is not base64 of 32 bytes", out->proof_n + 1);
		out->proof_n++;
	}
	return checkpoint_read(&out->checkpoint, eol + 1, (size_t)(end - eol - 1), why);
}

static struct log *
find_log(struct witness *w, const char *hex)
{
	struct log want;

	if (strlen(hex) != 64)
		return NULL;
	memcpy(want.hex, hex, 65);
	return bsearch(&want, w->log, w->logs, sizeof *w->log, by_hex);
}

/* At least one key of the log signed, and no signature of its keys is false. */
static enum err
trusted(const struct log *l, const struct note *note)
{
	int good = 0;

	for (size_t i = 0; i < l->keys; i++) {
		enum err e = note_verify(note, &l->key[i]);

		if (e != OK && e != ERR_ABSENT)
			return e;
		good |= e == OK;
	}
	return good ? OK : ERR_ABSENT;
}

/* Where our line begins in a note that note_keep and checkpoint_cosign made: it is the last. */
static size_t
last_line(const struct buf *note)
{
	size_t i = note->n - 1;

	while (i > 0 && note->p[i - 1] != '\n')
		i--;
	return i;
}

/* May this follow what was cosigned? The status to refuse with, or 200. With the log's lock held. */
static unsigned
judge(const struct log *l, const struct submission *s, struct why *why)
{
	const struct head *new = &s->checkpoint.head;
	struct hash empty;

	empty_root(&empty);
	if (s->old > new->size) {
		(void)why_set(why, ERR_RANGE, "the old size is above the checkpoint's");
		return 400;
	}
	if (s->old != l->head.size)
		return 409;
	if (new->size == 0 && !hash_equal(&new->root, &empty)) {
		(void)why_set(why, ERR_PROOF, "the root of size 0 is not that of the empty tree");
		return 422;
	}
	if (s->old == 0 && s->proof_n > 0) {
		(void)why_set(why, ERR_LENGTH, "from size 0 there is no proof to send");
		return 422;
	}
	if (s->old == new->size && !hash_equal(&l->head.root, &new->root)) {
		(void)why_set(why, ERR_PROOF, "another root was cosigned for this size");
		return 422;
	}
	if (s->old > 0 && consistency_check(s->old, new->size, s->proof, s->proof_n, &l->head.root, &new->root) != OK) {
		(void)why_set(why, ERR_PROOF, "the proof of consistency from size %" PRIu64 " is false", s->old);
		return 422;
	}
	return 200;
}

/* With the log's lock held. The order is the promise: sign in memory, make the state permanent, then let it out.
 * A crash before the state is permanent leaves the old one and nothing of the new left; after it, the client asks again. */
static enum err
cosign(struct witness *w, struct log *l, const struct submission *s, struct why *why)
{
	const struct note *note = &s->checkpoint.note;
	struct buf new = {0}, file = {0};
	int64_t now = w->clock();
	uint64_t time = now > 0 ? (uint64_t)now : 1;
	char path[4096];
	size_t ours = 0;
	enum err e;

	if (time < l->time)
		time = l->time;
	note_keep(&new, note, l->key, l->keys);
	/* the same again within a second: the answer that is on disk already */
	if (time == l->time && l->note.n > new.n && memcmp(l->note.p, new.p, new.n) == 0 && last_line(&l->note) == new.n) {
		buf_free(&new);
		return OK;
	}
	if (new.failed || (e = checkpoint_cosign(&new, time, w->key)) != OK) {
		e = why_set(why, ERR_CRYPTO, "the witness's key does not sign");
		goto done;
	}
	if (note_check(l, w, &s->checkpoint.head, &new, &ours) != OK || ours != 1) { /* what the next start would not read is not written */
		e = why_set(why, ERR_CRYPTO, "the cosigned checkpoint does not read back");
		goto done;
	}
	state_write(&file, &s->checkpoint.head, time, &new);
	state_path(path, w, l->hex);
	if ((e = file.failed ? ERR_NOMEM : file_write(path, file.p, file.n, 0600, why)) != OK)
		goto done;
	l->head = s->checkpoint.head;
	l->time = time;
	buf_free(&l->note);
	l->note = new;
	memset(&new, 0, sizeof new);
done:
	buf_free(&new);
	buf_free(&file);
	return e;
}

void
witness_add_checkpoint(struct witness *w, const void *body, size_t n, struct witness_answer *out)
{
	struct submission *s = malloc(sizeof *s);
	struct why why = {""};
	struct log *l;
	struct hash h;
	char hex[65], text[1200];
	unsigned status;
	enum err e;

	if (s == NULL) {
		reply(w, out, 500, "out of memory");
		return;
	}
	if (n > WITNESS_MAX_BODY) {
		reply(w, out, 413, "the request is too long");
		goto done;
	}
	if (submission_read(s, body, n, &why) != OK) {
		reply(w, out, 400, why.text);
		goto done;
	}
	sha256(&h, s->checkpoint.origin, s->checkpoint.origin_n);
	hash_hex(hex, &h);
	if ((l = find_log(w, hex)) == NULL) {
		reply(w, out, 404, "this witness does not know the log of this origin");
		goto done;
	}
	if ((e = trusted(l, &s->checkpoint.note)) != OK) {
		reply(w, out, 403, e == ERR_ABSENT ? "no signature by a key that this witness trusts for the log" : "the log's signature is false");
		goto done;
	}
	(void)pthread_mutex_lock(&l->lock);
	if ((status = judge(l, s, &why)) == 200) {
		if ((e = cosign(w, l, s, &why)) == OK) {
			reply(w, out, 200, "");
			buf_put(&out->body, l->note.p + last_line(&l->note), l->note.n - last_line(&l->note));
		} else {
			(void)snprintf(text, sizeof text, "nothing was signed: the state could not be kept (%s)", err_name(e));
			reply(w, out, 500, text);
		}
		remember_health(w, e, &why);
	} else if (status == 409) {
		(void)snprintf(text, sizeof text, "%" PRIu64, l->head.size);
		reply(w, out, 409, text);
		out->type = "text/x.tlog.size";
	} else
		reply(w, out, status, why.text);
	(void)pthread_mutex_unlock(&l->lock);
done:
	free(s);
}

/* ---- reading -------------------------------------------------------------------------------- */

void
witness_checkpoint(struct witness *w, const char *hex, struct witness_answer *out)
{
	struct log *l = find_log(w, hex);

	out->status = 404;
	out->type = "text/plain; charset=utf-8";
	buf_free(&out->body);
	if (l != NULL) {
		(void)pthread_mutex_lock(&l->lock);
		if (l->note.n > 0) {
			out->status = 200;
			buf_put(&out->body, l->note.p, l->note.n);
		}
		(void)pthread_mutex_unlock(&l->lock);
	}
	if (out->status == 404)
		buf_str(&out->body, "nothing was cosigned for a log of this origin\n");
}

void
witness_counts(struct witness *w, struct witness_counts *out)
{
	(void)pthread_mutex_lock(&w->lock);
	*out = w->counts;
	(void)pthread_mutex_unlock(&w->lock);
}

enum err
witness_health(struct witness *w, struct why *why)
{
	enum err e;

	(void)pthread_mutex_lock(&w->lock);
	if ((e = w->broken) != OK && why != NULL)
		*why = w->broken_why;
	(void)pthread_mutex_unlock(&w->lock);
	return e;
}
