#include "crypto/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
checkpoint_body(struct buf *out, const char *origin, const struct head *head)
{
	char root[48];

	base64_encode(root, head->root.b, 32);
	buf_printf(out, "%s\n%" PRIu64 "\n%s\n", origin, head->size, root);
}

enum err
checkpoint_sign(struct buf *out, const struct head *head, const struct signer *log)
{
	struct buf body = {0}, note = {0};
	enum err e;

	checkpoint_body(&body, log->name, head);
	e = body.failed ? ERR_NOMEM : note_sign(&note, (const char *)body.p, body.n, log);
	buf_free(&body);
	if (e != OK) {
		buf_free(&note);
		return e;
	}
	buf_free(out);
	*out = note;
	return OK;
}

/* A decimal without sign or leading zero, [p, end). */
enum err
decimal_read(uint64_t *out, const char *p, const char *end)
{
	uint64_t v = 0;

	if (p == end || (*p == '0' && end - p > 1))
		return ERR_FORMAT;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9' || v > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (v > INT64_MAX)
		return ERR_RANGE;
	*out = v;
	return OK;
}

enum err
hash_line_read(struct hash *out, const char *p, const char *end)
{
	size_t n = sizeof out->b;

	if (end - p != 44 || base64_decode(out->b, &n, p, 44) != OK || n != 32)
		return ERR_FORMAT;
	return OK;
}

enum err
checkpoint_read(struct checkpoint *out, const void *p, size_t n, struct why *why)
{
	const char *line[4], *end;
	struct checkpoint c;
	enum err e;

	if ((e = note_read(&c.note, p, n, why)) != OK)
		return why_prefix(why, e, "checkpoint");
	line[0] = c.note.text;
	end = c.note.text + c.note.text_n;
	for (int i = 1; i < 4; i++) {
		const char *eol = memchr(line[i - 1], '\n', (size_t)(end - line[i - 1]));

		if (eol == NULL)
			return why_set(why, ERR_FORMAT, "checkpoint: fewer than three lines");
		line[i] = eol + 1;
	}
	c.origin = line[0];
	c.origin_n = (size_t)(line[1] - line[0] - 1);
	c.extensions_n = (size_t)(end - line[3]);
	if (c.origin_n == 0 || (c.extensions_n > 0 && (line[3][0] == '\n' || memmem(line[3], c.extensions_n, "\n\n", 2) != NULL)))
		return why_set(why, ERR_FORMAT, "checkpoint: an empty line");
	if (decimal_read(&c.head.size, line[1], line[2] - 1) != OK)
		return why_set(why, ERR_FORMAT, "checkpoint: bad size");
	if (hash_line_read(&c.head.root, line[2], line[3] - 1) != OK)
		return why_set(why, ERR_FORMAT, "checkpoint: bad root");
	*out = c;
	return OK;
}

enum err
checkpoint_open(struct head *out, const void *p, size_t n, const struct vkey *log, struct why *why)
{
	struct checkpoint c;
	enum err e;

	if ((e = checkpoint_read(&c, p, n, why)) != OK)
		return e;
	if (c.extensions_n > 0)
		return why_set(why, ERR_FORMAT, "checkpoint: extension lines are not allowed");
	if (c.origin_n != strlen(log->name) || memcmp(c.origin, log->name, c.origin_n) != 0)
		return why_set(why, ERR_FORMAT, "checkpoint: its origin is not %s", log->name);
	if ((e = note_verify(&c.note, log)) != OK)
		return why_set(why, e, e == ERR_ABSENT ? "checkpoint: not signed by the log's key %s"
						       : "checkpoint: the signature of %s is false",
		    log->name);
	*out = c.head;
	return OK;
}

enum err
checkpoint_bare(struct buf *out, const void *p, size_t n, const struct vkey *log, struct why *why)
{
	struct note_signature s;
	struct note note;
	enum err e;

	if ((e = note_read(&note, p, n, why)) != OK)
		return e;
	for (size_t i = 0; i < note.signatures; i++)
		if (note_signature(&note, i, &s) == OK && note_signature_by(&s, log)) {
			buf_put(out, note.text, note.text_n);
			buf_u8(out, '\n');
			buf_put(out, s.line, s.line_n);
			return out->failed ? ERR_NOMEM : OK;
		}
	return why_set(why, ERR_ABSENT, "checkpoint: not signed by the log's key %s", log->name);
}

/* What a cosigner signs: time, then the whole checkpoint body. */
static void
cosigned_text(struct buf *out, uint64_t time, const char *text, size_t n)
{
	buf_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time);
	buf_put(out, text, n);
}

/* One cosignature under the key's name and id. */
static enum err
cosignature_check(uint64_t *time, const struct note *note, const struct note_signature *s, const struct vkey *key)
{
	struct buf text = {0};
	struct rd r = rd_init(s->sig, 8);
	enum err e;

	*time = rd_u64(&r);
	if (key->type != NOTE_COSIGNATURE || s->n != 8 + 64 || *time == 0 || *time > INT64_MAX)
		return ERR_PROOF;
	cosigned_text(&text, *time, note->text, note->text_n);
	e = text.failed ? ERR_NOMEM : ed25519_verify(s->sig + 8, key->key, text.p, text.n);
	buf_free(&text);
	return e;
}

enum err
checkpoint_cosigned(uint64_t *time, const struct note *note, const struct vkey *key)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < note->signatures; i++) {
		struct note_signature s;
		uint64_t t;
		enum err e;

		if ((e = note_signature(note, i, &s)) != OK)
			return e;
		if (!note_signature_by(&s, key))
			continue;
		if ((e = cosignature_check(&t, note, &s, key)) != OK)
			return e;
		newest = t > newest ? t : newest;
	}
	*time = newest;
	return OK;
}

enum err
checkpoint_cosigners(size_t *count, const void *p, size_t n, const struct vkey *keys, size_t keys_n, struct why *why)
{
	struct note note;
	size_t good = 0;
	enum err e;

	if ((e = note_read(&note, p, n, why)) != OK)
		return e;
	for (size_t k = 0; k < keys_n; k++) {
		uint64_t time;

		if ((e = checkpoint_cosigned(&time, &note, &keys[k])) != OK)
			return why_set(why, e, "the cosignature of %s is false", keys[k].name);
		good += time != 0;
	}
	*count = good;
	return OK;
}

enum err
checkpoint_cosign(struct buf *note, uint64_t time, const struct signer *by)
{
	struct buf text = {0};
	uint8_t sig[72];
	struct vkey k;
	struct note parts;
	enum err e;

	if (time == 0 || time > INT64_MAX)
		return ERR_RANGE;
	if ((e = note_read(&parts, note->p, note->n, NULL)) != OK)
		return e;
	if ((e = vkey_make(&k, by->name, NOTE_COSIGNATURE, by->key)) != OK)
		return e;
	for (int b = 0; b < 8; b++)
		sig[b] = (uint8_t)(time >> (56 - 8 * b));
	cosigned_text(&text, time, parts.text, parts.text_n);
	e = text.failed ? ERR_NOMEM : by->sign(by->ctx, sig + 8, text.p, text.n);
	buf_free(&text);
	if (e != OK)
		return e;
	note_line(note, k.name, k.id, sig, sizeof sig);
	return note->failed ? ERR_NOMEM : OK;
}

/* ---- receipts ------------------------------------------------------------- */

static const char proof_head[] = "c2sp.org/tlog-proof@v1\n";

void
receipt_write(struct buf *out, uint64_t index, const struct hash *path, size_t path_n, const void *checkpoint, size_t checkpoint_n)
{
	char text[sizeof proof_head + 32 + MERKLE_MAX_PATH * 45 + 2]; /* put together here: the log makes one for every entry */
	size_t n = (size_t)snprintf(text, sizeof text, "%sindex %" PRIu64 "\n", proof_head, index);

	for (size_t i = 0; i < path_n && i < MERKLE_MAX_PATH; i++) {
		base64_encode(text + n, path[i].b, HASH_BYTES);
		n += 44;
		text[n++] = '\n';
	}
	text[n++] = '\n';
	buf_room(out, n + checkpoint_n);
	buf_put(out, text, n);
	buf_put(out, checkpoint, checkpoint_n);
}

enum err
receipt_read(struct receipt *out, const void *p, size_t n, struct why *why)
{
	const char *at = p, *end = at + n, *eol;
	struct receipt r = {0};

	if (n < sizeof proof_head - 1 || memcmp(at, proof_head, sizeof proof_head - 1) != 0)
		return why_set(why, ERR_FORMAT, "not a receipt: its first line is not c2sp.org/tlog-proof@v1");
	at += sizeof proof_head - 1;
	if (end - at > 6 && memcmp(at, "extra ", 6) == 0) {
		uint8_t *bytes;
		size_t max;

		if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return why_set(why, ERR_FORMAT, "receipt: cut short");
		r.extra = at + 6;
		r.extra_n = max = (size_t)(eol - r.extra);
		if ((bytes = malloc(max + 1)) == NULL)
			return ERR_NOMEM;
		if (base64_decode(bytes, &max, r.extra, r.extra_n) != OK)
			r.extra_n = 0;
		free(bytes);
		if (r.extra_n == 0)
			return why_set(why, ERR_FORMAT, "receipt: the extra line is not base64");
		at = eol + 1;
	}
	if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL || eol - at < 6 || memcmp(at, "index ", 6) != 0 ||
	    decimal_read(&r.index, at + 6, eol) != OK)
		return why_set(why, ERR_FORMAT, "receipt: bad index line");
	for (at = eol + 1;; at = eol + 1) {
		if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return why_set(why, ERR_FORMAT, "receipt: cut short");
		if (eol == at)
			break;
		if (r.path_n == MERKLE_MAX_PATH || hash_line_read(&r.path[r.path_n], at, eol) != OK)
			return why_set(why, ERR_FORMAT, "receipt: hash line %zu is malformed", r.path_n + 1);
		r.path_n++;
	}
	r.checkpoint = eol + 1;
	r.checkpoint_n = (size_t)(end - r.checkpoint);
	*out = r;
	return OK;
}

enum err
receipt_verify(const struct receipt *r, const struct hash *leaf, const struct vkey *log, struct head *head, struct why *why)
{
	struct head h;
	enum err e;

	if ((e = checkpoint_open(&h, r->checkpoint, r->checkpoint_n, log, why)) != OK)
		return why_prefix(why, e, "receipt");
	*head = h;
	if ((e = inclusion_check(r->index, h.size, leaf, r->path, r->path_n, &h.root)) != OK)
		return why_set(why, e, "receipt: the entry is not in the tree of size %" PRIu64 " at index %" PRIu64, h.size, r->index);
	return OK;
}
