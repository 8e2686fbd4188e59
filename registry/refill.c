#include "registry/refill.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/clock.h"
#include "crypto/http_client.h"
#include "election/docnote.h"

enum { PAGE_SECONDS = 60 };

enum err
refill_open(struct registry **out, const char *path, const char *fence, uint32_t rows, struct why *why)
{
	enum err e = OK;

	if (access(path, F_OK) != 0) { /* suspended first: an empty registry must never be taken for a new one */
		(void)printf("%s: not there; made anew, to be filled\n", path);
		if ((e = registry_suspend(fence, why)) == OK)
			e = authorizations_create(path, NULL, rows, why);
	}
	if (e == OK && (e = registry_open(out, path, fence, why)) == OK && registry_refused(*out, NULL))
		e = registry_suspend(fence, why);
	while (e == OK && registry_rows(*out) < rows)
		e = registry_extend(*out, why);
	return e;
}

static enum err
ask_page(const struct authorizations *x, const char *base, const struct signer *by, uint32_t from, struct buf *page, struct why *why)
{
	struct buf document = {0}, note = {0}, body = {0};
	struct json_out o = json_out(&body);
	char url[300];
	long status = 0;
	enum err e;

	rows_request(&document, x->election, by->name, from, now_seconds());
	if (document.failed || (e = docnote_sign(&note, "rows", &x->call->hash, document.p, document.n, by, why)) != OK) {
		buf_free(&document);
		return ERR_NOMEM;
	}
	json_begin(&o, NULL, '{');
	json_text(&o, "document", buf_cstr(&document));
	json_text(&o, "note", buf_cstr(&note));
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/rows", base);
	e = http_ask(&(struct http_ask){.url = url, .type = "application/json", .body = body.p, .n = body.n, .seconds = PAGE_SECONDS}, &status, page, why);
	if (e == OK && status != 200)
		e = why_set(why, ERR_NOT_NOW, "%s: status %ld: %.300s", url, status, buf_cstr(page));
	buf_free(&document);
	buf_free(&note);
	buf_free(&body);
	return e;
}

static enum err
take_all(const struct authorizations *x, unsigned a, const struct signer *by, struct rsa_secret *const *secret, struct refill *out, struct why *why)
{
	const struct party *party = &x->call->authorizer[a];
	const char *base = a == 0 ? x->call->account : party->url;
	uint32_t from = 0, next = 0;
	enum err e = OK;

	while (e == OK && from < registry_rows(x->registry)) {
		struct buf page = {0};

		if ((e = ask_page(x, base, by, from, &page, why)) == OK && (e = authorizations_fill(x, page.p, page.n, secret, &next, &out->filled, why)) == OK && next <= from)
			e = why_set(why, ERR_FORMAT, "the page does not go on");
		from = next;
		buf_free(&page);
	}
	return e == OK ? OK : why_prefix(why, e, "%s", party->key.name);
}

enum err
registry_complete(const struct authorizations *x, const struct signer *by, struct rsa_secret *const *secret, struct refill *out, struct why *why)
{
	unsigned need = x->call->authorizers - x->call->quorum + 1;
	uint32_t authorized, confirmed, behind = 0, was;

	memset(out, 0, sizeof *out);
	registry_counts(x->registry, &was, &confirmed);
	(void)registry_refused(x->registry, &behind);
	for (unsigned a = 0; a < x->call->authorizers; a++) {
		struct why one = {""};

		if (a + 1 == x->self)
			continue;
		out->asked++;
		if (take_all(x, a, by, secret, out, &one) == OK) {
			out->answered++;
			(void)fprintf(stderr, "%s: asked, %u rows filled so far\n", x->call->authorizer[a].key.name, out->filled);
		} else
			(void)fprintf(stderr, "%s\n", one.text);
	}
	registry_counts(x->registry, &authorized, &confirmed);
	if (behind == UNCOUNTED)
		out->behind = UNCOUNTED;
	else
		out->behind = was + behind > authorized ? was + behind - authorized : 0;
	if (out->answered < need)
		return why_set(why, ERR_NOT_NOW, "%u other authorizers gave their rows, and %u must: nobody is authorized yet", out->answered, need);
	return registry_accept(x->registry, why);
}

void
refill_say(const struct refill *done)
{
	(void)printf("registry: %u of %u other authorizers gave their rows; %u rows filled", done->answered, done->asked, done->filled);
	if (done->behind == UNCOUNTED)
		(void)printf("; how many were committed here is not known, the fence was gone: of one that is in no list no token came, and its voter may ask again");
	else if (done->behind > 0)
		(void)printf("; %u that were committed here are in no list that was given: no token came of them, and their voters may ask again", done->behind);
	(void)printf("\n");
}
