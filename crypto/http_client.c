#include "crypto/http_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { DEFAULT_MAX = 1 << 20, LIST_MAX = 1 << 26 /* the names of a record with 80 million ballots */, LEAST_SPEED = 1024 };

/* Each thread keeps one handle, and so its connection. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t handle;

struct answer {
	struct buf *out;
	size_t max, n;
	CURL *c;
	/* or, for a file with status 200, piece by piece */
	enum err (*each)(void *arg, const uint8_t *p, size_t n);
	void *arg;
	enum err stopped;
};

static size_t
take(char *p, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;

	a->n += size * n;
	if (a->n > a->max)
		return 0;
	if (a->each != NULL) {
		long status = 0;

		(void)curl_easy_getinfo(a->c, CURLINFO_RESPONSE_CODE, &status);
		if (status == 200 && (a->stopped = a->each(a->arg, (const uint8_t *)p, size * n)) != OK)
			return 0;
		return size * n;
	}
	buf_put(a->out, p, size * n);
	return size * n;
}

static void
drop(void *c)
{
	curl_easy_cleanup(c);
}

static void
prepare(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || pthread_key_create(&handle, drop) != 0) {
		(void)fprintf(stderr, "libcurl does not start; stopping\n");
		abort();
	}
}

static CURL *
thread_handle(void)
{
	CURL *c;

	(void)pthread_once(&once, prepare);
	if ((c = pthread_getspecific(handle)) == NULL && (c = curl_easy_init()) != NULL)
		(void)pthread_setspecific(handle, c);
	return c;
}

static enum err
perform(const struct http_ask *q, struct answer *a, long *status, struct why *why)
{
	struct curl_slist *headers = NULL;
	CURL *c = thread_handle();
	char header[128];
	CURLcode rc;

	if (c == NULL)
		return ERR_NOMEM;
	a->c = c;
	curl_easy_reset(c);
	(void)curl_easy_setopt(c, CURLOPT_URL, q->url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	if (getenv("no_proxy") == NULL && getenv("NO_PROXY") == NULL)
		(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, q->seconds > 0 && q->seconds < 30 ? q->seconds : 30L);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, q->seconds > 0 ? q->seconds : 60L);
	if (q->stalled > 0) {
		(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)LEAST_SPEED);
		(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, q->stalled);
	}
	(void)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip"); /* unpacked before `take` counts it, piece by piece: a bomb stops at max */
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	if (q->socket != NULL)
		(void)curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, q->socket);
	if (q->type != NULL) {
		(void)snprintf(header, sizeof header, "Content-Type: %s", q->type);
		headers = curl_slist_append(curl_slist_append(NULL, header), "Expect:");
		(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->n);
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->n > 0 ? q->body : "");
	}
	*status = 0;
	rc = curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	curl_slist_free_all(headers);
	if (a->stopped != OK)
		return a->stopped;
	if (rc != CURLE_OK)
		return why_set(why, a->n > a->max ? ERR_LENGTH : ERR_IO, "%s: %s", q->url, a->n > a->max ? "too long" : curl_easy_strerror(rc));
	return OK;
}

enum err
http_ask(const struct http_ask *q, long *status, struct buf *out, struct why *why)
{
	struct answer a = {.out = out, .max = q->max > 0 ? q->max : DEFAULT_MAX};
	enum err e = perform(q, &a, status, why);

	return e == OK && out->failed ? ERR_NOMEM : e;
}

/* ---- files ------------------------------------------------------------------------------ */

/* What stands for itself in an address (RFC 3986, section 2.3), and the slash; all else is escaped. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

static enum err
address(char url[4096], const char *base, const char *path, struct why *why)
{
	size_t n = strlen(base), at;

	if (n > 0 && base[n - 1] == '/')
		n--;
	if (n + 2 + 3 * strlen(path) > 4096)
		return why_set(why, ERR_LENGTH, "%.200s...: address too long", base);
	at = (size_t)snprintf(url, 4096, "%.*s/", (int)n, base);
	for (const char *p = path; *p != '\0'; p++)
		at += (size_t)snprintf(url + at, 4096 - at, strchr(plain, *p) != NULL ? "%c" : "%%%02X", (unsigned char)*p);
	return OK;
}

static enum err
get(const char *base, const char *path, struct answer *a, struct why *why)
{
	char url[4096];
	struct http_ask q = {.url = url, .seconds = 600, .stalled = 30};
	long status = 0;
	enum err e;

	if ((e = address(url, base, path, why)) != OK)
		return e;
	e = perform(&q, a, &status, why);
	/* what an answer with an error status says is not the file, however long it is */
	if (status != 0 && status != 200)
		return why_set(why, status == 404 || status == 410 ? ERR_ABSENT : ERR_IO, "%s: status %ld", url, status);
	return e;
}

static enum err
read_http(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct answer a = {.out = out, .max = max};
	enum err e = get(ctx, path, &a, why);

	return e == OK && out->failed ? ERR_NOMEM : e;
}

static enum err
stream_http(void *ctx, const char *path, size_t max, enum err (*each)(void *, const uint8_t *, size_t), void *arg, struct why *why)
{
	struct answer a = {.max = max, .each = each, .arg = arg};

	return get(ctx, path, &a, why);
}

/* A server has no listing: the names are those of hashes.sha256, which holds every file of a finished record
 * but the six that are made after it. */
static enum err
list_http(void *ctx, void (*each)(void *arg, const char *path), void *arg, struct why *why)
{
	static const char *const later[] = {"hashes.sha256", "hashes.sha512", "hashes.sha3-256", "acts/handover.json", "acts/handover.json.note", "acts/handover.txt"};
	struct buf list = {0};
	enum err e = read_http(ctx, "hashes.sha256", LIST_MAX, &list, why);
	char *at, *end;

	if (e == OK) {
		at = (char *)(uintptr_t)buf_cstr(&list);
		if (list.failed)
			e = ERR_NOMEM;
		for (; e == OK && *at != '\0'; at = end + 1) {
			if ((end = strchr(at, '\n')) == NULL || end - at < 67 || at[64] != ' ' || at[65] != ' ') {
				e = why_set(why, ERR_FORMAT, "hashes.sha256: not a list of hashes and names");
				break;
			}
			*end = '\0';
			if (!source_name_plain(at + 66)) {
				e = why_set(why, ERR_FORMAT, "hashes.sha256: control characters in a file's name");
				break;
			}
			each(arg, at + 66);
		}
		for (size_t i = 0; e == OK && i < sizeof later / sizeof *later; i++)
			each(arg, later[i]);
	}
	buf_free(&list);
	return e;
}

struct file_source
source_http(const char *url)
{
	struct file_source s = {(void *)(uintptr_t)url, read_http, list_http, stream_http};

	return s;
}
