/* api/http.h - a listener: requests with whole bodies in, replies out.
 *
 * Spec    spec/http.md#errors
 */
#ifndef API_HTTP_H
#define API_HTTP_H

#include "crypto/bytes.h"

enum { HTTP_MAX_BODY = 262144, HTTP_MAX_PUBLIC_BODY = 65536 };

struct request {
	const char *method, *path;
	const uint8_t *body;
	size_t body_n;
	int gzip; /* the client takes Content-Encoding: gzip */
};

struct reply {
	unsigned status;
	const char *type; /* NULL: application/json */
	const char *cache; /* Cache-Control; NULL: no-store */
	enum { ENCODING_NONE, ENCODING_PLAIN, ENCODING_GZIP } encoding; /* not NONE: what the client takes has decided */
	struct buf body;
	char file[1400]; /* or, if not empty, the path of the file that is the body: never whole in memory */
};

struct http_options {
	const char *address; /* IPv4 address; NULL with socket_path */
	unsigned port;
	const char *socket_path; /* a Unix socket of mode 0600 */
	const char *certificate, *key; /* PEM texts for TLS, or NULL */
	size_t max_body;	       /* 0: HTTP_MAX_BODY */
	unsigned per_address, rate;    /* connections of one address, and its requests a second; 0: no limit of its own */
	void (*handle)(void *ctx, const struct request *q, struct reply *r);
	void *ctx;
};

struct http;
MUST_CHECK enum err http_start(struct http **out, const struct http_options *o, struct why *why);
void http_stop(struct http *h);

/* {"error": NAME, "es": ..., "en": ...} with the status that goes with e. */
void reply_error(struct reply *r, enum err e, const char *english);

#endif
