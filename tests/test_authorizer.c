/* tests/test_authorizer.c - witness/authorizer_requests.c: when and whom an authorizer answers, by its own clock and its own reading of events. */
#include <unistd.h>

#include "tests/four_authorizers.h"

#include "http/server.h"
#include "witness/authorizer_internal.h"

enum { SELF = 2, OPENS = 1000000, CLOSES = 1003600, GRACE = 60 };

static char dir[] = "/tmp/urna-authorizer-XXXXXX";
static struct authorizer *a;
static int64_t now;

static int64_t
clock_here(void)
{
	return now;
}

static int
start(void **state)
{
	char path[100], fence[100];
	struct why why = {""};

	if (begin(state) != 0 || mkdtemp(dir) == NULL || (a = calloc(1, sizeof *a)) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/registry.sqlite", dir);
	(void)snprintf(fence, sizeof fence, "%s/fence", dir);
	if (authorizations_create(path, fence, VOTERS, &why) != OK || registry_open(&a->registry, path, fence, &why) != OK)
		return -1;
	(void)pthread_rwlock_init(&a->lock, NULL);
	manifest->opens = OPENS;
	manifest->grace = GRACE;
	a->call = &call;
	a->self = SELF;
	a->clock = clock_here;
	a->loaded = 1;
	a->setup.m = manifest;
	a->setup.election = election;
	a->roll = roll;
	a->rsa = &secret[SELF - 1];
	memcpy(a->keys, keys, sizeof a->keys);
	a->progress.begun = 0x1e;
	a->progress.closes = CLOSES;
	return 0;
}

static int
stop(void **state)
{
	char cmd[300];

	registry_close(a->registry);
	free(a);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd) | end(state);
}

static void
put64(struct json_out *o, const char *name, const void *p, size_t n)
{
	char text[8192];

	base64_encode(text, p, n);
	json_text(o, name, text);
}

/* The status of this request at this hour. */
static unsigned
asks(int64_t hour, const struct asked *x)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	struct http_request q = {.method = "POST", .path = "/authorize"};
	struct http_reply r = {.status = 200};

	json_begin(&o, NULL, '{');
	put64(&o, "request", x->request.p, x->request.n);
	json_hex(&o, "signature", x->row.sig, SCHNORR_BYTES);
	put64(&o, "sealed_seed", x->row.sealed, SEALED_SEED_BYTES);
	put64(&o, "answer", x->row.answer[0], RSA_BYTES);
	json_int(&o, "events", 0);
	json_end(&o, '}');
	q.body = body.p;
	q.body_n = body.n;
	now = hour;
	authorizer_on_request(a, &q, &r);
	buf_free(&body);
	buf_free(&r.body);
	return r.status;
}

static uint32_t
answered(void)
{
	uint32_t authorized, confirmed;

	registry_counts(a->registry, &authorized, &confirmed);
	return authorized;
}

static void
hours(void **state)
{
	struct asked q, late;

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&late, 1, 0, 0);
	/* outside the hours by its own clock, whatever events says; 30 seconds apart two clocks may be */
	assert_int_equal(asks(OPENS - 31, &q), 503);
	assert_int_equal(asks(CLOSES + GRACE + 31, &q), 503);
	/* by events: not open yet, suspended by order or by the clock, cancelled, closed */
	a->progress.begun = 0x6;
	assert_int_equal(asks(OPENS, &q), 503);
	a->progress.begun = 0x1e;
	a->progress.suspended = 1;
	assert_int_equal(asks(OPENS, &q), 503);
	a->progress.suspended = 0;
	a->progress.clock = 1;
	assert_int_equal(asks(OPENS, &q), 503);
	a->progress.clock = 0;
	a->progress.cancelled = 1;
	assert_int_equal(asks(OPENS, &q), 503);
	a->progress.cancelled = 0;
	a->progress.closed = 1;
	assert_int_equal(asks(OPENS, &q), 503);
	a->progress.closed = 0;
	assert_int_equal(answered(), 0);
	assert_int_equal(asks(OPENS - 30, &q), 200);
	assert_int_equal(asks(CLOSES + GRACE + 30, &late), 200);
	assert_int_equal(answered(), 2);
	/* when it has signed its list, or events is forked, nothing more, also to who has an answer */
	a->finished = 1;
	assert_int_equal(asks(OPENS, &q), 503);
	a->finished = 0;
	a->broken = ERR_PROOF;
	assert_int_equal(asks(OPENS, &q), 503);
	a->broken = OK;
	assert_int_equal(asks(OPENS, &q), 200);
	buf_free(&q.request);
	buf_free(&late.request);
}

static void
excluded(void **state)
{
	struct asked q, second;

	(void)state;
	ask(&q, 2, 0, 0);
	ask(&second, 2, 1, 1);
	a->roll.row[2].excluded = 1;
	assert_int_equal(asks(OPENS, &q), 403);
	a->roll.row[2].excluded = 0;
	assert_int_equal(answered(), 2);
	assert_int_equal(asks(OPENS, &q), 200);
	assert_int_equal(asks(OPENS, &second), 409); /* the first request wins, although the authority's answer fits both */
	assert_int_equal(asks(OPENS, &q), 200);
	assert_int_equal(answered(), 3);
	buf_free(&q.request);
	buf_free(&second.request);
}

/* A request of which another authorizer could not sign its element is answered by nobody: it would be no request of a quorum. */
static void
of_others(void **state)
{
	struct asked q;
	const uint8_t values[] = {0xff, 0};
	struct hash h;

	(void)state;
	for (size_t i = 0; i < sizeof values; i++) {
		ask(&q, 3, 0, 0);
		memset(q.a.blinded[N - 1], values[i], RSA_BYTES);
		buf_free(&q.request);
		authorization_write(&q.request, &q.a);
		authorization_hash(&h, q.request.p, q.request.n);
		assert_int_equal(schnorr_sign(q.row.sig, &credential[3], &h), OK);
		assert_int_equal(asks(OPENS, &q), 400);
		assert_int_equal(answered(), 3);
		buf_free(&q.request);
	}
	ask(&q, 3, 0, 0);
	assert_int_equal(asks(OPENS, &q), 200);
	buf_free(&q.request);
}

static void
own_keys(struct rsa_secret *const *rsa)
{
	struct buf sealed = {0};

	assert_int_equal(authorizer_secrets_write(&sealed, rsa, manifest->styles, &a->pass, &call.hash), OK);
	assert_int_equal(file_write(a->rsa_keys, sealed.p, sealed.n, 0600, NULL), OK);
	buf_free(&sealed);
}

/* Another authorizer's RSA keys are refused, and not taken the second time. */
static void
foreign_keys(void **state)
{
	struct rsa_secret **before = a->rsa;
	struct record *r = calloc(1, sizeof *r);
	struct why why = {""};

	(void)state;
	r->m = manifest;
	for (unsigned k = 0; k < 4; k++)
		r->key[k] = (struct rsa_public **)(uintptr_t)keys[k];
	(void)snprintf(a->rsa_keys, sizeof a->rsa_keys, "%s/rsa", dir);
	a->pass = (struct passphrase){"one", 3};
	a->rsa = NULL;
	own_keys(&secret[SELF]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(authorizer_own_keys(a, r, &why), ERR_PROOF);
		assert_null(a->rsa);
	}
	own_keys(&secret[SELF - 1]);
	assert_int_equal(authorizer_own_keys(a, r, &why), OK);
	authorizer_secrets_free(a->rsa, manifest->styles);
	a->rsa = before;
	free(r);
}

/* Why it is not ready, for /health. */
static void
health(void **state)
{
	struct why why = {""};

	(void)state;
	assert_int_equal(authorizer_health(a, &why), OK);
	a->loaded = 0;
	assert_int_equal(authorizer_health(a, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "no opening is known yet");
	(void)strcpy(a->trouble.text, "rsa: wrong passphrase");
	assert_int_equal(authorizer_health(a, &why), ERR_IO);
	assert_string_equal(why.text, "rsa: wrong passphrase");
	a->trouble.text[0] = '\0';
	a->loaded = 1;
}

/* It starts where no folder is, and tells of RSA keys that do not open before any opening is there. */
static void
first_start(void **state)
{
	static const char pass[] = "one\n";
	struct passphrase one = {"one", 3}, two = {"two", 3};
	char key[100], pass_file[100], rsa[100], registry[100], fence[100];
	struct timespec pause = {0, 50000000};
	struct call *own = malloc(sizeof *own);
	struct authorizer *x = NULL;
	struct buf sealed = {0};
	struct why why = {""};

	(void)state;
	*own = call;
	(void)snprintf(key, sizeof key, "%s/key", dir);
	(void)snprintf(pass_file, sizeof pass_file, "%s/pass", dir);
	(void)snprintf(rsa, sizeof rsa, "%s/their-rsa", dir);
	(void)snprintf(registry, sizeof registry, "%s/var/registry/sqlite", dir);
	(void)snprintf(fence, sizeof fence, "%s/fences/here/count", dir);
	(void)strcpy(own->account, "http://127.0.0.1:1");
	(void)strcpy(own->box, "http://127.0.0.1:1");
	assert_int_equal(keyfile_create(key, "autorizador-2", NOTE_ED25519, &one, &own->authorizer[SELF - 1].key, &why), OK);
	assert_int_equal(file_write(pass_file, pass, sizeof pass - 1, 0600, &why), OK);
	assert_int_equal(authorizer_secrets_write(&sealed, &secret[SELF], manifest->styles, &two, &call.hash), OK);
	assert_int_equal(file_write(rsa, sealed.p, sealed.n, 0600, &why), OK);
	assert_int_equal(authorizer_open(&x, &(struct authorizer_options){own, key, pass_file, rsa, registry, fence, clock_here}, &why), OK);
	*strrchr(fence, '/') = '\0';
	assert_int_equal(access(fence, W_OK), 0);
	for (int i = 0; i < 200 && (authorizer_health(x, &why) != ERR_IO || strstr(why.text, "wrong passphrase") == NULL); i++)
		(void)nanosleep(&pause, NULL);
	assert_non_null(strstr(why.text, "their-rsa: wrong passphrase"));
	authorizer_close(x);
	buf_free(&sealed);
	free(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hours), cmocka_unit_test(excluded), cmocka_unit_test(of_others), cmocka_unit_test(foreign_keys), cmocka_unit_test(health), cmocka_unit_test(first_start)};

	return cmocka_run_group_tests(tests, start, stop);
}
