#include "verifier/mine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/kdf.h"

struct mine {
	const struct record *r;
	uint32_t index;
	const uint8_t *one_time_key;
	const uint8_t *seed, *credential;
	int found;
	struct list_walk *walk;
	struct why *why;
};

/* The request at the own roll index blinds the token of the own key, for every authorizer. */
static enum err
on_row(void *ctx, uint32_t index, const struct list_row *row)
{
	struct mine *m = ctx;
	const struct record *r = m->r;
	struct authorization *a;
	struct hash token;
	enum err e = OK;

	if (index != m->index || !row->present)
		return OK;
	if ((a = malloc(sizeof *a)) == NULL)
		return ERR_NOMEM;
	if (authorization_read(a, row->request, row->request_n) != OK || a->n != r->call.authorizers)
		e = why_set(m->why, ERR_PROOF, "the request published for your roll index is malformed");
	token_hash(&token, &r->election, r->roll.row[index].style, m->one_time_key);
	for (unsigned k = 0; e == OK && k < a->n; k++) {
		uint8_t random[RSA_BLINDING_BYTES], want[RSA_BYTES];

		if ((e = blinding_derive(random, m->seed, &r->election, index, m->credential, k + 1)) == OK &&
		    (e = rsa_blind(want, r->key[k][r->roll.row[index].style - 1], &token, random)) == OK && memcmp(want, a->blinded[k], RSA_BYTES) != 0)
			e = why_set(m->why, ERR_PROOF, "the request published for your roll index is not the one of your seed: keep your file, it is evidence");
		wipe(random, sizeof random);
	}
	m->found = 1;
	free(a);
	return e;
}

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	struct mine *m = ctx;

	return list_feed(m->walk, p, n, m->why);
}

/* The private file. */
struct private_file {
	uint32_t index;
	uint8_t sealed[SEALED_SEED_BYTES];
	struct hash commitment;
};

static enum err
read_private(struct private_file *out, const struct record *r, const void *p, size_t n, struct why *why)
{
	struct json *root = NULL;
	struct hash election;
	struct fields f;
	enum err e;

	if ((e = json_parse(&root, p, n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "mine") != 0)
		(void)field_bad(&f, 1, "not a voter's private file");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "election", &election);
	out->index = (uint32_t)field_int(&f, "roll_index", 0, r->roll.n > 0 ? r->roll.n - 1 : 0);
	field_hex(&f, "sealed_seed", out->sealed, sizeof out->sealed);
	field_hash(&f, "commitment", &out->commitment);
	e = fields_end(&f);
	json_free(root);
	if (e == OK && !hash_equal(&election, &r->election))
		e = why_set(why, ERR_RANGE, "the private file is of another election than the record");
	return e == OK && r->roll.n == 0 ? why_set(why, ERR_RANGE, "the record's roll is empty") : e;
}

/* What the password opens. */
struct secrets {
	struct scalar credential, one_time;
	uint8_t seed_key[32];
	struct buf seed;
};

static void
forget(struct secrets *k)
{
	if (k->seed.n > 0)
		wipe(k->seed.p, k->seed.n);
	buf_free(&k->seed);
	wipe(k, sizeof *k);
}

static enum err
open_private(struct secrets *k, uint8_t credential[XONLY_BYTES], uint8_t key[XONLY_BYTES], const struct private_file *file, const struct record *r, const char *user,
    const char *password, struct why *why)
{
	const struct roll_row *row = &r->roll.row[file->index];
	enum err e;

	if ((e = credential_derive(&k->credential, credential, password, &r->call.hash, user)) != OK || (e = seed_key_derive(k->seed_key, password, &r->call.hash, user)) != OK)
		return e;
	if (memcmp(credential, row->key, XONLY_BYTES) != 0 && !(row->replaced && memcmp(credential, row->next, XONLY_BYTES) == 0))
		return why_set(why, ERR_DENIED, "user name or password is not that of roll index %u", file->index);
	if (unseal(&k->seed, k->seed_key, file->sealed, sizeof file->sealed, r->election.b, HASH_BYTES) != OK || k->seed.n != 32)
		return why_set(why, ERR_DENIED, "the private file does not open with this password");
	return one_time_derive(&k->one_time, key, k->seed.p, &r->election, file->index, credential);
}

/* The authority's list shows the voter's own request. */
static enum err
find_request(struct mine *m)
{
	const struct record *r = m->r;
	struct list_walk walk = {.election = &r->election, .authorizer = 1, .authorizers = r->call.authorizers, .rows = r->roll.n, .each = on_row, .ctx = m};
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "authorizations/%.128s", r->call.authorizer[0].key.name);
	m->walk = &walk;
	if ((e = source_stream(&r->src, path, SIZE_MAX, on_piece, m, m->why)) == OK)
		e = list_end(&walk, m->why);
	else
		buf_free(&walk.pending);
	if (e == OK && !m->found)
		e = why_set(m->why, ERR_ABSENT, "no authorization is published for your roll index %u: keep your file, it is evidence", m->index);
	return e;
}

/* The ballot under the voter's own key. */
static enum err
find_ballot(uint64_t *index, char letters[40], const struct mine *m, const struct hash *noted)
{
	struct ballot b;
	struct hash h;
	uint64_t at;

	for (at = 0; at < m->r->ballots; at++) {
		record_ballot(m->r, at, &b);
		if (memcmp(b.key, m->one_time_key, XONLY_BYTES) == 0)
			break;
	}
	if (at == m->r->ballots)
		return why_set(m->why, ERR_ABSENT, "the record holds no ballot under your one-time key: keep your receipt, it is evidence");
	commitment_hash(&h, &b);
	commitment_letters(letters, &h);
	*index = at;
	return hash_equal(&h, noted) ? OK : why_set(m->why, ERR_PROOF, "the ballot under your key has commitment %s, not the one in your file", letters);
}

enum err
mine_check(uint64_t *index, char letters[40], struct record *r, const void *file, size_t n, const char *user, const char *password, struct why *why)
{
	struct secrets k = {.seed = {0}};
	struct private_file own;
	uint8_t credential[XONLY_BYTES], key[XONLY_BYTES];
	enum err e;

	if ((e = read_private(&own, r, file, n, why)) != OK)
		return e;
	if ((e = open_private(&k, credential, key, &own, r, user, password, why)) == OK) {
		struct mine m = {.r = r, .index = own.index, .one_time_key = key, .seed = k.seed.p, .credential = credential, .why = why};

		if ((e = find_request(&m)) == OK)
			e = find_ballot(index, letters, &m, &own.commitment);
	}
	forget(&k);
	return e;
}

enum err
mine_key(struct scalar *one_time, uint8_t key[XONLY_BYTES], const struct record *r, const void *file, size_t n, const char *user, const char *password, struct why *why)
{
	struct secrets k = {.seed = {0}};
	struct private_file own;
	uint8_t credential[XONLY_BYTES];
	enum err e;

	if ((e = read_private(&own, r, file, n, why)) == OK && (e = open_private(&k, credential, key, &own, r, user, password, why)) == OK)
		*one_time = k.one_time;
	forget(&k);
	return e;
}
