#include "crypto/note.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"

static const char dash[] = "\xe2\x80\x94 "; /* em dash, space */

enum err
vkey_make(struct vkey *out, const char *name, unsigned type, const uint8_t key[32])
{
	struct vkey k = {.type = (uint8_t)type};
	struct hash h;
	uint8_t tail[34] = {'\n', (uint8_t)type};

	if (!signer_name_valid(name) || ed25519_small_order(key))
		return ERR_RANGE;
	memcpy(k.name, name, strlen(name) + 1);
	memcpy(k.key, key, 32);
	memcpy(tail + 2, key, 32);
	sha256_3(&h, name, strlen(name), tail, sizeof tail, NULL, 0);
	memcpy(k.id, h.b, 4);
	*out = k;
	return OK;
}

void
vkey_write(char out[256], const struct vkey *k)
{
	uint8_t body[33];
	char id[9], key[64];

	body[0] = k->type;
	memcpy(body + 1, k->key, 32);
	hex_encode(id, k->id, 4);
	base64_encode(key, body, sizeof body);
	(void)snprintf(out, 256, "%.127s+%s+%s", k->name, id, key);
}

enum err
vkey_read(struct vkey *out, const char *text, struct why *why)
{
	const char *one = strchr(text, '+'), *two = one != NULL ? strchr(one + 1, '+') : NULL;
	char name[128];
	uint8_t id[4], body[64];
	size_t n = sizeof body;
	struct vkey k;

	if (two == NULL || one - text >= (ptrdiff_t)sizeof name)
		return why_set(why, ERR_FORMAT, "a verifier key has the form name+hash+key");
	memcpy(name, text, (size_t)(one - text));
	name[one - text] = '\0';
	if (hex_decode(id, 4, one + 1, (size_t)(two - one - 1)) != OK)
		return why_set(why, ERR_FORMAT, "verifier key %s: the hash is not 8 lower-case hex digits", name);
	if (base64_decode(body, &n, two + 1, strlen(two + 1)) != OK || n != 33)
		return why_set(why, ERR_FORMAT, "verifier key %s: the key is not base64 of 33 bytes", name);
	if (body[0] != NOTE_ED25519 && body[0] != NOTE_COSIGNATURE)
		return why_set(why, ERR_FORMAT, "verifier key %s: unknown signature type %u", name, body[0]);
	if (vkey_make(&k, name, body[0], body + 1) != OK)
		return why_set(why, ERR_FORMAT, "verifier key: bad name");
	if (memcmp(k.id, id, 4) != 0)
		return why_set(why, ERR_FORMAT, "verifier key %s: the hash does not belong to this name and key (a typing error?)", name);
	*out = k;
	return OK;
}

int
vkey_equal(const struct vkey *a, const struct vkey *b)
{
	return memcmp(a->key, b->key, 32) == 0;
}

/* Base64 of any length: its first `most` bytes, and the number of all. */
static enum err
decode_first(uint8_t *out, size_t most, size_t *n, const char *p, size_t len)
{
	enum { PIECE = 1024 };
	uint8_t bytes[PIECE / 4 * 3];
	size_t all = 0;

	for (size_t take; len > 0; p += take, len -= take) {
		size_t got = sizeof bytes;

		take = len < PIECE ? len : PIECE;
		if (base64_decode(bytes, &got, p, take) != OK || (take < len && got != sizeof bytes)) /* padding ends it */
			return ERR_FORMAT;
		if (all < most)
			memcpy(out + all, bytes, got < most - all ? got : most - all);
		all += got;
	}
	*n = all;
	return OK;
}

/* Read the signature line [p, end), end at its newline. */
static enum err
read_line(struct note_signature *out, const char *p, const char *end)
{
	const char *space;
	struct note_signature s = {.line = p, .line_n = (size_t)(end + 1 - p)};
	uint8_t blob[4 + sizeof s.sig] = {0};
	size_t n;

	if ((size_t)(end - p) < sizeof dash - 1 || memcmp(p, dash, sizeof dash - 1) != 0)
		return ERR_FORMAT;
	p += sizeof dash - 1;
	if ((space = memchr(p, ' ', (size_t)(end - p))) == NULL || !signer_name_shape(p, (size_t)(space - p)))
		return ERR_FORMAT;
	if ((size_t)(space - p) < sizeof s.name)
		memcpy(s.name, p, (size_t)(space - p));
	if (decode_first(blob, sizeof blob, &n, space + 1, (size_t)(end - space - 1)) != OK || n < 5)
		return ERR_FORMAT;
	memcpy(s.id, blob, 4);
	memcpy(s.sig, blob + 4, sizeof s.sig);
	s.n = n - 4;
	*out = s;
	return OK;
}

enum err
note_read(struct note *out, const void *p, size_t n, struct why *why)
{
	const char *s = p, *end, *at;
	struct note note = {.text = s};

	if (n == 0 || n > NOTE_MAX_BYTES || !utf8_valid(p, n))
		return why_set(why, ERR_FORMAT, "not a signed note: empty, too long or not UTF-8");
	end = s + n; /* not before: there may be no bytes at all */
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\n') || s[i] == 0x7f)
			return why_set(why, ERR_FORMAT, "not a signed note: control character at byte %zu", i);
	if (s[n - 1] != '\n')
		return why_set(why, ERR_FORMAT, "not a signed note: no newline at the end");
	/* the last empty line parts text and signatures */
	for (at = end - 2; at > s; at--)
		if (at[0] == '\n' && at[1] == '\n')
			break;
	if (at <= s)
		return why_set(why, ERR_FORMAT, "not a signed note: no empty line before the signatures");
	note.text_n = (size_t)(at + 1 - s);
	note.lines = at + 2;
	note.lines_n = (size_t)(end - note.lines);
	for (at = note.lines; at < end;) {
		struct note_signature sig;
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		if (eol == NULL || read_line(&sig, at, eol) != OK)
			return why_set(why, ERR_FORMAT, "signed note: signature line %zu is malformed", note.signatures + 1);
		if (++note.signatures > NOTE_MAX_SIGNATURES)
			return why_set(why, ERR_FORMAT, "signed note: more than %d signatures", NOTE_MAX_SIGNATURES);
		at = eol + 1;
	}
	if (note.signatures == 0)
		return why_set(why, ERR_FORMAT, "signed note: no signature");
	*out = note;
	return OK;
}

enum err
note_signature(const struct note *note, size_t i, struct note_signature *out)
{
	const char *at = note->lines, *end = at + note->lines_n, *eol;

	for (;;) {
		if (at >= end || (eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			return ERR_RANGE;
		if (i-- == 0)
			return read_line(out, at, eol);
		at = eol + 1;
	}
}

int
note_signature_by(const struct note_signature *s, const struct vkey *key)
{
	return strcmp(s->name, key->name) == 0 && memcmp(s->id, key->id, sizeof s->id) == 0;
}

enum err
note_verify(const struct note *note, const struct vkey *key)
{
	enum err e = ERR_ABSENT;

	for (size_t i = 0; i < note->signatures; i++) {
		struct note_signature s;

		if (note_signature(note, i, &s) != OK)
			return ERR_FORMAT;
		if (!note_signature_by(&s, key))
			continue;
		if (s.n != 64 || key->type != NOTE_ED25519 || ed25519_verify(s.sig, key->key, note->text, note->text_n) != OK)
			return ERR_PROOF;
		e = OK;
	}
	return e;
}

void
note_keep(struct buf *out, const struct note *note, const struct vkey *key, size_t keys)
{
	buf_put(out, note->text, note->text_n);
	buf_u8(out, '\n');
	for (size_t k = 0; k < keys; k++) {
		struct note_signature s, best = {.line = NULL};

		for (size_t i = 0; note_signature(note, i, &s) == OK; i++) /* a cosignature begins with its time */
			if (note_signature_by(&s, &key[k]) && (best.line == NULL || (key[k].type == NOTE_COSIGNATURE && memcmp(s.sig, best.sig, 8) > 0)))
				best = s;
		if (best.line != NULL)
			buf_put(out, best.line, best.line_n);
	}
}

void
note_line(struct buf *out, const char *name, const uint8_t id[4], const void *sig, size_t n)
{
	uint8_t blob[4 + NOTE_SIGNATURE_BYTES];
	char text[4 * (sizeof blob + 2) / 3 + 1];

	if (n > NOTE_SIGNATURE_BYTES) {
		out->failed = 1;
		return;
	}
	memcpy(blob, id, 4);
	memcpy(blob + 4, sig, n);
	base64_encode(text, blob, n + 4);
	buf_printf(out, "%s%s %s\n", dash, name, text);
}

enum err
note_sign(struct buf *out, const char *text, size_t text_n, const struct signer *by)
{
	uint8_t sig[64];
	struct vkey k;
	enum err e;

	if (text_n == 0 || text[text_n - 1] != '\n')
		return ERR_FORMAT;
	if ((e = vkey_make(&k, by->name, NOTE_ED25519, by->key)) != OK)
		return e;
	if ((e = by->sign(by->ctx, sig, text, text_n)) != OK)
		return e;
	if (out->n == 0) {
		buf_put(out, text, text_n);
		buf_u8(out, '\n');
	}
	note_line(out, k.name, k.id, sig, sizeof sig);
	return out->failed ? ERR_NOMEM : OK;
}
