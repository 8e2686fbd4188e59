/* tests/test_account.c - api/account.c: login, codes, authorization, on a service that is open, with a real registry
 *
 * Goal    what is replayed, used twice, of another election or made for another purpose is refused, and changes nothing.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/service.h"
#include "crypto/schnorr.h"

static char dir[] = "/tmp/urna-account-XXXXXX";
static struct service *s;
static struct scalar credential, other;

static int
begin(void **state)
{
	struct why why = {""};
	char path[200], fence[200];
	uint8_t n[RSA_BYTES];

	(void)state;
	if (mkdtemp(dir) == NULL || (s = calloc(1, sizeof *s)) == NULL)
		return -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlock_init(&s->roll_lock, NULL);
	(void)pthread_rwlock_init(&s->box_lock, NULL);
	s->loaded = s->view.loaded = 1;
	s->view.stage = "open";
	s->view.steady_gap = now_seconds() - steady_seconds();
	s->view.progress.closes = now_seconds() + 1000;
	s->view.grace = 100;
	s->view.progress.begun = 0x1e;
	s->view.progress.opened = 1;
	memset(s->election.b, 5, HASH_BYTES);
	(void)strcpy(s->call.account, "https://cuenta.example");
	s->call.authorizers = 1;
	s->manifest = calloc(1, sizeof *s->manifest);
	s->manifest->styles = 1;
	s->manifest->code_digits = 6;
	s->manifest->code_seconds = 300;
	s->manifest->code_attempts = 3;
	s->manifest->lock_seconds = 60;
	s->roll.n = s->persons = 2;
	s->roll.row = calloc(4, sizeof *s->roll.row);
	s->person = calloc(4, sizeof *s->person);
	scalar_random(&credential);
	scalar_random(&other);
	if (schnorr_public(s->roll.row[0].key, &credential) != OK || schnorr_public(s->roll.row[1].key, &other) != OK)
		return -1;
	s->roll.row[0].style = s->roll.row[1].style = 1;
	(void)strcpy(s->person[0].user, "ana");
	(void)strcpy(s->person[0].phone, "1");
	(void)strcpy(s->person[1].user, "beto");
	(void)strcpy(s->person[1].phone, "2");
	(void)snprintf(s->config.outbox, sizeof s->config.outbox, "%s/outbox", dir);
	(void)snprintf(path, sizeof path, "%s/registry", dir);
	(void)snprintf(fence, sizeof fence, "%s/fence", dir);
	s->rsa = calloc(2, sizeof *s->rsa);
	s->rsa_keys[0] = s->rsa_public[0] = calloc(2, sizeof **s->rsa_public);
	if (dir_make(s->config.outbox, &why) != OK || authorizations_create(path, fence, 2, &why) != OK ||
	    registry_open(&s->registry, path, fence, &why) != OK || rsa_generate(&s->rsa[0]) != OK)
		return -1;
	rsa_modulus(n, s->rsa[0]);
	s->logins = logins_new(2);
	return rsa_public_make(&s->rsa_public[0][0], n) == OK ? 0 : -1;
}

static int
end(void **state)
{
	char cmd[300];

	(void)state;
	registry_close(s->registry);
	logins_free(s->logins);
	rsa_secret_free(s->rsa[0]);
	rsa_public_free(s->rsa_public[0][0]);
	free(s->rsa);
	free(s->rsa_public[0]);
	free(s->manifest);
	free(s->roll.row);
	free(s->person);
	free(s);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

static unsigned retry_after;

/* POST; the status, and the body in text. */
static unsigned
post(const char *path, struct buf *text, const char *format, ...) __attribute__((format(printf, 3, 4)));
static unsigned
post(const char *path, struct buf *text, const char *format, ...)
{
	struct http_request q = {.method = "POST", .path = path};
	struct http_reply r = {.status = 200};
	char body[8192];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(body, sizeof body, format, ap);
	va_end(ap);
	q.body = (const uint8_t *)body;
	q.body_n = strlen(body);
	account_handle(s, &q, &r);
	buf_free(text);
	*text = r.body;
	retry_after = r.retry_after;
	return r.status;
}

/* A hex field of an answer. */
static void
field(char *out, size_t size, const struct buf *text, const char *name)
{
	struct buf copy = {0};
	char want[64];
	const char *p;

	buf_put(&copy, text->p, text->n);
	(void)snprintf(want, sizeof want, "\"%s\": \"", name);
	p = strstr(buf_cstr(&copy), want);
	if (p == NULL)
		fail_msg("no %s in %s", name, buf_cstr(&copy));
	p += strlen(want);
	(void)snprintf(out, size, "%.*s", (int)strcspn(p, "\""), p);
	buf_free(&copy);
}

static void
hex_of(char *out, const void *p, size_t n)
{
	hex_encode(out, p, n);
}

/* What a voter signs at login, with whatever key, election and origin. */
static void
login_signature(char sig_hex[129], const char *nonce, const struct scalar *key, const struct hash *election, const char *origin, const char *user)
{
	uint8_t server[32], client[32] = {9}, sig[64];
	struct hash h;

	assert_int_equal(hex_decode(server, 32, nonce, 64), OK);
	login_hash(&h, election, origin, server, client, user);
	assert_int_equal(schnorr_sign(sig, key, &h), OK);
	hex_of(sig_hex, sig, 64);
}

static const char client_hex[] = "0900000000000000000000000000000000000000000000000000000000000000";

static unsigned
answer(struct buf *t, const char *nonce, const char *user, const char *sig)
{
	return post("/login/answer", t, "{\"user\": \"%s\", \"client_nonce\": \"%s\", \"server_nonce\": \"%s\", \"signature\": \"%s\"}", user, client_hex, nonce, sig);
}

static void
start(char nonce[65], struct buf *t, const char *user)
{
	assert_int_equal(post("/login/start", t, "{\"user\": \"%s\", \"client_nonce\": \"%s\"}", user, client_hex), 200);
	field(nonce, 65, t, "server_nonce");
}

/* The newest code in the outbox; all are taken away. */
static unsigned
take_codes(char code[16])
{
	DIR *d = opendir(s->config.outbox);
	struct dirent *x;
	unsigned n = 0;

	while ((x = readdir(d)) != NULL) {
		struct buf b = {0};
		char path[1400];

		if (x->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", s->config.outbox, x->d_name);
		assert_int_equal(file_read(&b, path, 4096, NULL), OK);
		field(code, 16, &b, "code");
		(void)unlink(path);
		buf_free(&b);
		n++;
	}
	(void)closedir(d);
	return n;
}

static void
log_in(char session[65], struct buf *t, const char *user, const struct scalar *key)
{
	char nonce[65], sig[129], login[65], code[16];

	start(nonce, t, user);
	login_signature(sig, nonce, key, &s->election, s->call.account, user);
	assert_int_equal(answer(t, nonce, user, sig), 200);
	field(login, sizeof login, t, "login");
	assert_int_equal(take_codes(code), 1);
	assert_int_equal(post("/login/code", t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 200);
	field(session, 65, t, "session");
	/* a code serves once */
	assert_int_equal(post("/login/code", t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 403);
	assert_non_null(strstr(buf_cstr(t), "ya se us\xc3\xb3 o venci\xc3\xb3"));
}

/* The refusal says for how long, in the body and for the header. */
static void
assert_lock(struct buf *t)
{
	char error[16], want[40];

	field(error, sizeof error, t, "error");
	assert_string_equal(error, "locked");
	assert_in_range(retry_after, s->manifest->lock_seconds - 5, s->manifest->lock_seconds);
	(void)snprintf(want, sizeof want, "\"retry_after\": %u", retry_after);
	assert_non_null(strstr(buf_cstr(t), want));
}

static void
logins(void **state)
{
	struct buf t = {0}, unknown = {0};
	struct hash elsewhere = {{6}};
	char nonce[65], sig[129], login[65], code[16], session[65];

	(void)state;
	/* a signature of another election, origin, user or key sends no code */
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &credential, &elsewhere, s->call.account, "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 403);
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &credential, &s->election, "https://otra.example", "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 403);
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &other, &s->election, s->call.account, "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 403);
	assert_int_equal(take_codes(code), 0);
	/* unknown users get the same answer, byte for byte */
	start(nonce, &unknown, "nadie");
	login_signature(sig, nonce, &other, &s->election, s->call.account, "nadie");
	assert_int_equal(answer(&unknown, nonce, "nadie", sig), 403);
	assert_int_equal(unknown.n, t.n);
	assert_memory_equal(unknown.p, t.p, t.n);
	/* a good answer, and the same one again: a nonce serves once */
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &credential, &s->election, s->call.account, "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 200);
	field(login, sizeof login, &t, "login");
	assert_int_equal(answer(&t, nonce, "ana", sig), 403);
	assert_int_equal(take_codes(code), 1);
	/* three wrong codes lock, for the right code and for a new login too */
	code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
	assert_int_equal(post("/login/code", &t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 403);
	assert_int_equal(post("/login/code", &t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 403);
	assert_int_equal(post("/login/code", &t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 403);
	code[0] = code[0] == '0' ? '9' : (char)(code[0] - 1);
	assert_int_equal(post("/login/code", &t, "{\"login\": \"%s\", \"code\": \"%s\"}", login, code), 429);
	assert_lock(&t);
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &credential, &s->election, s->call.account, "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 429);
	assert_lock(&t);
	/* without the password nobody hears of the lock: as of an unknown user */
	start(nonce, &t, "ana");
	login_signature(sig, nonce, &other, &s->election, s->call.account, "ana");
	assert_int_equal(answer(&t, nonce, "ana", sig), 403);
	assert_int_equal(unknown.n, t.n);
	assert_memory_equal(unknown.p, t.p, t.n);
	assert_int_equal(take_codes(code), 0);
	/* nobody else is locked */
	log_in(session, &t, "beto", &other);
	buf_free(&t);
	buf_free(&unknown);
}

static unsigned
authorize(struct buf *t, const char *session, const struct authorization *a, const uint8_t *sealed, const struct scalar *key, const struct hash *instead)
{
	struct buf request = {0};
	char text[8192], sealed_text[200], hex[129];
	uint8_t sig[64];
	struct hash h;
	unsigned status;

	authorization_write(&request, a);
	authorization_hash(&h, request.p, request.n);
	assert_int_equal(schnorr_sign(sig, key, instead != NULL ? instead : &h), OK);
	hex_of(hex, sig, 64);
	base64_encode(text, request.p, request.n);
	base64_encode(sealed_text, sealed, SEALED_SEED_BYTES);
	status = post("/authorize", t, "{\"session\": \"%s\", \"request\": \"%s\", \"sealed_seed\": \"%s\", \"signature\": \"%s\"}", session, text, sealed_text, hex);
	buf_free(&request);
	return status;
}

static unsigned
confirm(struct buf *t, const char *session, const struct scalar *key, const struct hash *election, uint32_t index)
{
	char sig_hex[129];
	uint8_t sig[64];
	struct hash h;

	confirmation_hash(&h, election, index);
	assert_int_equal(schnorr_sign(sig, key, &h), OK);
	hex_of(sig_hex, sig, 64);
	return post("/confirm", t, "{\"session\": \"%s\", \"signature\": \"%s\"}", session, sig_hex);
}

static void
authorizations(void **state)
{
	struct authorization a = {.index = 1, .style = 1, .n = 1}, b;
	uint8_t sealed[SEALED_SEED_BYTES] = {1}, server[32] = {0}, client[32] = {0};
	struct buf t = {0};
	struct hash login, elsewhere = {{6}};
	uint32_t authorized, confirmed;
	char session[65], first[700], second[700], error[20];

	(void)state;
	log_in(session, &t, "beto", &other);
	/* nobody confirms who has not authorized; afterwards only with a true signature */
	assert_int_equal(confirm(&t, session, &other, &s->election, 1), 409);
	field(error, sizeof error, &t, "error");
	assert_string_equal(error, "not-authorized");
	a.election = s->election;
	a.blinded[0][383] = 2;
	sealed_seed_hash(&a.sealed_seed, &s->election, sealed);
	/* a login's signature is no authorization; another's credential, index, style, election, seed neither */
	login_hash(&login, &s->election, s->call.account, server, client, "beto");
	assert_int_equal(authorize(&t, session, &a, sealed, &other, &login), 403);
	assert_int_equal(authorize(&t, session, &a, sealed, &credential, NULL), 403);
	b = a;
	b.index = 0;
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	b = a;
	b.style = 2;
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	b = a;
	b.election = elsewhere;
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	b = a;
	b.sealed_seed.b[0] ^= 1;
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	b = a;
	memset(b.blinded[0], 0xff, RSA_BYTES);
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	memset(b.blinded[0], 0, RSA_BYTES);
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	/* nor one that another authorizer could not sign */
	s->call.authorizers = 2;
	s->rsa_keys[1] = s->rsa_public[0];
	b = a;
	b.n = 2;
	memset(b.blinded[1], 0xff, RSA_BYTES);
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	memset(b.blinded[1], 0, RSA_BYTES);
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 400);
	s->call.authorizers = 1;
	assert_int_equal(authorize(&t, "0000000000000000000000000000000000000000000000000000000000000000", &a, sealed, &other, NULL), 403);
	assert_non_null(strstr(buf_cstr(&t), "La sesi\xc3\xb3n termin\xc3\xb3"));
	s->roll.row[1].excluded = 1;
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 403);
	assert_non_null(strstr(buf_cstr(&t), "Por orden de un tribunal"));
	s->roll.row[1].excluded = 0;
	s->view.stage = "grace"; /* nobody begins after the hour */
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 503);
	s->view.stage = "open";
	s->view.progress.closes -= 1010; /* also when the entry that ends the phase is late */
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 503);
	s->view.progress.closes += 1010;
	registry_counts(s->registry, &authorized, &confirmed);
	assert_int_equal(authorized + confirmed, 0);
	/* the first request wins; the same one gets the same answer; another is refused with the stored one */
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 200);
	field(first, sizeof first, &t, "request");
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 200);
	b = a;
	b.blinded[0][383] = 3;
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 409);
	field(second, sizeof second, &t, "request");
	assert_string_equal(first, second);
	assert_int_equal(confirm(&t, session, &credential, &s->election, 1), 403);
	assert_int_equal(confirm(&t, session, &other, &elsewhere, 1), 403);
	assert_int_equal(confirm(&t, session, &other, &s->election, 1), 200);
	registry_counts(s->registry, &authorized, &confirmed);
	assert_int_equal(authorized, 1);
	assert_int_equal(confirmed, 1);
	/* after the hour the stored answers alone, for who still lacks one; nothing while suspended */
	s->view.stage = "grace";
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 200);
	assert_int_equal(authorize(&t, session, &b, sealed, &other, NULL), 409);
	registry_counts(s->registry, &authorized, &confirmed);
	assert_int_equal(authorized, 1);
	s->view.stage = "suspended";
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 503);
	s->view.stage = "open";
	s->view.progress.closes -= 1010; /* as in the grace, and after it nothing */
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 200);
	s->view.progress.closes -= 100;
	assert_int_equal(authorize(&t, session, &a, sealed, &other, NULL), 503);
	s->view.progress.closes += 1110;
	buf_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(logins), cmocka_unit_test(authorizations)};

	return cmocka_run_group_tests(tests, begin, end);
}
