/* tests/test_submit.c - api/submit.c, api/documents.c, api/judge.c: signed entries that reach a service with a real log
 *
 * Goal    what would spoil an election for good is refused and changes nothing: no entry, no file in the record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api/internal.h"
#include "election/docnote.h"
#include "election/sums.h"

enum { OPERATOR, M1, M2, M3, T1, T2, PARTIES };

static char dir[] = "/tmp/urna-submit-XXXXXX";
static struct service *s;
static struct signer by[PARTIES];
static struct log_place place;

static void
party(struct party *p, int who, const char *name)
{
	uint8_t seed[32] = {(uint8_t)(who + 1), 7};

	assert_int_equal(signer_of_seed(&by[who], name, seed), OK);
	assert_int_equal(vkey_make(&p->key, name, NOTE_ED25519, by[who].key), OK);
}

static int
begin(void **state)
{
	static const char *const folders[] = {"data", "fence", "record", "record/key", "record/acts", "record/mix/pre-09/nizkp"};
	uint8_t seed[32] = {99};
	struct ledger_options o;
	struct why why = {""};
	char path[1200];

	(void)state;
	if (mkdtemp(dir) == NULL || (s = calloc(1, sizeof *s)) == NULL || (s->manifest = calloc(1, sizeof *s->manifest)) == NULL ||
	    signer_of_seed(&s->events_key, "urna.example/events", seed) != OK)
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		if (dir_make(path, &why) != OK)
			return -1;
	}
	(void)snprintf(s->config.data, sizeof s->config.data, "%s/data", dir);
	(void)snprintf(s->config.fence, sizeof s->config.fence, "%s/fence", dir);
	(void)snprintf(s->config.record, sizeof s->config.record, "%s/record", dir);
	s->manifest->groups = 1;
	(void)strcpy(s->manifest->group[0].folder, "pre-09");
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_rwlock_init(&s->roll_lock, NULL);
	(void)pthread_rwlock_init(&s->box_lock, NULL);
	memset(s->call.hash.b, 3, HASH_BYTES);
	s->call.mixers = 3;
	s->call.minimum_mixers = 2;
	s->call.required[0] = 1;
	s->call.trustees = s->call.threshold = 2;
	s->call.authorizers = s->call.quorum = 1;
	party(&s->call.operator, OPERATOR, "operador");
	party(&s->call.mixer[0], M1, "m1");
	party(&s->call.mixer[1], M2, "m2");
	party(&s->call.mixer[2], M3, "m3");
	party(&s->call.trustee[0], T1, "t1");
	party(&s->call.trustee[1], T2, "t2");
	o = service_log(s, "events", &place);
	if (ledger_open(&s->events, &o, &why) != OK || events_phase(s, 1, "begin", &why) != OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return -1;
	}
	return 0;
}

static int
end(void **state)
{
	char cmd[300];

	(void)state;
	ledger_close(s->events);
	used_free(&s->used);
	free(s->manifest);
	signer_close(&s->events_key);
	for (int i = 0; i < PARTIES; i++)
		signer_close(&by[i]);
	free(s);
	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	return system(cmd);
}

static void
put_file(const char *name, const char *text, char hex[65])
{
	char path[1200];
	struct hash h;

	(void)snprintf(path, sizeof path, "%s/record/%s", dir, name);
	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), OK);
	sha256(&h, text, strlen(text));
	hash_hex(hex, &h);
}

static int
there(const char *folder, const char *hex)
{
	char path[1200];

	(void)snprintf(path, sizeof path, "%s/%s/documents/%s", dir, folder, hex);
	return access(path, F_OK) == 0;
}

static uint64_t
entries(void)
{
	struct head head;

	ledger_head(s->events, &head, NULL);
	return head.size;
}

static char said[2000]; /* by the last answer */

/* Submit an entry of these facts (name, value, ..., NULL), with a file or NULL; the status. */
static unsigned
submit(int who, const char *kind, const char *file, ...)
{
	struct event *e = calloc(1, sizeof *e);
	struct http_request q = {.method = "POST", .path = "/event"};
	struct http_reply r = {.status = 200};
	struct buf document = {0}, note = {0}, body = {0};
	struct json_out o = json_out(&body);
	struct why why;
	const char *name;
	char text[400];
	va_list ap;

	(void)snprintf(e->kind, sizeof e->kind, "%s", kind);
	e->scope = s->progress.opened ? s->progress.election : s->call.hash;
	va_start(ap, file);
	while ((name = va_arg(ap, const char *)) != NULL)
		event_add(e, name, "%s", va_arg(ap, const char *));
	va_end(ap);
	assert_int_equal(event_document(&document, e), OK);
	assert_int_equal(docnote_sign(&note, "event", &s->call.hash, document.p, document.n, &by[who], &why), OK);
	json_begin(&o, NULL, '{');
	json_text(&o, "document", buf_cstr(&document));
	json_text(&o, "note", buf_cstr(&note));
	if (file != NULL) {
		base64_encode(text, (const uint8_t *)file, strlen(file));
		json_begin(&o, "files", '[');
		json_text(&o, NULL, text);
		json_end(&o, ']');
	}
	json_end(&o, '}');
	q.body = body.p;
	q.body_n = body.n;
	control_handle(s, &q, &r);
	(void)snprintf(said, sizeof said, "%s", buf_cstr(&r.body));
	if (r.status != 200)
		print_message("%s: %s", kind, said);
	buf_free(&document);
	buf_free(&note);
	buf_free(&body);
	buf_free(&r.body);
	event_free(e);
	free(e);
	return r.status;
}

/* A file enters the record with its entry or not at all, also when urnad dies in between. */
static void
files(void **state)
{
	char good[65], bad[65], from[1200], to[1200];
	struct why why = {""};
	struct hash h;

	(void)state;
	sha256(&h, "acuerdo", 7);
	hash_hex(good, &h);
	sha256(&h, "otro", 4);
	hash_hex(bad, &h);
	assert_int_equal(submit(OPERATOR, "incident", "acuerdo", "what", "ensayo", "file1", good, NULL), 200);
	assert_true(there("record", good) && !there("data", good));
	/* not named, named elsewhere than in a fact for files, named and not sent, or no name of a file */
	assert_int_equal(submit(OPERATOR, "incident", "otro", "what", "ensayo", NULL), 400);
	assert_int_equal(submit(OPERATOR, "incident", "otro", "what", bad, NULL), 400);
	assert_int_equal(submit(OPERATOR, "incident", NULL, "file1", bad, NULL), 404);
	assert_int_equal(submit(OPERATOR, "incident", NULL, "file1", "../call.json", NULL), 400);
	/* one that lies in the record already */
	assert_int_equal(submit(OPERATOR, "incident", NULL, "file1", good, NULL), 200);
	/* an entry that is refused leaves nothing in the record */
	assert_int_equal(submit(OPERATOR, "count", "otro", "file1", bad, NULL), 503);
	assert_false(there("record", bad));
	assert_true(there("data", bad));
	/* died between the entry and the file */
	(void)snprintf(from, sizeof from, "%s/record/documents/%s", dir, good);
	(void)snprintf(to, sizeof to, "%s/data/documents/%s", dir, good);
	assert_int_equal(rename(from, to), 0);
	memset(&s->progress, 0, sizeof s->progress);
	used_free(&s->used);
	assert_int_equal(events_replay(s, &why), OK);
	assert_true(there("record", good) && !there("data", good));
	assert_true(!there("record", bad) && !there("data", bad));
}

/* An operator's step out of order leaves a line, another's none. */
static void
refusals(void **state)
{
	uint64_t n = entries();

	(void)state;
	assert_int_equal(submit(M1, "mix", NULL, "mixer", "m1", "position", "1", "outputs", "x", NULL), 503);
	assert_int_equal(entries(), n);
	assert_int_equal(submit(OPERATOR, "seal", NULL, NULL), 503);
	assert_int_equal(entries(), n + 1);
}

/* What an operator reads in Spanish is true of what happened: nobody was asked for a password. */
static void
spanish(void **state)
{
	struct http_request q = {.method = "POST", .path = "/load", .body = (const uint8_t *)"{}", .body_n = 2};
	struct http_reply r = {.status = 200};

	(void)state;
	assert_int_equal(submit(OPERATOR, "nonsense", NULL, NULL), 403);
	assert_non_null(strstr(said, "No se permite (a quien lo firma, o a nadie)"));
	control_handle(s, &q, &r); /* call.json is not there */
	assert_int_equal(r.status, 404);
	assert_non_null(strstr(buf_cstr(&r.body), "Falta un archivo"));
	buf_free(&r.body);
}

static void
key(void **state)
{
	char transcript[65], act[65];
	struct why why = {""};
	uint64_t n;

	(void)state;
	put_file("key/transcript.json", "{}", transcript);
	put_file("acts/key.json", "{ }", act);
	assert_int_equal(submit(OPERATOR, "key", NULL, "transcript", act, "act", act, NULL), 400);
	assert_int_equal(submit(OPERATOR, "key", NULL, "transcript", transcript, NULL), 400);
	n = entries();
	assert_int_equal(submit(OPERATOR, "key", NULL, "transcript", transcript, "act", act, NULL), 200);
	assert_int_equal(entries(), n + 3);
	/* what follows by itself follows once, and also when urnad died before it */
	assert_int_equal(events_follow(s, &why), OK);
	assert_int_equal(entries(), n + 3);
	s->progress.ended = 0;
	s->progress.begun = 1u << 1;
	assert_int_equal(events_follow(s, &why), OK);
	assert_int_equal(entries(), n + 5); /* and no line of the refused ones */
}

/* An append that failed, and stands in the log all the same: what it said is not said again. */
static void
stored_all_the_same(void **state)
{
	struct event *e = calloc(1, sizeof *e);
	struct progress before = s->progress;
	struct buf entry = {0};
	struct why why = {""};
	uint64_t n = entries();

	(void)state;
	(void)strcpy(e->kind, "phase");
	e->scope = s->call.hash;
	e->time = now_seconds();
	event_add(e, "phase", "2");
	event_add(e, "edge", "end");
	s->progress.opened = 0;
	assert_int_equal(event_write(&entry, e), OK);
	assert_int_equal(ledger_append(s->events, entry.p, entry.n, NULL, NULL, NULL, &why), OK);
	assert_int_equal(events_phase(s, 2, "end", &why), ERR_NOT_NOW);
	assert_int_equal(events_phase(s, 2, "end", &why), OK);
	assert_int_equal(entries(), n + 1);
	assert_true(s->progress.ended >> 2 & 1);
	s->progress = before;
	buf_free(&entry);
	event_free(e);
	free(e);
}

/* A service that has loaded an opening whose hour has come, with a roll of one. */
static void
load_small(void)
{
	static struct log_place at;
	struct ledger_options o = service_log(s, "ballots", &at);
	char store[1200], fence[1200];
	struct why why = {""};

	(void)snprintf(s->config.outbox, sizeof s->config.outbox, "%s/outbox", dir);
	(void)snprintf(store, 1200, "%s/data/registry", dir);
	(void)snprintf(fence, 1200, "%s/fence/registry", dir);
	assert_int_equal(dir_make(s->config.outbox, &why), OK);
	if (access(store, F_OK) != 0)
		assert_int_equal(authorizations_create(store, fence, 1, &why), OK);
	assert_int_equal(registry_open(&s->registry, store, fence, &why), OK);
	o.key = &s->events_key;
	assert_int_equal(ledger_open(&s->ballots, &o, &why), OK);
	s->roll.n = s->persons = 1;
	s->roll.row = calloc(2, sizeof *s->roll.row);
	s->person = calloc(4, sizeof *s->person);
	(void)strcpy(s->person[0].user, "ana");
	s->call.maximum_voters = 3;
	s->call.replaceable_percent = 100;
	s->manifest->styles = 1;
	s->manifest->opens = now_seconds() - 1;
	s->manifest->heartbeat = 1000;
	s->progress.closes = now_seconds() + 1000;
	s->progress.opened = s->loaded = 1;
	s->steady_gap = now_seconds() - steady_seconds();
}

static void
unload_small(const struct progress *before)
{
	ledger_close(s->ballots);
	registry_close(s->registry);
	s->ballots = NULL;
	s->registry = NULL;
	roll_free(&s->roll);
	free(s->person);
	s->person = NULL;
	s->persons = 0;
	s->loaded = 0;
	s->progress = *before;
}

/* An entry about the roll: the x-only key of a valid point, the same for all. */
static void
roll_entry(struct event *e, const char *kind, const char *index)
{
	memset(e, 0, sizeof *e);
	(void)snprintf(e->kind, sizeof e->kind, "%s", kind);
	e->time = now_seconds();
	event_add(e, "index", "%s", index);
	event_add(e, "key", "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
	event_add(e, "from", "2031-05-06T07:08:09Z");
	event_add(e, "style", "1");
	event_add(e, "row", "%064d", 7);
}

/* The text of the only file in the outbox. */
static void
only_message(struct buf *out)
{
	char cmd[1300], path[1400] = "";
	FILE *p;

	(void)snprintf(cmd, sizeof cmd, "ls %s/*", s->config.outbox);
	p = popen(cmd, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%1399s", path), 1);
	assert_int_equal(fscanf(p, "%*s"), EOF);
	(void)pclose(p);
	assert_int_equal(file_read(out, path, 65536, NULL), OK);
}

/* Between the loading and the hour: what an amendment wrote does not keep the election shut, anything else in the outbox does. */
static void
hour(void **state)
{
	struct progress before = s->progress;
	char left[1200];
	struct event *e = calloc(1, sizeof *e);
	struct buf message = {0};
	struct why why = {""};

	(void)state;
	load_small();
	roll_entry(e, "replace-credential", "0");
	assert_int_equal(amendment_carry_out(s, e, &why), OK);
	only_message(&message);
	assert_non_null(strstr(buf_cstr(&message), "el 6 de mayo de 2031 a las 07:08, hora universal (UTC)"));
	assert_int_equal(outbox_count(s), 1); /* a zero report counts all */
	(void)snprintf(left, sizeof left, "%s/%032d", s->config.outbox, 1);
	assert_int_equal(file_write(left, "{}", 2, 0600, &why), OK);
	service_tick(s);
	assert_int_equal(s->tick_failed, ERR_NOT_NOW);
	assert_non_null(strstr(s->tick_why.text, "/outbox holds 1 files"));
	assert_false(s->progress.begun >> 3 & 1);
	assert_int_equal(unlink(left), 0);
	service_tick(s);
	assert_string_equal(s->tick_why.text, "");
	assert_true(s->progress.begun >> 3 & 1);
	buf_free(&message);
	event_free(e);
	free(e);
	unload_small(&before);
}

/* Whom an order adds to the roll: the person must come along, and take nobody's name. */
static void
included(void **state)
{
	static const struct {
		const char *user, *says;
		enum err e;
	} table[] = {{NULL, "--person", ERR_ABSENT}, {"ana", "the user ana stands in the roll already, with roll index 0", ERR_RANGE}, {"eva", "", OK}};
	struct progress before = s->progress;
	struct event *e = calloc(1, sizeof *e);
	char path[1200];

	(void)state;
	load_small();
	roll_entry(e, "include", "1");
	(void)snprintf(path, sizeof path, "%s/data/addition-1", dir);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct person who = {.user = ""};
		struct buf sealed = {0};
		struct why why = {""};

		if (table[i].user != NULL) {
			(void)snprintf(who.user, sizeof who.user, "%s", table[i].user);
			assert_int_equal(private_roll_write(&sealed, s->roll_key, &s->call.hash, &who, 1), OK);
			assert_int_equal(file_write(path, sealed.p, sealed.n, 0600, &why), OK);
		}
		assert_int_equal(amendment_prepare(s, e, &why), table[i].e);
		assert_non_null(strstr(why.text, table[i].says));
		buf_free(&sealed);
	}
	event_free(e);
	free(e);
	unload_small(&before);
}

/* What /health says of the part "files"; "" when all is well. */
static const char *
files_reason(void)
{
	static struct health h;

	health_read(s, &h);
	for (unsigned i = 0; i < h.n; i++)
		if (strcmp(h.part[i], "files") == 0)
			return h.why[i].text;
	return "";
}

static void
write_in(char path[1024], const char *name, const void *p, size_t n)
{
	(void)snprintf(path, 1024, "%s/data/%s", dir, name);
	assert_int_equal(file_write(path, p, n, 0600, NULL), OK);
}

/* A wrong private roll, key or RSA file is told before an opening is loaded, and its end too. */
static void
own_files(void **state)
{
	static const char hex[] = "0101010101010101010101010101010101010101010101010101010101010101\n";
	struct config *c = &s->config;
	struct passphrase one = {"one", 3}, two = {"two", 3};
	struct rsa_secret *rsa[1] = {NULL};
	struct person who = {.user = "ana"};
	struct buf roll = {0}, theirs = {0}, keys = {0}, foreign = {0}, manifest = {0};
	struct why why = {""};
	uint8_t key[32];
	char path[1200];

	(void)state;
	memset(key, 2, sizeof key);
	assert_int_equal(private_roll_write(&theirs, key, &s->call.hash, &who, 1), OK);
	memset(key, 1, sizeof key);
	assert_int_equal(private_roll_write(&roll, key, &s->call.hash, &who, 1), OK);
	assert_int_equal(rsa_generate(&rsa[0]), OK);
	assert_int_equal(authorizer_secrets_write(&keys, rsa, 1, &one, &s->call.hash), OK);
	assert_int_equal(authorizer_secrets_write(&foreign, rsa, 1, &two, &s->call.hash), OK);
	assert_string_equal(files_reason(), "");
	write_in(c->private_key, "roll.key", "none", 4);
	assert_string_equal(files_reason(), ""); /* the roll is not imported yet */
	write_in(c->private_roll, "roll", theirs.p, theirs.n);
	assert_non_null(strstr(files_reason(), "data/roll.key: not a key of 64 hex digits"));
	write_in(c->private_key, "roll.key", hex, sizeof hex - 1);
	assert_non_null(strstr(files_reason(), "data/roll with"));
	write_in(c->private_roll, "roll", roll.p, roll.n);
	assert_string_equal(files_reason(), "");
	write_in(c->pass_file, "pass", "one\n", 4);
	write_in(c->rsa_keys, "rsa", foreign.p, foreign.n);
	assert_non_null(strstr(files_reason(), "data/rsa: wrong passphrase, or RSA keys of another call"));
	write_in(c->rsa_keys, "rsa", keys.p, keys.n);
	assert_string_equal(files_reason(), "");
	/* when the manifest is there, all must be */
	(void)unlink(c->rsa_keys);
	assert_string_equal(files_reason(), "");
	assert_int_equal(file_read(&manifest, "spec/vectors/record/manifest.json", MANIFEST_MAX_BYTES, &why), OK);
	put_file("manifest.json", buf_cstr(&manifest), (char[65]){""});
	assert_non_null(strstr(files_reason(), "data/rsa: "));
	write_in(c->rsa_keys, "rsa", keys.p, keys.n); /* of one style */
	assert_non_null(strstr(files_reason(), "no RSA key for style 2"));
	c->private_key[0] = c->private_roll[0] = c->rsa_keys[0] = c->pass_file[0] = '\0';
	(void)snprintf(path, sizeof path, "%s/record/manifest.json", dir);
	assert_int_equal(unlink(path), 0);
	rsa_secret_free(rsa[0]);
	buf_free(&roll);
	buf_free(&theirs);
	buf_free(&keys);
	buf_free(&foreign);
	buf_free(&manifest);
}

/* From a closed box to the seal. */
static void
count(void **state)
{
	char zero[65], one[65], two[65], votes[65], lists[65], seal[65];
	struct record *r = calloc(1, sizeof *r);
	struct buf list[3] = {{0}, {0}, {0}};
	struct why why = {""};
	struct hash h, none = {{0}};
	uint64_t n;

	(void)state;
	memset(zero, '0', 64);
	memset(one, '1', 64);
	memset(two, '2', 64);
	zero[64] = one[64] = two[64] = '\0';
	s->progress.begun = 0x7e;
	s->progress.ended = 0x3e;
	s->progress.opened = s->progress.closed = 1;
	(void)strcpy(s->said.sha256, one);
	(void)strcpy(s->said.root, two);
	assert_int_equal(submit(OPERATOR, "comparison", NULL, "sha256", one, "root", one, NULL), 400);
	assert_int_equal(submit(OPERATOR, "comparison", NULL, "sha256", two, "root", two, NULL), 400);
	assert_int_equal(submit(OPERATOR, "comparison", NULL, "sha256", one, "root", two, NULL), 200);
	n = entries();
	assert_int_equal(submit(M1, "mix", NULL, "mixer", "m1", "position", "2", "outputs", zero, NULL), 503);
	assert_int_equal(submit(M1, "mix", NULL, "mixer", "m2", "position", "1", "outputs", zero, NULL), 404);
	assert_int_equal(submit(M1, "mix", NULL, "mixer", "m1", "position", "1", "outputs", one, NULL), 200);
	assert_int_equal(submit(M2, "mix", NULL, "mixer", "m2", "position", "1", "outputs", zero, NULL), 503); /* two at once */
	assert_int_equal(submit(M1, "mix", NULL, "mixer", "m1", "position", "2", "outputs", zero, NULL), 503);
	assert_int_equal(submit(T1, "station", NULL, "trustee", "t1", "root", two, "lists", one, NULL), 200);
	assert_int_equal(submit(T1, "factors", NULL, "trustee", "t1", "number", "1", NULL), 503); /* two must mix */
	put_file("mix/pre-09/nizkp/ShuffledCiphertexts.bt", "mixed", lists);
	sha256(&h, "mixed", 5);
	sha256_3(&h, none.b, HASH_BYTES, h.b, HASH_BYTES, NULL, 0);
	hash_hex(lists, &h);
	assert_int_equal(submit(M2, "mix", NULL, "mixer", "m2", "position", "2", "outputs", zero, NULL), 400); /* not what the files hold */
	assert_int_equal(submit(M2, "mix", NULL, "mixer", "m2", "position", "2", "outputs", lists, NULL), 200);
	assert_int_equal(submit(T1, "factors", NULL, "trustee", "t1", "number", "1", NULL), 503); /* its station saw other lists */
	assert_int_equal(submit(T1, "station", NULL, "trustee", "t1", "root", two, "lists", lists, NULL), 200);
	assert_int_equal(submit(T1, "factors", NULL, "trustee", "t1", "number", "2", NULL), 400);
	assert_int_equal(submit(T1, "factors", NULL, "trustee", "t1", "number", "1", NULL), 200);
	assert_int_equal(submit(M3, "mix", NULL, "mixer", "m3", "position", "3", "outputs", zero, NULL), 503);
	assert_int_equal(entries(), n + 5); /* and no line of the refused ones */
	put_file("votes.csv", "group,line\n", votes);
	assert_int_equal(submit(OPERATOR, "count", NULL, "votes", votes, NULL), 503); /* two must open */
	assert_int_equal(submit(T2, "station", NULL, "trustee", "t2", "root", two, "lists", lists, NULL), 200);
	assert_int_equal(submit(T2, "factors", NULL, "trustee", "t2", "number", "2", NULL), 200);
	assert_int_equal(submit(OPERATOR, "count", NULL, "votes", zero, NULL), 400);
	assert_int_equal(submit(OPERATOR, "count", NULL, "votes", votes, NULL), 200);
	assert_int_equal(submit(OPERATOR, "seal", NULL, "list", zero, "machine", "m", NULL), 400);
	r->src = source_dir(s->config.record);
	assert_int_equal(hash_lists(r, list, &why), OK);
	seal_hash(&h, &list[0]);
	hash_hex(seal, &h);
	assert_int_equal(submit(OPERATOR, "seal", NULL, "list", seal, "machine", "m", NULL), 200);
	n = entries();
	assert_int_equal(submit(OPERATOR, "incident", NULL, "what", "ensayo", NULL), 503); /* nothing after the seal */
	assert_int_equal(entries(), n);
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
	free(r);
}

static atomic_int writing;

static void *
write_checkpoints(void *arg)
{
	char path[1200];

	(void)arg;
	(void)snprintf(path, sizeof path, "%s/record/events/checkpoint", dir);
	while (writing)
		(void)!file_write(path, "x", 1, 0644, NULL);
	return NULL;
}

/* The record's files are hashed while a checkpoint is written beside and renamed. */
static void
hashed_meanwhile(void **state)
{
	struct record *r = calloc(1, sizeof *r);
	struct why why = {""};
	pthread_t thread;

	(void)state;
	r->src = source_dir(s->config.record);
	writing = 1;
	assert_int_equal(pthread_create(&thread, NULL, write_checkpoints, NULL), 0);
	for (int i = 0; i < 200; i++) {
		struct buf list[3] = {{0}, {0}, {0}};

		assert_int_equal(hash_lists(r, list, &why), OK);
		for (int k = 0; k < 3; k++)
			buf_free(&list[k]);
	}
	writing = 0;
	(void)pthread_join(thread, NULL);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(files), cmocka_unit_test(refusals), cmocka_unit_test(spanish), cmocka_unit_test(key), cmocka_unit_test(stored_all_the_same), cmocka_unit_test(hour), cmocka_unit_test(included), cmocka_unit_test(own_files), cmocka_unit_test(count), cmocka_unit_test(hashed_meanwhile)};

	return cmocka_run_group_tests(tests, begin, end);
}
