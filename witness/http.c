#include "witness/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

enum { TIMEOUT_SECONDS = 30 };

struct web {
	struct MHD_Daemon *daemon;
	const struct web_route *route;
	size_t routes;
	char socket_path[108];
};

struct incoming {
	const struct web_route *route; /* NULL: status says why */
	unsigned status;
	struct buf body;
};

static struct MHD_Response *
response_of(struct web_reply *r)
{
	struct MHD_Response *m = NULL;
	struct stat st;
	int fd;

	if (r->file[0] != '\0') {
		fd = open(r->file, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (m = MHD_create_response_from_fd64((uint64_t)st.st_size, fd)) != NULL)
			return m; /* the descriptor is its own now */
		if (fd >= 0)
			(void)close(fd);
		r->status = 500;
		r->type = NULL;
		buf_str(&r->body, "the file cannot be read\n");
	}
	return MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result
answer(struct MHD_Connection *c, struct web_reply *r)
{
	struct MHD_Response *m = response_of(r);
	enum MHD_Result good;

	if (m == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(m, "Content-Type", r->type != NULL ? r->type : "text/plain; charset=utf-8");
	(void)MHD_add_response_header(m, "Cache-Control", "no-store");
	(void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	good = MHD_queue_response(c, r->status, m);
	MHD_destroy_response(m);
	return good;
}

/* The first route of this path and method; a whole path that is there by another method is not sought as a prefix. */
static void
find_route(struct incoming *in, const struct web *h, const char *method, const char *path)
{
	in->status = 404;
	for (int prefixes = 0; prefixes <= 1 && in->status == 404; prefixes++)
		for (size_t i = 0; i < h->routes; i++) {
			const struct web_route *r = &h->route[i];
			size_t n = strlen(r->path);

			if ((r->path[n - 1] == '/') != prefixes || (prefixes ? strncmp(path, r->path, n) : strcmp(path, r->path)) != 0)
				continue;
			in->status = 405;
			if (strcmp(r->method, method) == 0) {
				in->route = r;
				return;
			}
		}
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *path, const char *method, const char *version, const char *data,
    size_t *size, void **state)
{
	struct web *h = ctx;
	struct incoming *in = *state;
	struct web_reply r = {.status = 200};
	enum MHD_Result good;

	(void)version;
	if (in == NULL) {
		if ((in = calloc(1, sizeof *in)) == NULL)
			return MHD_NO;
		find_route(in, h, method, path);
		*state = in;
		return MHD_YES;
	}
	if (*size > 0) { /* of a body that is refused nothing is kept */
		if (in->route != NULL && in->body.n + *size > in->route->max_body) {
			in->route = NULL;
			in->status = 413;
			buf_free(&in->body);
		}
		if (in->route != NULL)
			buf_put(&in->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (in->route == NULL) {
		r.status = in->status;
		buf_str(&r.body, in->status == 404 ? "no such resource\n" : in->status == 405 ? "not by this method\n" : "the request is too long\n");
	} else if (in->body.failed) {
		r.status = 500;
		buf_str(&r.body, "out of memory\n");
	} else {
		size_t n = strlen(in->route->path);
		struct web_request q = {method, path, in->route->path[n - 1] == '/' ? path + n : "", in->body.p, in->body.n};

		in->route->handle(in->route->ctx, &q, &r);
		if (r.body.failed) {
			buf_free(&r.body);
			r.status = 500;
			r.type = NULL;
		}
	}
	good = answer(c, &r);
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

/* The library's own lines go nowhere: anybody could fill the journal with them. */
static void
quiet(void *ctx, const char *format, va_list ap)
{
	(void)ctx;
	(void)format;
	(void)ap;
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

enum err
web_start(struct web **out, const struct web_options *o, struct why *why)
{
	struct web *h = calloc(1, sizeof *h);
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct MHD_OptionItem items[8];
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG;
	size_t n = 0;
	int fd = -1;
	enum err e;

	if (h == NULL)
		return ERR_NOMEM;
	h->route = o->route;
	h->routes = o->routes;
	if (o->socket_path != NULL) {
		if ((e = unix_socket(&fd, o->socket_path, why)) != OK) {
			free(h);
			return e;
		}
		(void)strcpy(h->socket_path, o->socket_path);
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, fd, NULL};
	} else {
		v4.sin_port = v6.sin6_port = htons((uint16_t)o->port);
		if (inet_pton(AF_INET, o->address, &v4.sin_addr) == 1) {
			items[n++] = (struct MHD_OptionItem){MHD_OPTION_SOCK_ADDR, 0, &v4};
		} else if (inet_pton(AF_INET6, o->address, &v6.sin6_addr) == 1) {
			flags |= MHD_USE_IPv6;
			items[n++] = (struct MHD_OptionItem){MHD_OPTION_SOCK_ADDR, 0, &v6};
		} else {
			free(h);
			return why_set(why, ERR_FORMAT, "%s: not an IPv4 or IPv6 address", o->address);
		}
		if (o->per_address > 0)
			items[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)o->per_address, NULL};
	}
	if (o->certificate != NULL) {
		flags |= MHD_USE_TLS;
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->certificate};
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->key};
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"};
	}
	items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	h->daemon = MHD_start_daemon(flags, (uint16_t)o->port, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
	    TIMEOUT_SECONDS, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, MHD_OPTION_THREAD_STACK_SIZE, (size_t)256 * 1024, MHD_OPTION_ARRAY,
	    items, MHD_OPTION_END);
	if (h->daemon == NULL) {
		e = o->socket_path != NULL ? why_set(why, ERR_IO, "%s: cannot listen", o->socket_path)
					   : why_set(why, ERR_IO, "%s port %u: cannot listen (in use? a TLS key that is not the certificate's?)", o->address, o->port);
		if (fd >= 0)
			(void)close(fd);
		free(h);
		return e;
	}
	*out = h;
	return OK;
}

void
web_stop(struct web *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	if (h->socket_path[0] != '\0')
		(void)unlink(h->socket_path);
	free(h);
}
