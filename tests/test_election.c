/* tests/test_election.c - election/{json,counting,ballot,ceremony,event}.c
 *
 * Goal    documents are read strictly, lines and splits follow the law's rules,
 *         ballots and ceremonies accept nothing false.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "election/acts.h"
#include "election/ceremony.h"
#include "election/counting.h"
#include "election/event.h"
#include "election/docnote.h"
#include "election/record.h"
#include "election/replace.h"
#include "election/roll.h"
#include "election/used.h"

static void
strict_json(void **state)
{
	static const char *const bad[] = {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "{\"a\":1.5}", "{\"a\":1e3}", "\"\\u0000\"", "\"\\ud800\"",
	    "\"\\udc00\"", "\"\xff\"", "[[[[[[[[[[[[[1]]]]]]]]]]]]]", "{} {}", "nul", "{\"a\" 1}", "// x\n{}", "\"\\ud800x\"", "{\"a\":99999999999999999999}"};
	struct json *j;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (json_parse(&j, bad[i], strlen(bad[i]), 1000, &why) == OK)
			fail_msg("accepted: %s", bad[i]);
	static const char escapes[] = "{\"a\": \"\\ud83d\\ude00\\\\u0000\"}", lines[] = "{\n\"a\": 1,\n\"b\": 2}";
	assert_int_equal(json_parse(&j, escapes, strlen(escapes), 1000, &why), OK);
	json_free(j);
	assert_int_equal(json_parse(&j, "{}", 2, 1, &why), ERR_FORMAT);
	assert_int_equal(json_parse(&j, lines, strlen(lines), 100, &why), OK);
	struct fields f = fields_of(j, &why);
	(void)field_int(&f, "a", 0, 9);
	assert_int_equal(field_line(&f, "b"), 3);
	assert_int_equal(field_line(&f, "c"), 1);
	assert_int_equal(fields_end(&f), ERR_FORMAT);
	assert_non_null(strstr(why.text, "line 3"));
	json_free(j);
}

/* What a terminal obeys, in a text that somebody reads before he signs. */
static void
urls(void **state)
{
	static const char *const good[] = {"https://a", "http://127.0.0.1:8080", "https://voto.example.mx:443/witness", "http://h/a/b~c_d.E-9"};
	static const char *const bad[] = {"", "https://", "ftp://a", "//a", "https:///a", "https://a/", "https://a:", "https://a:123456", "https://a:80x", "https://A", "https://a b", "https://a?q",
	    "https://a/x y", "https://a/#", "https://u@a", "file:///etc/passwd", "https://a\n"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(url_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(url_valid(bad[i]));
}

static void
disturbing_texts(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint32_t c;
	} of[] = {{"\x1b[2J", 1, 0x1b}, {"\x7f", 1, 0x7f}, {"\xc2\x9b", 2, 0x9b}, {"\xd8\x9c", 2, 0x61c}, {"\xe2\x80\x8e", 3, 0x200e}, {"\xe2\x80\xae", 3, 0x202e},
	    {"\xe2\x81\xa9", 3, 0x2069}, {"a", 0, 0}, {"", 0, 0}, {"\xc3\xb1", 0, 0}, {"\xc2\xbf", 0, 0}, {"\xe2\x80\x90", 0, 0}, {"\xe2\x81\xaa", 0, 0}, {"\xd8\x9b", 0, 0}};
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		assert_int_equal(text_disturbance(of[i].text, &c), of[i].n);
		if (of[i].n > 0)
			assert_int_equal(c, of[i].c);
		assert_int_equal(text_disturbs(of[i].text), of[i].n > 0);
	}
}

static void
pins(void **state)
{
	struct call *call = calloc(1, sizeof *call);
	struct why why;

	(void)state;
	assert_int_equal(pin_allowed(call, "123456", 6, &why), ERR_RANGE);
	assert_int_equal(pin_allowed(call, "", 0, &why), ERR_RANGE);
	assert_int_equal(pin_allowed(call, "12345a", 6, &why), OK);
	call->tries_in_hardware = 1;
	assert_int_equal(pin_allowed(call, "123456", 6, &why), OK);
	free(call);
}

static void
times(void **state)
{
	static const char *const bad[] = {"2026-06-31T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T00:00:00", "2026-6-1T00:00:00Z", "2026-06-01 00:00:00Z"};
	int64_t t, want;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_not_equal(time_read(&t, bad[i]), OK);
	assert_int_equal(time_read(&t, "2026-04-30T12:00:00Z"), OK);
	assert_int_equal(time_read(&want, "2026-02-28T12:00:00Z"), OK);
	assert_int_equal(months_before(t, 2), want);
	assert_int_equal(time_read(&t, "2026-01-15T00:00:00Z"), OK);
	assert_int_equal(time_read(&want, "2025-11-15T00:00:00Z"), OK);
	assert_int_equal(months_before(t, 2), want);
}

static const char draft[] =
    "{\"urna\":\"manifest\",\"version\":1,\"call\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"acuerdo\":\"A\","
    "\"opens\":\"2026-05-18T02:00:00Z\",\"closes\":\"2026-06-02T00:00:00Z\",\"grace_seconds\":120,"
    "\"public_head\":{\"seconds\":600,\"ballots\":50,\"at_most_seconds\":3600},\"heartbeat_seconds\":3600,\"replacement_delay_seconds\":60,"
    "\"codes\":{\"digits\":6,\"seconds\":300,\"attempts\":5,\"lock_seconds\":300},\"small_group\":10,"
    "\"entities\":[{\"id\":\"09\",\"name\":\"CDMX\"}],\"contests\":[{\"id\":\"pre\",\"type\":\"presidencia\",\"ambito\":\"federal\",\"name\":\"P\","
    "\"acuerdo\":\"A\",\"parties\":[{\"id\":\"PAN\",\"name\":\"a\"},{\"id\":\"PRI\",\"name\":\"b\"},{\"id\":\"PRD\",\"name\":\"c\"}],"
    "\"coalitions\":[{\"name\":\"F\",\"parties\":[\"PAN\",\"PRI\",\"PRD\"],\"candidate\":\"X\"}],\"common\":[],\"independents\":[],\"unregistered\":true},"
    "{\"id\":\"con\",\"type\":\"consulta\",\"ambito\":\"federal\",\"name\":\"C\",\"acuerdo\":\"A\"}],"
    "\"styles\":[{\"entity\":\"09\",\"contests\":[\"pre\",\"con\"]}]}";

static void
manifests(void **state)
{
	static const char *const lines[] = {"PAN", "PRI", "PRD", "PAN_PRI_PRD", "PAN_PRI", "PAN_PRD", "PRI_PRD", "CANDIDATO_NO_REGISTRADO", "VOTOS_NULOS"};
	static const char *const replace[][2] = {{"\"grace_seconds\":120", "\"grace_second\":120"}, {"2026-06-02", "2026-05-01"}, {"[\"pre\",\"con\"]", "[\"con\",\"pre\"]"},
	    {"[\"PAN\",\"PRI\",\"PRD\"]", "[\"PAN\",\"PAN\"]"}, {"[\"PAN\",\"PRI\",\"PRD\"]", "[\"PAN\",\"PT\"]"}, {"\"id\":\"con\"", "\"id\":\"pre\""}, {"\"id\":\"con\"", "\"id\":\"summary\""},
	    {"\"version\":1", "\"version\":2"}, {"\"entity\":\"09\"", "\"entity\":\"10\""}, {"\"digits\":6", "\"digits\":5"}, {"\"id\":\"PRI\"", "\"id\":\"PAN\""}, {"\"heartbeat_seconds\":3600", "\"heartbeat_seconds\":1"},
	    {"\"heartbeat_seconds\":3600", "\"heartbeat_seconds\":25"}};
	struct manifest *m;
	struct why why;

	(void)state;
	if (manifest_read(&m, draft, strlen(draft), &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(m->contest[0].lines, 9);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(m->contest[0].line[i].id, lines[i]);
	assert_int_equal(m->groups, 2);
	assert_string_equal(m->group[1].folder, "con-09");
	free(m);
	for (size_t i = 0; i < sizeof replace / sizeof *replace; i++) {
		char text[4096];
		const char *at = strstr(draft, replace[i][0]);

		assert_non_null(at);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - draft), draft, replace[i][1], at + strlen(replace[i][0]));
		if (manifest_read(&m, text, strlen(text), &why) == OK)
			fail_msg("accepted: %s", replace[i][1]);
	}
	assert_non_null(strstr(why.text, "must be 26 or more")); /* the last one says what to do */
}

/* Whoever the coalition's parties stand for has all their votes, however they are split. */
static void
candidate_keeps(const struct manifest *m, const struct tally *t, uint64_t votes)
{
	struct call *call = calloc(1, sizeof *call);
	struct act_facts facts = {call, m, {{0}}};
	struct act act = {{0}, {0}};
	char want[80];

	assert_int_equal(act_count(&act, &facts, 0, NULL, t), OK);
	(void)snprintf(want, sizeof want, "\"candidates\": [\n  {\n   \"candidate\": \"X\",\n   \"votes\": %llu\n  }\n ]", (unsigned long long)votes);
	if (strstr(buf_cstr(&act.json), want) == NULL)
		fail_msg("not in the act: %s", want);
	act_free(&act);
	free(call);
}

static void
split_vector(void **state)
{
	struct tally t = {.line = {120, 100, 100, 8}}, other = {.line = {1, 2, 1, 2}};
	struct manifest *m;
	struct why why;

	(void)state;
	assert_int_equal(manifest_read(&m, draft, strlen(draft), &why), OK);
	tally_split(&t, &m->contest[0]);
	assert_int_equal(t.party[0], 123);
	assert_int_equal(t.party[1], 103);
	assert_int_equal(t.party[2], 102);
	candidate_keeps(m, &t, 328);
	tally_split(&other, &m->contest[0]); /* 2, 3, 1: another party is first in this group */
	tally_sum(&t, &other); /* split after adding up it would be 125, 105, 104 */
	assert_int_equal(t.party[0], 123 + 2);
	assert_int_equal(t.party[1], 103 + 3);
	assert_int_equal(t.party[2], 102 + 1);
	candidate_keeps(m, &t, 334);
	memset(&t, 0, sizeof t);
	tally_add(&t, &m->contest[0], 0);
	tally_add(&t, &m->contest[0], 10);
	tally_add(&t, &m->contest[0], 9);
	assert_int_equal(t.line[8], 3);
	assert_int_equal(t.outside, 2);
	free(m);
}

static void
words(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} table[] = {{0, "CERO"}, {1, "UNO"}, {16, "DIECIS\xc3\x89IS"}, {21, "VEINTIUNO"}, {31, "TREINTA Y UNO"}, {100, "CIEN"}, {101, "CIENTO UNO"},
	    {328, "TRESCIENTOS VEINTIOCHO"}, {1000, "MIL"}, {1001, "MIL UNO"}, {21000, "VEINTI\xc3\x9aN MIL"}, {144734, "CIENTO CUARENTA Y CUATRO MIL SETECIENTOS TREINTA Y CUATRO"},
	    {1000000, "UN MILL\xc3\x93N"}, {2000015, "DOS MILLONES QUINCE"}, {100000, "CIEN MIL"}, {60115184, "SESENTA MILLONES CIENTO QUINCE MIL CIENTO OCHENTA Y CUATRO"}};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		number_words(text, sizeof text, table[i].n);
		assert_string_equal(text, table[i].text);
	}
}

static void
ballots(void **state)
{
	enum { N = 300 };
	struct ballot *b = calloc(N, sizeof *b), back;
	struct hash election = {{5}}, other = {{6}};
	struct scalar exponents[2], one, x;
	struct point table[9], marks[2], joint;
	struct manifest *m;
	struct buf bytes = {0};
	uint8_t key[32], bad[N];
	struct why why;

	(void)state;
	assert_int_equal(manifest_read(&m, draft, strlen(draft), &why), OK);
	marking_table(table, 9);
	marks[0] = table[3];
	marks[1] = table[0];
	scalar_random(&x);
	point_mul_base(&joint, &x);
	for (int i = 0; i < N; i++) {
		scalar_random(&one);
		assert_int_equal(schnorr_public(key, &one), OK);
		assert_int_equal(ballot_mark(&b[i], exponents, &election, 1, key, marks, 2, &joint), OK);
		assert_int_equal(ballot_finish(&b[i], exponents, &one), OK);
		assert_int_equal(ballot_check(&b[i], &election, m, &why), OK);
	}
	assert_int_equal(ballots_check(b, N, &election, m, 2, bad), OK);
	for (int i = 0; i < N; i++)
		assert_int_equal(bad[i], 0);
	assert_int_not_equal(ballot_check(&b[0], &other, m, &why), OK);
	b[17].vote[1].proof[3] ^= 1;
	b[200].sig[9] ^= 1;
	b[201].vote[0].c1[0] = 4;
	assert_int_equal(ballots_check(b, N, &election, m, 2, bad), OK);
	for (int i = 0; i < N; i++)
		assert_int_equal(bad[i], i == 17 || i == 200 || i == 201);
	/* same randomness in two contests, contests exchanged */
	back = b[5];
	back.vote[1] = back.vote[0];
	assert_int_equal(ballot_check(&back, &election, m, &why), ERR_RANGE);
	back = b[5];
	back.vote[0] = b[5].vote[1];
	back.vote[1] = b[5].vote[0];
	assert_int_equal(ballot_check(&back, &election, m, &why), ERR_PROOF);
	ballot_write(&bytes, &b[5]);
	assert_int_equal(ballot_read(&back, bytes.p, bytes.n), OK);
	for (size_t n = 0; n < bytes.n; n++)
		assert_int_not_equal(ballot_read(&back, bytes.p, n), OK);
	for (size_t i = 0; i < bytes.n; i++) { /* no byte of a ballot is free */
		bytes.p[i] ^= 1;
		if (ballot_read(&back, bytes.p, bytes.n) == OK && ballot_check(&back, &election, m, &why) == OK)
			fail_msg("byte %zu may change", i);
		bytes.p[i] ^= 1;
	}
	buf_free(&bytes);
	free(b);
	free(m);
}

static void
passwords(void **state)
{
	char p[PASSWORD_LETTERS + 1];

	(void)state;
	for (int i = 0; i < 100; i++) {
		password_make(p);
		assert_true(password_valid(p));
		p[i % 20] = p[i % 20] == 'a' ? 'b' : 'a';
	}
	assert_false(password_valid("short"));
	assert_false(password_valid("0000000000000000000000"));
}

/* Acts print facts: none forges a line of them. Only the checkpoint of the close entry has several lines. */
static void
plain_facts(const struct call *call)
{
	static const char *const bad[] = {"m\nACTA", "\t", "\r", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "a\xe2\x80\xae" "b", "\xe2\x81\xa6", "\xd8\x9c"};
	struct event *e = calloc(1, sizeof *e), *back = calloc(1, sizeof *back);
	struct buf out = {0};
	struct why why;

	(void)strcpy(e->kind, "incident");
	e->scope = call->hash;
	event_add(e, "what", "Se extravi\xc3\xb3 un sobre \xe2\x80\x94 ya no");
	assert_int_equal(event_write(&out, e), OK);
	assert_int_equal(event_read(back, out.p, out.n, &why), OK);
	event_free(back);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct json_out o;

		event_set(e, 0, bad[i]);
		assert_int_equal(event_document(&out, e), ERR_RANGE);
		assert_int_equal(event_write(&out, e), ERR_RANGE);
		buf_free(&out);
		o = json_out(&out); /* as another program would write it */
		json_begin(&o, NULL, '{');
		json_text(&o, "urna", "entry");
		json_int(&o, "version", 1);
		json_hash(&o, "scope", &e->scope);
		json_time(&o, "time", e->time);
		json_text(&o, "kind", e->kind);
		json_begin(&o, "facts", '{');
		json_text(&o, "what", bad[i]);
		json_end(&o, '}');
		json_end(&o, '}');
		assert_int_equal(event_read(back, out.p, out.n, &why), ERR_RANGE);
		assert_non_null(strstr(why.text, "control or direction"));
	}
	buf_free(&out);
	(void)strcpy(e->kind, "close");
	event_free(e);
	event_add(e, "checkpoint", "urna.example/ballots\n0\n");
	assert_int_equal(event_write(&out, e), OK);
	assert_int_equal(event_read(back, out.p, out.n, &why), OK);
	buf_free(&out);
	event_free(e);
	free(e);
	event_free(back);
	free(back);
}

/* A number is written in one way, a phase too. */
static void
strict_facts(void **state)
{
	static const char *const bad[][2] = {{"", "begin"}, {"0", "begin"}, {"8", "begin"}, {"1x", "begin"}, {" 1", "begin"}, {"01", "begin"}, {"1", ""}, {"1", "ends"}, {"-1", "begin"},
	    {"99999999999", "begin"}};
	struct call *call = calloc(1, sizeof *call);
	struct event *e = calloc(1, sizeof *e);
	struct progress p = {0};
	struct buf out = {0};
	struct why why;
	char *big = calloc(1, 3000);

	(void)state;
	(void)strcpy(e->kind, "phase");
	event_add(e, "phase", "1");
	event_add(e, "edge", "begin");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		event_set(e, 0, bad[i][0]);
		event_set(e, 1, bad[i][1]);
		assert_int_equal(progress_apply(&p, e, call, &why), ERR_FORMAT);
	}
	/* what is too long for a fact is not cut off and signed */
	memset(big, 'x', 2047);
	event_add(e, "what", "%s", big);
	assert_int_equal(event_document(&out, e), OK);
	memset(big, 'x', 2048);
	event_add(e, "what", "%s", big);
	assert_int_equal(event_document(&out, e), ERR_LENGTH);
	assert_int_equal(event_write(&out, e), ERR_LENGTH);
	buf_free(&out);
	plain_facts(call);
	free(big);
	event_free(e);
	free(e);
	free(call);
}

/* The same words twice are two documents; the same document twice is refused. */
static void
used_once(void **state)
{
	struct event *e = calloc(1, sizeof *e);
	struct used used = {0};
	struct buf first = {0}, second = {0};
	struct why why;

	(void)state;
	(void)strcpy(e->kind, "suspend");
	event_add(e, "motive", "m");
	assert_int_equal(event_document(&first, e), OK);
	assert_int_equal(event_document(&second, e), OK);
	assert_int_equal(first.n, second.n);
	assert_memory_not_equal(first.p, second.p, first.n);
	assert_int_equal(used_add(&used, e, &why), OK); /* not signed: there is nothing to use */
	assert_int_equal(used.n, 0);
	for (int i = 0; i < 300; i++) {
		struct buf one = {0};

		assert_int_equal(event_document(&one, e), OK);
		e->document = strdup(buf_cstr(&one));
		assert_int_equal(used_check(&used, e, &why), OK);
		assert_int_equal(used_add(&used, e, &why), OK);
		assert_int_equal(used_check(&used, e, &why), ERR_EXISTS);
		assert_int_equal(used_add(&used, e, &why), ERR_EXISTS);
		event_free(e);
		buf_free(&one);
	}
	assert_int_equal(used.n, 300);
	used_free(&used);
	buf_free(&first);
	buf_free(&second);
	event_free(e);
	free(e);
}

/* ---- ceremony ------------------------------------------------------------------------- */

static void
party(struct party *p, struct signer *s, const char *name, int n)
{
	uint8_t seed[32] = {(uint8_t)n, 7};

	assert_int_equal(signer_of_seed(s, name, seed), OK);
	assert_int_equal(vkey_make(&p->key, name, NOTE_ED25519, s->key), OK);
}

static void
ceremonies(void **state)
{
	enum { K = 4, T = 3 };
	struct call *call = calloc(1, sizeof *call);
	struct ceremony_state st[K];
	struct message m1[K] = {0}, m2[K] = {0}, m3[K] = {0}, saved;
	struct signer s[K];
	struct scalar share[K];
	struct joint_key joint, again;
	struct card cards[2] = {{"S1", "L1", 1, 1}, {"S2", "L2", 2, 1}}, back[8];
	size_t n = 8;
	struct buf transcript = {0};
	struct point p;
	struct why why;
	char name[8];

	(void)state;
	call->trustees = K;
	call->threshold = T;
	call->hash.b[0] = 9;
	for (int i = 0; i < K; i++) {
		(void)snprintf(name, sizeof name, "t%d", i);
		party(&call->trustee[i], &s[i], name, i);
		assert_int_equal(ceremony_round1(&st[i], &m1[i], call, (unsigned)i + 1, 1, &s[i], &why), OK);
	}
	for (int i = 0; i < K; i++)
		assert_int_equal(ceremony_round2(&st[i], &m2[i], call, m1, &s[i], &why), OK);
	assert_int_equal(ceremony_agree(&joint, call, m1, m2, 1, &why), OK);
	for (int to = 0; to < K; to++) {
		for (int i = 0; i < K; i++) {
			message_free(&m3[i]);
			assert_int_equal(ceremony_round3(&st[i], &m3[i], call, m1, m2, (unsigned)to + 1, &s[i], &why), OK);
		}
		assert_int_equal(ceremony_finish(&st[to], &share[to], call, m1, m2, m3, NULL, &why), OK);
		point_mul_base(&p, &share[to]);
		assert_true(point_equal(&p, &joint.share_key[to]));
	}
	/* a dealer whose polynomial is not the revealed one is named */
	saved = m3[1];
	memset(&m3[1], 0, sizeof m3[1]);
	scalar_add(&st[1].a[1], &st[1].a[1], &SCALAR_ONE);
	assert_int_equal(ceremony_round3(&st[1], &m3[1], call, m1, m2, K, &s[1], &why), OK);
	assert_int_equal(ceremony_finish(&st[K - 1], &share[0], call, m1, m2, m3, NULL, &why), ERR_PROOF);
	assert_non_null(strstr(why.text, "trustee 2 (t1)"));
	/* a reveal that was not committed to */
	message_free(&m3[1]);
	m3[1] = saved;
	saved = m2[1];
	memset(&m2[1], 0, sizeof m2[1]);
	point_mul_base(&st[1].c[1], &st[1].a[1]);
	assert_int_equal(ceremony_round2(&st[1], &m2[1], call, m1, &s[1], &why), OK);
	assert_int_not_equal(ceremony_agree(&again, call, m1, m2, 1, &why), OK);
	assert_non_null(strstr(why.text, "trustee 2 (t1)"));
	message_free(&m2[1]);
	/* a message signed by another */
	assert_int_equal(ceremony_round2(&st[1], &m2[1], call, m1, &s[2], &why), OK);
	assert_int_not_equal(ceremony_agree(&again, call, m1, m2, 1, &why), OK);
	message_free(&m2[1]);
	m2[1] = saved;
	assert_int_not_equal(ceremony_agree(&again, call, m1, m2, 2, &why), OK);
	assert_int_equal(transcript_write(&transcript, call, m1, m2, &joint, cards, 2), OK);
	assert_int_equal(transcript_read(&again, back, &n, transcript.p, transcript.n, call, &why), OK);
	assert_int_equal(n, 2);
	assert_true(point_equal(&again.key, &joint.key));
	for (size_t i = 40; i < transcript.n; i += 97) {
		n = 8;
		transcript.p[i] ^= 1;
		if (transcript_read(&again, back, &n, transcript.p, transcript.n, call, &why) == OK)
			assert_true(i > transcript.n - 400); /* cards' labels are not part of the mathematics; the signatures cover them */
		transcript.p[i] ^= 1;
	}
	for (int i = 0; i < K; i++) {
		message_free(&m1[i]);
		message_free(&m2[i]);
		message_free(&m3[i]);
		signer_close(&s[i]);
		ceremony_forget(&st[i]);
	}
	buf_free(&transcript);
	free(call);
}

/* A call of two witnesses, a required mixer and a rule that names the notary. */
static struct call *
small_call(struct signer *notary)
{
	struct call *c = calloc(1, sizeof *c);
	struct signer s;
	uint8_t seed[32] = {0};
	static const char *const names[] = {"registro", "operador", "auditoria", "reposicion"};
	struct party *at[] = {&c->registrar, &c->operator, &c->auditor, &c->replacement};

	for (int i = 0; i < 4; i++) {
		party(at[i], &s, names[i], 20 + i);
		signer_close(&s);
	}
	party(&c->notary, notary, "notaria", 30);
	party(&c->mixer[0], &s, "mezclador-1", 31);
	signer_close(&s);
	c->mixers = 1;
	c->required[0] = 1;
	for (int i = 0; i < 2; i++) {
		char name[20];

		(void)snprintf(name, sizeof name, "testigo-%d", i + 1);
		seed[0] = (uint8_t)(40 + i);
		assert_int_equal(signer_of_seed(&s, name, seed), OK);
		assert_int_equal(vkey_make(&c->witness[i].key, name, NOTE_COSIGNATURE, s.key), OK);
		signer_close(&s);
	}
	(void)strcpy(c->witness[1].url, "http://127.0.0.1:1");
	c->witnesses = c->witness_quorum = 2;
	assert_int_equal(vkey_make(&c->log_ballots, "urna.example/ballots", NOTE_ED25519, c->witness[0].key.key), OK);
	c->log_ballots.key[0] ^= 1;
	c->log_events = c->log_ballots;
	c->log_events.key[1] ^= 1;
	(void)strcpy(c->log_events.name, "urna.example/events");
	(void)strcpy(c->amend[0].kind, "replace-witness");
	c->amend[0].quorum = c->amend[0].n = 1;
	(void)strcpy(c->amend[0].key[0], "notaria");
	c->amends = 1;
	return c;
}

static struct event *
replacement(const char *kind, const char *person, const struct vkey *key, const char *name, const char *value)
{
	struct event *e = calloc(1, sizeof *e);
	char text[256];

	(void)strcpy(e->kind, kind);
	event_add(e, "person", "%s", person);
	if (key != NULL) {
		vkey_write(text, key);
		event_add(e, "key", "%s", text);
	}
	if (name != NULL)
		event_add(e, name, "%s", value);
	return e;
}

static enum err
apply(struct call *c, struct event *e)
{
	struct call *before = malloc(sizeof *before);
	struct why why = {""};
	enum err err;

	*before = *c;
	err = replace_apply(c, e, &why);
	if (err != OK) {
		assert_memory_equal(before, c, sizeof *c);
		assert_true(why.text[0] != '\0');
	}
	free(before);
	event_free(e);
	free(e);
	return err;
}

static void
replacements(void **state)
{
	struct signer first, second, other;
	struct call *c = small_call(&first);
	struct party p = {.person = ""};
	struct vkey witness, notary, operator = c->operator.key;
	struct event *e = calloc(1, sizeof *e);
	struct buf document = {0}, note = {0};
	struct why why;

	(void)state;
	party(&p, &second, "notaria-2", 50);
	notary = p.key;
	assert_int_equal(apply(c, replacement("replace-notary", "", &notary, NULL, NULL)), ERR_FORMAT);
	assert_int_equal(apply(c, replacement("replace-notary", "N", NULL, NULL, NULL)), ERR_FORMAT);
	assert_int_equal(apply(c, replacement("replace-notary", "N", &operator, NULL, NULL)), ERR_RANGE);
	assert_int_equal(apply(c, replacement("replace-notary", "N", &c->witness[0].key, NULL, NULL)), ERR_FORMAT);
	assert_int_equal(apply(c, replacement("replace-notary", "N", &notary, NULL, NULL)), OK);
	assert_string_equal(c->notary.key.name, "notaria-2");
	/* the rule that named the first finds the second, and the first no more */
	(void)strcpy(e->kind, "replace-witness");
	assert_int_equal(event_document(&document, e), OK);
	e->document = strdup(buf_cstr(&document));
	assert_int_equal(docnote_sign(&note, "event", &c->hash, document.p, document.n, &first, &why), OK);
	e->note = strdup(buf_cstr(&note));
	assert_int_equal(event_authorized(e, c, &why), ERR_PROOF);
	free(e->note);
	assert_int_equal(docnote_sign(&note, "event", &c->hash, document.p, document.n, &second, &why), OK);
	e->note = strdup(buf_cstr(&note));
	assert_int_equal(event_authorized(e, c, &why), OK);
	/* witnesses */
	party(&p, &other, "testigo-9", 60);
	assert_int_equal(vkey_make(&witness, "testigo-9", NOTE_COSIGNATURE, p.key.key), OK);
	assert_int_equal(apply(c, replacement("replace-witness", "W", &witness, "old", "testigo-7")), ERR_RANGE);
	assert_int_equal(apply(c, replacement("replace-witness", "W", &p.key, "old", "testigo-2")), ERR_FORMAT);
	assert_int_equal(apply(c, replacement("replace-witness", "W", &c->witness[0].key, "old", "testigo-2")), ERR_RANGE);
	assert_int_equal(apply(c, replacement("replace-witness", "W", &witness, "old", "testigo-2")), OK);
	assert_string_equal(c->witness[1].key.name, "testigo-9");
	assert_string_equal(c->witness[1].url, "http://127.0.0.1:1"); /* none was given: it is asked where the other was */
	assert_int_equal(apply(c, replacement("replace-witness", "W", &witness, "old", "testigo-2")), ERR_RANGE);
	/* a waiver, once, for one that is required */
	assert_int_equal(apply(c, replacement("mixer-waiver", "", NULL, "mixer", "mezclador-2")), ERR_RANGE);
	assert_int_equal(apply(c, replacement("mixer-waiver", "", NULL, "mixer", "mezclador-1")), OK);
	assert_int_equal(c->required[0], 0);
	assert_int_equal(apply(c, replacement("mixer-waiver", "", NULL, "mixer", "mezclador-1")), ERR_RANGE);
	event_free(e);
	free(e);
	buf_free(&document);
	buf_free(&note);
	signer_close(&first);
	signer_close(&second);
	signer_close(&other);
	free(c);
}

static void
phases(void **state)
{
	struct call *call = calloc(1, sizeof *call);
	struct event *e = calloc(1, sizeof *e);
	struct progress p = {0}, before;
	struct why why;

	(void)state;
	(void)strcpy(e->kind, "phase");
	event_add(e, "phase", "2");
	event_add(e, "edge", "begin");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	event_set(e, 0, "1");
	assert_int_equal(progress_apply(&p, e, call, &why), OK);
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	event_set(e, 1, "end");
	before = p;
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW); /* no key yet */
	assert_memory_equal(&before, &p, sizeof p);
	(void)strcpy(e->kind, "close");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	(void)strcpy(e->kind, "seal");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	p.counted = 1;
	p.ended |= 1u << 7;
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_FORMAT); /* which machine made the hashes, it does not say */
	event_add(e, "machine", "%0128d", 0);
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_FORMAT);
	event_set(e, 2, "sede");
	before = p;
	assert_int_equal(progress_apply(&before, e, call, &why), OK);
	assert_true(before.sealed);
	(void)strcpy(e->kind, "nonsense");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_FORMAT);
	event_add(e, "cause", "clock"); /* excuses a suspension and its end from reasons, and no amendment */
	(void)strcpy(e->kind, "extend");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_FORMAT);
	assert_true(event_amends(e));
	(void)strcpy(e->kind, "resume");
	assert_false(event_amends(e));
	/* why an amendment of the hours may not come now */
	event_free(e);
	event_add(e, "motive", "m");
	event_add(e, "acuerdo", "a");
	event_add(e, "proposer", "p");
	event_add(e, "closes", "%s", "1970-01-01T00:16:40Z"); /* 1000 */
	e->scope = call->hash;
	(void)strcpy(e->kind, "extend");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "extend: the election is not open yet");
	p.opened = 1;
	p.election = call->hash;
	p.closes = 1000;
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "extend: the election closes at 1970-01-01T00:16:40Z already; 1970-01-01T00:16:40Z is no later hour");
	p.closes = 999;
	e->time = 999;
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "extend: the hour of the close, 1970-01-01T00:16:39Z, has passed");
	e->time = 998;
	before = p;
	assert_int_equal(progress_apply(&before, e, call, &why), OK);
	assert_int_equal(before.closes, 1000);
	event_set(e, 3, "18:36");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "extend: \"18:36\" is no hour like 2026-06-01T18:00:00Z");
	(void)strcpy(e->kind, "resume");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "resume: the election is not suspended by order");
	p.closed = 1;
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_NOT_NOW);
	assert_string_equal(why.text, "resume: the box is closed");
	e->scope.b[0] = 1;
	(void)strcpy(e->kind, "key");
	assert_int_equal(progress_apply(&p, e, call, &why), ERR_RANGE);
	event_free(e);
	free(e);
	free(call);
}

/* A record may have 100,000 entries, each of a few short facts: read, they take about the room of their words. */
static void
small_in_memory(void **state)
{
	enum { ENTRIES = 2000 };
	struct event *all = calloc(ENTRIES, sizeof *all), *e = calloc(1, sizeof *e);
	struct buf entry = {0};
	size_t before, kept;

	(void)state;
	(void)strcpy(e->kind, "heartbeat");
	event_add(e, "size", "%u", 123456);
	event_add(e, "root", "%064d", 0);
	event_add(e, "authorizations", "%u", 234567);
	assert_int_equal(event_write(&entry, e), OK);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < ENTRIES; i++)
		assert_int_equal(event_read(&all[i], entry.p, entry.n, NULL), OK);
	kept = mallinfo2().uordblks - before;
	assert_true(sizeof *all + kept / ENTRIES < 1000);
	assert_string_equal(event_fact(&all[ENTRIES - 1], "authorizations"), "234567");
	event_set(&all[0], 0, "7");
	assert_string_equal(event_fact(&all[0], "size"), "7");
	for (unsigned i = 0; i < ENTRIES; i++)
		event_free(&all[i]);
	free(all);
	event_free(e);
	free(e);
	buf_free(&entry);
}

/* A source that has a head of ballots and nothing else. */
static enum err
head_alone(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	const struct buf *head = ctx;

	(void)max;
	if (strcmp(path, "ballots/checkpoint") != 0)
		return why_set(why, ERR_ABSENT, "%s: no such file", path);
	buf_put(out, head->p, head->n);
	return OK;
}

/* What a head says of its size takes no memory before the ballots are there. */
static void
claimed_size(void **state)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf note = {0};
	struct head head = {.size = UINT64_C(1) << 32};
	struct signer log;
	uint8_t seed[32] = {9};
	struct mallinfo2 before, after;
	struct why why;

	(void)state;
	assert_int_equal(signer_of_seed(&log, "urna.example/ballots", seed), OK);
	assert_int_equal(vkey_make(&r->call.log_ballots, log.name, NOTE_ED25519, log.key), OK);
	assert_int_equal(checkpoint_sign(&note, &head, &log), OK);
	r->src = (struct file_source){&note, head_alone, NULL, NULL};
	before = mallinfo2();
	assert_int_equal(record_ballots(r, &why), ERR_ABSENT);
	after = mallinfo2();
	assert_true(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + (1 << 20));
	record_free(r);
	free(r);
	signer_close(&log);
	buf_free(&note);
}

/* What is too long for an entry is said when it is written, and not cut in silence. */
static void
long_facts(void **state)
{
	struct event e = {.kind = "incident"};
	struct buf out = {0};

	(void)state;
	event_add(&e, "what", "%02047d", 0);
	assert_int_equal(event_write(&out, &e), OK);
	event_add(&e, "more", "%02048d", 0);
	assert_int_equal(event_write(&out, &e), ERR_LENGTH);
	assert_int_equal(strlen(event_fact(&e, "more")), 2047);
	event_free(&e);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strict_json),
	    cmocka_unit_test(urls),
	    cmocka_unit_test(disturbing_texts),
	    cmocka_unit_test(pins),
	    cmocka_unit_test(times),
	    cmocka_unit_test(manifests),
	    cmocka_unit_test(split_vector),
	    cmocka_unit_test(words),
	    cmocka_unit_test(ballots),
	    cmocka_unit_test(passwords),
	    cmocka_unit_test(strict_facts), cmocka_unit_test(small_in_memory), cmocka_unit_test(claimed_size), cmocka_unit_test(long_facts),
	    cmocka_unit_test(used_once),
	    cmocka_unit_test(replacements),
	    cmocka_unit_test(ceremonies),
	    cmocka_unit_test(phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
