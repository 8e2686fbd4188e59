#include "registry/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "crypto/clock.h"

/* A row's bytes: flags, then request (u16 length, padded), answer (u16, padded), confirmation. */
enum { AUTHORIZED = 1, CONFIRMED = 2 };
/* In the place of a fence's newline. */
enum { SUSPENDED = '!' };

/* A change that waits to be committed. */
struct change {
	enum { AUTHORIZE, ANSWER, REFILL, CONFIRM } kind;
	uint32_t index;
	const struct buf *request, *answer;
	struct registry_row *have; /* AUTHORIZE: gets the row that is there already; may be NULL */
	const uint8_t *sig;	   /* CONFIRM */
	enum err result;
	struct why *why;
	int done;
	struct change *next;
};

struct registry {
	sqlite3 *db;
	pthread_mutex_t queue_lock; /* over the changes that wait */
	pthread_cond_t committed;
	struct change *first, **last;
	int leading; /* somebody commits for all */
	pthread_mutex_t lock; /* over the database and what follows */
	uint32_t n, authorized, confirmed;
	size_t request_max, answer_max;
	char fence[4096];
	int refused;
	uint32_t behind;
	int uncommitted; /* the last transaction failed */
	int64_t tried;	 /* steady; when that was looked at last */
	int unwritten; /* the fence could not be written, and counts fewer rows than there are */
};

static size_t
row_bytes(const struct registry *r)
{
	return 1 + 2 + r->request_max + 2 + r->answer_max + 64;
}

void
registry_row_free(struct registry_row *r)
{
	buf_free(&r->request);
	buf_free(&r->answer);
}

static enum err
failed(struct registry *r, struct why *why)
{
	return why_set(why, ERR_IO, "registry: %s", r->db != NULL ? sqlite3_errmsg(r->db) : "cannot be opened");
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* In place and without history: no write-ahead log, freed space overwritten, every commit on disk. */
static int
settings(sqlite3 *db)
{
	return run(db, "PRAGMA journal_mode=TRUNCATE") && run(db, "PRAGMA secure_delete=ON") && run(db, "PRAGMA synchronous=FULL") &&
	    run(db, "PRAGMA locking_mode=EXCLUSIVE") && run(db, "PRAGMA temp_store=MEMORY");
}

/* ---- the fence: how many rows were filled, and whether they are being refilled ---------------------- */

/* ERR_ABSENT, ERR_FORMAT, ERR_IO: it says nothing. */
static enum err
fence_read(const char *path, uint32_t *filled, int *suspended)
{
	struct buf b = {0};
	char mark = '\n';
	enum err e = file_read(&b, path, 16, NULL);

	if (e == OK && sscanf(buf_cstr(&b), "%10" SCNu32 "%c", filled, &mark) < 1)
		e = ERR_FORMAT;
	*suspended = mark == SUSPENDED;
	buf_free(&b);
	return e;
}

/* In place and of one length, within one sector: whole or not at all. */
static enum err
fence_write(const char *path, uint32_t filled, char mark, struct why *why)
{
	char text[16];
	int fd = open(path, O_WRONLY | O_CLOEXEC), good;

	(void)snprintf(text, sizeof text, "%010" PRIu32 "%c", filled, mark);
	if (fd < 0 && errno == ENOENT)
		return file_write(path, text, strlen(text), 0600, why);
	good = fd >= 0 && pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text) && fdatasync(fd) == 0;
	if (!good)
		(void)why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return good ? OK : ERR_IO;
}

enum err
registry_suspend(const char *fence, struct why *why)
{
	uint32_t filled;
	int suspended;

	if (fence_read(fence, &filled, &suspended) != OK || suspended)
		return OK;
	return fence_write(fence, filled, SUSPENDED, why);
}

/* ---- the file ---------------------------------------------------------------------------------------- */

/* Shape and n empty rows, in one transaction. */
static enum err
make_rows(struct registry *r, uint32_t n, struct why *why)
{
	sqlite3_stmt *insert = NULL;
	char sql[160];
	int good;

	(void)snprintf(sql, sizeof sql, "INSERT INTO shape VALUES(%u, %zu, %zu)", n, r->request_max, r->answer_max);
	good = run(r->db, "BEGIN") && run(r->db, "CREATE TABLE shape(rows INTEGER, request INTEGER, answer INTEGER)") &&
	    run(r->db, "CREATE TABLE row(id INTEGER PRIMARY KEY, data BLOB)") && run(r->db, sql) &&
	    sqlite3_prepare_v2(r->db, "INSERT INTO row VALUES(?1, zeroblob(?2))", -1, &insert, NULL) == SQLITE_OK;
	for (uint32_t i = 0; i < n && good; i++) {
		(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)i + 1);
		(void)sqlite3_bind_int64(insert, 2, (sqlite3_int64)row_bytes(r));
		good = sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK;
	}
	good = good && run(r->db, "COMMIT");
	if (!good)
		(void)failed(r, why);
	(void)sqlite3_finalize(insert);
	return good ? OK : ERR_IO;
}

/* The file appears whole under its name, and after its fence: what a crash leaves is made again. */
enum err
registry_create(const char *path, const char *fence, uint32_t n, size_t request_max, size_t answer_max, struct why *why)
{
	struct registry r = {.request_max = request_max, .answer_max = answer_max};
	char new[4096], journal[4104];
	uint32_t filled;
	int suspended;
	enum err e;

	if (access(path, F_OK) == 0)
		return why_set(why, ERR_EXISTS, "%s is there already", path);
	if (fence != NULL && fence_read(fence, &filled, &suspended) == OK && (filled > 0 || suspended))
		return why_set(why, ERR_NOT_NOW, "%s counts %" PRIu32 " rows of a registry that is lost", fence, filled);
	if (snprintf(new, sizeof new, "%s.new", path) >= (int)sizeof new)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	(void)snprintf(journal, sizeof journal, "%s-journal", new);
	(void)unlink(new);
	(void)unlink(journal);
	e = sqlite3_open(new, &r.db) == SQLITE_OK && settings(r.db) ? make_rows(&r, n, why) : failed(&r, why);
	(void)sqlite3_close(r.db);
	if (e == OK && fence != NULL)
		e = fence_write(fence, 0, '\n', why);
	if (e == OK && (rename(new, path) != 0 || folder_sync(path) != 0))
		e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	(void)unlink(journal);
	return e;
}

static size_t
length_at(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static enum err
read_row(struct registry *r, uint32_t index, uint8_t *data, struct why *why)
{
	sqlite3_blob *blob = NULL;
	enum err e = OK;

	if (index >= r->n)
		return why_set(why, ERR_RANGE, "registry: no row %u", index);
	if (sqlite3_blob_open(r->db, "main", "row", "data", (sqlite3_int64)index + 1, 0, &blob) != SQLITE_OK ||
	    (size_t)sqlite3_blob_bytes(blob) != row_bytes(r) || sqlite3_blob_read(blob, data, (int)row_bytes(r), 0) != SQLITE_OK)
		e = failed(r, why);
	(void)sqlite3_blob_close(blob);
	if (e == OK && (data[0] & AUTHORIZED) && (length_at(data + 1) > r->request_max || length_at(data + 3 + r->request_max) > r->answer_max))
		e = why_set(why, ERR_FORMAT, "registry: row %u is damaged: put back the registry's newest copy and refill it", index);
	return e;
}

static enum err
write_row(struct registry *r, uint32_t index, const uint8_t *data, struct why *why)
{
	sqlite3_blob *blob = NULL;
	enum err e = OK;

	if (sqlite3_blob_open(r->db, "main", "row", "data", (sqlite3_int64)index + 1, 1, &blob) != SQLITE_OK ||
	    sqlite3_blob_write(blob, data, (int)row_bytes(r), 0) != SQLITE_OK)
		e = failed(r, why);
	if (sqlite3_blob_close(blob) != SQLITE_OK && e == OK) /* commits */
		e = failed(r, why);
	return e;
}

/* The sizes of the rows, and how many are filled. */
static enum err
count_rows(struct registry *r, struct why *why)
{
	sqlite3_stmt *q = NULL;
	uint8_t *data;
	enum err e = OK;

	if (sqlite3_prepare_v2(r->db, "SELECT rows, request, answer FROM shape", -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW) {
		e = failed(r, why);
		(void)sqlite3_finalize(q);
		return e;
	}
	r->n = (uint32_t)sqlite3_column_int64(q, 0);
	r->request_max = (size_t)sqlite3_column_int64(q, 1);
	r->answer_max = (size_t)sqlite3_column_int64(q, 2);
	(void)sqlite3_finalize(q);
	if ((data = malloc(row_bytes(r))) == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < r->n && e == OK; i++)
		if ((e = read_row(r, i, data, why)) == OK) {
			r->authorized += data[0] & AUTHORIZED ? 1 : 0;
			r->confirmed += data[0] & CONFIRMED ? 1 : 0;
		}
	wipe(data, row_bytes(r));
	free(data);
	return e;
}

/* What the fence says of the rows that are here. */
static enum err
hold_against_fence(struct registry *r, struct why *why)
{
	uint32_t filled = 0;
	int suspended;

	if (fence_read(r->fence, &filled, &suspended) != OK) {
		r->refused = 1;
		r->behind = UNCOUNTED;
	} else if (filled > r->authorized || suspended) {
		r->refused = 1;
		r->behind = filled > r->authorized ? filled - r->authorized : 0;
	} else if (filled < r->authorized) /* stopped between the row and the fence */
		return fence_write(r->fence, r->authorized, '\n', why);
	return OK;
}

enum err
registry_open(struct registry **out, const char *path, const char *fence, struct why *why)
{
	struct registry *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_mutex_init(&r->queue_lock, NULL);
	(void)pthread_cond_init(&r->committed, NULL);
	r->last = &r->first;
	(void)snprintf(r->fence, sizeof r->fence, "%s", fence);
	if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK || !settings(r->db))
		e = failed(r, why);
	else if ((e = count_rows(r, why)) == OK)
		e = hold_against_fence(r, why);
	if (e != OK) {
		registry_close(r);
		return e;
	}
	*out = r;
	return OK;
}

void
registry_close(struct registry *r)
{
	if (r == NULL)
		return;
	(void)sqlite3_close(r->db);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_mutex_destroy(&r->queue_lock);
	(void)pthread_cond_destroy(&r->committed);
	free(r);
}

enum err
registry_extend(struct registry *r, struct why *why)
{
	char sql[160];
	enum err e = OK;

	(void)pthread_mutex_lock(&r->lock);
	(void)snprintf(sql, sizeof sql, "BEGIN; INSERT INTO row VALUES(%u, zeroblob(%zu)); UPDATE shape SET rows = %u; COMMIT", r->n + 1, row_bytes(r), r->n + 1);
	if (run(r->db, sql))
		r->n++;
	else {
		e = failed(r, why);
		(void)run(r->db, "ROLLBACK");
	}
	(void)pthread_mutex_unlock(&r->lock);
	return e;
}

uint32_t
registry_rows(const struct registry *r)
{
	return r->n;
}

void
registry_counts(struct registry *r, uint32_t *authorized, uint32_t *confirmed)
{
	(void)pthread_mutex_lock(&r->lock);
	*authorized = r->authorized;
	*confirmed = r->confirmed;
	(void)pthread_mutex_unlock(&r->lock);
}

static void
unpack(const struct registry *r, const uint8_t *data, struct registry_row *out)
{
	const uint8_t *answer = data + 3 + r->request_max;

	memset(out, 0, sizeof *out);
	out->authorized = data[0] & AUTHORIZED;
	out->confirmed = (data[0] & CONFIRMED) != 0;
	if (out->authorized) {
		buf_put(&out->request, data + 3, length_at(data + 1));
		buf_put(&out->answer, answer + 2, length_at(answer));
	}
	memcpy(out->confirmation, answer + 2 + r->answer_max, 64);
}

enum err
registry_get(struct registry *r, uint32_t index, struct registry_row *out, struct why *why)
{
	uint8_t *data = malloc(row_bytes(r));
	enum err e;

	if (data == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_lock(&r->lock);
	e = read_row(r, index, data, why);
	(void)pthread_mutex_unlock(&r->lock);
	if (e == OK)
		unpack(r, data, out);
	wipe(data, row_bytes(r));
	free(data);
	return e;
}

static void
pack(const struct registry *r, uint8_t *data, const struct buf *request, const struct buf *answer)
{
	uint8_t *a = data + 3 + r->request_max;

	data[0] |= AUTHORIZED;
	if (request != NULL) {
		data[1] = (uint8_t)(request->n >> 8);
		data[2] = (uint8_t)request->n;
		memcpy(data + 3, request->p, request->n);
	}
	a[0] = (uint8_t)(answer->n >> 8);
	a[1] = (uint8_t)answer->n;
	memcpy(a + 2, answer->p, answer->n);
}

/* ---- committing: who comes first commits for all who wait --------------------------------------- */

/* With the lock held, inside a transaction. What does not go through changes nothing; ERR_IO spoils the whole transaction. */
static enum err
apply(struct registry *r, struct change *c)
{
	uint8_t *data = malloc(row_bytes(r));
	int fills = c->kind == AUTHORIZE || c->kind == REFILL;
	enum err e;

	if (data == NULL)
		return ERR_NOMEM;
	if (c->kind == AUTHORIZE && r->refused)
		e = why_set(c->why, ERR_NOT_NOW, "the registry is an older copy, or its fence %s is gone: nobody is authorized until it is refilled", r->fence);
	else if ((e = read_row(r, c->index, data, c->why)) != OK)
		(void)0;
	else if (fills && (data[0] & AUTHORIZED)) {
		if (c->have != NULL)
			unpack(r, data, c->have);
		e = ERR_EXISTS;
	} else if ((c->kind == ANSWER || c->kind == CONFIRM) && !(data[0] & AUTHORIZED))
		e = why_set(c->why, ERR_ABSENT, "registry: row %u is not authorized", c->index);
	else if (c->kind == CONFIRM && !(data[0] & CONFIRMED)) {
		data[0] |= CONFIRMED;
		memcpy(data + 3 + r->request_max + 2 + r->answer_max, c->sig, 64);
		if ((e = write_row(r, c->index, data, c->why)) == OK)
			r->confirmed++;
	} else if (c->kind != CONFIRM) {
		pack(r, data, c->kind == ANSWER ? NULL : c->request, c->answer);
		if ((e = write_row(r, c->index, data, c->why)) == OK && fills)
			r->authorized++;
	}
	wipe(data, row_bytes(r));
	free(data);
	return e;
}

/* One transaction for a chain of changes; then the fence moves, before any answer leaves. */
static void
commit(struct registry *r, struct change *first)
{
	uint32_t authorized, confirmed;
	int fenced = 0;
	enum err e = OK;
	struct why why = {""};

	(void)pthread_mutex_lock(&r->lock);
	authorized = r->authorized;
	confirmed = r->confirmed;
	if (r->unwritten && (e = fence_write(r->fence, r->authorized, '\n', &why)) == OK)
		r->unwritten = 0;
	if (e == OK && !run(r->db, "BEGIN IMMEDIATE"))
		e = failed(r, &why);
	for (struct change *c = first; c != NULL && e == OK; c = c->next) {
		c->result = apply(r, c);
		fenced |= c->kind == AUTHORIZE && c->result == OK;
		if (c->result == ERR_IO || c->result == ERR_NOMEM) {
			e = c->result;
			if (c->why != NULL)
				why = *c->why;
		}
	}
	if (e == OK && !run(r->db, "COMMIT"))
		e = failed(r, &why);
	r->uncommitted = e == ERR_IO && !r->unwritten;
	if (e != OK && !r->unwritten) {
		(void)run(r->db, "ROLLBACK");
		r->authorized = authorized;
		r->confirmed = confirmed;
	} else if (fenced && (e = fence_write(r->fence, r->authorized, '\n', &why)) != OK)
		r->unwritten = 1; /* nobody is told what is committed until it is */
	for (struct change *c = first; c != NULL && e != OK; c = c->next)
		if (c->result == OK || c->result == ERR_EXISTS) { /* what it found there may have been a change before it in this chain */
			c->result = e;
			if (c->have != NULL)
				registry_row_free(c->have);
			if (c->why != NULL)
				*c->why = why;
		}
	(void)pthread_mutex_unlock(&r->lock);
}

static enum err
change(struct registry *r, struct change *c)
{
	(void)pthread_mutex_lock(&r->queue_lock);
	*r->last = c;
	r->last = &c->next;
	while (!c->done && r->leading)
		(void)pthread_cond_wait(&r->committed, &r->queue_lock);
	if (!c->done) { /* all that has gathered is committed by us; what gathers meanwhile, by one of those who wait */
		struct change *all = r->first;

		r->leading = 1;
		r->first = NULL;
		r->last = &r->first;
		(void)pthread_mutex_unlock(&r->queue_lock);
		commit(r, all);
		(void)pthread_mutex_lock(&r->queue_lock);
		for (struct change *x = all; x != NULL; x = x->next)
			x->done = 1;
		r->leading = 0;
		(void)pthread_cond_broadcast(&r->committed);
	}
	(void)pthread_mutex_unlock(&r->queue_lock);
	return c->result;
}

static enum err
fits(const struct registry *r, const struct buf *request, const struct buf *answer, struct why *why)
{
	if ((request != NULL && request->n > r->request_max) || answer->n > r->answer_max)
		return why_set(why, ERR_LENGTH, "registry: request or answer does not fit its row");
	return OK;
}

enum err
registry_authorize(struct registry *r, uint32_t index, const struct buf *request, const struct buf *answer, struct registry_row *have, struct why *why)
{
	struct change c = {.kind = AUTHORIZE, .index = index, .request = request, .answer = answer, .have = have, .why = why};
	enum err e = fits(r, request, answer, why);

	return e == OK ? change(r, &c) : e;
}

enum err
registry_answer(struct registry *r, uint32_t index, const struct buf *answer, struct why *why)
{
	struct change c = {.kind = ANSWER, .index = index, .answer = answer, .why = why};
	enum err e = fits(r, NULL, answer, why);

	return e == OK ? change(r, &c) : e;
}

enum err
registry_refill(struct registry *r, uint32_t index, const struct buf *request, const struct buf *answer, struct why *why)
{
	struct change c = {.kind = REFILL, .index = index, .request = request, .answer = answer, .why = why};
	enum err e = fits(r, request, answer, why);

	return e == OK ? change(r, &c) : e;
}

enum err
registry_confirm(struct registry *r, uint32_t index, const uint8_t sig[64], struct why *why)
{
	struct change c = {.kind = CONFIRM, .index = index, .sig = sig, .why = why};

	return change(r, &c);
}

enum err
registry_accept(struct registry *r, struct why *why)
{
	enum err e;

	(void)pthread_mutex_lock(&r->lock);
	if ((e = fence_write(r->fence, r->authorized, '\n', why)) == OK) {
		r->refused = 0;
		r->behind = 0;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return e;
}

/* After an error: can the disk be written again? The first row is written as it is. */
static void
try_again(struct registry *r)
{
	uint8_t *data = malloc(row_bytes(r));

	r->tried = steady_seconds();
	if (r->unwritten && fence_write(r->fence, r->authorized, '\n', NULL) == OK)
		r->unwritten = 0;
	if (data == NULL || !r->uncommitted || !run(r->db, "BEGIN IMMEDIATE"))
		goto done;
	if (read_row(r, 0, data, NULL) == OK && write_row(r, 0, data, NULL) == OK && run(r->db, "COMMIT"))
		r->uncommitted = 0;
	else
		(void)run(r->db, "ROLLBACK");
	wipe(data, row_bytes(r));
done:
	free(data);
}

enum err
registry_state(struct registry *r, struct why *why)
{
	enum err e = OK;

	(void)pthread_mutex_lock(&r->lock);
	if ((r->unwritten || r->uncommitted) && steady_seconds() != r->tried)
		try_again(r);
	if (r->refused)
		e = why_set(why, ERR_NOT_NOW, "the registry is an older copy, or its fence %s is gone: nobody is authorized until it is refilled", r->fence);
	else if (r->unwritten)
		e = why_set(why, ERR_IO, "the registry's fence %s cannot be written: nobody is authorized until it can; tried again at every request", r->fence);
	else if (r->uncommitted)
		e = why_set(why, ERR_IO, "the registry cannot be written: nobody is authorized until it can; tried again every second");
	(void)pthread_mutex_unlock(&r->lock);
	return e;
}

int
registry_refused(struct registry *r, uint32_t *behind)
{
	int refused;

	(void)pthread_mutex_lock(&r->lock);
	refused = r->refused;
	if (behind != NULL)
		*behind = r->behind;
	(void)pthread_mutex_unlock(&r->lock);
	return refused;
}
