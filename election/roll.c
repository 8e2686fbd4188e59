#include "election/roll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/checkpoint.h"
#include "crypto/kdf.h"

enum { ROW_BYTES = XONLY_BYTES + 2 + HASH_BYTES, HEADER_BYTES = 1 + 2 * HASH_BYTES + 4 };

void
roll_write(struct buf *out, const struct roll *r)
{
	buf_u8(out, 1);
	buf_put(out, r->call.b, HASH_BYTES);
	buf_put(out, r->styles_hash.b, HASH_BYTES);
	buf_u32(out, r->n);
	for (uint32_t i = 0; i < r->n; i++) {
		buf_put(out, r->row[i].key, XONLY_BYTES);
		buf_u16(out, r->row[i].style);
		buf_put(out, r->row[i].row.b, HASH_BYTES);
	}
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, XONLY_BYTES);
}

static enum err
distinct(const struct roll *r, struct why *why)
{
	const uint8_t **key = malloc((r->n + 1) * sizeof *key);
	enum err e = OK;

	if (key == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < r->n; i++)
		key[i] = r->row[i].key;
	qsort(key, r->n, sizeof *key, by_key);
	for (uint32_t i = 1; i < r->n && e == OK; i++)
		if (memcmp(key[i], key[i - 1], XONLY_BYTES) == 0)
			e = why_set(why, ERR_RANGE, "roll: one credential stands twice");
	free(key);
	return e;
}

enum err
roll_read(struct roll *out, const void *p, size_t n, const struct hash *call, const struct manifest *m, struct why *why)
{
	struct rd r = rd_init(p, n);
	struct roll roll = {0};
	enum err e;

	if (rd_u8(&r) != 1)
		return why_set(why, ERR_FORMAT, "roll: not a roll of version 1");
	rd_copy(&r, roll.call.b, HASH_BYTES);
	rd_copy(&r, roll.styles_hash.b, HASH_BYTES);
	roll.n = rd_u32(&r);
	if (r.failed || n != HEADER_BYTES + (size_t)roll.n * ROW_BYTES)
		return why_set(why, ERR_LENGTH, "roll: %zu bytes do not fit its number of voters", n);
	if (!hash_equal(&roll.call, call) || !hash_equal(&roll.styles_hash, &m->styles_hash))
		return why_set(why, ERR_RANGE, "roll: made for another call or for other ballot styles");
	if ((roll.row = calloc(roll.n + 1, sizeof *roll.row)) == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < roll.n; i++) {
		struct point lifted;
		uint8_t b[POINT_BYTES] = {2};

		rd_copy(&r, roll.row[i].key, XONLY_BYTES);
		roll.row[i].style = rd_u16(&r);
		rd_copy(&r, roll.row[i].row.b, HASH_BYTES);
		memcpy(b + 1, roll.row[i].key, XONLY_BYTES);
		if (roll.row[i].style < 1 || roll.row[i].style > m->styles || point_read(&lifted, b) != OK) {
			roll_free(&roll);
			return why_set(why, ERR_RANGE, "roll: index %u has an unknown style or no valid key", i);
		}
	}
	if ((e = distinct(&roll, why)) != OK) {
		roll_free(&roll);
		return e;
	}
	sha256(&roll.hash, p, n);
	*out = roll;
	return OK;
}

void
roll_free(struct roll *r)
{
	free(r->row);
	memset(r, 0, sizeof *r);
}

/* ---- amendments ------------------------------------------------------------------- */

static enum err
fact_index(uint32_t *out, const struct event *e, struct why *why)
{
	const char *text = event_fact(e, "index");
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 9 || text[n] != '\0' || (text[0] == '0' && n > 1))
		return why_set(why, ERR_FORMAT, "%s: the fact \"index\" must be a roll index", e->kind);
	*out = (uint32_t)strtoul(text, NULL, 10);
	return OK;
}

/* A key that nobody has. */
static enum err
fresh_key(uint8_t key[XONLY_BYTES], const struct roll *r, const struct event *e, struct why *why)
{
	const char *text = event_fact(e, "key");
	uint8_t b[POINT_BYTES] = {2};
	struct point lifted;

	if (strlen(text) != 2 * XONLY_BYTES || hex_decode(b + 1, XONLY_BYTES, text, 2 * XONLY_BYTES) != OK || point_read(&lifted, b) != OK)
		return why_set(why, ERR_FORMAT, "%s: the fact \"key\" is no credential", e->kind);
	for (uint32_t i = 0; i < r->n; i++)
		if (memcmp(r->row[i].key, b + 1, XONLY_BYTES) == 0 || (r->row[i].replaced && memcmp(r->row[i].next, b + 1, XONLY_BYTES) == 0))
			return why_set(why, ERR_RANGE, "%s: the credential stands in the roll already", e->kind);
	memcpy(key, b + 1, XONLY_BYTES);
	return OK;
}

static enum err
replace(struct roll *r, uint32_t index, const struct event *e, const struct call *call, const struct manifest *m, struct why *why)
{
	struct roll_row *row = &r->row[index];
	uint64_t most = ((uint64_t)r->n * call->replaceable_percent + 99) / 100;
	uint8_t key[XONLY_BYTES];
	int64_t from;
	enum err err;

	if (time_read(&from, event_fact(e, "from")) != OK || from < e->time + (int64_t)m->replacement_delay)
		return why_set(why, ERR_RANGE, "replace-credential: it may come into force %u s after its entry, not before", m->replacement_delay);
	if (row->replaced)
		return why_set(why, ERR_RANGE, "replace-credential: the credential of roll index %u was replaced already", index);
	if (r->replaced >= most)
		return why_set(why, ERR_RANGE, "replace-credential: the call allows %u %% of the roll (%" PRIu64 ")", call->replaceable_percent, most);
	if ((err = fresh_key(key, r, e, why)) != OK)
		return err;
	memcpy(row->next, key, sizeof key);
	row->next_from = from;
	row->replaced = 1;
	r->replaced++;
	return OK;
}

/* By order of a court: a voter whom the roll had left out. */
static enum err
append(struct roll *r, const struct event *e, const struct call *call, const struct manifest *m, struct why *why)
{
	const char *text = event_fact(e, "style");
	struct roll_row row = {.style = 0}, *more;
	uint64_t style;
	enum err err;

	if (decimal_read(&style, text, text + strlen(text)) != OK)
		style = 0;
	row.style = (unsigned)style;
	if (style < 1 || style > m->styles || strlen(event_fact(e, "row")) != 2 * HASH_BYTES ||
	    hex_decode(row.row.b, HASH_BYTES, event_fact(e, "row"), 2 * HASH_BYTES) != OK)
		return why_set(why, ERR_FORMAT, "include: style or row is not of the manifest or no commitment");
	if ((int64_t)r->n >= call->maximum_voters)
		return why_set(why, ERR_RANGE, "include: the roll has the call's maximum of voters");
	if ((err = fresh_key(row.key, r, e, why)) != OK)
		return err;
	if ((more = realloc(r->row, (r->n + 2u) * sizeof *more)) == NULL)
		return ERR_NOMEM;
	r->row = more;
	r->row[r->n++] = row;
	return OK;
}

int
roll_amends(const struct event *e)
{
	return strcmp(e->kind, "exclude") == 0 || strcmp(e->kind, "include") == 0 || strcmp(e->kind, "replace-credential") == 0;
}

enum err
roll_amend(struct roll *r, const struct event *e, const struct call *call, const struct manifest *m, struct why *why)
{
	int out = strcmp(e->kind, "exclude") == 0, in = strcmp(e->kind, "include") == 0, key = strcmp(e->kind, "replace-credential") == 0;
	uint32_t index = 0;
	enum err err;

	if (!roll_amends(e))
		return OK;
	if ((err = fact_index(&index, e, why)) != OK)
		return err;
	if (in && index == r->n)
		return append(r, e, call, m, why);
	if (index >= r->n)
		return why_set(why, ERR_RANGE, "%s: the roll has %u voters, no index %u", e->kind, r->n, index);
	if (key)
		return replace(r, index, e, call, m, why);
	if (r->row[index].excluded == out)
		return why_set(why, ERR_NOT_NOW, "%s: roll index %u is %s already", e->kind, index, out ? "excluded" : "included");
	r->row[index].excluded = out;
	return OK;
}

const uint8_t *
roll_credential(const struct roll_row *row, int64_t now)
{
	return row->replaced && now >= row->next_from ? row->next : row->key;
}

enum err
roll_signed(const struct roll_row *row, const uint8_t sig[SCHNORR_BYTES], const struct hash *message)
{
	enum err e = schnorr_verify(sig, row->key, message);

	return e != OK && row->replaced ? schnorr_verify(sig, row->next, message) : e;
}

void
roll_row_hash(struct hash *out, const struct hash *call, const uint8_t salt[32], const char *text)
{
	struct buf b = {0};

	buf_put(&b, call->b, HASH_BYTES);
	buf_put(&b, salt, 32);
	buf_vec16(&b, text, strlen(text));
	tagged_hash(out, TAG_ROLL_ROW, b.p, b.n);
	buf_free(&b);
}

/* ---- private roll ----------------------------------------------------------------- */

enum err
private_roll_write(struct buf *out, const uint8_t key[32], const struct hash *call, const struct person *p, uint32_t n)
{
	struct buf b = {0};
	enum err e;

	buf_u32(&b, n);
	for (uint32_t i = 0; i < n; i++) {
		buf_vec8(&b, p[i].user, strlen(p[i].user));
		buf_vec8(&b, p[i].name, strlen(p[i].name));
		buf_vec8(&b, p[i].email, strlen(p[i].email));
		buf_vec8(&b, p[i].phone, strlen(p[i].phone));
		buf_put(&b, p[i].salt, 32);
	}
	e = b.failed ? ERR_NOMEM : seal(out, key, b.p, b.n, call->b, HASH_BYTES);
	buf_free(&b);
	return e;
}

static void
text8(struct rd *r, char *out, size_t size)
{
	size_t n = rd_u8(r);
	const uint8_t *p = rd_take(r, n);

	if (n >= size)
		r->failed = 1;
	else if (p != NULL) {
		memcpy(out, p, n);
		out[n] = '\0';
	}
}

enum err
private_roll_read(struct person **out, uint32_t *n, const uint8_t key[32], const struct hash *call, const void *p, size_t bytes, struct why *why)
{
	struct buf b = {0};
	struct person *list = NULL;
	struct rd r;
	uint32_t count;
	enum err e;

	if ((e = unseal(&b, key, p, bytes, call->b, HASH_BYTES)) != OK)
		return why_set(why, e, "the private roll is of another call, or the key is not its key");
	r = rd_init(b.p, b.n);
	count = rd_u32(&r);
	if (count > b.n || (list = calloc(count + 1, sizeof *list)) == NULL)
		e = ERR_FORMAT;
	for (uint32_t i = 0; e == OK && i < count; i++) {
		text8(&r, list[i].user, sizeof list[i].user);
		text8(&r, list[i].name, sizeof list[i].name);
		text8(&r, list[i].email, sizeof list[i].email);
		text8(&r, list[i].phone, sizeof list[i].phone);
		rd_copy(&r, list[i].salt, 32);
	}
	if (e == OK && rd_done(&r) != OK)
		e = ERR_FORMAT;
	buf_free(&b);
	if (e != OK) {
		free(list);
		return why_set(why, e, "the private roll is malformed");
	}
	*out = list;
	*n = count;
	return OK;
}

/* ---- lists ----------------------------------------------------------------------------- */

void
list_begin(struct buf *out, const struct hash *election, unsigned authorizer, unsigned authorizers, uint32_t n)
{
	buf_u8(out, 1);
	buf_put(out, election->b, HASH_BYTES);
	buf_u8(out, authorizer);
	buf_u8(out, authorizers);
	buf_u32(out, n);
}

void
list_row(struct buf *out, const struct list_row *row)
{
	buf_u8(out, row->present ? 1 : 0);
	if (!row->present)
		return;
	buf_vec16(out, row->request, row->request_n);
	buf_put(out, row->sig, SCHNORR_BYTES);
	buf_u8(out, row->answers);
	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		if (row->answers >> a & 1)
			buf_put(out, row->answer[a], RSA_BYTES);
}

enum { LIST_HEADER_BYTES = 1 + HASH_BYTES + 1 + 1 + 4 };

/* A row at the front of r, which moves behind it. ERR_LENGTH: it is not whole, and r stays. */
static enum err
row_read(struct rd *r, unsigned authorizers, struct list_row *row)
{
	struct rd at = *r;
	unsigned present = rd_u8(&at);

	*row = (struct list_row){.present = present == 1};
	if (present > 1)
		return ERR_FORMAT;
	if (present == 1) {
		row->request = rd_vec16(&at, &row->request_n);
		row->sig = rd_take(&at, SCHNORR_BYTES);
		row->answers = (uint8_t)rd_u8(&at);
		for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
			if (row->answers >> a & 1)
				row->answer[a] = rd_take(&at, RSA_BYTES);
	}
	if (at.failed)
		return ERR_LENGTH;
	*r = at;
	return row->answers >> authorizers != 0 ? ERR_FORMAT : OK;
}

static enum err
header_read(const struct list_walk *w, struct rd *r, struct why *why)
{
	struct hash of;
	unsigned version = rd_u8(r);

	rd_copy(r, of.b, HASH_BYTES);
	if (version != 1 || !hash_equal(&of, w->election) || rd_u8(r) != w->authorizer || rd_u8(r) != w->authorizers || rd_u32(r) != w->rows)
		return why_set(why, ERR_FORMAT, "authorizations: the header is not of this election, authorizer and roll");
	return OK;
}

enum err
list_feed(struct list_walk *w, const uint8_t *p, size_t n, struct why *why)
{
	struct rd r;
	enum err e = OK;

	if (w->taken > 0) {
		memmove(w->pending.p, w->pending.p + w->taken, w->pending.n - w->taken);
		w->pending.n -= w->taken;
		w->taken = 0;
	}
	buf_put(&w->pending, p, n);
	if (w->pending.failed)
		return ERR_NOMEM;
	r = rd_init(w->pending.p, w->pending.n);
	if (!w->begun) {
		if (r.n < LIST_HEADER_BYTES)
			return OK;
		if ((e = header_read(w, &r, why)) != OK)
			return e;
		w->begun = 1;
	}
	while (e == OK && w->next < w->rows) {
		struct list_row row;

		if ((e = row_read(&r, w->authorizers, &row)) == OK)
			e = w->each(w->ctx, w->next++, &row);
		else if (e == ERR_FORMAT)
			return why_set(why, e, "authorizations: row %u is malformed", w->next);
		else
			break; /* the rest of it comes */
	}
	w->taken = w->pending.n - r.n;
	if (e == ERR_LENGTH && w->next < w->rows)
		e = OK;
	if (e == OK && w->next == w->rows && r.n > 0)
		e = why_set(why, ERR_LENGTH, "authorizations: bytes after the last row");
	return e;
}

enum err
list_end(struct list_walk *w, struct why *why)
{
	int whole = w->begun && w->next == w->rows;

	buf_free(&w->pending);
	return whole ? OK : why_set(why, ERR_LENGTH, "authorizations: cut off in row %u", w->next);
}

enum err
list_read(const void *p, size_t n, const struct hash *election, unsigned authorizer, unsigned authorizers, uint32_t rows,
    enum err (*each)(void *, uint32_t, const struct list_row *), void *ctx, struct why *why)
{
	struct list_walk w = {election, authorizer, authorizers, rows, each, ctx, {0}, 0, 0, 0};
	enum err e = list_feed(&w, p, n, why);

	if (e == OK)
		return list_end(&w, why);
	buf_free(&w.pending);
	return e;
}

void
confirmations_begin(struct buf *out, const struct hash *election, uint32_t n)
{
	buf_u8(out, 1);
	buf_put(out, election->b, HASH_BYTES);
	buf_u32(out, n);
}

void
confirmations_row(struct buf *out, const uint8_t *sig)
{
	buf_u8(out, sig != NULL);
	if (sig != NULL)
		buf_put(out, sig, SCHNORR_BYTES);
}

enum err
confirmations_read(const void *p, size_t n, const struct hash *election, uint32_t rows,
    enum err (*each)(void *, uint32_t, const uint8_t *), void *ctx, struct why *why)
{
	struct rd r = rd_init(p, n);
	struct hash of;
	enum err e;

	if (rd_u8(&r) != 1)
		r.failed = 1;
	rd_copy(&r, of.b, HASH_BYTES);
	if (r.failed || !hash_equal(&of, election) || rd_u32(&r) != rows)
		return why_set(why, ERR_FORMAT, "confirmations: the header is not of this election and roll");
	for (uint32_t i = 0; i < rows; i++) {
		unsigned present = rd_u8(&r);
		const uint8_t *sig = present == 1 ? rd_take(&r, SCHNORR_BYTES) : NULL;

		if (r.failed || present > 1)
			return why_set(why, ERR_FORMAT, "confirmations: row %u is malformed", i);
		if ((e = each(ctx, i, sig)) != OK)
			return e;
	}
	return rd_done(&r) == OK ? OK : why_set(why, ERR_LENGTH, "confirmations: bytes after the last row");
}

void
encrypted_votes_begin(struct buf *out, const struct hash *election, uint64_t n)
{
	buf_u8(out, 1);
	buf_put(out, election->b, HASH_BYTES);
	buf_u64(out, n);
}
