/* election/docnote.h - detached signatures of documents: X.note signs X.
 *
 * Spec    spec/documents.md#detached-signatures
 */
#ifndef ELECTION_DOCNOTE_H
#define ELECTION_DOCNOTE_H

#include "crypto/hash.h"
#include "crypto/note.h"

/* Add a signature to `note` (empty: a new one). ERR_PROOF if the note is of another document. */
MUST_CHECK enum err docnote_sign(struct buf *note, const char *purpose, const struct hash *call, const void *document, size_t n,
    const struct signer *by, struct why *why);
/* A new note of a document that is at hand by its hash alone. */
MUST_CHECK enum err docnote_sign_hash(struct buf *note, const char *purpose, const struct hash *call, const struct hash *document, const struct signer *by, struct why *why);
/* `key` signed exactly this document for this purpose. ERR_ABSENT: no signature of it. ERR_PROOF, ERR_FORMAT. */
MUST_CHECK enum err docnote_verify(const void *note, size_t note_n, const char *purpose, const struct hash *call, const void *document,
    size_t n, const struct vkey *key, struct why *why);
/* The same of a document that is at hand by its hash alone. */
MUST_CHECK enum err docnote_verify_hash(const void *note, size_t note_n, const char *purpose, const struct hash *call, const struct hash *document,
    const struct vkey *key, struct why *why);

#endif
