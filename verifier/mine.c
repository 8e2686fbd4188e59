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

enum err
mine_check(uint64_t *index, char letters[40], struct record *r, const void *file, size_t n, const char *user, const char *password, struct why *why)
{
	struct {
		struct scalar credential, one_time;
		uint8_t seed_key[32];
		struct buf seed;
	} k = {.seed = {0}};
	struct mine m = {.r = r, .why = why};
	struct json *root = NULL;
	struct list_walk walk;
	struct hash election, noted, h;
	uint8_t sealed[SEALED_SEED_BYTES], credential[32], key[32];
	struct ballot b;
	struct fields f;
	char path[200];
	uint64_t at;
	enum err e;

	if ((e = json_parse(&root, file, n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "mine") != 0)
		(void)field_bad(&f, 1, "not a voter's private file");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "election", &election);
	m.index = (uint32_t)field_int(&f, "roll_index", 0, r->roll.n > 0 ? r->roll.n - 1 : 0);
	field_hex(&f, "sealed_seed", sealed, sizeof sealed);
	field_hash(&f, "commitment", &noted);
	e = fields_end(&f);
	json_free(root);
	if (e == OK && !hash_equal(&election, &r->election))
		e = why_set(why, ERR_RANGE, "the private file is of another election than the record");
	if (e != OK)
		return e;
	if ((e = credential_derive(&k.credential, credential, password, &r->call.hash, user)) != OK || (e = seed_key_derive(k.seed_key, password, &r->call.hash, user)) != OK)
		goto done;
	if (memcmp(credential, r->roll.row[m.index].key, 32) != 0 && !(r->roll.row[m.index].replaced && memcmp(credential, r->roll.row[m.index].next, 32) == 0)) {
		e = why_set(why, ERR_DENIED, "user name or password is not that of roll index %u", m.index);
		goto done;
	}
	if (unseal(&k.seed, k.seed_key, sealed, sizeof sealed, r->election.b, HASH_BYTES) != OK || k.seed.n != 32) {
		e = why_set(why, ERR_DENIED, "the private file does not open with this password");
		goto done;
	}
	if ((e = one_time_derive(&k.one_time, key, k.seed.p, &r->election, m.index, credential)) != OK)
		goto done;
	m.one_time_key = key;
	m.seed = k.seed.p;
	m.credential = credential;
	(void)snprintf(path, sizeof path, "authorizations/%.128s", r->call.authorizer[0].key.name);
	walk = (struct list_walk){.election = &r->election, .authorizer = 1, .authorizers = r->call.authorizers, .rows = r->roll.n, .each = on_row, .ctx = &m};
	m.walk = &walk;
	if ((e = source_stream(&r->src, path, on_piece, &m, why)) == OK)
		e = list_end(&walk, why);
	else
		buf_free(&walk.pending);
	if (e != OK)
		goto done;
	if (!m.found) {
		e = why_set(why, ERR_ABSENT, "no authorization is published for your roll index %u: keep your file, it is evidence", m.index);
		goto done;
	}
	for (at = 0; at < r->ballots; at++) {
		record_ballot(r, at, &b);
		if (memcmp(b.key, key, 32) == 0)
			break;
	}
	if (at == r->ballots) {
		e = why_set(why, ERR_ABSENT, "the record holds no ballot under your one-time key: keep your receipt, it is evidence");
		goto done;
	}
	commitment_hash(&h, &b);
	commitment_letters(letters, &h);
	*index = at;
	if (!hash_equal(&h, &noted))
		e = why_set(why, ERR_PROOF, "the ballot under your key has commitment %s, not the one in your file", letters);
done:
	if (k.seed.n > 0)
		wipe(k.seed.p, k.seed.n);
	buf_free(&k.seed);
	wipe(&k, sizeof k);
	return e;
}
