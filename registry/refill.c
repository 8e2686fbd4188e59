#include "registry/refill.h"

#include <stdio.h>
#include <string.h>

#include "crypto/clock.h"
#include "crypto/http_client.h"
#include "election/docnote.h"

enum { PAGE_SECONDS = 60 };

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
	out->behind = was + behind > authorized ? was + behind - authorized : 0;
	if (out->answered < need)
		return why_set(why, ERR_NOT_NOW, "%u other authorizers gave their rows, and %u must: nobody is authorized yet", out->answered, need);
	return registry_accept(x->registry, why);
}
