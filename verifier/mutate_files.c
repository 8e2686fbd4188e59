/* verifier/mutate_files.c - what anyone who has the files can do to them, and what a person holds against them.
 * Spec    spec/record.md#self-test
 */
#include "verifier/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/bytetree.h"

/* ---- bytes of a file ----------------------------------------------------------------------- */

void
spoil_flip(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);

	if (b == NULL || b->n == 0)
		return;
	b->p[b->n / 2] ^= 1;
	m->made = 1;
}

void
spoil_one_byte_more(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);

	if (b == NULL)
		return;
	buf_u8(b, it->a != NULL ? (unsigned)it->a[0] : 0);
	m->made = 1;
}

void
spoil_gone(struct mutant *m, const struct mutation *it)
{
	char path[300];

	m->made = mutant_path(path, m, it->path) && overlay_remove(&m->files, path);
}

void
spoil_extra(struct mutant *m, const struct mutation *it)
{
	char path[300];
	struct buf *b;

	if (!mutant_path(path, m, it->path) || (b = overlay_add(&m->files, path)) == NULL)
		return;
	buf_str(b, "not of the record\n");
	m->made = 1;
}

/* The first `a` becomes `b`. */
void
spoil_text(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path), out = {0};
	uint8_t *at = b != NULL ? memmem(b->p, b->n, it->a, strlen(it->a)) : NULL;

	if (at == NULL)
		return;
	buf_put(&out, b->p, (size_t)(at - b->p));
	buf_str(&out, it->b);
	buf_put(&out, at + strlen(it->a), b->n - (size_t)(at - b->p) - strlen(it->a));
	buf_free(b);
	*b = out;
	m->made = 1;
}

/* The first digit after `a` becomes another. */
void
spoil_digit_after(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	uint8_t *at = b != NULL ? memmem(b->p, b->n, it->a, strlen(it->a)) : NULL;

	for (at = at != NULL ? at + strlen(it->a) : NULL; at != NULL && at < b->p + b->n; at++)
		if (*at >= '0' && *at <= '9') {
			*at = *at == '9' ? '8' : (uint8_t)(*at + 1);
			m->made = 1;
			return;
		}
}

/* One file's bytes under another's name. */
void
spoil_copied(struct mutant *m, const struct mutation *it)
{
	struct buf *to = mutant_change(m, it->path), from = {0};
	char path[300];

	if (to == NULL || !mutant_path(path, m, it->a) || source_read(m->files.base, path, 1 << 30, &from, NULL) != OK)
		return;
	m->made = from.n != to->n || memcmp(from.p, to->p, to->n) != 0;
	buf_free(to);
	*to = from;
}

/* Any t trustees suffice, so that as many are spoilt as leave one too few. */
static void
all_but_few(struct mutant *m, const struct mutation *it, void (*spoil)(struct mutant *, const struct mutation *))
{
	unsigned spoilt = 0, needed = 0;

	while (mutant_entry(m->r, "factors", needed) != NULL)
		needed++;
	needed = needed >= m->r->joint.t ? needed - m->r->joint.t + 1 : 0;
	for (m->nth = 0; m->nth < needed; m->nth++) {
		m->made = 0;
		spoil(m, it);
		spoilt += m->made != 0;
	}
	m->nth = 0;
	m->made = spoilt > 0 && spoilt == needed;
}

static void
trustee_as_another_one(struct mutant *m, const struct mutation *it)
{
	static const char *const names[] = {"DecryptionFactors01.bt", "DecrFactCommitment01.bt", "DecrFactReply01.bt"};

	(void)it;
	for (size_t i = 0; i < 3; i++) {
		struct mutation one = {.path = NULL};
		char from[200], to[200];

		(void)snprintf(from, sizeof from, "decryption/%%g/%%t/nizkp/proofs/%s", names[i]);
		(void)snprintf(to, sizeof to, "decryption/%%g/%%u/nizkp/proofs/%s", names[i]);
		one.path = to;
		one.a = from;
		spoil_copied(m, &one);
	}
}

void
spoil_trustee_as_another(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, trustee_as_another_one);
}

void
spoil_flip_all(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, spoil_flip);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* Begin and end (after the newline) of line i. */
static int
line_at(const struct buf *b, size_t i, size_t *begin, size_t *end)
{
	size_t at = 0;

	for (;; i--) {
		const uint8_t *eol = at < b->n ? memchr(b->p + at, '\n', b->n - at) : NULL;

		if (eol == NULL)
			return 0;
		*begin = at;
		*end = (size_t)(eol - b->p) + 1;
		if (i == 0)
			return 1;
		at = *end;
	}
}

static void
cut(struct buf *b, size_t begin, size_t end)
{
	memmove(b->p + begin, b->p + end, b->n - end);
	b->n -= end - begin;
}

void
spoil_line_gone(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	size_t begin, end;

	if (b == NULL || !line_at(b, 1, &begin, &end))
		return;
	cut(b, begin, end);
	m->made = 1;
}

/* Of two neighbouring lines that differ the second stands first, and behind it the first, or itself again. */
static void
second_first(struct mutant *m, const struct mutation *it, int both)
{
	struct buf *b = mutant_change(m, it->path), out = {0};
	size_t b1, e1, b2, e2;

	for (size_t i = 1; b != NULL && line_at(b, i, &b1, &e1) && line_at(b, i + 1, &b2, &e2); i++) {
		if (e1 - b1 == e2 - b2 && memcmp(b->p + b1, b->p + b2, e1 - b1) == 0)
			continue;
		buf_put(&out, b->p, b1);
		buf_put(&out, b->p + b2, e2 - b2);
		buf_put(&out, b->p + (both ? b1 : b2), both ? e1 - b1 : e2 - b2);
		buf_put(&out, b->p + e2, b->n - e2);
		buf_free(b);
		*b = out;
		m->made = 1;
		return;
	}
}

void
spoil_lines_swapped(struct mutant *m, const struct mutation *it)
{
	second_first(m, it, 1);
}

/* A vote becomes that of the next voter of the same group who chose another. */
void
spoil_vote_changed(struct mutant *m, const struct mutation *it)
{
	second_first(m, it, 0);
}

/* The votes of the first two lines of an act that differ change places. */
void
spoil_numbers_exchanged(struct mutant *m, const struct mutation *it)
{
	static const char label[] = "\"votes\": ";
	struct buf *b = mutant_change(m, it->path), out = {0};
	uint8_t *at[2] = {NULL, NULL}, *end[2] = {NULL, NULL}, *from = b != NULL ? b->p : NULL;

	while (from != NULL && (from = memmem(from, b->n - (size_t)(from - b->p), label, sizeof label - 1)) != NULL) {
		uint8_t *p = from += sizeof label - 1;

		while (p < b->p + b->n && *p >= '0' && *p <= '9')
			p++;
		at[0] = at[1];
		end[0] = end[1];
		at[1] = from;
		end[1] = p;
		if (at[0] == NULL || (end[0] - at[0] == end[1] - at[1] && memcmp(at[0], at[1], (size_t)(end[1] - at[1])) == 0))
			continue;
		buf_put(&out, b->p, (size_t)(at[0] - b->p));
		buf_put(&out, at[1], (size_t)(end[1] - at[1]));
		buf_put(&out, end[0], (size_t)(at[1] - end[0]));
		buf_put(&out, at[0], (size_t)(end[0] - at[0]));
		buf_put(&out, end[1], b->n - (size_t)(end[1] - b->p));
		buf_free(b);
		*b = out;
		m->made = 1;
		return;
	}
}

/* ---- signatures ------------------------------------------------------------------------------ */

/* Lines of signatures by `who` leave the note; at least one must stay for it to be a note. */
static int
unsign(struct buf *b, const char *who)
{
	char begin[160];
	size_t n = (size_t)snprintf(begin, sizeof begin, "\n\xe2\x80\x94 %.128s ", who);
	const uint8_t *at = memmem(b->p, b->n, begin, n);
	size_t from = at != NULL ? (size_t)(at - b->p) + 1 : 0;
	const uint8_t *eol = at != NULL ? memchr(b->p + from, '\n', b->n - from) : NULL;

	if (eol == NULL)
		return 0;
	cut(b, from, (size_t)(eol - b->p) + 1);
	return 1;
}

void
spoil_unsigned_by(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	char who[300];

	m->made = b != NULL && mutant_path(who, m, it->a) && unsign(b, who);
}

/* The text stays, the signatures are those of another note. */
void
spoil_signatures_from(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path), from = {0}, out = {0};
	char path[300];
	struct note mine, other;

	if (b != NULL && mutant_path(path, m, it->a) && source_read(m->files.base, path, NOTE_MAX_BYTES, &from, NULL) == OK &&
	    note_read(&mine, b->p, b->n, NULL) == OK && note_read(&other, from.p, from.n, NULL) == OK) {
		buf_put(&out, mine.text, mine.text_n);
		buf_u8(&out, '\n');
		buf_put(&out, other.lines, other.lines_n);
		buf_free(b);
		*b = out;
		m->made = 1;
	}
	buf_free(&from);
}

/* No witness's signature on a final head. */
void
spoil_cosignatures_gone(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);

	for (unsigned i = 0; b != NULL && m->r->call.witness_quorum > 0 && i < m->r->call.witnesses; i++)
		m->made |= unsign(b, m->r->call.witness[i].key.name);
}

/* ---- the roll, lists of points ------------------------------------------------------------------- */

enum { ROLL_HEAD = 1 + 32 + 32 + 4, ROLL_ROW = 32 + 2 + 32 };

void
spoil_voters_swapped(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	uint8_t row[ROLL_ROW];

	if (b == NULL || b->n < ROLL_HEAD + 2 * ROLL_ROW)
		return;
	memcpy(row, b->p + ROLL_HEAD, ROLL_ROW);
	memcpy(b->p + ROLL_HEAD, b->p + ROLL_HEAD + ROLL_ROW, ROLL_ROW);
	memcpy(b->p + ROLL_HEAD + ROLL_ROW, row, ROLL_ROW);
	m->made = 1;
}

void
spoil_voter_twice(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);

	if (b == NULL || b->n < ROLL_HEAD + 2 * ROLL_ROW)
		return;
	memcpy(b->p + ROLL_HEAD, b->p + ROLL_HEAD + ROLL_ROW, ROLL_ROW);
	m->made = 1;
}

/* The first point of a list (a: bytes before it) is infinity, or the first scalar is not below n. */
void
spoil_all_ones(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	size_t at = (size_t)atoi(it->a), n = (size_t)atoi(it->b);

	if (b == NULL || b->n < at + n)
		return;
	memset(b->p + at, 0xff, n);
	m->made = 1;
}

void
spoil_all_ones_all(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, spoil_all_ones);
}

/* Two ciphertexts of a list change places, both halves. */
void
spoil_outputs_swapped(struct mutant *m, const struct mutation *it)
{
	struct buf *b = mutant_change(m, it->path);
	size_t n = b != NULL ? bt_ciphertexts_count(b->n) : 0, at[2] = {10, 15 + n * BT_POINT_BYTES};

	if (n < 2)
		return;
	for (int half = 0; half < 2; half++) {
		uint8_t point[BT_POINT_BYTES], *p = b->p + at[half];

		memcpy(point, p, BT_POINT_BYTES);
		memcpy(p, p + BT_POINT_BYTES, BT_POINT_BYTES);
		memcpy(p + BT_POINT_BYTES, point, BT_POINT_BYTES);
	}
	m->made = 1;
}

/* ---- what the person holds ------------------------------------------------------------------------- */

void
spoil_other_pin(struct mutant *m, const struct mutation *it)
{
	if (it->expect == CHECK_OPENING) {
		m->pinned.election_id = "0000000000000000000000000000000000000000000000000000000000000000";
	} else {
		m->pinned.log_keys = 1;
		m->pinned.log_key[0] = "otro.example/log+12345678+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	}
	m->made = 1;
}

/* The log's own final head is handed in (the forging takes a ballot out of the log). */
void
spoil_head_handed_in(struct mutant *m, const struct mutation *it)
{
	char path[320] = "/tmp/urna-self-test-XXXXXX";
	struct buf head = {0};

	(void)it;
	if (source_read(m->files.base, "ballots/checkpoint", NOTE_MAX_BYTES, &head, NULL) == OK && mkdtemp(path) != NULL) {
		(void)snprintf(m->folder, sizeof m->folder, "%.290s", path);
		(void)strcat(path, "/receipt");
		if (file_write(path, head.p, head.n, 0600, NULL) == OK)
			m->pinned.receipts = m->folder;
	}
	buf_free(&head);
}
