/* tests/test_collect.c - api/collect.c: the lists of the other authorizers, fetched from a real listener into a record and a real log.
 *
 * Goal    a list with a row that nobody signed is refused and told, once, and the true one is taken when it comes; one that lacks rows,
 *         or holds a voter's second request, is taken, and what it shows is named.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/four_authorizers.h"

#include "api/collect.h"
#include "api/internal.h"
#include "election/docnote.h"

static char dir[] = "/tmp/urna-collect-XXXXXX";
static struct service *s;
static struct log_place place;
static struct http *listener;
static struct buf shown[3]; /* what the authorizer serves: list, note, entry */

static void
serve(void *ctx, const struct http_request *q, struct http_reply *r)
{
	static const char *const paths[] = {"/list", "/list.note", "/list.event"};

	(void)ctx;
	r->status = 404;
	for (int i = 0; i < 3; i++)
		if (strcmp(q->path, paths[i]) == 0 && shown[i].n > 0) {
			r->status = 200;
			buf_put(&r->body, shown[i].p, shown[i].n);
		}
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a) | getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)close(fd);
	return ntohs(a.sin_port);
}

static int
start(void **state)
{
	static const char *const folders[] = {"data", "fence", "record/authorizations"};
	static const struct http_route route = {NULL, "/", 65536, serve, NULL};
	struct http_options http = {.address = "127.0.0.1", .connections = 16, .route = &route, .routes = 1};
	uint8_t seed[32] = {99};
	struct ledger_options o;
	struct why why = {""};
	char path[1200];

	if (begin(state) != 0 || mkdtemp(dir) == NULL || (s = calloc(1, sizeof *s)) == NULL || signer_of_seed(&s->events_key, "urna.example/events", seed) != OK)
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		if (dir_make(path, &why) != OK)
			return -1;
	}
	(void)snprintf(s->config.data, sizeof s->config.data, "%s/data", dir);
	(void)snprintf(s->config.fence, sizeof s->config.fence, "%s/fence", dir);
	(void)snprintf(s->config.record, sizeof s->config.record, "%s/record", dir);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlock_init(&s->roll_lock, NULL);
	(void)pthread_rwlock_init(&s->box_lock, NULL);
	http.port = free_port();
	for (unsigned a = 1; a < N; a++)
		(void)snprintf(call.authorizer[a].url, sizeof call.authorizer[a].url, "http://127.0.0.1:%u", http.port);
	s->call = call;
	s->manifest = manifest;
	s->roll = roll;
	s->election = s->progress.election = election;
	memcpy(s->rsa_keys, keys, sizeof s->rsa_keys);
	o = service_log(s, "events", &place);
	if (ledger_open(&s->events, &o, &why) != OK || http_start(&listener, &http, &why) != OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return -1;
	}
	s->progress.begun = 0x7e;
	s->progress.ended = 0x3e;
	s->progress.opened = s->progress.closed = 1;
	return 0;
}

static int
stop(void **state)
{
	char cmd[300];

	http_stop(listener);
	ledger_close(s->events);
	used_free(&s->used);
	signer_close(&s->events_key);
	free(s);
	for (int i = 0; i < 3; i++)
		buf_free(&shown[i]);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd) | end(state);
}

/* Authorizer a (from 1) publishes this list, signed as it must be. */
static void
publish(unsigned a, struct buf list)
{
	const struct signer *by = &signer[a - 1];
	struct event *e = calloc(1, sizeof *e);
	struct buf document = {0}, note = {0};
	struct json_out o = json_out(&shown[2]);
	struct hash h;
	struct why why = {""};
	char hex[65];

	for (int i = 0; i < 3; i++)
		buf_free(&shown[i]);
	shown[0] = list;
	sha256(&h, list.p, list.n);
	hash_hex(hex, &h);
	assert_int_equal(docnote_sign_hash(&shown[1], "authorizations", &call.hash, &h, by, &why), OK);
	(void)strcpy(e->kind, "list");
	e->scope = election;
	event_add(e, "authorizer", "%s", by->name);
	event_add(e, "sha256", "%s", hex);
	assert_int_equal(event_document(&document, e), OK);
	assert_int_equal(docnote_sign(&note, "event", &call.hash, document.p, document.n, by, &why), OK);
	json_begin(&o, NULL, '{');
	json_text(&o, "document", buf_cstr(&document));
	json_text(&o, "note", buf_cstr(&note));
	json_end(&o, '}');
	buf_free(&document);
	buf_free(&note);
	event_free(e);
	free(e);
}

static uint64_t
entries(void)
{
	struct head head;

	ledger_head(s->events, &head, NULL);
	return head.size;
}

/* The last entry holds this. */
static int
said(const char *text)
{
	struct buf b = {0};
	int is;

	assert_int_equal(ledger_read(s->events, entries() - 1, &b, NULL), OK);
	is = strstr(buf_cstr(&b), text) != NULL;
	buf_free(&b);
	return is;
}

static int
in_record(unsigned a)
{
	char path[1200];

	(void)snprintf(path, sizeof path, "%s/record/authorizations/%s", dir, signer[a - 1].name);
	return access(path, F_OK) == 0;
}

static void
cheats(void **state)
{
	struct asked q, other, second;
	struct asked *rows[VOTERS] = {&q, &other}, *fewer[VOTERS] = {&q}, *moved[VOTERS] = {&q, &other, &q}, *two[VOTERS] = {&second, &other};
	struct lists_of of = {&call, manifest, &roll, &election, keys, 2};
	struct lists_findings f;
	struct lists *l;
	struct buf b = {0}, remarks = {0};
	struct why why = {""};
	atomic_int told = 0;
	uint64_t n = entries();

	(void)state;
	ask(&q, 0, 0, 0);
	ask(&other, 1, 0, 0);
	ask(&second, 0, 1, 1);
	/* nothing there yet */
	assert_int_not_equal(list_collect(s, 3, &told, &why), OK);
	assert_int_equal(entries(), n);
	/* a row of a voter who never asked: refused, told once, not in the record */
	publish(3, list_of(3, moved, (unsigned[VOTERS]){5, 5, 5}));
	assert_int_equal(list_collect(s, 3, &told, &why), ERR_PROOF);
	assert_int_equal(list_collect(s, 3, &told, &why), ERR_PROOF);
	assert_int_equal(entries(), n + 1);
	assert_true(said("incident") && said("the list of authorizer autorizador-3 is refused") && !in_record(3));
	/* a true list under another's signature */
	publish(4, list_of(3, rows, (unsigned[VOTERS]){5, 5}));
	assert_int_not_equal(list_collect(s, 3, &told, &why), OK);
	assert_true(!in_record(3) && entries() == n + 1);
	/* and the true one is taken when it comes */
	publish(3, list_of(3, rows, (unsigned[VOTERS]){5, 5}));
	assert_int_equal(list_collect(s, 3, &told, &why), OK);
	assert_true(in_record(3) && said("list") && entries() == n + 2);
	/* one that lacks a row, and one with a voter's second request, are signed and true as far as they go */
	told = 0;
	publish(4, list_of(4, fewer, (unsigned[VOTERS]){9}));
	assert_int_equal(list_collect(s, 4, &told, &why), OK);
	publish(2, list_of(2, two, (unsigned[VOTERS]){3, 3}));
	assert_int_equal(list_collect(s, 2, &told, &why), OK);
	assert_true(in_record(4) && in_record(2) && entries() == n + 4);
	/* who reads the record's lists together names them */
	assert_int_equal(lists_new(&l, &of), OK);
	b = list_of(1, rows, (unsigned[VOTERS]){15, 15});
	assert_int_equal(lists_add(l, 1, b.p, b.n, &why), OK);
	for (unsigned a = 2; a <= N; a++) {
		struct buf file = {0};
		char path[1200];

		(void)snprintf(path, sizeof path, "%s/record/authorizations/%s", dir, signer[a - 1].name);
		assert_int_equal(file_read(&file, path, 1 << 20, &why), OK);
		assert_int_equal(lists_add(l, a, file.p, file.n, &why), OK);
		buf_free(&file);
	}
	assert_int_equal(lists_findings(l, &f), OK);
	lists_remarks(&remarks, &f, &call);
	assert_non_null(strstr(buf_cstr(&remarks), "the list of autorizador-4 lacks 1 of its answers"));
	assert_non_null(strstr(buf_cstr(&remarks), "1 voters signed two requests"));
	lists_free(l);
	buf_free(&b);
	buf_free(&remarks);
	buf_free(&q.request);
	buf_free(&other.request);
	buf_free(&second.request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cheats)};

	return cmocka_run_group_tests(tests, start, stop);
}
