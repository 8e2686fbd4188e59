/* crypto/http_client.h - requests over HTTP, and a record or log on a web server read file by file.
 *
 * Each thread keeps its connection from one request to the next.
 */
#ifndef CRYPTO_HTTP_CLIENT_H
#define CRYPTO_HTTP_CLIENT_H

#include "crypto/source.h"

struct http_ask {
	const char *socket; /* a Unix socket's path; NULL: TCP */
	const char *url;    /* http or https */
	const char *type;   /* POST with this Content-Type; NULL: GET */
	const void *body;
	size_t n;
	long seconds;	    /* gives up after so many; 0: 60 */
	long stalled;	    /* and when for so many less than 1 KiB a second came; 0: never */
	size_t max;	    /* most bytes of an answer, unpacked if it came gzipped; 0: 1 MiB */
};

/* The answer's body is appended to out, whatever the status. ERR_IO: no answer; ERR_LENGTH: too long a one. */
MUST_CHECK enum err http_ask(const struct http_ask *q, long *status, struct buf *out, struct why *why);

/* Files below an address, `url` with or without a final slash, which must outlive the source. A read of a file that is
 * not there is ERR_ABSENT, of a longer one ERR_LENGTH. A server has no listing: the names of a record are those of
 * its hashes.sha256, with the files that are made after it. */
struct file_source source_http(const char *url);

#endif
