#include "api/client.h"

#include <curl/curl.h>

enum { ANSWER_MAX = 1 << 20 };

static size_t
take(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *out = ctx;

	if (out->n + size * n > ANSWER_MAX)
		return 0;
	buf_put(out, p, size * n);
	return size * n;
}

void
client_init(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err
client_post(const char *socket, const char *url, const char *type, const struct buf *body, long seconds, long *status, struct buf *out, struct why *why)
{
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	char line[128];
	CURLcode rc;

	if (c == NULL)
		return ERR_NOMEM;
	(void)snprintf(line, sizeof line, "Content-Type: %s", type);
	headers = curl_slist_append(NULL, line);
	if (socket != NULL)
		(void)curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
	(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body->n > 0 ? (const char *)body->p : "");
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, seconds);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	rc = curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	if (rc != CURLE_OK)
		return why_set(why, ERR_IO, "%s: %s", url, curl_easy_strerror(rc));
	return out->failed ? ERR_NOMEM : OK;
}
