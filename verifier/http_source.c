#include "verifier/http_source.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

struct answer {
	struct buf *out;
	size_t max, n;
};

static size_t
take(char *p, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;

	a->n += size * n;
	if (a->n > a->max)
		return 0;
	buf_put(a->out, p, size * n);
	return size * n;
}

static enum err
read_http(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	static CURL *c; /* keeps its connection; the verifier reads from one thread */
	struct answer a = {out, max, 0};
	char url[2048];
	long status = 0;
	CURLcode rc;

	if (c == NULL && (c = curl_easy_init()) == NULL)
		return ERR_NOMEM;
	(void)snprintf(url, sizeof url, "%s/%s", (const char *)ctx, path);
	curl_easy_reset(c);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, 600L);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
	rc = curl_easy_perform(c);
	if (rc != CURLE_OK)
		return why_set(why, a.n > max ? ERR_LENGTH : ERR_IO, "%s: %s", url, a.n > max ? "too long" : curl_easy_strerror(rc));
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return why_set(why, ERR_ABSENT, "%s: status %ld", url, status);
	return out->failed ? ERR_NOMEM : OK;
}

struct file_source
source_http(const char *url)
{
	struct file_source s = {(void *)(uintptr_t)url, read_http, NULL};

	return s;
}
