#include "api/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/http_client.h"

enum { REQUEST_SECONDS = 5 };

static void
put_base64(struct json_out *o, const char *name, const void *p, size_t n)
{
	char *text = malloc(4 * (n / 3 + 1) + 1);

	if (text == NULL)
		abort();
	base64_encode(text, p, n);
	json_text(o, name, text);
	free(text);
}

/* The answer of its key to the request, if that is what was answered. */
static enum outcome
read_answer(uint8_t answer[RSA_BYTES], const struct rsa_public *key, const uint8_t blinded[RSA_BYTES], const struct buf *body)
{
	struct json *root = NULL;
	struct fields f;
	uint8_t bytes[RSA_BYTES + 4];
	size_t n = sizeof bytes;
	const char *text;
	int good = 0;

	if (json_parse(&root, body->p, body->n, 65536, NULL) == OK) {
		f = fields_of(root, NULL);
		text = field_text(&f, "answer", 1024);
		good = fields_end(&f) == OK && base64_decode(bytes, &n, text, strlen(text)) == OK && n == RSA_BYTES && rsa_answer_check(key, blinded, bytes) == OK;
	}
	json_free(root);
	if (good)
		memcpy(answer, bytes, RSA_BYTES);
	return good ? ANSWERED : LATER;
}

enum outcome
exchange(struct service *s, unsigned number, const struct buf *request, const struct authorization *a, const struct authorization_row *row,
    uint8_t answer[RSA_BYTES], struct why *why)
{
	struct buf body = {0}, said = {0};
	struct json_out o = json_out(&body);
	struct head events;
	enum outcome out = LATER;
	char url[300];
	long status = 0;

	ledger_public_head(s->events, &events, NULL);
	json_begin(&o, NULL, '{');
	put_base64(&o, "request", request->p, request->n);
	json_hex(&o, "signature", row->sig, SCHNORR_BYTES);
	put_base64(&o, "sealed_seed", row->sealed, SEALED_SEED_BYTES);
	put_base64(&o, "answer", row->answer[0], RSA_BYTES);
	json_int(&o, "events", (int64_t)events.size);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/authorize", s->call.authorizer[number - 1].url);
	if (http_ask(&(struct http_ask){.url = url, .type = "application/json", .body = body.p, .n = body.n, .seconds = REQUEST_SECONDS}, &status, &said, why) != OK)
		goto done;
	if (status == 200) {
		if ((out = read_answer(answer, s->rsa_public[number - 1][a->style - 1], a->blinded[number - 1], &said)) != ANSWERED)
			(void)why_set(why, ERR_PROOF, "gave a false answer");
	} else if (status == 400 || status == 403 || status == 409) {
		(void)why_set(why, ERR_DENIED, "refused a request"); /* not which: nothing here names a voter */
		out = REFUSED;
	} else
		(void)why_set(why, ERR_NOT_NOW, "is not ready");
done:
	buf_free(&body);
	buf_free(&said);
	return out;
}

int
probe(const struct party *authorizer)
{
	struct buf answer = {0};
	char url[300];
	long status = 0;
	enum err e;

	(void)snprintf(url, sizeof url, "%s/ready", authorizer->url);
	e = http_ask(&(struct http_ask){.url = url, .seconds = REQUEST_SECONDS}, &status, &answer, NULL);
	buf_free(&answer);
	return e == OK && status == 200;
}
