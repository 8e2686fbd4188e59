#include "verifier/challenge_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/cmd.h"
#include "verifier/options.h"

/* c1 = r*G and c2 = i*G + r*Y, with the marking and the exponent that the page gave away. */
static void
check_contest(struct ballot *b, unsigned i, struct json *item, const struct contest *c, const struct point *key, struct fields *f)
{
	struct fields g = fields_of(item, f->why);
	struct point table[MAX_LINES];
	uint8_t exponent[SCALAR_BYTES], c1[POINT_BYTES], c2[POINT_BYTES];
	struct ciphertext enc;
	struct scalar r;
	int64_t marking;

	(void)field_text(&g, "contest", 16);
	marking = field_int(&g, "marking", 0, c->lines);
	field_hex(&g, "exponent", exponent, sizeof exponent);
	field_hex(&g, "c1", b->vote[i].c1, POINT_BYTES);
	field_hex(&g, "c2", b->vote[i].c2, POINT_BYTES);
	if ((f->e = fields_end(&g)) != OK)
		return;
	if (marking == 0 || scalar_read(&r, exponent) != OK || scalar_is_zero(&r)) {
		(void)field_bad(f, item->line, "contest %s: no marking", c->id);
		return;
	}
	marking_table(table, c->lines);
	elgamal_encrypt(&enc, &table[marking - 1], key, &r);
	if (point_write(c1, &enc.c1) != OK || memcmp(c1, b->vote[i].c1, POINT_BYTES) != 0 || point_write(c2, &enc.c2) != OK ||
	    memcmp(c2, b->vote[i].c2, POINT_BYTES) != 0)
		(void)field_bad(f, item->line, "contest %s: the ciphertext is not line %s", c->id, c->line[marking - 1].id);
	else
		(void)printf("contest %-8s %s\n", c->id, c->line[marking - 1].id);
}

/* Every contest, and the commitment over them. */
static enum err
check_challenge(struct hash *commitment, struct ballot *b, const struct json *root, const struct record *r, struct why *why)
{
	struct fields f = fields_of((struct json *)(uintptr_t)root, why);
	const struct style *style;
	struct json *list;
	struct hash said;

	if (strcmp(field_text(&f, "urna", 20), "challenge") != 0)
		(void)field_bad(&f, 1, "not a challenge");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "election", &b->election);
	b->style = (unsigned)field_int(&f, "style", 1, r->m->styles);
	field_hex(&f, "one_time_key", b->key, XONLY_BYTES);
	field_hash(&f, "commitment", &said);
	list = field_array(&f, "contests", MAX_CONTESTS);
	if (f.e != OK)
		return f.e;
	style = &r->m->style[b->style - 1];
	if (!hash_equal(&b->election, &r->election) || list->n != style->contests)
		(void)field_bad(&f, 1, "of another election, or not its style's contests");
	for (; f.e == OK && b->contests < list->n; b->contests++)
		check_contest(b, b->contests, list->item[b->contests], &r->m->contest[style->contest[b->contests]], &r->joint.key, &f);
	if (fields_end(&f) != OK)
		return f.e;
	commitment_hash(commitment, b);
	return hash_equal(commitment, &said) ? OK : why_set(why, ERR_PROOF, "the commitment is not over these ciphertexts");
}

static int
challenge(struct record *r, struct ballot *b, const char *file, const char *pinned)
{
	struct json *root = NULL;
	struct buf text = {0};
	struct why why = {""};
	struct hash commitment;
	char letters[40];
	enum err e;

	if (file_read(&text, file, 1 << 20, &why) != OK)
		return cannot(&why);
	if ((e = read_election(r, pinned, &why)) != OK) {
		buf_free(&text);
		return not_verified(e, "the record: ", &why);
	}
	if ((e = json_parse(&root, text.p, text.n, 1 << 20, &why)) == OK)
		e = check_challenge(&commitment, b, root, r, &why);
	json_free(root);
	wipe(text.p, text.n);
	buf_free(&text);
	if (e != OK)
		return not_verified(e, "", &why);
	commitment_letters(letters, &commitment);
	(void)printf("commitment %s: is it the one you noted before you chose to check?\n", letters);
	return verified("", pinned);
}

int
cmd_challenge(int argc, char **argv)
{
	const char *where = option(argc, argv, "--record"), *file;
	struct record *r = calloc(1, sizeof *r);
	struct ballot *b = calloc(1, sizeof *b);
	struct why why = {"out of memory"};
	const char *pinned;
	char id[65];
	int code = -1;

	if (r == NULL || b == NULL || option_election(argc, argv, id, &pinned, &why) != OK)
		code = cannot(&why);
	else if ((file = word(argc, argv)) != NULL && where != NULL)
		code = source_open(&r->src, where, &why) == OK ? challenge(r, b, file, pinned) : cannot(&why);
	if (r != NULL)
		record_free(r);
	free(r);
	free(b);
	return code;
}
