/* tests/example_forger.c - what somebody with true keys and false intentions makes: well formed, signed, and of the wrong place.
 *
 *   example_forger ballot RECORD FIRST MESSAGE MINE BALLOT STYLE OUT
 *       the voter of MESSAGE and MINE (urna vote --mine), whose record is FIRST, puts the token of BALLOT into a
 *       ballot of RECORD's election and of STYLE, with true proofs and a true signature
 *   example_forger ceremony RECORD KEYS OUT
 *       all trustees (KEYS/NAME.key, NAME.pass) make another joint key: OUT and OUT.note in place of key/transcript.json
 *   example_forger sign RECORD PURPOSE FILE KEYS NAME
 *       NAME signs a document that `urna sign` would refuse: FILE.note
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/kdf.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "election/record.h"

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

int
main(int argc, char **argv)
{
	if (argc == 9 && strcmp(argv[1], "ballot") == 0)
		return forge_ballot(argv + 2);
	if (argc == 5 && strcmp(argv[1], "ceremony") == 0)
		return forge_ceremony(argv + 2);
	if (argc == 7 && strcmp(argv[1], "sign") == 0)
		return forge_signature(argv + 2);
	(void)fprintf(stderr, "usage: example_forger ballot RECORD FIRST MESSAGE MINE BALLOT STYLE OUT | ceremony RECORD KEYS OUT | sign RECORD PURPOSE FILE KEYS NAME\n");
	return 2;
}
