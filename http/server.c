#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

#include "crypto/clock.h"
#include "http/rate.h"

enum { TIMEOUT_SECONDS = 30, STACK_BYTES = 512 * 1024, MOST_ITEMS = 8 };

struct http {
	struct MHD_Daemon *daemon;
	struct rate *rate;
	const char *type;
	const struct http_route *route;
	size_t routes;
	void (*refuse)(struct http_reply *r, enum http_refusal why);
	char socket_path[sizeof((struct sockaddr_un *)NULL)->sun_path];
};

struct incoming {
	const struct http_route *route; /* NULL: refused */
	enum http_refusal refused;
	struct buf body;
};

/* ---- answers ---------------------------------------------------------------------------- */

static void
refuse_in_text(struct http_reply *r, enum http_refusal why)
{
	static const struct {
		unsigned status;
		const char *text;
	} say[] = {[HTTP_NO_PATH] = {404, "no such resource\n"},
	    [HTTP_OTHER_METHOD] = {405, "not by this method\n"},
	    [HTTP_TOO_LONG] = {413, "the request is too long\n"},
	    [HTTP_TOO_MANY] = {429, "too many requests from this address\n"},
	    [HTTP_NO_MEMORY] = {500, "out of memory\n"},
	    [HTTP_NO_FILE] = {500, "the file cannot be read\n"}};

	r->status = say[why].status;
	buf_str(&r->body, say[why].text);
}

static void
refuse(const struct http *h, struct http_reply *r, enum http_refusal why)
{
	buf_free(&r->body);
	*r = (struct http_reply){.status = 500};
	h->refuse(r, why);
}

static struct MHD_Response *
response_of(const struct http *h, struct http_reply *r)
{
	struct MHD_Response *m = NULL;
	struct stat st;
	int fd;

	if (r->file[0] != '\0') {
		fd = open(r->file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    (m = MHD_create_response_from_fd64((uint64_t)st.st_size, fd)) != NULL)
			return m; /* the descriptor is its own now */
		if (fd >= 0)
			(void)close(fd);
		refuse(h, r, HTTP_NO_FILE);
	} else if (r->body.failed)
		refuse(h, r, HTTP_NO_MEMORY);
	return MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result
answer(const struct http *h, struct MHD_Connection *c, struct http_reply *r)
{
	struct MHD_Response *m = response_of(h, r);
	enum MHD_Result good;

	if (m == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(m, "Content-Type", r->type != NULL ? r->type : h->type);
	(void)MHD_add_response_header(m, "Cache-Control", r->cache != NULL ? r->cache : "no-store");
	if (r->retry_after > 0) {
		char seconds[16];

		(void)snprintf(seconds, sizeof seconds, "%u", r->retry_after);
		(void)MHD_add_response_header(m, "Retry-After", seconds);
	}
	(void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	if (r->encoding != ENCODING_NONE)
		(void)MHD_add_response_header(m, "Vary", "Accept-Encoding");
	if (r->encoding == ENCODING_GZIP)
		(void)MHD_add_response_header(m, "Content-Encoding", "gzip");
	good = MHD_queue_response(c, r->status, m);
	MHD_destroy_response(m);
	return good;
}

/* ---- requests --------------------------------------------------------------------------- */

/* The first route of this path and method; a whole path that is there by another method is not sought as a prefix. */
static void
find_route(struct incoming *in, const struct http *h, const char *method, const char *path)
{
	in->refused = HTTP_NO_PATH;
	for (int prefixes = 0; prefixes <= 1 && in->refused == HTTP_NO_PATH; prefixes++)
		for (size_t i = 0; i < h->routes; i++) {
			const struct http_route *r = &h->route[i];
			size_t n = strlen(r->path);

			if ((r->path[n - 1] == '/') != prefixes ||
			    (prefixes ? strncmp(path, r->path, n) : strcmp(path, r->path)) != 0)
				continue;
			in->refused = HTTP_OTHER_METHOD;
			if (r->method == NULL || strcmp(r->method, method) == 0) {
				in->route = r;
				return;
			}
		}
}

static int
too_many(struct http *h, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
	    h->rate != NULL ? MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS) : NULL;

	return i != NULL && !rate_allow(h->rate, i->client_addr, steady_ms());
}

/* A piece of the body. Of one that is refused nothing is kept. */
static void
take(struct incoming *in, const char *data, size_t n)
{
	if (in->route != NULL && in->body.n + n > in->route->max_body) {
		in->route = NULL;
		in->refused = HTTP_TOO_LONG;
		buf_free(&in->body);
	}
	if (in->route != NULL)
		buf_put(&in->body, data, n);
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *size, void **state)
{
	struct http *h = ctx;
	struct incoming *in = *state;
	struct http_reply r = {.status = 200};
	enum MHD_Result good;

	(void)version;
	if (in == NULL) {
		if ((*state = in = calloc(1, sizeof *in)) == NULL)
			return MHD_NO;
		if (too_many(h, c))
			in->refused = HTTP_TOO_MANY;
		else
			find_route(in, h, method, path);
		return MHD_YES;
	}
	if (*size > 0) {
		take(in, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (in->route == NULL)
		refuse(h, &r, in->refused);
	else if (in->body.failed)
		refuse(h, &r, HTTP_NO_MEMORY);
	else {
		size_t n = strlen(in->route->path);
		struct http_request q = {method, path, in->route->path[n - 1] == '/' ? path + n : "", in->body.p, in->body.n,
		    MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding")};

		in->route->handle(in->route->ctx, &q, &r);
	}
	good = answer(h, c, &r);
	buf_free(&r.body);
	return good;
}

static void
on_done(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
	struct incoming *in = *state;

	(void)ctx;
	(void)c;
	(void)how;
	if (in != NULL)
		buf_free(&in->body);
	free(in);
	*state = NULL;
}

/* The library's own lines go nowhere: they would note who voted when, and anybody could fill the journal with them. */
static void
quiet(void *ctx, const char *format, va_list ap)
{
	(void)ctx;
	(void)format;
	(void)ap;
}

/* ---- listening -------------------------------------------------------------------------- */

/* What MHD_start_daemon is told beside what is always the same. */
struct listening {
	unsigned flags;
	int fd; /* its socket; -1 */
	struct MHD_OptionItem item[MOST_ITEMS];
	size_t n;
};

static void
item(struct listening *l, enum MHD_OPTION what, intptr_t value, const void *pointer)
{
	l->item[l->n++] = (struct MHD_OptionItem){what, value, (void *)(uintptr_t)pointer};
}

static enum err
unix_socket(int *out, const char *path, struct why *why)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	mode_t old;
	int fd, good;

	if (strlen(path) >= sizeof a.sun_path)
		return why_set(why, ERR_LENGTH, "%s: path too long for a socket", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	memcpy(a.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	old = umask(0177);
	good = bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 16) == 0;
	(void)umask(old);
	if (!good) {
		(void)why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
		(void)close(fd);
		return ERR_IO;
	}
	*out = fd;
	return OK;
}

/* A port that a process before us has just left is free, one that another process listens on is not: libmicrohttpd's own socket
 * would share it. */
static enum err
tcp_socket(int *out, const struct http_options *o, const struct sockaddr *at, socklen_t n, struct why *why)
{
	int one = 1, fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return why_set(why, ERR_IO, "%s port %u: %s", o->address, o->port, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    (at->sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0) && bind(fd, at, n) == 0 && listen(fd, SOMAXCONN) == 0) {
		*out = fd;
		return OK;
	}
	if (errno == EADDRINUSE)
		(void)why_set(why, ERR_IO, "%s port %u is in use: another process listens there; stop it, or configure another port", o->address, o->port);
	else
		(void)why_set(why, ERR_IO, "%s port %u: cannot listen: %s", o->address, o->port, strerror(errno));
	(void)close(fd);
	return ERR_IO;
}

/* Where: a Unix socket, or an address and a port. */
static enum err
place(struct listening *l, const struct http_options *o, struct why *why)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)o->port)};
	enum err e;

	if (o->socket_path != NULL)
		e = unix_socket(&l->fd, o->socket_path, why);
	else if (inet_pton(AF_INET, o->address, &v4.sin_addr) == 1)
		e = tcp_socket(&l->fd, o, (struct sockaddr *)&v4, sizeof v4, why);
	else if (inet_pton(AF_INET6, o->address, &v6.sin6_addr) == 1)
		e = tcp_socket(&l->fd, o, (struct sockaddr *)&v6, sizeof v6, why);
	else
		e = why_set(why, ERR_FORMAT, "%s: not an IPv4 or IPv6 address", o->address);
	if (e != OK)
		return e;
	item(l, MHD_OPTION_LISTEN_SOCKET, l->fd, NULL);
	if (o->socket_path == NULL && o->per_address > 0)
		item(l, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)o->per_address, NULL);
	return OK;
}

static void
secure(struct listening *l, const struct http_options *o)
{
	if (o->certificate == NULL)
		return;
	l->flags |= MHD_USE_TLS;
	item(l, MHD_OPTION_HTTPS_MEM_CERT, 0, o->certificate);
	item(l, MHD_OPTION_HTTPS_MEM_KEY, 0, o->key);
	/* no session tickets: they would link a voter's connections */
	item(l, MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%NO_TICKETS");
}

enum err
http_start(struct http **out, const struct http_options *o, struct why *why)
{
	struct http *h = calloc(1, sizeof *h);
	struct listening l = {.fd = -1,
	    .flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG};
	enum err e;

	if (h == NULL)
		return ERR_NOMEM;
	h->route = o->route;
	h->routes = o->routes;
	h->type = o->type != NULL ? o->type : "text/plain; charset=utf-8";
	h->refuse = o->refuse != NULL ? o->refuse : refuse_in_text;
	h->rate = rate_new(o->rate);
	if ((e = place(&l, o, why)) != OK)
		goto done;
	if (o->socket_path != NULL)
		(void)strcpy(h->socket_path, o->socket_path);
	secure(&l, o);
	item(&l, MHD_OPTION_END, 0, NULL);
	h->daemon = MHD_start_daemon(l.flags, (uint16_t)o->port, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, quiet,
	    NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT, o->connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_ARRAY, l.item, MHD_OPTION_END);
	if (h->daemon == NULL && l.fd >= 0)
		(void)close(l.fd);
	if (h->daemon == NULL)
		e = o->socket_path != NULL
			? why_set(why, ERR_IO, "%s: cannot listen", o->socket_path)
			: why_set(why, ERR_IO, "%s port %u: cannot listen (a TLS key that is not the certificate's?)",
			      o->address, o->port);
done:
	if (e == OK)
		*out = h;
	else {
		rate_free(h->rate);
		free(h);
	}
	return e;
}

void
http_stop(struct http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	if (h->socket_path[0] != '\0')
		(void)unlink(h->socket_path);
	rate_free(h->rate);
	free(h);
}
