/* tests/test_cosigning.c - api/witnesses.c: the log's side of witnessing, against witnesses that answer everything the specification allows, and lies.
 *
 * Goal    the cosignatures of honest witnesses are in the public checkpoint, no false one is, and a slow or lying witness delays no append.
 * Method  a real ledger; the witnesses are HTTP servers in this process: witness/witness.c itself, and scripts.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/witnesses.h"
#include "crypto/keyfile.h"
#include "http/server.h"
#include "witness/witness.h"

enum { HONEST, AHEAD, SLOW, FORGER, ANOTHER, STATUS, GARBAGE, CLOSED, WITNESSES };

static char dir[] = "/tmp/urna-cosigning-XXXXXX";
static struct service *s;
static struct signer key[WITNESSES], stranger;
static struct witness *witness[2]; /* HONEST, and AHEAD's */
static struct http *web[WITNESSES];
static atomic_int asked[WITNESSES], slow_answered, stop_slow;

static int64_t
clock_seconds(void)
{
	return (int64_t)time(NULL);
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	unsigned port = 0;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0)
		port = ntohs(a.sin_port);
	if (fd >= 0)
		(void)close(fd);
	return port;
}

static void
honest(void *ctx, const struct http_request *q, struct http_reply *r)
{
	struct witness_answer a = {0};

	witness_add_checkpoint(ctx, q->body, q->body_n, &a);
	r->status = a.status;
	r->type = a.type;
	r->body = a.body;
	asked[ctx == witness[0] ? HONEST : AHEAD]++;
}

/* A cosignature of the checkpoint that was sent, by some key under some name. */
static void
cosign(const struct http_request *q, struct http_reply *r, const struct signer *by, const char *name, int spoil)
{
	const char *text = strstr((const char *)q->body, "\n\n");
	struct signer as = *by;
	struct buf note = {0};
	struct note n;
	struct note_signature last;
	size_t at = text != NULL ? (size_t)(text + 2 - (const char *)q->body) : 0;

	buf_put(&note, q->body + at, q->body_n - at);
	(void)snprintf(as.name, sizeof as.name, "%s", name);
	assert_int_equal(checkpoint_cosign(&note, (uint64_t)clock_seconds(), &as), OK);
	assert_int_equal(note_read(&n, note.p, note.n, NULL), OK);
	assert_int_equal(note_signature(&n, n.signatures - 1, &last), OK);
	if (spoil)
		((uint8_t *)(uintptr_t)last.sig)[last.n - 1] ^= 1;
	note_line(&r->body, last.name, last.id, last.sig, last.n);
	buf_free(&note);
}

static void
script(void *ctx, const struct http_request *q, struct http_reply *r)
{
	static const unsigned status[] = {400, 403, 404, 409, 413, 422, 429, 500, 503, 301};
	static const char *const garbage[] = {"", "\n", "\xe2\x80\x94 x y\n", "ok", "\xe2\x80\x94 testigo-6 AAAA\n", "{}"};
	int who = (int)(intptr_t)ctx, n = asked[who]++;
	struct timespec pause = {0, 20000000};

	switch (who) {
	case SLOW:
		for (int i = 0; i < 400 && !stop_slow; i++)
			(void)nanosleep(&pause, NULL);
		slow_answered++;
		cosign(q, r, &key[SLOW], "testigo-2", 0);
		break;
	case FORGER: /* its own key, a signature that is none */
		cosign(q, r, &key[FORGER], "testigo-3", 1);
		break;
	case ANOTHER: /* a good cosignature by a key that the call does not name, under its name and under another's */
		cosign(q, r, &stranger, n % 2 ? "testigo-4" : "testigo-0", 0);
		break;
	case STATUS:
		r->status = status[n % (int)(sizeof status / sizeof *status)];
		buf_str(&r->body, r->status == 409 ? "999999999\n" : "no\n");
		break;
	default:
		buf_str(&r->body, garbage[n % (int)(sizeof garbage / sizeof *garbage)]);
	}
}

static int
begin(void **state)
{
	struct ledger_options o = {.key = NULL};
	static char store[100], head[100], states[2][100];
	static struct http_route routes[WITNESSES];
	struct why why = {""};
	uint8_t seed[32] = {1};

	(void)state;
	if (mkdtemp(dir) == NULL || (s = calloc(1, sizeof *s)) == NULL || signer_of_seed(&s->events_key, "urna.example/events", seed) != OK)
		return -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)snprintf(s->config.record, sizeof s->config.record, "%s/record", dir);
	(void)snprintf(store, sizeof store, "%s/events", dir);
	(void)snprintf(head, sizeof head, "%s/events.head", dir);
	o = (struct ledger_options){.store = store, .head_file = head, .key = &s->events_key};
	if (ledger_open(&s->events, &o, &why) != OK)
		return -1;
	seed[0] = 99;
	if (signer_of_seed(&stranger, "desconocido", seed) != OK)
		return -1;
	s->call.witnesses = WITNESSES;
	for (int i = 0; i < WITNESSES; i++) {
		struct http_options w = {.address = "127.0.0.1", .port = free_port(), .connections = 64, .route = &routes[i], .routes = 1};
		static struct vkey log[WITNESSES]; /* live as long as the witnesses */
		char name[32];

		seed[0] = (uint8_t)(10 + i);
		(void)snprintf(name, sizeof name, "testigo-%d", i);
		if (signer_of_seed(&key[i], name, seed) != OK || vkey_make(&s->call.witness[i].key, name, NOTE_COSIGNATURE, key[i].key) != OK ||
		    vkey_make(&log[i], s->events_key.name, NOTE_ED25519, s->events_key.key) != OK)
			return -1;
		(void)snprintf(s->call.witness[i].url, sizeof s->call.witness[i].url, "http://127.0.0.1:%u", w.port);
		routes[i] = (struct http_route){"POST", "/add-checkpoint", WITNESS_MAX_BODY, script, (void *)(intptr_t)i};
		if (i == HONEST || i == AHEAD) {
			struct witness_options wo = {states[i], &log[i], 1, &key[i], clock_seconds};

			(void)snprintf(states[i], sizeof states[i], "%s/witness-%d", dir, i);
			if (witness_open(&witness[i], &wo, &why) != OK)
				return -1;
			routes[i].handle = honest;
			routes[i].ctx = witness[i];
		}
		if (i != CLOSED && http_start(&web[i], &w, &why) != OK)
			return -1;
	}
	return 0;
}

static size_t
cosigners(int i)
{
	struct buf checkpoint = {0};
	struct head head;
	size_t n = 0;

	ledger_public_head(s->events, &head, &checkpoint);
	assert_int_equal(checkpoint_cosigners(&n, checkpoint.p, checkpoint.n, &s->call.witness[i].key, 1, NULL), OK);
	buf_free(&checkpoint);
	return n;
}

static void
await(int i)
{
	struct timespec pause = {0, 20000000};

	for (int k = 0; k < 1000 && cosigners(i) == 0; k++)
		(void)nanosleep(&pause, NULL);
	assert_int_equal(cosigners(i), 1);
}

static void
grow(unsigned n)
{
	struct why why = {""};

	for (unsigned i = 0; i < n; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "%u %ld", i, random());
		assert_int_equal(ledger_append(s->events, text, strlen(text), NULL, NULL, NULL, &why), OK);
	}
	assert_int_equal(ledger_publish(s->events, &why), OK);
}

/* A witness that already cosigned an earlier head of the log, of which this process knows nothing, answers 409 with its size. */
static void
ahead(void)
{
	struct buf body = {0}, checkpoint = {0};
	struct witness_answer a = {0};
	struct head head;

	ledger_public_head(s->events, &head, &checkpoint);
	buf_str(&body, "old 0\n\n");
	buf_put(&body, checkpoint.p, checkpoint.n);
	witness_add_checkpoint(witness[AHEAD], body.p, body.n, &a);
	assert_int_equal(a.status, 200);
	buf_free(&a.body);
	buf_free(&body);
	buf_free(&checkpoint);
}

static void
mixed_company(void **state)
{
	struct witnesses *w = NULL;

	(void)state;
	grow(7);
	ahead();
	grow(300);
	assert_int_equal(witnesses_start(&w, s), OK);
	await(HONEST);
	await(AHEAD); /* by way of 409 */
	assert_true(asked[AHEAD] >= 2);
	/* the slow one holds its request; the log grows and is cosigned without it */
	for (int round = 0; round < 5; round++) {
		grow(1 + (unsigned)round);
		await(HONEST);
		await(AHEAD);
	}
	assert_true(asked[SLOW] >= 1);
	assert_int_equal(slow_answered, 0);
	for (int k = 0; k < 300 && (asked[STATUS] < 3 || asked[GARBAGE] < 3 || asked[FORGER] < 2 || asked[ANOTHER] < 2); k++) {
		struct timespec pause = {0, 50000000};

		(void)nanosleep(&pause, NULL);
	}
	assert_true(asked[STATUS] >= 3 && asked[GARBAGE] >= 3 && asked[FORGER] >= 2 && asked[ANOTHER] >= 2);
	for (int i = SLOW; i < WITNESSES; i++)
		assert_int_equal(cosigners(i), 0);
	assert_int_equal(cosigners(HONEST), 1); /* and once: the same line is not added again */
	stop_slow = 1;
	await(SLOW);
	witnesses_stop(w);
}

static int
end(void **state)
{
	char cmd[100];

	(void)state;
	for (int i = 0; i < WITNESSES; i++)
		http_stop(web[i]);
	witness_close(witness[0]);
	witness_close(witness[1]);
	ledger_close(s->events);
	for (int i = 0; i < WITNESSES; i++)
		signer_close(&key[i]);
	signer_close(&stranger);
	signer_close(&s->events_key);
	free(s);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mixed_company)};

	return cmocka_run_group_tests(tests, begin, end);
}
