#include "api/http.h"
#include "api/gzip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <time.h>

#include <microhttpd.h>

#include "api/rate.h"
#include "election/json.h"

enum { CONNECTIONS = 1024, TIMEOUT_SECONDS = 30 };

struct http {
	struct MHD_Daemon *daemon;
	struct http_options o;
	struct rate *rate;
};

struct incoming {
	struct buf body;
	int too_long, too_many;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1;
}

static int
too_many(struct http *h, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i = h->rate != NULL ? MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS) : NULL;

	return i != NULL && !rate_allow(h->rate, i->client_addr, now_ms());
}

/* As a lock after wrong codes: 429, and when to come back. */
static void
slow_down(struct reply *r)
{
	struct json_out o = json_out(&r->body);

	r->status = 429;
	json_begin(&o, NULL, '{');
	json_text(&o, "error", "locked");
	json_text(&o, "es", "Demasiadas peticiones desde esta direcci\xc3\xb3n; intente de nuevo en unos segundos.");
	json_text(&o, "en", "too many requests from this address; try again in some seconds");
	json_int(&o, "retry_after", 2);
	json_end(&o, '}');
}

static struct MHD_Response *
response_of(struct reply *r)
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
		r->type = r->cache = NULL;
		reply_error(r, ERR_ABSENT, "no such file");
	}
	return MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result
answer(struct MHD_Connection *c, struct reply *r)
{
	struct MHD_Response *m = response_of(r);
	enum MHD_Result good;

	if (m == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(m, "Content-Type", r->type != NULL ? r->type : "application/json; charset=utf-8");
	(void)MHD_add_response_header(m, "Cache-Control", r->cache != NULL ? r->cache : "no-store");
	(void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	if (r->encoding != ENCODING_NONE)
		(void)MHD_add_response_header(m, "Vary", "Accept-Encoding");
	if (r->encoding == ENCODING_GZIP)
		(void)MHD_add_response_header(m, "Content-Encoding", "gzip");
	good = MHD_queue_response(c, r->status, m);
	MHD_destroy_response(m);
	return good;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
    size_t *size, void **state)
{
	struct http *h = ctx;
	struct incoming *in = *state;
	struct reply r = {.status = 200};
	enum MHD_Result good;

	(void)version;
	if (in == NULL) {
		if ((*state = in = calloc(1, sizeof *in)) == NULL)
			return MHD_NO;
		in->too_many = too_many(h, c);
		return MHD_YES;
	}
	if (*size > 0) {
		if (in->too_many || in->body.n + *size > h->o.max_body)
			in->too_long = 1;
		else
			buf_put(&in->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (in->too_many) {
		slow_down(&r);
	} else if (in->too_long) {
		reply_error(&r, ERR_LENGTH, "the body is too long");
		r.status = 413;
	} else if (in->body.failed) {
		reply_error(&r, ERR_NOMEM, "out of memory");
	} else {
		struct request q = {method, url, in->body.p, in->body.n, gzip_accepted(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding"))};

		h->o.handle(h->o.ctx, &q, &r);
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

/* The library's own lines go nowhere: a line a request would note who voted when. */
static void
quiet(void *ctx, const char *format, va_list ap)
{
	(void)ctx;
	(void)format;
	(void)ap;
}

static int
unix_socket(const char *path, struct why *why)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t old;

	if (strlen(path) >= sizeof a.sun_path) {
		(void)why_set(why, ERR_LENGTH, "%s: path too long for a socket", path);
		(void)close(fd);
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	old = umask(0177);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 16) != 0) {
		(void)why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		fd = -1;
	}
	(void)umask(old);
	return fd;
}

enum err
http_start(struct http **out, const struct http_options *o, struct why *why)
{
	struct http *h = calloc(1, sizeof *h);
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct MHD_OptionItem items[8];
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG;
	size_t n = 0;
	int fd = -1;

	if (h == NULL)
		return ERR_NOMEM;
	h->o = *o;
	if (h->o.max_body == 0)
		h->o.max_body = HTTP_MAX_BODY;
	h->rate = rate_new(o->rate);
	if (o->socket_path != NULL) {
		if ((fd = unix_socket(o->socket_path, why)) < 0) {
			rate_free(h->rate);
			free(h);
			return ERR_IO;
		}
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, fd, NULL};
	} else {
		in.sin_port = htons((uint16_t)o->port);
		if (inet_pton(AF_INET, o->address, &in.sin_addr) != 1) {
			rate_free(h->rate);
			free(h);
			return why_set(why, ERR_FORMAT, "%s: not an IPv4 address", o->address);
		}
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_SOCK_ADDR, 0, &in};
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)o->per_address, NULL};
	}
	if (o->certificate != NULL) {
		flags |= MHD_USE_TLS;
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->certificate};
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->key};
		/* no session tickets: they would link a voter's connections */
		items[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%NO_TICKETS"};
	}
	items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	h->daemon = MHD_start_daemon(flags, (uint16_t)o->port, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	    TIMEOUT_SECONDS, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, MHD_OPTION_THREAD_STACK_SIZE, (size_t)512 * 1024, MHD_OPTION_ARRAY,
	    items, MHD_OPTION_END);
	if (h->daemon == NULL) {
		rate_free(h->rate);
		free(h);
		return o->socket_path != NULL ? why_set(why, ERR_IO, "%s: cannot listen", o->socket_path)
					      : why_set(why, ERR_IO, "%s port %u: cannot listen (in use?)", o->address, o->port);
	}
	*out = h;
	return OK;
}

void
http_stop(struct http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	if (h->o.socket_path != NULL)
		(void)unlink(h->o.socket_path);
	rate_free(h->rate);
	free(h);
}

void
reply_error(struct reply *r, enum err e, const char *english)
{
	static const struct {
		enum err e;
		unsigned status;
		const char *es;
	} table[] = {{ERR_FORMAT, 400, "La petici\xc3\xb3n no est\xc3\xa1 bien formada."}, {ERR_LENGTH, 400, "La petici\xc3\xb3n no tiene la longitud debida."},
	    {ERR_RANGE, 400, "La petici\xc3\xb3n tiene un valor fuera de lo permitido."}, {ERR_PROOF, 403, "Una firma o prueba es falsa."},
	    {ERR_DENIED, 403, "Los datos de acceso no son correctos."}, {ERR_ABSENT, 404, "No existe."},
	    {ERR_EXISTS, 409, "Ya hay una petici\xc3\xb3n anterior y distinta."}, {ERR_NOT_NOW, 503, "No es posible en este momento de la elecci\xc3\xb3n."}};
	struct json_out o;

	r->status = 500;
	buf_free(&r->body);
	o = json_out(&r->body);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].e == e)
			r->status = table[i].status;
	json_begin(&o, NULL, '{');
	json_text(&o, "error", err_name(e));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].e == e)
			json_text(&o, "es", table[i].es);
	json_text(&o, "en", english);
	json_end(&o, '}');
}
