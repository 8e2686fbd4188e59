#include "tally/voter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tally/cli.h"

/* POST JSON; the answer parsed. Status other than `want` is an error that carries the server's sentence. */
static enum err
post(const struct voter *v, const char *path, struct buf *body, struct json **out, long *status, struct why *why)
{
	struct buf answer = {0};
	char url[300];
	enum err e;

	(void)snprintf(url, sizeof url, "%s%s", v->m.account, path);
	if ((e = http_call(NULL, url, "application/json", body->p, body->n, status, &answer, why)) == OK &&
	    (e = json_parse(out, answer.p, answer.n, 1 << 20, why)) == OK && *status != 200 && *status != 409) {
		e = why_set(why, *status == 403 ? ERR_DENIED : ERR_NOT_NOW, "%s (%ld): %.600s", path, *status, buf_cstr(&answer));
		json_free(*out);
		*out = NULL;
	}
	buf_free(&answer);
	buf_free(body);
	return e;
}

/* The challenge: our nonce, theirs. */
static enum err
login_start(struct voter *v, const uint8_t client[32], uint8_t server[32], struct why *why)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct json *j = NULL;
	struct fields f;
	long status = 0;
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "user", v->m.user);
	json_hex(&o, "client_nonce", client, 32);
	json_end(&o, '}');
	if ((e = post(v, "/login/start", &body, &j, &status, why)) != OK)
		return e;
	f = fields_of(j, why);
	field_hex(&f, "server_nonce", server, 32);
	e = fields_end(&f);
	json_free(j);
	return e;
}

/* The answer, by which the service knows the password and sends the one-time code; login: what the code goes with. */
static enum err
login_answer(struct voter *v, const uint8_t client[32], const uint8_t server[32], char login[65], struct why *why)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct json *j = NULL;
	struct fields f;
	struct hash h;
	uint8_t sig[SCHNORR_BYTES];
	long status = 0;
	enum err e;

	login_hash(&h, &v->w->r.election, v->w->r.call.account, server, client, v->m.user);
	if ((e = schnorr_sign(sig, &v->credential, &h)) != OK)
		return e;
	json_begin(&o, NULL, '{');
	json_text(&o, "user", v->m.user);
	json_hex(&o, "client_nonce", client, 32);
	json_hex(&o, "server_nonce", server, 32);
	json_hex(&o, "signature", sig, sizeof sig);
	json_end(&o, '}');
	if ((e = post(v, "/login/answer", &body, &j, &status, why)) != OK)
		return e;
	f = fields_of(j, why);
	field_copy(&f, "login", login, 65);
	e = fields_end(&f);
	json_free(j);
	return e;
}

/* The code; the answer is the session, the place on the roll, and the stored request if there is one. */
static enum err
login_code(struct voter *v, const char *login, const char *code, struct json **answer, struct why *why)
{
	const struct record *r = &v->w->r;
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct json *j = NULL;
	struct fields f;
	long status = 0;
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "login", login);
	json_text(&o, "code", code);
	json_end(&o, '}');
	if ((e = post(v, "/login/code", &body, &j, &status, why)) != OK)
		return e;
	f = fields_of(j, why);
	field_copy(&f, "session", v->session, sizeof v->session);
	v->index = (uint32_t)field_int(&f, "roll_index", 0, r->roll.n - 1);
	v->style = (unsigned)field_int(&f, "style", 1, r->m->styles);
	if ((e = f.e) == OK && (memcmp(roll_credential(&r->roll.row[v->index], (int64_t)time(NULL)), v->key, 32) != 0 || r->roll.row[v->index].style != v->style))
		e = why_set(why, ERR_PROOF, "the service gives you another voter's place on the roll");
	if (e != OK)
		json_free(j);
	else
		*answer = j;
	return e;
}

/* The seed: that of a stored request if there is one, else fresh. */
static enum err
seed(struct voter *v, struct json *answer, struct why *why)
{
	struct fields f = fields_of(answer, why), g;
	struct buf plain = {0};
	uint8_t sealed[SEALED_SEED_BYTES + 4];
	size_t n = sizeof sealed;
	const char *text;
	enum err e = OK;

	random_bytes(v->seed, 32);
	if (field_has(&f, "stored")) {
		g = fields_of(field_object(&f, "stored"), why);
		text = field_text(&g, "sealed_seed", 200);
		if (g.e != OK || base64_decode(sealed, &n, text, strlen(text)) != OK || unseal(&plain, v->seed_key, sealed, n, v->w->r.election.b, HASH_BYTES) != OK || plain.n != 32)
			e = why_set(why, ERR_PROOF, "the stored request cannot be opened with your password");
		else {
			memcpy(v->seed, plain.p, 32);
			v->resumed = 1;
		}
		buf_free(&plain);
	}
	if (e == OK)
		e = one_time_derive(&v->one_time, v->one_time_key, v->seed, &v->w->r.election, v->index, v->key);
	return e;
}

enum err
voter_login(struct voter *v, struct why *why)
{
	struct json *answer = NULL;
	uint8_t client[32], server[32];
	char login[65], code[OTP_SIZE] = "";
	enum err e;

	random_bytes(client, sizeof client);
	if ((e = credential_derive(&v->credential, v->key, v->m.password, &v->m.call, v->m.user)) != OK ||
	    (e = seed_key_derive(v->seed_key, v->m.password, &v->m.call, v->m.user)) != OK || (e = login_start(v, client, server, why)) != OK ||
	    (e = login_answer(v, client, server, login, why)) != OK || (e = v->take_code(v->ctx, v, code, why)) != OK ||
	    (e = login_code(v, login, code, &answer, why)) != OK)
		return e;
	e = seed(v, answer, why);
	json_free(answer);
	return e;
}

/* A voter's request, and what makes signatures of the answers. */
struct asking {
	struct authorization a;
	struct hash token;
	uint8_t random[MAX_AUTHORIZERS][RSA_BLINDING_BYTES], sig[SCHNORR_BYTES];
	struct buf request;
	struct buf body; /* of POST /authorize */
};

static enum err
prepare_request(struct asking *q, struct voter *v)
{
	const struct record *r = &v->w->r;
	struct json_out o = json_out(&q->body);
	uint8_t nonce[32];
	struct hash h;
	char text[8192];
	enum err e = OK;

	q->a.election = r->election;
	q->a.index = v->index;
	q->a.style = v->style;
	q->a.n = r->call.authorizers;
	token_hash(&q->token, &r->election, v->style, v->one_time_key);
	for (unsigned k = 0; k < q->a.n && e == OK; k++)
		if ((e = blinding_derive(q->random[k], v->seed, &r->election, v->index, v->key, k + 1)) == OK)
			e = rsa_blind(q->a.blinded[k], r->key[k][v->style - 1], &q->token, q->random[k]);
	/* sealed under a nonce from the seed: the same request again is the same bytes */
	if (e != OK || (e = hkdf(nonce, 12, v->seed, 32, r->election.b, HASH_BYTES, tag_name(TAG_SEED), strlen(tag_name(TAG_SEED)))) != OK ||
	    (e = gcm_encrypt(v->sealed + 12, v->seed_key, 32, nonce, v->seed, 32, r->election.b, HASH_BYTES)) != OK)
		return e;
	memcpy(v->sealed, nonce, 12);
	sealed_seed_hash(&q->a.sealed_seed, &r->election, v->sealed);
	authorization_write(&q->request, &q->a);
	authorization_hash(&h, q->request.p, q->request.n);
	if ((e = schnorr_sign(q->sig, &v->credential, &h)) != OK)
		return e;
	json_begin(&o, NULL, '{');
	json_text(&o, "session", v->session);
	base64_encode(text, q->request.p, q->request.n);
	json_text(&o, "request", text);
	json_hex(&o, "signature", q->sig, 64);
	base64_encode(text, v->sealed, sizeof v->sealed);
	json_text(&o, "sealed_seed", text);
	json_end(&o, '}');
	return q->body.failed ? ERR_NOMEM : OK;
}

/* The token of the set in use out of the answers that came; ERR_ABSENT while one of the set's is missing. */
static enum err
take_token(struct ballot *b, const struct asking *q, const struct voter *v, struct json *answer, struct why *why)
{
	const struct record *r = &v->w->r;
	struct fields f = fields_of(answer, why), g = fields_of(field_object(&f, "stored"), why);
	struct json *list = field_array(&g, "answers", MAX_AUTHORIZERS);
	unsigned set = (unsigned)field_int(&g, "set", 1, 255);
	enum err e = f.e != OK ? f.e : g.e;

	b->signatures = 0;
	if (e != OK || (e = world_check_set(v->w, v->m.box, set, why)) != OK)
		return e;
	for (unsigned k = 0; k < q->a.n; k++) {
		uint8_t raw[RSA_BYTES + 4];
		size_t n = sizeof raw;

		if (!(set >> k & 1))
			continue;
		if (k >= list->n || list->item[k]->text == NULL || list->item[k]->text[0] == '\0')
			return why_set(why, ERR_ABSENT, "authorizer %s has not answered yet", r->call.authorizer[k].key.name);
		if (base64_decode(raw, &n, list->item[k]->text, strlen(list->item[k]->text)) != OK || n != RSA_BYTES ||
		    rsa_finalize(b->token[b->signatures].sig, r->key[k][v->style - 1], &q->token, raw, q->random[k]) != OK)
			return why_set(why, ERR_PROOF, "the answer of authorizer %s is false", r->call.authorizer[k].key.name);
		b->token[b->signatures++].authorizer = k + 1;
	}
	return b->signatures == r->call.quorum ? OK : why_set(why, ERR_PROOF, "the set in use is not a quorum");
}

enum err
voter_authorize(struct voter *v, struct ballot *b, struct why *why)
{
	enum { PATIENCE_SECONDS = 180 };
	struct asking *q = calloc(1, sizeof *q);
	struct timespec pause = {1, 0};
	enum err e;

	if (q == NULL)
		return ERR_NOMEM;
	e = prepare_request(q, v);
	for (int tries = 0; e == OK; tries++) {
		struct json *j = NULL;
		struct buf body = {0};
		long status = 0;

		buf_put(&body, q->body.p, q->body.n);
		if ((e = post(v, "/authorize", &body, &j, &status, why)) != OK)
			break;
		e = status == 409 ? why_set(why, ERR_EXISTS, "another device of yours authorized with another request meanwhile: begin again, and that one is taken up") : take_token(b, q, v, j, why);
		json_free(j);
		if (e != ERR_ABSENT || tries == PATIENCE_SECONDS)
			break;
		if (!v->quiet && tries == 0)
			(void)fprintf(stderr, "%s; waiting for it, or for another set\n", why->text);
		(void)nanosleep(&pause, NULL);
		e = OK;
	}
	buf_free(&q->request);
	buf_free(&q->body);
	wipe(q, sizeof *q);
	free(q);
	return e;
}

enum err
voter_check_receipt(const struct voter *v, const struct buf *ballot, const struct buf *receipt, struct why *why)
{
	struct receipt r;
	struct hash leaf;
	struct head head;
	enum err e;

	if ((e = receipt_read(&r, receipt->p, receipt->n, why)) != OK)
		return e;
	leaf_hash(&leaf, ballot->p, ballot->n);
	return receipt_verify(&r, &leaf, &v->w->r.call.log_ballots, &head, why);
}

enum err
voter_confirm(const struct voter *v, struct why *why)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct json *j = NULL;
	struct hash h;
	uint8_t sig[64];
	long status = 0;
	enum err e;

	confirmation_hash(&h, &v->w->r.election, v->index);
	if ((e = schnorr_sign(sig, &v->credential, &h)) != OK)
		return e;
	json_begin(&o, NULL, '{');
	json_text(&o, "session", v->session);
	json_hex(&o, "signature", sig, 64);
	json_end(&o, '}');
	if ((e = post(v, "/confirm", &body, &j, &status, why)) == OK) {
		json_free(j);
		if (status != 200)
			e = why_set(why, ERR_NOT_NOW, "/confirm (%ld): the service has no request of yours to confirm", status);
	}
	return e;
}
