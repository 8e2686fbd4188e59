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

#include "crypto/hpke.h"
#include "election/record.h"

#define FILE_NAME "spec/vectors/vectors.json"

static void
point_text(struct json_out *o, const char *name, const struct point *p)
{
	uint8_t b[POINT_BYTES];

	assert_int_equal(point_write(b, p), OK);
	json_hex(o, name, b, sizeof b);
}

/* Sealed under a nonce from the seed, so that the same request is the same bytes. */
static void
sealed_seed(struct json_out *o, const struct hash *election, const uint8_t seed[32], const uint8_t seed_key[32])
{
	uint8_t sealed[SEALED_SEED_BYTES];
	struct hash h;

	assert_int_equal(hkdf(sealed, 12, seed, 32, election->b, HASH_BYTES, tag_name(TAG_SEED), strlen(tag_name(TAG_SEED))), OK);
	assert_int_equal(gcm_encrypt(sealed + 12, seed_key, 32, sealed, seed, 32, election->b, HASH_BYTES), OK);
	json_hex(o, "sealed_seed", sealed, sizeof sealed);
	sealed_seed_hash(&h, election, sealed);
	json_hash(o, "sealed_seed_hash", &h);
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
	sealed_seed(o, election, seed, seed_key);
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

/* The first ballot's hashes, which its own signatures prove. */
static void
ballot_hashes(struct json_out *o, const struct ballot *x)
{
	struct buf b = {0}, bytes = {0};
	struct hash h;

	json_begin(o, "ballot_proof_hashes_0", '[');
	for (unsigned i = 0; i < x->contests; i++) {
		b.n = 0;
		buf_put(&b, x->election.b, HASH_BYTES);
		buf_u16(&b, x->style);
		buf_u8(&b, i + 1);
		buf_put(&b, x->key, XONLY_BYTES);
		buf_put(&b, x->vote[i].c1, POINT_BYTES);
		buf_put(&b, x->vote[i].c2, POINT_BYTES);
		tagged_hash(&h, TAG_BALLOT_PROOF, b.p, b.n);
		assert_int_equal(schnorr_verify(x->vote[i].proof, x->vote[i].c1 + 1, &h), OK);
		json_hash(o, NULL, &h);
	}
	json_end(o, ']');
	ballot_write(&bytes, x);
	tagged_hash(&h, TAG_BALLOT, bytes.p, bytes.n - SCHNORR_BYTES);
	assert_int_equal(schnorr_verify(x->sig, x->key, &h), OK);
	json_hash(o, "ballot_hash_0", &h);
	buf_free(&b);
	buf_free(&bytes);
}

struct first {
	const struct record *r;
	struct json_out *o;
	int done;
};

static enum err
first_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct first *x = ctx;
	struct hash h;

	if (x->done || !row->present)
		return OK;
	authorization_hash(&h, row->request, row->request_n);
	assert_int_equal(roll_signed(&x->r->roll.row[index], row->sig, &h), OK);
	json_int(x->o, "authorization_index", index);
	json_hash(x->o, "authorization_hash", &h);
	x->done = 1;
	return OK;
}

/* The first request of the authority's list, which its voter signed. */
static void
authorization(struct json_out *o, struct record *r)
{
	struct first x = {r, o, 0};
	struct buf b = {0};
	struct why why = {""};

	assert_int_equal(record_file(r, "authorizations/autoridad", 1 << 24, &b, &why), OK);
	assert_int_equal(list_read(b.p, b.n, &r->election, 1, r->call.authorizers, r->roll.n, first_row, &x, &why), OK);
	assert_true(x.done);
	buf_free(&b);
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
	ballot_hashes(o, &b);
	authorization(o, r);
	json_end(o, '}');
}

/* The text of a message of the transcript. */
static struct json *
message(struct json **root, const struct record *r, const char *round, size_t i)
{
	struct json *all, *text;
	struct why why = {""};
	struct fields f, g;

	assert_int_equal(json_parse(&all, r->transcript.p, r->transcript.n, 8 << 20, &why), OK);
	f = fields_of(all, &why);
	g = fields_of(field_array(&f, round, MAX_TRUSTEES)->item[i], &why);
	assert_int_equal(json_parse(&text, field_text(&g, "text", 65536), strlen(field_text(&g, "text", 65536)), 65536, &why), OK);
	json_free(all);
	*root = text;
	return text;
}

/* What the first trustee of the worked example proved and committed to, and a share of its own. */
static void
ceremony(struct json_out *o, const struct record *r)
{
	struct json *one, *two, *points;
	uint8_t possession[SCHNORR_BYTES], c0[POINT_BYTES], c[POINT_BYTES], secret[32], ephemeral[32], key[32], share[32];
	struct hash have, want, h;
	struct buf b = {0}, info = {0}, sealed = {0};
	struct why why = {""};
	struct fields f, g;

	f = fields_of(message(&one, r, "round1", 0), &why);
	field_hash(&f, "commitment", &want);
	g = fields_of(message(&two, r, "round2", 0), &why);
	field_hex(&g, "possession", possession, sizeof possession);
	points = field_array(&g, "points", MAX_TRUSTEES);
	buf_put(&b, r->call.hash.b, HASH_BYTES);
	buf_u32(&b, 1);
	buf_u8(&b, 1);
	buf_u8(&b, (unsigned)points->n);
	for (size_t i = 0; i < points->n; i++) {
		assert_int_equal(hex_decode(c, sizeof c, points->item[i]->text, strlen(points->item[i]->text)), OK);
		buf_put(&b, c, sizeof c);
		if (i == 0)
			memcpy(c0, c, sizeof c0);
	}
	assert_true(f.e == OK && g.e == OK);
	json_begin(o, "ceremony", '{');
	tagged_hash(&h, TAG_POSSESSION, b.p, b.n);
	assert_int_equal(schnorr_verify(possession, c0 + 1, &h), OK);
	json_hash(o, "possession_hash_1", &h);
	buf_put(&b, possession, sizeof possession);
	tagged_hash(&have, TAG_CEREMONY_COMMIT, b.p, b.n);
	assert_memory_equal(have.b, want.b, HASH_BYTES);
	json_hash(o, "commitment_1", &have);
	buf_str(&info, tag_name(TAG_CEREMONY_SHARE));
	buf_put(&info, r->call.hash.b, HASH_BYTES);
	buf_u32(&info, 1);
	buf_u8(&info, 1);
	buf_u8(&info, 2);
	json_hex(o, "share_info_1_to_2", info.p, info.n);
	for (unsigned i = 0; i < 32; i++) {
		secret[i] = (uint8_t)(i + 1);
		ephemeral[i] = (uint8_t)(0x60 + i);
		share[i] = (uint8_t)(0x20 + i);
	}
	assert_int_equal(hpke_public(key, secret), OK);
	assert_int_equal(hpke_seal_with(&sealed, ephemeral, key, info.p, info.n, NULL, 0, share, sizeof share), OK);
	json_hex(o, "transport_secret_2", secret, sizeof secret);
	json_hex(o, "transport_2", key, sizeof key);
	json_hex(o, "ephemeral_secret", ephemeral, sizeof ephemeral);
	json_hex(o, "share", share, sizeof share);
	json_hex(o, "sealed_share", sealed.p, sealed.n);
	json_end(o, '}');
	json_free(one);
	json_free(two);
	buf_free(&b);
	buf_free(&info);
	buf_free(&sealed);
}

/* The key that a card's PIN and serial give. */
static void
share_seal(struct json_out *o)
{
	static const char pin[] = "siete palabras de un juego de tarjetas", serial[] = "097f11847d2cb63c";
	uint8_t salt[16], key[32];
	struct buf b = {0};
	struct hash h;

	for (unsigned i = 0; i < sizeof salt; i++)
		salt[i] = (uint8_t)(0xa0 + i);
	buf_put(&b, salt, sizeof salt);
	buf_vec8(&b, serial, strlen(serial));
	tagged_hash(&h, TAG_SHARE_SEAL, b.p, b.n);
	assert_int_equal(slow_hash(key, pin, strlen(pin), h.b, HASH_BYTES), OK);
	json_begin(o, "card", '{');
	json_text(o, "pin", pin);
	json_text(o, "serial", serial);
	json_hex(o, "salt", salt, sizeof salt);
	json_hash(o, "share_seal_hash", &h);
	json_hex(o, "key", key, sizeof key);
	json_end(o, '}');
	buf_free(&b);
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
	ceremony(&o, r);
	share_seal(&o);
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
