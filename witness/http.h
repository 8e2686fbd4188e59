/* witness/http.h - the witness's listener: whole requests in, answers out, a table of who answers what.
 *
 * Another part of the program adds endpoints by adding routes to the table that main.c hands over.
 * Spec    spec/witness.md#interface
 */
#ifndef WITNESS_HTTP_H
#define WITNESS_HTTP_H

#include "crypto/bytes.h"

struct web_request {
	const char *method, *path;
	const char *rest; /* the path behind the route's prefix; "" for a whole path */
	const uint8_t *body;
	size_t body_n;
};

struct web_reply {
	unsigned status;
	const char *type; /* Content-Type, static; NULL: text/plain */
	struct buf body;
	char file[1400]; /* or, if not empty, the path of the file that is the body: never whole in memory */
};

struct web_route {
	const char *method;
	const char *path; /* the whole path; or, ending in '/', a prefix */
	size_t max_body;  /* longer ones get 413 */
	void (*handle)(void *ctx, const struct web_request *q, struct web_reply *r);
	void *ctx;
};

struct web_options {
	const char *address; /* IPv4 or IPv6 address */
	unsigned port;
	const char *socket_path;       /* or a Unix socket of mode 0600 */
	const char *certificate, *key; /* PEM texts for TLS, or NULL */
	unsigned connections, per_address; /* most at once; in all, of one address (0: as many) */
	const struct web_route *route; /* must outlive the listener; whole paths come before prefixes */
	size_t routes;
};

struct web;
/* ERR_FORMAT (address), ERR_LENGTH (path), ERR_IO (cannot listen). */
MUST_CHECK enum err web_start(struct web **out, const struct web_options *o, struct why *why);
/* Finishes the requests that are being answered. NULL is fine. */
void web_stop(struct web *h);

#endif
