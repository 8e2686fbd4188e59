/* tests/test_spec.c - spec/vectors/vectors.json is what this code computes, and the worked example beside it verifies.
 *
 * With URNA_WRITE_VECTORS=1 the file is written instead of compared: only before a format is final.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "election/record.h"

#define FILE_NAME "spec/vectors/vectors.json"

static void
point_text(struct json_out *o, const char *name, const struct point *p)
{
	uint8_t b[POINT_BYTES];

	assert_int_equal(point_write(b, p), OK);
	json_hex(o, name, b, sizeof b);
}

static void
voter(struct json_out *o, const struct hash *call, const struct hash *election)
{
	static const char password[] = "aaaaabbbbbcccccddddd", user[] = "persona000001";
	char full[PASSWORD_LETTERS + 1];
	struct hash h;
	struct scalar secret;
	uint8_t seed[32], seed_key[32], credential[32], key[32], blinding[RSA_BLINDING_BYTES], server[32], client[32];

	/* the check letters of the password */
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	sha256(&h, password, 20);
	(void)snprintf(full, sizeof full, "%s%c%c", password, letters[h.b[0] & 31], letters[h.b[1] & 31]);
	assert_true(password_valid(full));
	for (unsigned i = 0; i < 32; i++) {
		seed[i] = (uint8_t)i;
		server[i] = (uint8_t)(0x40 + i);
		client[i] = (uint8_t)(0x80 + i);
	}
	json_begin(o, "voter", '{');
	json_text(o, "password", full);
	json_text(o, "user", user);
	assert_int_equal(credential_derive(&secret, credential, full, call, user), OK);
	json_hex(o, "credential_secret", secret.b, 32);
	json_hex(o, "credential", credential, 32);
	assert_int_equal(seed_key_derive(seed_key, full, call, user), OK);
	json_hex(o, "seed_key", seed_key, 32);
	json_hex(o, "seed", seed, 32);
	json_int(o, "roll_index", 7);
	assert_int_equal(one_time_derive(&secret, key, seed, election, 7, credential), OK);
	json_hex(o, "one_time_secret", secret.b, 32);
	json_hex(o, "one_time_key", key, 32);
	assert_int_equal(blinding_derive(blinding, seed, election, 7, credential, 1), OK);
	json_hex(o, "blinding_1", blinding, sizeof blinding);
	token_hash(&h, election, 2, key);
	json_hash(o, "token_hash_style_2", &h);
	json_hex(o, "server_nonce", server, 32);
	json_hex(o, "client_nonce", client, 32);
	login_hash(&h, election, "https://cuenta.example", server, client, user);
	json_hash(o, "login_hash", &h);
	confirmation_hash(&h, election, 7);
	json_hash(o, "confirmation_hash", &h);
	receipt_request_hash(&h, election, key, 1780333200);
	json_hash(o, "receipt_request_hash_1780333200", &h);
	roll_row_hash(&h, call, seed, "persona000001\nPersona\np@correo.example\n+52 55\n2");
	json_hash(o, "row_commitment", &h);
	json_end(o, '}');
}

static void
sessions(struct json_out *o)
{
	struct session s = {.sid = "E0123456789abcdef0123456789abcdef01234567", .auxsid = "S0001", .nopart = 3, .thres = 2, .ebitlen = 128, .vbitlen = 256};
	struct point h[3];
	struct buf b = {0};

	session_start(&s);
	json_begin(o, "session", '{');
	json_text(o, "sid", s.sid);
	json_text(o, "auxsid", s.auxsid);
	json_int(o, "nopart", 3);
	json_int(o, "thres", 2);
	json_int(o, "ebitlenro", 128);
	json_hash(o, "rho", &s.rho);
	assert_int_equal(session_generators(h, 3, &s), OK);
	json_begin(o, "generators", '[');
	for (int i = 0; i < 3; i++)
		point_text(o, NULL, &h[i]);
	json_end(o, ']');
	session_protinfo(&b, &s);
	json_text(o, "protInfo.xml", buf_cstr(&b));
	buf_free(&b);
	json_end(o, '}');
}

static void
markings(struct json_out *o)
{
	struct point table[17];

	marking_table(table, 17);
	json_begin(o, "markings", '[');
	for (int i = 0; i < 17; i++)
		point_text(o, NULL, &table[i]);
	json_end(o, ']');
}

/* Of the worked example: what a verifier computes from its first ballot. */
static void
example(struct json_out *o, struct record *r)
{
	struct ballot b;
	struct hash h;
	char letters[40];

	json_begin(o, "record", '{');
	json_hash(o, "call", &r->call.hash);
	json_hash(o, "election", &r->election);
	json_hash(o, "styles_hash", &r->m->styles_hash);
	point_text(o, "joint_key", &r->joint.key);
	json_int(o, "ballots", (int64_t)r->ballots);
	json_hash(o, "ballots_root", &r->ballots_head.root);
	json_hash(o, "events_root", &r->events_head.root);
	assert_true(r->ballots > 0);
	record_leaf(r, 0, &h);
	json_hash(o, "leaf_hash_0", &h);
	record_ballot(r, 0, &b);
	commitment_hash(&h, &b);
	json_hash(o, "commitment_0", &h);
	commitment_letters(letters, &h);
	json_text(o, "commitment_letters_0", letters);
	json_end(o, '}');
}

static void
vectors(void **state)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf out = {0}, have = {0};
	struct json_out o = json_out(&out);
	struct hash call, election;
	struct why why = {""};

	(void)state;
	sha256(&call, "call", 4);
	sha256(&election, "election", 8);
	r->src = source_dir("spec/vectors/record");
	if (record_call(r, &why) != OK || record_key(r, &why) != OK || record_setup(r, &why) != OK || record_opening(r, &why) != OK ||
	    record_events(r, &why) != OK || record_ballots(r, &why) != OK)
		fail_msg("%s", why.text);
	json_begin(&o, NULL, '{');
	json_hash(&o, "call", &call);
	json_hash(&o, "election", &election);
	voter(&o, &call, &election);
	markings(&o);
	sessions(&o);
	example(&o, r);
	json_end(&o, '}');
	assert_false(out.failed);
	if (getenv("URNA_WRITE_VECTORS") != NULL)
		assert_int_equal(file_write(FILE_NAME, out.p, out.n, 0644, &why), OK);
	assert_int_equal(file_read(&have, FILE_NAME, 1 << 20, &why), OK);
	assert_int_equal(have.n, out.n);
	assert_memory_equal(have.p, out.p, out.n);
	buf_free(&out);
	buf_free(&have);
	record_free(r);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
