#include "crypto/checkpoint.h"

#include <inttypes.h>
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

enum err
decimal_read(uint64_t *out, const char *p, const char *end)
{
	uint64_t v = 0;

	if (p == end || (*p == '0' && end - p > 1))
		return ERR_FORMAT;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return ERR_FORMAT;
		if (v > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
			return ERR_RANGE;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (v > INT64_MAX)
		return ERR_RANGE;
	*out = v;
	return OK;
}

enum err
hash_read(struct hash *out, const char *p, const char *end)
{
	struct hash h;
	size_t n = sizeof h.b;

	if (end - p != 44 || base64_decode(h.b, &n, p, 44) != OK || n != 32)
		return ERR_FORMAT;
	*out = h;
	return OK;
}

/* The three lines of a checkpoint's text; the origin is origin_n bytes from the text's start. */
static enum err
body_read(struct head *out, size_t *origin_n, const struct note *note, struct why *why)
{
	const char *line[4] = {note->text}, *end = note->text + note->text_n;
	struct head head;
	struct hash empty;

	for (int i = 1; i < 4; i++) {
		const char *eol = memchr(line[i - 1], '\n', (size_t)(end - line[i - 1]));

		if (eol == NULL)
			return why_set(why, ERR_FORMAT, "checkpoint: fewer than three lines");
		line[i] = eol + 1;
	}
	if (line[3] != end)
		return why_set(why, ERR_FORMAT, "checkpoint: extension lines are not allowed");
	if (line[1] - line[0] == 1)
		return why_set(why, ERR_FORMAT, "checkpoint: no origin");
	if (decimal_read(&head.size, line[1], line[2] - 1) != OK)
		return why_set(why, ERR_FORMAT, "checkpoint: bad size");
	if (hash_read(&head.root, line[2], line[3] - 1) != OK)
		return why_set(why, ERR_FORMAT, "checkpoint: bad root");
	empty_root(&empty);
	if (head.size == 0 && !hash_equal(&head.root, &empty))
		return why_set(why, ERR_PROOF, "checkpoint: size 0 with a root that is not the empty tree's");
	*out = head;
	*origin_n = (size_t)(line[1] - line[0] - 1);
	return OK;
}

enum err
checkpoint_open(struct head *out, const void *p, size_t n, const struct vkey *log, struct why *why)
{
	size_t origin_n, name_n = strlen(log->name);
	struct head head;
	struct note note;
	enum err e;

	if ((e = note_read(&note, p, n, why)) != OK)
		return why_prefix(why, e, "checkpoint");
	if ((e = body_read(&head, &origin_n, &note, why)) != OK)
		return e;
	if (origin_n != name_n || memcmp(note.text, log->name, name_n) != 0)
		return why_set(why, ERR_FORMAT, "checkpoint: its origin is not %s", log->name);
	if ((e = note_verify(&note, log)) != OK)
		return why_set(why, e, e == ERR_ABSENT ? "checkpoint: not signed by the log's key %s"
						       : "checkpoint: the signature of %s is false",
		    log->name);
	*out = head;
	return OK;
}

/* What a cosigner signs: time, then the whole checkpoint body. */
static void
cosigned_text(struct buf *out, uint64_t time, const char *text, size_t n)
{
	buf_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time);
	buf_put(out, text, n);
}

/* Is this one line, of key's name and id, a true cosignature? */
static enum err
line_verify(uint64_t *time, const struct note *note, const struct note_signature *s, const struct vkey *key)
{
	struct buf text = {0};
	uint64_t t = 0;
	enum err e;

	if (s->n != 8 + ED25519_BYTES)
		return ERR_PROOF;
	for (int b = 0; b < 8; b++)
		t = t << 8 | s->sig[b];
	if (t > INT64_MAX)
		return ERR_PROOF;
	cosigned_text(&text, t, note->text, note->text_n);
	e = text.failed ? ERR_NOMEM : ed25519_verify(s->sig + 8, key->key, text.p, text.n);
	buf_free(&text);
	if (e == ERR_RANGE)
		e = ERR_PROOF; /* no such key: nothing can be true under it */
	if (e == OK)
		*time = t;
	return e;
}

enum err
cosignature_verify(uint64_t *time, const struct note *note, const struct vkey *key)
{
	uint64_t latest = 0;
	enum err e, found = ERR_ABSENT;

	if (key->type != NOTE_COSIGNATURE)
		return ERR_RANGE;
	for (size_t i = 0; i < note->signatures; i++) {
		struct note_signature s;
		uint64_t t;

		if ((e = note_signature(note, i, &s)) != OK)
			return e;
		if (strcmp(s.name, key->name) != 0 || memcmp(s.id, key->id, 4) != 0)
			continue;
		if ((e = line_verify(&t, note, &s, key)) != OK)
			return e;
		if (t > latest)
			latest = t;
		found = OK;
	}
	if (found == OK)
		*time = latest;
	return found;
}

enum err
checkpoint_cosigners(size_t *count, const void *p, size_t n, const struct vkey *keys, size_t keys_n, struct why *why)
{
	struct note note;
	size_t good = 0;
	uint64_t time;
	enum err e;

	if ((e = note_read(&note, p, n, why)) != OK)
		return e;
	for (size_t k = 0; k < keys_n; k++) {
		e = cosignature_verify(&time, &note, &keys[k]);
		if (e == OK)
			good++;
		else if (e == ERR_PROOF)
			return why_set(why, e, "the cosignature of %s is false", keys[k].name);
		else if (e != ERR_ABSENT)
			return why_set(why, e, "the cosignature of %s cannot be checked", keys[k].name);
	}
	*count = good;
	return OK;
}

enum err
checkpoint_cosign(struct buf *note, uint64_t time, const struct signer *by)
{
	struct buf text = {0};
	uint8_t sig[8 + ED25519_BYTES];
	struct vkey k;
	struct note parts;
	struct head head;
	size_t origin_n;
	enum err e;

	if (time == 0 || time > INT64_MAX)
		return ERR_RANGE;
	if ((e = note_read(&parts, note->p, note->n, NULL)) != OK)
		return e;
	if ((e = body_read(&head, &origin_n, &parts, NULL)) != OK)
		return e;
	if (parts.signatures == NOTE_MAX_SIGNATURES)
		return ERR_RANGE;
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
