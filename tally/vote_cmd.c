/* tally/vote_cmd.c - `urna vote`: a voter at the command line.
 *
 * Spec    spec/vote.md#the-voters-steps
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/http_client.h"
#include "crypto/kdf.h"
#include "crypto/secmem.h"
#include "tally/cli.h"
#include "tally/kept.h"

/* What the registrar's message says. */
struct message_facts {
	char user[64], password[PASSWORD_LETTERS + 1], account[200], box[200], phone[32];
	struct hash call;
};

/* What every voter of one election needs, checked once. */
struct world {
	struct record r;
	char base[300]; /* where the record's files are fetched */
	struct kept files;
	pthread_mutex_t lock; /* over the sets that were announced: read again when a new one is in use */
	struct progress progress;
};

struct voter {
	struct world *w;
	struct message_facts m;
	struct scalar credential;
	uint8_t key[32], seed_key[32], seed[32];
	char session[65];
	uint32_t index;
	unsigned style;
	struct scalar one_time;
	uint8_t one_time_key[32];
	int resumed;
	uint8_t sealed[SEALED_SEED_BYTES]; /* as the service has it */
	const char *otp_dir, *otp;
};

static enum err
read_message(struct message_facts *m, const char *file, struct why *why)
{
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	enum err e;

	if ((e = file_read(&b, file, 65536, why)) == OK && (e = json_parse(&root, b.p, b.n, 65536, why)) == OK) {
		f = fields_of(root, why);
		field_copy(&f, "user", m->user, sizeof m->user);
		field_copy(&f, "password", m->password, sizeof m->password);
		field_copy(&f, "account", m->account, sizeof m->account);
		field_copy(&f, "box", m->box, sizeof m->box);
		field_hash(&f, "call", &m->call);
		field_copy(&f, "phone", m->phone, sizeof m->phone);
		(void)field_text(&f, "email", 127);
		if ((e = fields_end(&f)) == OK && !password_valid(m->password))
			e = why_set(why, ERR_FORMAT, "%s: the password has a typing error", file);
		json_free(root);
	}
	buf_free(&b);
	return e;
}

/* The log of events of the box, as far as it goes now. */
static enum err
read_events(struct record *r, const char *box, struct why *why)
{
	enum err e;

	r->src = source_http(box);
	if ((e = record_events(r, why)) == OK && (!r->progress.opened || !hash_equal(&r->progress.election, &r->election)))
		e = why_set(why, ERR_PROOF, "the log of events does not name this opening: do not vote here");
	return e;
}

/* Fetch the opening's files from the account listener, each once, and check them like any record. */
static enum err
fetch_once(struct world *w, const struct message_facts *m, int *grew, struct why *why)
{
	enum err e;

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)snprintf(w->base, sizeof w->base, "%s/record", m->account);
	w->files.base = source_http(w->base);
	w->r.src = kept_source(&w->files);
	if ((e = record_call(&w->r, why)) != OK)
		return e;
	if (!hash_equal(&w->r.call.hash, &m->call)) /* the call that the registrar's message names, and no other */
		return why_set(why, ERR_PROOF, "the service shows another call than your message names: do not vote here");
	if ((e = record_key(&w->r, why)) != OK || (e = record_setup(&w->r, why)) != OK || (e = record_opening(&w->r, why)) != OK)
		return e == ERR_ABSENT ? why_prefix(why, e, "is the election open?") : e;
	e = read_events(&w->r, m->box, why); /* what was amended since, from the log of events */
	w->progress = w->r.progress;
	*grew = e == ERR_ABSENT;
	w->r.src = kept_source(&w->files);
	return e;
}

static void
drop_world(struct world *w)
{
	record_free(&w->r);
	kept_free(&w->files);
}

/* While the log of events is read it may grow, and the partial tiles of the head that we have are gone: again. */
static enum err
fetch_world(struct world *w, const struct message_facts *m, struct why *why)
{
	enum err e;
	int grew = 0;

	for (int tries = 0; (e = fetch_once(w, m, &grew, why)) != OK && grew && tries < 5; tries++) {
		drop_world(w);
		grew = 0;
	}
	return e;
}

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

/* The code that the gateway put into its outbox for this phone; taken away. */
static enum err
take_code(const struct voter *v, char code[16], struct why *why)
{
	if (v->otp != NULL) {
		(void)snprintf(code, 16, "%s", v->otp);
		return OK;
	}
	for (int tries = 0; tries < 50; tries++) {
		struct timespec pause = {0, 100000000};
		struct dirent *entry;
		DIR *d = opendir(v->otp_dir);

		while (d != NULL && (entry = readdir(d)) != NULL) {
			struct buf b = {0};
			struct json *root = NULL;
			struct fields f;
			char path[1400];
			int mine;

			(void)snprintf(path, sizeof path, "%s/%s", v->otp_dir, entry->d_name);
			if (entry->d_name[0] == '.' || strlen(entry->d_name) != 32 || file_read(&b, path, 1000, NULL) != OK)
				continue;
			mine = 0;
			if (json_parse(&root, b.p, b.n, 1000, NULL) == OK) {
				f = fields_of(root, NULL);
				mine = field_has(&f, "code") && strcmp(field_text(&f, "phone", 31), v->m.phone) == 0; /* not a notice */
				if (mine)
					field_copy(&f, "code", code, 16);
				json_free(root);
			}
			buf_free(&b);
			if (mine) {
				(void)unlink(path);
				(void)closedir(d);
				return OK;
			}
		}
		if (d != NULL)
			(void)closedir(d);
		(void)nanosleep(&pause, NULL);
	}
	return why_set(why, ERR_ABSENT, "no one-time code for your phone came");
}

static enum err
login(struct voter *v, struct json **answer, struct why *why)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct json *j = NULL;
	struct fields f;
	struct hash h;
	uint8_t client[32], server[32], sig[64];
	char id[65], code[16] = "";
	long status = 0;
	enum err e;

	random_bytes(client, 32);
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
	if (e != OK)
		return e;
	login_hash(&h, &v->w->r.election, v->w->r.call.account, server, client, v->m.user);
	if ((e = schnorr_sign(sig, &v->credential, &h)) != OK)
		return e;
	o = json_out(&body);
	json_begin(&o, NULL, '{');
	json_text(&o, "user", v->m.user);
	json_hex(&o, "client_nonce", client, 32);
	json_hex(&o, "server_nonce", server, 32);
	json_hex(&o, "signature", sig, 64);
	json_end(&o, '}');
	if ((e = post(v, "/login/answer", &body, &j, &status, why)) != OK)
		return e;
	f = fields_of(j, why);
	field_copy(&f, "login", id, sizeof id);
	e = fields_end(&f);
	json_free(j);
	if (e != OK || (e = take_code(v, code, why)) != OK)
		return e;
	o = json_out(&body);
	json_begin(&o, NULL, '{');
	json_text(&o, "login", id);
	json_text(&o, "code", code);
	json_end(&o, '}');
	if ((e = post(v, "/login/code", &body, &j, &status, why)) != OK)
		return e;
	f = fields_of(j, why);
	field_copy(&f, "session", v->session, sizeof v->session);
	v->index = (uint32_t)field_int(&f, "roll_index", 0, v->w->r.roll.n - 1);
	v->style = (unsigned)field_int(&f, "style", 1, v->w->r.m->styles);
	if (f.e == OK && (memcmp(roll_credential(&v->w->r.roll.row[v->index], (int64_t)time(NULL)), v->key, 32) != 0 || v->w->r.roll.row[v->index].style != v->style))
		e = why_set(why, ERR_PROOF, "the service gives you another voter's place on the roll");
	if (f.e != OK)
		e = f.e;
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

/* The service says which set makes a token. It must be the newest one of the log of events, the same for everybody:
 * a set of one's own would mark the ballot. */
static enum err
check_set(const struct voter *v, unsigned set, struct why *why)
{
	struct world *w = v->w;
	struct record *r;
	enum err e = OK;

	(void)pthread_mutex_lock(&w->lock);
	if (w->progress.set != set) {
		if ((r = calloc(1, sizeof *r)) == NULL)
			e = ERR_NOMEM;
		else {
			r->call = w->r.call;
			r->election = w->r.election;
			if ((e = read_events(r, v->m.box, why)) == OK)
				w->progress = r->progress;
			record_free(r);
			free(r);
		}
		if (e == OK && w->progress.set != set) /* it may have changed just now; if it stays so, there is no token */
			e = why_set(why, ERR_ABSENT, "the service names a set of authorizers that is not the newest of the log of events: do not vote here");
	}
	(void)pthread_mutex_unlock(&w->lock);
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
	if (e != OK || (e = check_set(v, set, why)) != OK)
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

/* Ask, and ask again while an authorizer of the set in use is silent: the service takes another set when that lasts. */
static enum err
authorize(struct voter *v, struct ballot *b, int quiet, struct why *why)
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
		e = status == 409 ? why_set(why, ERR_EXISTS, "you authorized already with another request (another device?): use --resume") : take_token(b, q, v, j, why);
		json_free(j);
		if (e != ERR_ABSENT || tries == PATIENCE_SECONDS)
			break;
		if (!quiet && tries == 0)
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

static enum err
check_receipt(const struct voter *v, const struct buf *ballot, const struct buf *receipt, struct why *why)
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

/* What to mark: contest id -> line id, or an element outside the table on purpose. */
static enum err
markings(const struct voter *v, struct point *out, const char *choose, const char *odd, struct why *why)
{
	const struct manifest *m = v->w->r.m;
	const struct style *s = &m->style[v->style - 1];
	struct point table[MAX_LINES];

	for (unsigned i = 0; i < s->contests; i++) {
		const struct contest *c = &m->contest[s->contest[i]];
		const char *p = choose;
		size_t id = strlen(c->id), line = 0;

		while (p != NULL && *p != '\0') {
			size_t n = strcspn(p, ",");

			if (strncmp(p, c->id, id) == 0 && p[id] == '=')
				for (unsigned l = 0; l < c->lines; l++)
					if (strlen(c->line[l].id) == n - id - 1 && strncmp(p + id + 1, c->line[l].id, n - id - 1) == 0)
						line = l + 1;
			p += n + (p[n] == ',');
		}
		if (line == 0)
			return why_set(why, ERR_RANGE, "choose a line of contest %s (%s): --choose %s=LINE", c->id, c->name, c->id);
		marking_table(table, c->lines);
		out[i] = table[line - 1];
		if (odd != NULL && strcmp(odd, "infinity") == 0)
			out[i] = POINT_INFINITY;
		else if (odd != NULL) {
			struct scalar x;

			scalar_random(&x);
			point_mul_base(&out[i], &x);
		}
	}
	return OK;
}

struct choice {
	const char *message, *choose, *challenge, *receipt, *mine, *odd, *ballot;
	int no_confirm, no_cast;
};

static void
write_challenge(struct buf *out, const struct voter *v, const struct ballot *b, const struct scalar *exponents, const struct point *marks)
{
	const struct manifest *m = v->w->r.m;
	const struct style *s = &m->style[v->style - 1];
	struct json_out o = json_out(out);
	struct point table[MAX_LINES];
	struct hash h;

	commitment_hash(&h, b);
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "challenge");
	json_int(&o, "version", 1);
	json_hash(&o, "election", &b->election);
	json_int(&o, "style", b->style);
	json_hex(&o, "one_time_key", b->key, 32);
	json_hash(&o, "commitment", &h);
	json_begin(&o, "contests", '[');
	for (unsigned i = 0; i < b->contests; i++) {
		const struct contest *c = &m->contest[s->contest[i]];

		marking_table(table, c->lines);
		json_begin(&o, NULL, '{');
		json_text(&o, "contest", c->id);
		json_int(&o, "marking", (int64_t)marking_find(table, c->lines, &marks[i]));
		json_hex(&o, "exponent", exponents[i].b, 32);
		json_hex(&o, "c1", b->vote[i].c1, POINT_BYTES);
		json_hex(&o, "c2", b->vote[i].c2, POINT_BYTES);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
}

static enum err
confirm(struct voter *v, struct why *why)
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
	if ((e = post(v, "/confirm", &body, &j, &status, why)) == OK)
		json_free(j);
	return e;
}

/* A ballot is under this one-time key already: its receipt is kept. ERR_EXISTS. */
static enum err
earlier_receipt(const struct choice *c, const struct buf *answer, struct why *why)
{
	struct json *root = NULL;
	struct fields f;
	const char *text;
	enum err e;

	if ((e = json_parse(&root, answer->p, answer->n, 1 << 20, why)) != OK)
		return e;
	f = fields_of(root, why);
	text = field_text(&f, "receipt", NOTE_MAX_BYTES);
	if (f.e == OK && c->receipt != NULL)
		f.e = file_write(c->receipt, text, strlen(text), 0644, why);
	e = f.e != OK ? f.e : why_set(why, ERR_EXISTS, "you have cast a ballot already; its receipt%s%s: %.600s", c->receipt != NULL ? " is now in " : "",
	    c->receipt != NULL ? c->receipt : "", text);
	json_free(root);
	return e;
}

/* The whole way of one voter. */
static enum err
vote(struct voter *v, const struct choice *c, int quiet, struct why *why)
{
	struct ballot *b = calloc(1, sizeof *b);
	struct point marks[MAX_CONTESTS];
	struct scalar exponents[MAX_CONTESTS];
	struct json *answer = NULL;
	struct buf bytes = {0}, receipt = {0}, out = {0};
	struct hash h;
	char url[300], letters[40];
	long status = 0;
	enum err e;

	if (b == NULL)
		return ERR_NOMEM;
	if ((e = credential_derive(&v->credential, v->key, v->m.password, &v->m.call, v->m.user)) != OK ||
	    (e = seed_key_derive(v->seed_key, v->m.password, &v->m.call, v->m.user)) != OK || (e = login(v, &answer, why)) != OK ||
	    (e = seed(v, answer, why)) != OK || (e = markings(v, marks, c->choose, c->odd, why)) != OK)
		goto done;
	if (c->odd != NULL && strcmp(c->odd, "infinity") == 0) { /* M = infinity: c2 = r*Y */
		b->election = v->w->r.election;
		b->style = v->style;
		memcpy(b->key, v->one_time_key, 32);
		b->contests = v->w->r.m->style[v->style - 1].contests;
		for (unsigned i = 0; i < b->contests && e == OK; i++) {
			struct point p;

			scalar_random(&exponents[i]);
			point_mul_base(&p, &exponents[i]);
			e = point_write(b->vote[i].c1, &p);
			point_mul(&p, &v->w->r.joint.key, &exponents[i]);
			if (e == OK)
				e = point_write(b->vote[i].c2, &p);
		}
	} else
		e = ballot_mark(b, exponents, &v->w->r.election, v->style, v->one_time_key, marks, v->w->r.m->style[v->style - 1].contests, &v->w->r.joint.key);
	if (e != OK)
		goto done;
	commitment_hash(&h, b);
	commitment_letters(letters, &h);
	if (!quiet)
		(void)printf("commitment  %s\n", letters);
	if (c->challenge != NULL) { /* opened, never cast: everything starts anew */
		write_challenge(&out, v, b, exponents, marks);
		e = file_write(c->challenge, out.p, out.n, 0600, why);
		if (e == OK)
			(void)printf("challenge written to %s; check it with urna-verify challenge; this ballot is not cast\n", c->challenge);
		goto done;
	}
	if ((e = authorize(v, b, quiet, why)) != OK || (e = ballot_finish(b, exponents, &v->one_time)) != OK)
		goto done;
	ballot_write(&bytes, b);
	if (c->ballot != NULL && (e = file_write(c->ballot, bytes.p, bytes.n, 0600, why)) != OK)
		goto done;
	if (c->no_cast)
		goto done;
	(void)snprintf(url, sizeof url, "%s/cast", v->m.box);
	if ((e = http_call(NULL, url, "application/octet-stream", bytes.p, bytes.n, &status, &receipt, why)) != OK)
		goto done;
	if (status == 409) {
		e = earlier_receipt(c, &receipt, why);
		goto done;
	}
	if (status != 200) {
		e = why_set(why, ERR_NOT_NOW, "the box refuses the ballot (%ld): %.600s", status, buf_cstr(&receipt));
		goto done;
	}
	if ((e = check_receipt(v, &bytes, &receipt, why)) != OK) {
		why_prefix(why, e, "the box gave a false receipt; keep it");
		goto done;
	}
	if (c->receipt != NULL) { /* the ballot stands beside its receipt */
		char path[1400];

		(void)snprintf(path, sizeof path, "%s.ballot", c->receipt);
		if ((e = file_write(c->receipt, receipt.p, receipt.n, 0644, why)) != OK || (e = file_write(path, bytes.p, bytes.n, 0644, why)) != OK)
			goto done;
	}
	if (c->mine != NULL) {
		struct json_out o = json_out(&out);

		json_begin(&o, NULL, '{');
		json_text(&o, "urna", "mine");
		json_int(&o, "version", 1);
		json_hash(&o, "election", &v->w->r.election);
		json_int(&o, "roll_index", v->index);
		json_hex(&o, "sealed_seed", v->sealed, sizeof v->sealed);
		json_hash(&o, "commitment", &h);
		json_end(&o, '}');
		if ((e = file_write(c->mine, out.p, out.n, 0600, why)) != OK)
			goto done;
	}
	if (!c->no_confirm && (e = confirm(v, why)) != OK)
		goto done;
	if (!quiet)
		(void)printf("cast; the receipt is good%s\n", v->resumed ? " (resumed an earlier request)" : "");
done:
	json_free(answer);
	wipe(exponents, sizeof exponents);
	wipe(marks, sizeof marks);
	buf_free(&bytes);
	buf_free(&receipt);
	buf_free(&out);
	free(b);
	return e;
}

/* ---- many voters ------------------------------------------------------------------------------ */

struct many {
	struct world *w;
	char (*line)[1400];
	size_t n;
	const char *otp_dir, *receipts;
	atomic_size_t next, failed, done;
	long pause_ms;
};

/* On a terminal every voter, elsewhere every thousandth: logs are for reading. */
static void
say_done(struct many *m)
{
	size_t done = atomic_fetch_add(&m->done, 1) + 1;

	if (isatty(STDERR_FILENO) || done == m->n || done % 1000 == 0)
		(void)fprintf(stderr, "%s  %zu of %zu voters", isatty(STDERR_FILENO) ? "\r" : "\n", done, m->n);
}

/* Lines "MESSAGE-FILE CHOOSE [outside|infinity]". */
static void *
many_thread(void *arg)
{
	struct many *m = arg;
	size_t i;

	while ((i = atomic_fetch_add(&m->next, 1)) < m->n) {
		char message[1000], choose[300], odd[16] = "", receipt[1100];
		struct voter *v = calloc(1, sizeof *v);
		struct choice c = {0};
		struct why why = {""};
		enum err e = ERR_FORMAT;

		if (v != NULL && sscanf(m->line[i], "%999s %299s %15s", message, choose, odd) >= 2) {
			v->w = m->w;
			v->otp_dir = m->otp_dir;
			c.choose = choose;
			c.odd = odd[0] != '\0' ? odd : NULL;
			(void)snprintf(receipt, sizeof receipt, "%s/%zu", m->receipts != NULL ? m->receipts : "", i);
			if (m->receipts != NULL)
				c.receipt = receipt;
			if ((e = read_message(&v->m, message, &why)) == OK)
				e = vote(v, &c, 1, &why);
			if (e == ERR_EXISTS && c.receipt != NULL && access(c.receipt, F_OK) == 0)
				e = OK; /* stopped between the box and us: the receipt was fetched */
		}
		if (e != OK) {
			(void)atomic_fetch_add(&m->failed, 1);
			(void)fprintf(stderr, "\nvoter %zu: %s\n", i + 1, why.text);
		}
		say_done(m);
		if (v != NULL)
			wipe(v, sizeof *v);
		free(v);
		if (m->pause_ms > 0) {
			struct timespec t = {m->pause_ms / 1000, m->pause_ms % 1000 * 1000000};

			(void)nanosleep(&t, NULL);
		}
	}
	return NULL;
}

static int
many(struct args *a)
{
	const char *list = arg_need(a, "--list");
	struct world *w = calloc(1, sizeof *w);
	struct many m = {.otp_dir = arg_need(a, "--otp-dir"), .receipts = arg(a, "--receipts"), .pause_ms = arg_number(a, "--pause-ms", 0)};
	long threads = arg_number(a, "--threads", 4);
	struct message_facts first;
	pthread_t t[64];
	struct why why = {""};
	char line[1400], file[1000];
	FILE *f = fopen(list, "r");

	args_end(a);
	if (f == NULL || w == NULL || threads < 1 || threads > 64 || (m.line = calloc(300000, sizeof *m.line)) == NULL) {
		(void)why_set(&why, ERR_ABSENT, "%s: cannot be read, or --threads is not 1 to 64", list);
		return fail("vote", &why);
	}
	while (m.n < 300000 && fgets(line, sizeof line, f) != NULL)
		if (line[0] != '\n')
			memcpy(m.line[m.n++], line, sizeof line);
	(void)fclose(f);
	if (m.n == 0 || sscanf(m.line[0], "%999s", file) != 1 || read_message(&first, file, &why) != OK || fetch_world(w, &first, &why) != OK)
		return fail("vote", &why);
	m.w = w;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, many_thread, &m) != 0)
			return 1;
	for (long i = 0; i < threads; i++)
		(void)pthread_join(t[i], NULL);
	(void)fprintf(stderr, "\n");
	drop_world(w);
	return atomic_load(&m.failed) == 0 ? 0 : 1;
}

int
cmd_vote(struct args *a)
{
	struct world *w = calloc(1, sizeof *w);
	struct voter *v = calloc(1, sizeof *v);
	struct choice c;
	struct why why = {""};
	enum err e;

	process_harden();
	if (a->argc > 0 && strcmp(a->argv[0], "many") == 0) {
		a->used[0] = 1;
		return many(a);
	}
	if (a->argc == 0) {
		(void)fprintf(stderr, "usage: urna vote --message FILE --choose CONTEST=LINE[,CONTEST=LINE...] (--otp CODE | --otp-dir DIR)\n"
				      "         [--receipt FILE] [--mine FILE] [--challenge FILE] [--ballot FILE] [--no-cast] [--no-confirm] [--resume]\n"
				      "       urna vote many --list FILE --otp-dir DIR [--threads N] [--receipts DIR] [--pause-ms N]\n"
				      "--message is what the registrar sent. --challenge opens the ballot instead of casting it.\n");
		return 2;
	}
	c = (struct choice){arg_need(a, "--message"), arg_need(a, "--choose"), arg(a, "--challenge"), arg(a, "--receipt"), arg(a, "--mine"),
	    arg(a, "--test-plaintext"), arg(a, "--ballot"), arg_flag(a, "--no-confirm"), arg_flag(a, "--no-cast")};
	if (w == NULL || v == NULL)
		return 1;
	v->otp = arg(a, "--otp");
	v->otp_dir = arg(a, "--otp-dir");
	(void)arg_flag(a, "--resume"); /* resuming needs no flag: a stored request is always taken up */
	args_end(a);
	if (v->otp == NULL && v->otp_dir == NULL) {
		(void)why_set(&why, ERR_ABSENT, "give the one-time code with --otp, or the outbox with --otp-dir");
		return fail("vote", &why);
	}
	if ((e = read_message(&v->m, c.message, &why)) == OK && (e = fetch_world(w, &v->m, &why)) == OK) {
		v->w = w;
		e = vote(v, &c, 0, &why);
	}
	drop_world(w);
	wipe(v, sizeof *v);
	free(v);
	return e == OK ? 0 : fail("vote", &why);
}
