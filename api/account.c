/* api/account.c - the listener that knows the voter: login, authorize, confirm.
 *
 * Spec    spec/http.md#login, spec/http.md#authorize, spec/http.md#confirm
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "api/relay.h"

enum { NONCES = 4096, SESSIONS = 4096, NONCE_SECONDS = 120, SESSION_SECONDS = 900, NOBODY = -1 };

/* One slot of a small table in memory; nothing of this is ever on disk. */
struct slot {
	uint8_t id[32];
	int64_t index; /* roll index; NOBODY: a dummy */
	int64_t expires;
	char code[9];
};

struct login_table {
	pthread_mutex_t lock;
	struct slot nonce[NONCES], login[SESSIONS], session[SESSIONS];
	uint32_t voters;
	uint8_t *failures; /* by roll index */
	int64_t *locked_until;
};

struct login_table *
logins_new(uint32_t voters)
{
	struct login_table *t = calloc(1, sizeof *t);

	if (t == NULL || oath_init() != OATH_OK)
		abort();
	t->failures = calloc(voters + 1, sizeof *t->failures);
	t->locked_until = calloc(voters + 1, sizeof *t->locked_until);
	if (t->failures == NULL || t->locked_until == NULL)
		abort();
	t->voters = voters;
	(void)pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
logins_free(struct login_table *t)
{
	if (t == NULL)
		return;
	free(t->failures);
	free(t->locked_until);
	wipe(t, sizeof *t);
	free(t);
}

/* A fresh slot: an empty, expired or else the oldest one. */
static struct slot *
fresh(struct slot *table, size_t n, int64_t index, int64_t seconds)
{
	struct slot *best = table;
	int64_t now = now_seconds();

	for (size_t i = 0; i < n; i++) {
		if (table[i].expires <= now) {
			best = &table[i];
			break;
		}
		if (table[i].expires < best->expires)
			best = &table[i];
	}
	memset(best, 0, sizeof *best);
	random_bytes(best->id, sizeof best->id);
	best->index = index;
	best->expires = now + seconds;
	return best;
}

static struct slot *
lookup(struct slot *table, size_t n, const uint8_t id[32])
{
	int64_t now = now_seconds();

	for (size_t i = 0; i < n; i++)
		if (table[i].expires > now && ct_equal(table[i].id, id, 32))
			return &table[i];
	return NULL;
}

/* ---- login ------------------------------------------------------------------------------ */

static int64_t
find_user(const struct service *s, const char *user)
{
	int64_t found = NOBODY;

	for (uint32_t i = 0; i < s->persons; i++) /* the same work for everybody */
		if (strcmp(s->person[i].user, user) == 0)
			found = i;
	return found;
}

static void
start(struct service *s, struct fields *f, struct http_reply *r)
{
	uint8_t client[32];
	struct json_out o = json_out(&r->body);
	struct slot *slot;

	(void)field_text(f, "user", 63);
	field_hex(f, "client_nonce", client, 32);
	if (fields_end(f) != OK)
		return;
	(void)pthread_mutex_lock(&s->logins->lock);
	slot = fresh(s->logins->nonce, NONCES, NOBODY, NONCE_SECONDS);
	json_begin(&o, NULL, '{');
	json_hex(&o, "server_nonce", slot->id, 32);
	json_end(&o, '}');
	(void)pthread_mutex_unlock(&s->logins->lock);
}

static enum err
send_code(struct service *s, const char *phone, const char *code)
{
	struct buf b = {0};
	struct json_out o = json_out(&b);
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "phone", phone);
	json_text(&o, "code", code);
	json_end(&o, '}');
	e = outbox_put(s, &b);
	buf_free(&b);
	return e;
}

/* Seconds for which this voter is still locked after wrong codes. With the table's lock. */
static unsigned
locked(const struct login_table *t, int64_t index)
{
	int64_t left = t->locked_until[index] - now_seconds();

	return left > 0 ? (unsigned)left : 0;
}

static void
refuse_locked(struct http_reply *r, unsigned seconds)
{
	reply_locked(r, seconds, "Demasiados c\xc3\xb3" "digos equivocados: espere unos minutos.", "too many wrong codes: wait some minutes");
}

static void
answer(struct service *s, struct fields *f, struct http_reply *r)
{
	struct login_table *t = s->logins;
	uint8_t client[32], server[32], sig[64];
	struct json_out o;
	struct slot *slot;
	struct hash h;
	char user[64], otp[9] = "", secret[20];
	int64_t index;
	unsigned seconds;
	int known, good;

	field_copy(f, "user", user, sizeof user);
	field_hex(f, "client_nonce", client, 32);
	field_hex(f, "server_nonce", server, 32);
	field_hex(f, "signature", sig, 64);
	if (fields_end(f) != OK)
		return;
	(void)pthread_mutex_lock(&t->lock);
	slot = lookup(t->nonce, NONCES, server);
	known = slot != NULL;
	if (known)
		memset(slot, 0, sizeof *slot); /* a nonce serves once */
	(void)pthread_mutex_unlock(&t->lock);
	index = find_user(s, user);
	login_hash(&h, &s->election, s->call.account, server, client, user);
	good = schnorr_verify(sig, roll_credential(&s->roll.row[index >= 0 ? index : 0], now_seconds()), &h) == OK && index >= 0 && known;
	(void)pthread_mutex_lock(&t->lock);
	if (good && (seconds = locked(t, index)) > 0) { /* only who knows the password hears of a lock */
		(void)pthread_mutex_unlock(&t->lock);
		refuse_locked(r, seconds);
		return;
	}
	if (!good) {
		(void)pthread_mutex_unlock(&t->lock);
		s->refusals++;
		reply_error(r, ERR_DENIED, "user name or password is wrong");
		return;
	}
	random_bytes(secret, sizeof secret);
	(void)oath_hotp_generate(secret, sizeof secret, 0, s->manifest->code_digits, 0, OATH_HOTP_DYNAMIC_TRUNCATION, otp);
	wipe(secret, sizeof secret);
	for (size_t i = 0; i < SESSIONS; i++) /* an older code of this voter is void */
		if (t->login[i].index == index && t->login[i].code[0] != '\0')
			memset(&t->login[i], 0, sizeof t->login[i]);
	slot = fresh(t->login, SESSIONS, index, s->manifest->code_seconds);
	memcpy(slot->code, otp, sizeof otp);
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	json_hex(&o, "login", slot->id, 32);
	json_end(&o, '}');
	(void)pthread_mutex_unlock(&t->lock);
	if (send_code(s, s->person[index].phone, otp) != OK)
		reply_error(r, ERR_IO, "the code cannot be sent now");
}

/* What the registry has of a voter's request; answers in the call's order, and the set that makes a token now. */
static void
stored(struct service *s, struct json_out *o, const struct buf *request, const struct authorization_row *row, int confirmed)
{
	char *text = malloc(4 * (request->n + RSA_BYTES) / 3 + 64);
	struct view v;

	service_view(s, &v);
	if (text == NULL) {
		o->b->failed = 1;
		return;
	}
	json_begin(o, "stored", '{');
	base64_encode(text, request->p, request->n);
	json_text(o, "request", text);
	json_hex(o, "signature", row->sig, SCHNORR_BYTES);
	base64_encode(text, row->sealed, SEALED_SEED_BYTES);
	json_text(o, "sealed_seed", text);
	json_begin(o, "answers", '[');
	for (unsigned a = 0; a < s->call.authorizers; a++) {
		if (row->answers >> a & 1)
			base64_encode(text, row->answer[a], RSA_BYTES);
		json_text(o, NULL, row->answers >> a & 1 ? text : "");
	}
	json_end(o, ']');
	json_int(o, "set", v.progress.set);
	json_bool(o, "confirmed", confirmed);
	json_end(o, '}');
	free(text);
}

static void
code(struct service *s, struct fields *f, struct http_reply *r)
{
	struct login_table *t = s->logins;
	struct registry_row row = {0};
	struct authorization_row kept;
	struct json_out o;
	struct slot *slot;
	uint8_t id[32];
	char given[16];
	int64_t index = NOBODY;
	unsigned seconds;

	field_hex(f, "login", id, 32);
	field_copy(f, "code", given, sizeof given);
	if (fields_end(f) != OK)
		return;
	(void)pthread_mutex_lock(&t->lock);
	slot = lookup(t->login, SESSIONS, id);
	if (slot != NULL && (seconds = locked(t, slot->index)) > 0) {
		(void)pthread_mutex_unlock(&t->lock);
		refuse_locked(r, seconds);
		return;
	}
	if (slot == NULL || strlen(given) != s->manifest->code_digits || !ct_equal(given, slot->code, s->manifest->code_digits)) {
		if (slot != NULL && ++t->failures[slot->index] >= s->manifest->code_attempts) {
			t->failures[slot->index] = 0;
			t->locked_until[slot->index] = now_seconds() + s->manifest->lock_seconds;
		}
		(void)pthread_mutex_unlock(&t->lock);
		s->refusals++;
		reply_refused(r, ERR_DENIED, "El c\xc3\xb3" "digo es incorrecto, ya se us\xc3\xb3 o venci\xc3\xb3.", "the code is wrong, used or too old");
		return;
	}
	index = slot->index;
	t->failures[index] = 0;
	memset(slot, 0, sizeof *slot); /* a code serves once */
	slot = fresh(t->session, SESSIONS, index, SESSION_SECONDS);
	memcpy(id, slot->id, 32);
	(void)pthread_mutex_unlock(&t->lock);
	if (registry_get(s->registry, (uint32_t)index, &row, NULL) != OK || (row.authorized && authorization_row_read(&kept, row.answer.p, row.answer.n) != OK)) {
		registry_row_free(&row);
		reply_error(r, ERR_IO, "the registry does not answer");
		return;
	}
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	json_hex(&o, "session", id, 32);
	json_int(&o, "roll_index", index);
	json_int(&o, "style", s->roll.row[index].style);
	if (row.authorized)
		stored(s, &o, &row.request, &kept, row.confirmed);
	json_end(&o, '}');
	registry_row_free(&row);
}

static int64_t
session(struct service *s, struct fields *f)
{
	uint8_t id[32];
	struct slot *slot;
	int64_t index = NOBODY;

	field_hex(f, "session", id, 32);
	(void)pthread_mutex_lock(&s->logins->lock);
	if (f->e == OK && (slot = lookup(s->logins->session, SESSIONS, id)) != NULL)
		index = slot->index;
	(void)pthread_mutex_unlock(&s->logins->lock);
	return index;
}

/* ---- authorize ------------------------------------------------------------------------------ */

static enum err
decode(const char *text, struct buf *out, size_t max)
{
	size_t n = max;
	uint8_t *p = malloc(max);
	enum err e = p != NULL ? base64_decode(p, &n, text, strlen(text)) : ERR_NOMEM;

	if (e == OK)
		buf_put(out, p, n);
	free(p);
	return e;
}

enum { ANSWERS_MS = 3000 };

/* Sign and commit first; only then do the others hear of it. ERR_EXISTS: there is an earlier request, which is put into
 * `request` and `row`; after the hour nothing else is to be had. */
static enum err
commit(struct service *s, const struct authorization *a, struct buf *request, struct authorization_row *row, int *confirmed)
{
	struct registry_row have = {0};
	struct buf bytes = {0};
	struct view v;
	enum err e;

	service_view(s, &v);
	if (!view_authorizes(&v) && (registry_get(s->registry, a->index, &have, NULL) != OK || !have.authorized)) {
		registry_row_free(&have);
		return ERR_NOT_NOW;
	}
	registry_row_free(&have);
	if ((e = rsa_blind_sign(row->answer[0], s->rsa[a->style - 1], a->blinded[0])) != OK)
		return ERR_RANGE;
	row->answers = 1;
	authorization_row_write(&bytes, row);
	e = bytes.failed ? ERR_NOMEM : registry_authorize(s->registry, a->index, request, &bytes, &have, NULL);
	if (e == OK)
		s->authorizations++;
	else if (e == ERR_EXISTS) {
		*confirmed = have.confirmed;
		buf_free(request);
		buf_put(request, have.request.p, have.request.n);
		if (request->failed || authorization_row_read(row, have.answer.p, have.answer.n) != OK)
			e = ERR_IO;
	}
	registry_row_free(&have);
	buf_free(&bytes);
	return e;
}

static const char *
uncommitted(const struct service *s, enum err e)
{
	if (e == ERR_NOT_NOW && registry_refused(s->registry, NULL))
		return "the registry is not complete: nobody is authorized until it is restored";
	return e == ERR_NOT_NOW ? "authorizations are given between opening and closing"
	    : e == ERR_RANGE	? "the blinded element is not below the modulus"
				: "the registry does not answer";
}

static void
authorize(struct service *s, struct fields *f, struct http_reply *r)
{
	int64_t index = session(s, f);
	struct authorization *a = malloc(sizeof *a);
	struct authorization_row *row = calloc(1, sizeof *row);
	struct buf request = {0}, sealed = {0};
	struct hash asked, have;
	struct why why = {""};
	struct json_out o;
	struct view v;
	int confirmed = 0;
	enum err e;

	if (a == NULL || row == NULL)
		abort();
	if (decode(field_text(f, "request", 8192), &request, AUTHORIZATION_MAX_BYTES) != OK ||
	    decode(field_text(f, "sealed_seed", 200), &sealed, SEALED_SEED_BYTES) != OK || sealed.n != SEALED_SEED_BYTES)
		(void)field_bad(f, 1, "request or sealed seed is not base64 of the right size");
	field_hex(f, "signature", row->sig, SCHNORR_BYTES);
	if (fields_end(f) != OK)
		goto done;
	if (index == NOBODY) {
		reply_refused(r, ERR_DENIED, "La sesi\xc3\xb3n termin\xc3\xb3; entre de nuevo.", "no such session: log in again");
		goto done;
	}
	service_view(s, &v);
	if (!view_casts(&v)) {
		reply_error(r, ERR_NOT_NOW, "authorizations are given between opening and closing");
		goto done;
	}
	memcpy(row->sealed, sealed.p, SEALED_SEED_BYTES);
	if (authorization_read(a, request.p, request.n) == OK && a->index != index)
		e = why_set(&why, ERR_RANGE, "the request is of another voter");
	else
		e = authorization_check(a, request.p, request.n, row->sig, row->sealed, &s->election, &s->roll, s->rsa_keys, s->call.authorizers, now_seconds(), &why);
	if (e == ERR_DENIED) {
		reply_refused(r, e, "Por orden de un tribunal no puede votar; consulte a la autoridad.", why.text);
		goto done;
	}
	if (e != OK) {
		reply_error(r, e, why.text);
		goto done;
	}
	sha256(&asked, request.p, request.n);
	e = commit(s, a, &request, row, &confirmed);
	if (e != OK && e != ERR_EXISTS) {
		reply_error(r, e, uncommitted(s, e));
		goto done;
	}
	sha256(&have, request.p, request.n);
	if (s->relay != NULL && hash_equal(&asked, &have)) { /* amendments of the roll need not wait for the others' answers */
		(void)pthread_rwlock_unlock(&s->roll_lock);
		relay_request(s->relay, (uint32_t)index, row, e == OK, v.progress.set, ANSWERS_MS);
		(void)pthread_rwlock_rdlock(&s->roll_lock);
	}
	o = json_out(&r->body);
	json_begin(&o, NULL, '{');
	if (!hash_equal(&asked, &have)) {
		r->status = 409;
		json_text(&o, "error", "exists");
		json_text(&o, "es", "Ya hay una petici\xc3\xb3n anterior y distinta.");
		json_text(&o, "en", "there is an earlier, different request; it is in \"stored\"");
	}
	stored(s, &o, &request, row, confirmed);
	json_end(&o, '}');
done:
	buf_free(&request);
	buf_free(&sealed);
	free(a);
	free(row);
}

/* A registry that lacks rows does not know who authorized. */
static void
refuse_unauthorized(const struct service *s, struct http_reply *r)
{
	struct json_out o = json_out(&r->body);

	if (registry_refused(s->registry, NULL)) {
		reply_error(r, ERR_NOT_NOW, "the registry is not complete: confirm again when it is restored");
		return;
	}
	r->status = 409;
	json_begin(&o, NULL, '{');
	json_text(&o, "error", "not-authorized");
	json_text(&o, "es", "No hay una petici\xc3\xb3n suya que confirmar: primero pida la autorizaci\xc3\xb3n.");
	json_text(&o, "en", "there is no request of yours to confirm: ask for the authorization first");
	json_end(&o, '}');
}

static void
confirm(struct service *s, struct fields *f, struct http_reply *r)
{
	int64_t index = session(s, f);
	uint8_t sig[64];
	struct view v;
	struct hash h;
	enum err e;

	field_hex(f, "signature", sig, 64);
	if (fields_end(f) != OK)
		return;
	if (index == NOBODY) {
		reply_refused(r, ERR_DENIED, "La sesi\xc3\xb3n termin\xc3\xb3; entre de nuevo.", "no such session: log in again");
		return;
	}
	service_view(s, &v);
	if (!view_casts(&v)) {
		reply_error(r, ERR_NOT_NOW, "confirmations are taken until the box closes");
		return;
	}
	confirmation_hash(&h, &s->election, (uint32_t)index);
	if (roll_signed(&s->roll.row[index], sig, &h) != OK) {
		reply_error(r, ERR_PROOF, "the confirmation is not signed by the voter's credential");
		return;
	}
	if ((e = registry_confirm(s->registry, (uint32_t)index, sig, NULL)) == ERR_ABSENT)
		refuse_unauthorized(s, r);
	else if (e != OK)
		reply_error(r, e, "the registry does not answer");
	else
		buf_str(&r->body, "{\"confirmed\": true}\n");
}

/* ---- another authorizer whose registry is an older copy ------------------------------------- */

static void
rows(struct service *s, struct fields *f, struct http_reply *r)
{
	const char *document = field_text(f, "document", 4096), *note = field_text(f, "note", NOTE_MAX_BYTES);
	struct authorizations own;
	struct why why = {""};
	uint32_t from = 0;
	enum err e;

	if (fields_end(f) != OK)
		return;
	service_authorizations(s, &own);
	if ((e = rows_request_check(&own, document, note, now_seconds(), &from, &why)) != OK || (e = authorizations_page(s->registry, from, &r->body, &why)) != OK)
		reply_error(r, e, why.text);
	else
		r->type = "application/octet-stream";
}

/* ---- public files -------------------------------------------------------------------------- */

static void
public_file(struct service *s, const char *name, struct http_reply *r)
{
	static const char *const allowed[] = {"call.json", "manifest.json", "opening.json", "roll", "dictamen.json", "zero-report.json",
	    "key/transcript.json", "key/cards.json"};
	char base[200];
	size_t n = strlen(name);
	struct view v;
	int good;

	service_view(s, &v);
	good = (strncmp(name, "authorizers/", 12) == 0 && strchr(name + 12, '/') == NULL && name[12] != '.') ||
	    (v.progress.closed && strncmp(name, "authorizations/", 15) == 0 && strchr(name + 15, '/') == NULL && name[15] != '.');
	(void)snprintf(base, sizeof base, "%s", name);
	if (n > 5 && n < sizeof base && strcmp(name + n - 5, ".note") == 0)
		base[n - 5] = '\0';
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		good |= strcmp(base, allowed[i]) == 0;
	if (!good || strstr(name, "..") != NULL) {
		reply_error(r, ERR_ABSENT, "no such file");
		return;
	}
	(void)snprintf(r->file, sizeof r->file, "%s/%.300s", s->config.record, name);
	r->type = "application/octet-stream";
}

void
account_handle(void *ctx, const struct http_request *q, struct http_reply *r)
{
	static const struct {
		const char *path;
		void (*run)(struct service *, struct fields *, struct http_reply *);
	} posts[] = {{"/login/start", start}, {"/login/answer", answer}, {"/login/code", code}, {"/authorize", authorize}, {"/confirm", confirm}, {"/rows", rows}};
	struct service *s = ctx;
	struct json *root = NULL;
	struct why why = {""};
	struct fields f;
	struct view v;

	if (strcmp(q->method, "GET") == 0 && strcmp(q->path, "/status") == 0) {
		status_reply(s, r);
		return;
	}
	if (strcmp(q->method, "GET") == 0 && strncmp(q->path, "/record/", 8) == 0) {
		public_file(s, q->path + 8, r);
		return;
	}
	for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
		if (strcmp(q->method, "POST") != 0 || strcmp(q->path, posts[i].path) != 0)
			continue;
		service_view(s, &v);
		if (!v.loaded || (v.progress.closed && posts[i].run != rows) || !(v.progress.begun >> 3 & 1)) {
			reply_error(r, ERR_NOT_NOW, v.progress.closed ? "the election is closed" : "the election is not open yet");
			return;
		}
		if (json_parse(&root, q->body, q->body_n, 65536, &why) != OK) {
			reply_error(r, ERR_FORMAT, why.text);
			return;
		}
		f = fields_of(root, &why);
		(void)pthread_rwlock_rdlock(&s->roll_lock);
		posts[i].run(s, &f, r);
		(void)pthread_rwlock_unlock(&s->roll_lock);
		if (f.e != OK)
			reply_error(r, f.e, why.text);
		json_free(root);
		return;
	}
	reply_error(r, ERR_ABSENT, "no such resource");
}
