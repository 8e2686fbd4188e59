/* crypto/err.h - the one list of error codes of the whole tree, and the
 * sentence for a person that may go with a code.
 *
 * "Not well formed", "out of range" and "false" are different answers, and
 * "we failed" is never reported as "the input is bad".
 */
#ifndef CRYPTO_ERR_H
#define CRYPTO_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	OK = 0,
	ERR_IO,     /* the disk or the network said no; retrying may help */
	ERR_NOMEM,  /* an allocation failed; nothing was changed */
	ERR_LENGTH, /* wrong number of bytes or of elements */
	ERR_FORMAT, /* not well formed: unknown field, bad syntax, not canonical */
	ERR_RANGE,  /* right shape, value outside its set */
	ERR_PROOF,  /* well formed and false: a signature, proof or hash; evidence */
	ERR_NOT_NOW,  /* not now: wrong phase, closed, locked, already done */
	ERR_EXISTS, /* there is one already, and it is another */
	ERR_ABSENT, /* no such thing: file, key, row, token */
	ERR_DENIED, /* wrong PIN, password or right */
	ERR_CRYPTO, /* the cryptographic library or card failed on good input */
};

/* Stable lower-case name, e.g. "bad-proof". Static storage; never NULL. */
const char *err_name(enum err e);

/* What went wrong, for a person: who, what, and what to do. Filled by the
 * function that first detects the error; untouched on OK. */
struct why {
	char text[1024];
};

/* Write the sentence into `why` (NULL is allowed: then nothing is written) and
 * return `e`, so that a caller says `return why_set(why, ERR_RANGE, "...")`. */
enum err why_set(struct why *why, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "prefix: " before the sentence already in `why`; returns `e`. */
enum err why_prefix(struct why *why, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
