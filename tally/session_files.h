/* tally/session_files.h - the files of a session of the mix or of the decryption, as they lie in the record.
 *
 * Spec    spec/record.md#layout
 */
#ifndef TALLY_SESSION_FILES_H
#define TALLY_SESSION_FILES_H

#include "crypto/bytetree.h"
#include "crypto/session.h"
#include "tally/cli.h"

/* Where one session's files go. After the first error nothing more is written. */
struct session_files {
	const char *dir;      /* the record, or what is to be copied into it */
	char group[100];      /* mix/GROUP or decryption/GROUP */
	char nizkp[120];      /* the session's own folder in it */
	enum err e;
	struct why *why;
};

struct session_files mix_files(const char *dir, const char *group, struct why *why);
/* trustee: from 1 */
struct session_files decryption_files(const char *dir, const char *group, unsigned trustee, struct why *why);
/* One file, its path below dir given by a format. */
void session_put(struct session_files *f, const struct buf *b, const char *path, ...) __attribute__((format(printf, 3, 4)));
void session_text(struct session_files *f, const char *text, const char *path, ...) __attribute__((format(printf, 3, 4)));
/* What all sessions have: version, type ("shuffling" or "decryption"), auxsid, width, key, input, protInfo.xml. */
void session_common(struct session_files *f, const struct session *s, const char *type, const struct point *key, const struct ciphertext *in, size_t n);

#endif
