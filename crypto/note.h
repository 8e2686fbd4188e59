/* crypto/note.h - C2SP signed notes and verifier keys.
 *
 * Spec    spec/logs.md#signed-notes
 * Source  c2sp.org/signed-note v1.0.0
 */
#ifndef CRYPTO_NOTE_H
#define CRYPTO_NOTE_H

#include "crypto/ed25519.h"

enum { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4, NOTE_SIGNATURE_BYTES = 72 /* the longest that is looked at */ };
#define NOTE_MAX_BYTES 1000000
#define NOTE_MAX_SIGNATURES 64

/* A verifier key `name+hash+key`. */
struct vkey {
	char name[128];
	uint8_t type; /* NOTE_ED25519 or NOTE_COSIGNATURE */
	uint8_t key[32];
	uint8_t id[4];
};

/* ERR_FORMAT with a sentence: wrong shape, hash that does not belong to the key, unknown type. */
MUST_CHECK enum err vkey_read(struct vkey *out, const char *text, struct why *why);
/* Fills name, type, key and id. ERR_RANGE for a bad name or a key of small order. */
MUST_CHECK enum err vkey_make(struct vkey *out, const char *name, unsigned type, const uint8_t key[32]);
/* The string, at most 255 characters and a NUL. */
void vkey_write(char out[256], const struct vkey *k);
int vkey_equal(const struct vkey *a, const struct vkey *b); /* same public key, whatever the name */

/* One signature line of a note, by a signer that may be unknown; of another algorithm even its length is no concern. */
struct note_signature {
	const char *line; /* the whole line with its newline, in the note */
	size_t line_n;
	char name[128]; /* empty if it is longer than the name of any key */
	uint8_t id[4];
	uint8_t sig[NOTE_SIGNATURE_BYTES]; /* its first bytes */
	size_t n;			   /* of all */
};

/* A note taken apart; points into the bytes given to note_read. */
struct note {
	const char *text; /* ends with a newline */
	size_t text_n;
	const char *lines; /* the signature lines */
	size_t lines_n;
	size_t signatures;
};

/* Strict: UTF-8, no control character but newline, text ends with an empty
 * line, 1..64 well-formed signature lines. ERR_FORMAT with a sentence. Keeps pointers into p. */
MUST_CHECK enum err note_read(struct note *out, const void *p, size_t n, struct why *why);
/* 1 if it stands under this key's name and id: then it must verify. */
int note_signature_by(const struct note_signature *s, const struct vkey *key);
/* Signature i (from 0). */
MUST_CHECK enum err note_signature(const struct note *note, size_t i, struct note_signature *out);
/* OK if a plain Ed25519 signature of this key is there and verifies; ERR_ABSENT
 * if it has none; ERR_PROOF if one under its name and id is false. */
MUST_CHECK enum err note_verify(const struct note *note, const struct vkey *key);
/* Append the text, an empty line and one line of each of these keys that signed: its first; of a cosigner (type 04) the newest. Who sends a note may
 * write lines twice and lines of strangers: they are not kept. Nothing is verified here. */
void note_keep(struct buf *out, const struct note *note, const struct vkey *key, size_t keys);
/* Append to `out`: if it is empty, text and an empty line first. text must end
 * with a newline. */
MUST_CHECK enum err note_sign(struct buf *out, const char *text, size_t text_n, const struct signer *by);
/* Append one signature line. */
void note_line(struct buf *out, const char *name, const uint8_t id[4], const void *sig, size_t n);

#endif
