/* http/server.h - a listener: whole requests in, replies out, a table of who answers what.
 *
 * urnad and urna-witness speak HTTP with it. It writes no line per request: such a line would note who voted when.
 * Spec    spec/http.md#limits, spec/witness.md#interface
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "crypto/bytes.h"

struct http_request {
	const char *method, *path;
	const char *rest; /* the path behind the route's prefix; "" for a whole path */
	const uint8_t *body;
	size_t body_n;
	const char *accept_encoding; /* the header, or NULL */
};

struct http_reply {
	unsigned status;
	const char *type;  /* Content-Type, static; NULL: the listener's own */
	const char *cache; /* Cache-Control; NULL: no-store */
	unsigned retry_after; /* Retry-After, in seconds; 0: no such header */
	enum { ENCODING_NONE, ENCODING_PLAIN, ENCODING_GZIP } encoding; /* not NONE: what the client takes has decided */
	struct buf body;
	char file[1400]; /* or, if not empty, the path of the file that is the body: never whole in memory */
};

struct http_route {
	const char *method; /* NULL: any */
	const char *path;   /* the whole path; or, ending in '/', a prefix */
	size_t max_body;    /* of a longer one nothing is kept */
	void (*handle)(void *ctx, const struct http_request *q, struct http_reply *r);
	void *ctx;
};

/* Why the listener itself refuses a request. */
enum http_refusal { HTTP_NO_PATH, HTTP_OTHER_METHOD, HTTP_TOO_LONG, HTTP_TOO_MANY, HTTP_NO_MEMORY, HTTP_NO_FILE };

struct http_options {
	const char *address; /* IPv4 or IPv6 address */
	unsigned port;
	const char *socket_path;	   /* or a Unix socket of mode 0600 */
	const char *certificate, *key;	   /* PEM texts for TLS, or NULL */
	unsigned connections, per_address; /* most at once; in all, of one address (0: as many) */
	unsigned rate;			   /* requests of one address a second; 0: no limit */
	const char *type;		   /* Content-Type of what says none; NULL: text/plain */
	const struct http_route *route;	   /* must outlive the listener; whole paths come before prefixes */
	size_t routes;
	/* Writes status and body of a refusal into an empty reply; NULL: a line of text. */
	void (*refuse)(struct http_reply *r, enum http_refusal why);
};

struct http;
/* ERR_FORMAT (address), ERR_LENGTH (path), ERR_IO (cannot listen, the port is in use). */
MUST_CHECK enum err http_start(struct http **out, const struct http_options *o, struct why *why);
/* Finishes the requests that are being answered. NULL is fine. */
void http_stop(struct http *h);

#endif
