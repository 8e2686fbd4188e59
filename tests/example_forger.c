/* tests/example_forger.c - what somebody with true keys and false intentions makes: well formed, signed, and of the wrong place.
 *
 *   example_forger ballot RECORD FIRST MESSAGE MINE BALLOT STYLE OUT
 *       the voter of MESSAGE and MINE (urna vote --mine), whose record is FIRST, puts the token of BALLOT into a
 *       ballot of RECORD's election and of STYLE, with true proofs and a true signature
 *   example_forger ceremony RECORD KEYS OUT
 *       all trustees (KEYS/NAME.key, NAME.pass) make another joint key: OUT and OUT.note in place of key/transcript.json
 *   example_forger voter MESSAGE OUTBOX confirm|elements
 *       the voter of MESSAGE logs in and confirms, or asks for answers to elements that the other authorizers cannot sign
 *   example_forger spread RECORD MESSAGE ASK SET CHOOSE OUT
 *       the voter of MESSAGE, whose request and the authority's answer are in ASK (a body of an authorizer's /authorize),
 *       brings every other authorizer of SET a request of its own with the same element, and makes a ballot of the answers
 *   example_forger sign RECORD PURPOSE FILE KEYS NAME
 *       NAME signs a document that `urna sign` would refuse: FILE.note
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "election/record.h"
#include "tally/cli.h"
#include "tally/voter.h"

static void
must(enum err e, const char *what, const struct why *why)
{
	if (e == OK)
		return;
	(void)fprintf(stderr, "example_forger: %s: %s %s\n", what, err_name(e), why != NULL ? why->text : "");
	exit(1);
}

static struct record *
read_record(const char *dir)
{
	struct record *r = calloc(1, sizeof *r);
	struct why why = {""};

	if (r == NULL)
		exit(1);
	r->src = source_dir(dir);
	must(record_call(r, &why), dir, &why);
	must(record_key(r, &why), dir, &why);
	must(record_setup(r, &why), dir, &why);
	must(record_opening(r, &why), dir, &why);
	return r;
}

/* One field of a small JSON file that is our own. */
static void
field_of(char *out, size_t n, const char *file, const char *name)
{
	struct buf b = {0};
	struct why why = {""};
	char quoted[40];
	const char *p;

	must(file_read(&b, file, 65536, &why), file, &why);
	(void)snprintf(quoted, sizeof quoted, "\"%s\": ", name);
	if ((p = strstr(buf_cstr(&b), quoted)) == NULL)
		exit(1);
	p += strlen(quoted);
	p += *p == '"';
	(void)snprintf(out, n, "%.*s", (int)strcspn(p, "\",}\n"), p);
	buf_free(&b);
}

static void
one_time(struct scalar *secret, uint8_t key[32], const struct record *first, const char *message, const char *mine)
{
	char user[64], password[64], index[16], hex[2 * SEALED_SEED_BYTES + 1];
	uint8_t credential[32], seed_key[32], sealed[SEALED_SEED_BYTES];
	struct buf seed = {0};
	struct scalar s;

	field_of(user, sizeof user, message, "user");
	field_of(password, sizeof password, message, "password");
	field_of(index, sizeof index, mine, "roll_index");
	field_of(hex, sizeof hex, mine, "sealed_seed");
	must(hex_decode(sealed, sizeof sealed, hex, strlen(hex)), mine, NULL);
	must(credential_derive(&s, credential, password, &first->call.hash, user), message, NULL);
	must(seed_key_derive(seed_key, password, &first->call.hash, user), message, NULL);
	must(unseal(&seed, seed_key, sealed, sizeof sealed, first->election.b, HASH_BYTES), mine, NULL);
	must(one_time_derive(secret, key, seed.p, &first->election, (uint32_t)strtoul(index, NULL, 10), credential), mine, NULL);
	buf_free(&seed);
}

static int
forge_ballot(char **a)
{
	const struct record *r = read_record(a[0]), *first = read_record(a[1]);
	struct ballot *b = calloc(1, sizeof *b), *old = calloc(1, sizeof *old);
	struct scalar secret, exponents[MAX_CONTESTS];
	struct point table[1], marks[MAX_CONTESTS];
	unsigned style = (unsigned)strtoul(a[5], NULL, 10);
	struct buf bytes = {0};
	struct why why = {""};
	uint8_t key[32];

	if (b == NULL || old == NULL || style < 1 || style > r->m->styles)
		return 1;
	one_time(&secret, key, first, a[2], a[3]);
	must(file_read(&bytes, a[4], BALLOT_MAX_BYTES, &why), a[4], &why);
	must(ballot_read(old, bytes.p, bytes.n), a[4], NULL);
	if (memcmp(old->key, key, sizeof key) != 0)
		must(ERR_RANGE, "the ballot is not under this voter's key", NULL);
	marking_table(table, 1);
	for (unsigned i = 0; i < MAX_CONTESTS; i++)
		marks[i] = table[0];
	must(ballot_mark(b, exponents, &r->election, style, key, marks, r->m->style[style - 1].contests, &r->joint.key), "mark", NULL);
	memcpy(b->token, old->token, sizeof b->token);
	b->signatures = old->signatures;
	must(ballot_finish(b, exponents, &secret), "finish", NULL);
	must(ballot_check(b, &r->election, r->m, &why), "all but the token is right", &why);
	buf_free(&bytes);
	ballot_write(&bytes, b);
	must(file_write(a[6], bytes.p, bytes.n, 0644, &why), a[6], &why);
	return 0;
}

static void
signer_of(struct signer *out, const char *keys, const char *name)
{
	struct passphrase pass;
	struct why why = {""};
	char path[1400];

	(void)snprintf(path, sizeof path, "%s/%s.pass", keys, name);
	must(passphrase_get(&pass, path, "", &why), path, &why);
	(void)snprintf(path, sizeof path, "%s/%s.key", keys, name);
	must(key_signer(out, path, &pass, &why), path, &why);
}

static int
forge_ceremony(char **a)
{
	struct record *r = read_record(a[0]);
	const unsigned k = r->call.trustees;
	static struct ceremony_state state[MAX_TRUSTEES];
	static struct message one[MAX_TRUSTEES], two[MAX_TRUSTEES];
	static struct signer by[MAX_TRUSTEES];
	struct buf out = {0}, note = {0};
	struct joint_key joint;
	struct why why = {""};
	char path[1400];

	for (unsigned i = 0; i < k; i++) {
		signer_of(&by[i], a[1], r->call.trustee[i].key.name);
		must(ceremony_round1(&state[i], &one[i], &r->call, i + 1, 1, &by[i], &why), "round 1", &why);
	}
	for (unsigned i = 0; i < k; i++)
		must(ceremony_round2(&state[i], &two[i], &r->call, one, &by[i], &why), "round 2", &why);
	must(ceremony_agree(&joint, &r->call, one, two, 1, &why), "agree", &why);
	must(transcript_write(&out, &r->call, one, two, &joint, r->card, r->cards), "transcript", NULL);
	for (unsigned i = 0; i < k; i++)
		must(docnote_sign(&note, "key-transcript", &r->call.hash, out.p, out.n, &by[i], &why), "sign", &why);
	must(file_write(a[2], out.p, out.n, 0644, &why), a[2], &why);
	(void)snprintf(path, sizeof path, "%s.note", a[2]);
	must(file_write(path, note.p, note.n, 0644, &why), path, &why);
	return 0;
}

static int
forge_signature(char **a)
{
	struct record *r = read_record(a[0]);
	struct buf document = {0}, note = {0};
	struct signer by;
	struct why why = {""};
	char path[1400];

	signer_of(&by, a[3], a[4]);
	must(file_read(&document, a[2], 1 << 24, &why), a[2], &why);
	(void)snprintf(path, sizeof path, "%s.note", a[2]);
	(void)!file_read(&note, path, NOTE_MAX_BYTES, NULL); /* others may have signed */
	must(docnote_sign(&note, a[1], &r->call.hash, document.p, document.n, &by, &why), "sign", &why);
	must(file_write(path, note.p, note.n, 0644, &why), path, &why);
	return 0;
}

/* ---- dishonest voters ----------------------------------------------------------------------- */

static void
nap(long ms)
{
	struct timespec t = {0, ms * 1000000};

	(void)nanosleep(&t, NULL);
}

/* The one code that waits in the outbox. */
static enum err
take_code(void *ctx, const struct voter *v, char code[OTP_SIZE], struct why *why)
{
	for (int tries = 0; tries < 100; tries++, nap(50)) {
		DIR *d = opendir(ctx);
		struct dirent *x;

		while (d != NULL && (x = readdir(d)) != NULL) {
			char path[1400], phone[32];

			(void)snprintf(path, sizeof path, "%s/%s", (const char *)ctx, x->d_name);
			if (strlen(x->d_name) != 32)
				continue;
			field_of(phone, sizeof phone, path, "phone");
			if (strcmp(phone, v->m.phone) != 0)
				continue;
			field_of(code, OTP_SIZE, path, "code");
			(void)unlink(path);
			(void)closedir(d);
			return OK;
		}
		if (d != NULL)
			(void)closedir(d);
	}
	return why_set(why, ERR_ABSENT, "no code came");
}

static void
put64(struct json_out *o, const char *name, const void *p, size_t n)
{
	char text[4 * (AUTHORIZATION_MAX_BYTES / 3 + 1) + 1];

	base64_encode(text, p, n);
	json_text(o, name, text);
}

/* The request, signed, into an object that is begun. */
static void
put_request(struct json_out *o, const struct authorization *a, const struct scalar *credential)
{
	struct buf request = {0};
	uint8_t sig[SCHNORR_BYTES];
	struct hash h;

	authorization_write(&request, a);
	authorization_hash(&h, request.p, request.n);
	must(schnorr_sign(sig, credential, &h), "sign", NULL);
	put64(o, "request", request.p, request.n);
	json_hex(o, "signature", sig, sizeof sig);
	buf_free(&request);
}

/* The others could not answer it; the authority's own element is fine. */
static void
ask_for_elements(const struct voter *v)
{
	struct authorization *a = calloc(1, sizeof *a);
	uint8_t sealed[SEALED_SEED_BYTES] = {1};
	struct buf body = {0}, answer = {0};
	struct json_out o = json_out(&body);
	struct why why = {""};
	char url[300];
	long status = 0;

	if (a == NULL)
		exit(1);
	a->election = v->w->r.election;
	a->index = v->index;
	a->style = v->style;
	a->n = v->w->r.call.authorizers;
	memset(a->blinded, 0xff, sizeof a->blinded);
	a->blinded[0][0] = 0;
	sealed_seed_hash(&a->sealed_seed, &a->election, sealed);
	json_begin(&o, NULL, '{');
	json_text(&o, "session", v->session);
	put_request(&o, a, &v->credential);
	put64(&o, "sealed_seed", sealed, sizeof sealed);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/authorize", v->m.account);
	must(http_call(NULL, url, "application/json", body.p, body.n, &status, &answer, &why), url, &why);
	if (status != 200)
		must(ERR_DENIED, buf_cstr(&answer), NULL);
}

static int
dishonest_voter(char **a)
{
	struct world *w = calloc(1, sizeof *w);
	struct voter *v = calloc(1, sizeof *v);
	struct why why = {""};

	if (w == NULL || v == NULL)
		return 1;
	must(voter_message_read(&v->m, a[0], &why), a[0], &why);
	must(world_fetch(w, &v->m, &why), "record", &why);
	v->w = w;
	v->take_code = take_code;
	v->ctx = a[1];
	must(voter_login(v, &why), "login", &why);
	if (strcmp(a[2], "confirm") == 0)
		must(voter_confirm(v, &why), "confirm", &why);
	else
		ask_for_elements(v);
	return 0;
}

/* What is in an authorizer's /authorize, and who signs it. */
struct asked {
	struct authorization a;
	uint8_t sealed[SEALED_SEED_BYTES], answer[RSA_BYTES], seed[32], key[32];
	struct scalar credential, one_time;
};

static void
bytes_of(void *out, size_t n, struct fields *f, const char *name)
{
	uint8_t raw[AUTHORIZATION_MAX_BYTES + 4];
	const char *text = field_text(f, name, 8192);
	size_t have = sizeof raw;

	must(base64_decode(raw, &have, text, strlen(text)), name, NULL);
	memcpy(out, raw, have < n ? have : n);
}

static struct asked *
read_asked(const struct record *r, const char *message, const char *file)
{
	struct asked *q = calloc(1, sizeof *q);
	struct voter_message m;
	struct buf text = {0}, seed = {0};
	uint8_t request[AUTHORIZATION_MAX_BYTES + 4], seed_key[32], one_time_key[32];
	size_t n = sizeof request;
	struct json *root = NULL;
	struct fields f;
	struct why why = {""};

	if (q == NULL)
		exit(1);
	must(voter_message_read(&m, message, &why), message, &why);
	must(file_read(&text, file, 65536, &why), file, &why);
	must(json_parse(&root, text.p, text.n, 65536, &why), file, &why);
	f = fields_of(root, &why);
	must(base64_decode(request, &n, field_text(&f, "request", 8192), strlen(field_text(&f, "request", 8192))), "request", NULL);
	must(authorization_read(&q->a, request, n), "request", NULL);
	bytes_of(q->sealed, sizeof q->sealed, &f, "sealed_seed");
	bytes_of(q->answer, sizeof q->answer, &f, "answer");
	must(credential_derive(&q->credential, q->key, m.password, &m.call, m.user), message, NULL);
	must(seed_key_derive(seed_key, m.password, &m.call, m.user), message, NULL);
	must(unseal(&seed, seed_key, q->sealed, sizeof q->sealed, r->election.b, HASH_BYTES), "the request is of another voter", NULL);
	memcpy(q->seed, seed.p, sizeof q->seed);
	must(one_time_derive(&q->one_time, one_time_key, q->seed, &r->election, q->a.index, q->key), "one-time key", NULL);
	json_free(root);
	buf_free(&text);
	buf_free(&seed);
	return q;
}

/* The answer of authorizer k + 1 to a request of which only its own element and the authority's are the stored one's. */
static void
ask_alone(uint8_t answer[RSA_BYTES], const struct record *r, const struct asked *q, unsigned k)
{
	struct authorization *a = malloc(sizeof *a);
	struct buf body = {0};
	struct json_out o = json_out(&body);
	char url[300];

	if (a == NULL)
		exit(1);
	*a = q->a;
	for (unsigned i = 1; i < a->n; i++)
		if (i != k) {
			memset(a->blinded[i], 0, RSA_BYTES);
			a->blinded[i][RSA_BYTES - 1] = (uint8_t)(i + 1);
		}
	json_begin(&o, NULL, '{');
	put_request(&o, a, &q->credential);
	put64(&o, "sealed_seed", q->sealed, sizeof q->sealed);
	put64(&o, "answer", q->answer, RSA_BYTES);
	json_int(&o, "events", 0);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/authorize", r->call.authorizer[k].url);
	for (int tries = 0; tries < 6000; tries++, nap(5)) { /* until it is there: before the authority's relay comes again */
		struct buf got = {0};
		struct json *root = NULL;
		struct fields f, g;
		struct why why = {""};
		long status = 0;

		if (http_call(NULL, url, "application/json", body.p, body.n, &status, &got, &why) != OK || (status != 200 && status != 409)) {
			buf_free(&got);
			continue;
		}
		must(json_parse(&root, got.p, got.n, 65536, &why), url, &why);
		f = fields_of(root, &why);
		if (status == 409) { /* the relay was first: the same element, the same answer */
			g = fields_of(field_object(&f, "stored"), &why);
			bytes_of(answer, RSA_BYTES, &g, "answer");
		} else
			bytes_of(answer, RSA_BYTES, &f, "answer");
		(void)printf("authorizer %u answers %s\n", k + 1, status == 200 ? "a request of its own" : "the authority's request, which came first");
		free(a);
		return;
	}
	must(ERR_ABSENT, url, NULL);
}

static struct point
mark_of(const struct record *r, unsigned style, const char *choose)
{
	const struct contest *c = &r->m->contest[r->m->style[style - 1].contest[0]];
	const char *line = strchr(choose, '=');
	struct point table[MAX_LINES];

	marking_table(table, c->lines);
	for (unsigned l = 0; line != NULL && l < c->lines; l++)
		if (strcmp(c->line[l].id, line + 1) == 0)
			return table[l];
	must(ERR_RANGE, choose, NULL);
	return POINT_INFINITY;
}

static int
spread_requests(char **argv)
{
	const struct record *r = read_record(argv[0]);
	struct asked *q = read_asked(r, argv[1], argv[2]);
	unsigned set = (unsigned)strtoul(argv[3], NULL, 10), style = q->a.style;
	struct ballot *b = calloc(1, sizeof *b);
	struct scalar exponent;
	struct point mark = mark_of(r, style, argv[4]);
	struct buf bytes = {0};
	struct hash token;
	struct why why = {""};
	uint8_t one_time_key[32], answer[RSA_BYTES];

	if (b == NULL || r->m->style[style - 1].contests != 1)
		return 1;
	must(schnorr_public(one_time_key, &q->one_time), "one-time key", NULL);
	must(ballot_mark(b, &exponent, &r->election, style, one_time_key, &mark, 1, &r->joint.key), "mark", NULL);
	token_hash(&token, &r->election, style, one_time_key);
	memcpy(answer, q->answer, RSA_BYTES);
	for (unsigned k = 0; k < q->a.n; k++) {
		uint8_t random[RSA_BLINDING_BYTES];

		if (!(set >> k & 1))
			continue;
		if (k > 0)
			ask_alone(answer, r, q, k);
		must(blinding_derive(random, q->seed, &r->election, q->a.index, q->key, k + 1), "blinding", NULL);
		must(rsa_finalize(b->token[b->signatures].sig, r->key[k][style - 1], &token, answer, random), "token", NULL);
		b->token[b->signatures++].authorizer = k + 1;
	}
	must(ballot_finish(b, &exponent, &q->one_time), "finish", NULL);
	ballot_write(&bytes, b);
	must(file_write(argv[5], bytes.p, bytes.n, 0644, &why), argv[5], &why);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "voter") == 0)
		return dishonest_voter(argv + 2);
	if (argc == 8 && strcmp(argv[1], "spread") == 0)
		return spread_requests(argv + 2);
	if (argc == 9 && strcmp(argv[1], "ballot") == 0)
		return forge_ballot(argv + 2);
	if (argc == 5 && strcmp(argv[1], "ceremony") == 0)
		return forge_ceremony(argv + 2);
	if (argc == 7 && strcmp(argv[1], "sign") == 0)
		return forge_signature(argv + 2);
	(void)fprintf(stderr, "usage: example_forger ballot RECORD FIRST MESSAGE MINE BALLOT STYLE OUT | ceremony RECORD KEYS OUT | sign RECORD PURPOSE FILE KEYS NAME |\n"
			      "  voter MESSAGE OUTBOX confirm|elements | spread RECORD MESSAGE ASK SET CHOOSE OUT\n");
	return 2;
}
