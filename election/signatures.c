#include "election/signatures.h"

#include <stdlib.h>
#include <string.h>

/* Enough that a batch costs little more for each than a larger one. */
enum { AT_ONCE = 8192 };

struct signatures {
	const struct roll *roll;
	unsigned threads;
	size_t n;
	struct schnorr_item item[AT_ONCE];
	uint8_t sig[AT_ONCE][SCHNORR_BYTES];
	uint32_t index[AT_ONCE];
};

enum err
signatures_new(struct signatures **out, const struct roll *roll, unsigned threads)
{
	struct signatures *s = malloc(sizeof *s);

	if (s == NULL)
		return ERR_NOMEM;
	s->roll = roll;
	s->threads = threads;
	s->n = 0;
	*out = s;
	return OK;
}

void
signatures_free(struct signatures *s)
{
	free(s);
}

enum err
signatures_end(struct signatures *s, uint32_t *false_index)
{
	enum err e = schnorr_verify_batch(s->item, s->n, s->threads);

	for (size_t i = 0; e == ERR_PROOF && i < s->n; i++)
		if (s->item[i].bad) {
			*false_index = s->index[i];
			break;
		}
	s->n = 0;
	return e;
}

enum err
signatures_add(struct signatures *s, uint32_t index, const uint8_t sig[SCHNORR_BYTES], const struct hash *message, uint32_t *false_index)
{
	const struct roll_row *row = &s->roll->row[index];
	struct schnorr_item *item = &s->item[s->n];

	if (row->replaced) { /* few: which of two keys it is, only trying tells */
		*false_index = index;
		return roll_signed(row, sig, message) == OK ? OK : ERR_PROOF;
	}
	memcpy(s->sig[s->n], sig, SCHNORR_BYTES);
	*item = (struct schnorr_item){.sig = s->sig[s->n], .key = row->key, .message = *message};
	s->index[s->n++] = index;
	return s->n == AT_ONCE ? signatures_end(s, false_index) : OK;
}
