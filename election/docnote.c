#include "election/docnote.h"

#include <string.h>

/* The text that is signed: purpose, the call's hash, the document's. */
static void
text_of_hash(struct buf *out, const char *purpose, const struct hash *call, const struct hash *document)
{
	char call_hex[65], hex[65];

	hash_hex(hex, document);
	hash_hex(call_hex, call);
	buf_printf(out, "urna/v1/document\npurpose %s\ncall %s\nsha256 %s\n", purpose, call_hex, hex);
}

static enum err
same_text(const struct note *note, const char *purpose, const struct hash *call, const struct hash *document, struct why *why)
{
	struct buf text = {0};
	enum err e;

	text_of_hash(&text, purpose, call, document);
	e = text.failed				     ? ERR_NOMEM
	    : note->text_n == text.n && memcmp(note->text, text.p, text.n) == 0 ? OK
						     : why_set(why, ERR_PROOF, "the signatures are for another document, call or purpose than \"%s\"", purpose);
	buf_free(&text);
	return e;
}

enum err
docnote_sign(struct buf *note, const char *purpose, const struct hash *call, const void *document, size_t n,
    const struct signer *by, struct why *why)
{
	struct note have;
	struct hash h;
	enum err e;

	sha256(&h, document, n);
	if (note->n > 0 && ((e = note_read(&have, note->p, note->n, why)) != OK || (e = same_text(&have, purpose, call, &h, why)) != OK))
		return e;
	return docnote_sign_hash(note, purpose, call, &h, by, why);
}

enum err
docnote_sign_hash(struct buf *note, const char *purpose, const struct hash *call, const struct hash *document, const struct signer *by, struct why *why)
{
	struct buf text = {0};
	enum err e;

	text_of_hash(&text, purpose, call, document);
	e = text.failed ? ERR_NOMEM : note_sign(note, (const char *)text.p, text.n, by);
	buf_free(&text);
	return e == OK ? OK : why_set(why, e, "%s cannot sign", by->name);
}

enum err
docnote_verify_hash(const void *note, size_t note_n, const char *purpose, const struct hash *call, const struct hash *document, const struct vkey *key, struct why *why)
{
	struct note have;
	enum err e;

	if ((e = note_read(&have, note, note_n, why)) != OK || (e = same_text(&have, purpose, call, document, why)) != OK)
		return e;
	e = note_verify(&have, key);
	if (e == ERR_ABSENT)
		return why_set(why, e, "the signature of %s is missing", key->name);
	return e == OK ? OK : why_set(why, ERR_PROOF, "the signature of %s is false", key->name);
}

enum err
docnote_verify(const void *note, size_t note_n, const char *purpose, const struct hash *call, const void *document,
    size_t n, const struct vkey *key, struct why *why)
{
	struct hash h;

	sha256(&h, document, n);
	return docnote_verify_hash(note, note_n, purpose, call, &h, key, why);
}
