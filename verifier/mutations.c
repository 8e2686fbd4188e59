#include "verifier/mutations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/bytetree.h"

/* ---- where things lie in this record --------------------------------------------------- */

/* The n-th group that has ballots (from 0), or the last such. */
static const char *
folder_of(const struct record *r, unsigned nth)
{
	const char *found = "";

	for (unsigned g = 0; g < r->m->groups; g++)
		if (record_group_size(r, g) > 0) {
			found = r->m->group[g].folder;
			if (nth-- == 0)
				break;
		}
	return found;
}

static const struct event *
event_of(const struct record *r, const char *kind, unsigned nth)
{
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, kind) == 0 && nth-- == 0)
			return &r->entry[i];
	return NULL;
}

static void
log_path(char out[80], const char *log, int level, uint64_t size, uint64_t index)
{
	uint64_t left = size - index * TILE_WIDTH;
	char tile[64];

	tile_path(tile, level, index, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH);
	(void)snprintf(out, 80, "%s%s", log, tile);
}

/* %g, %h: folders of two groups. %t, %u: two trustees that gave factors, the nth and the next, as two digits; %k: the first one's name.
 * %l: last mix, as two digits. %b, %e: first bundle of ballots, of events; %E: first hash tile of events; %B of ballots.
 * %a: first authorizer. %c: first contest. %n the call's notary, %N the last one, %o operator, %r registrar, %d auditor, %z first trustee of the
 * call, %m who mixed first. */
static int
expand(char out[300], const struct mutant *m, const char *pattern)
{
	const struct record *r = m->r;
	const struct event *f[2] = {event_of(r, "factors", m->nth), event_of(r, "factors", m->nth + 1)}, *mix = event_of(r, "mix", 0);
	size_t n = 0;

	out[0] = '\0';
	for (const char *p = pattern; *p != '\0'; p++) {
		char word[200] = "";

		if (*p != '%') {
			(void)snprintf(word, sizeof word, "%c", *p);
		} else {
			switch (*++p) {
			case 'g': (void)snprintf(word, sizeof word, "%s", folder_of(r, 0)); break;
			case 'h': (void)snprintf(word, sizeof word, "%s", folder_of(r, 1)); break;
			case 't':
			case 'u':
				if (f[*p == 'u'] != NULL)
					(void)snprintf(word, sizeof word, "%02u", call_trustee(&r->call, event_fact(f[*p == 'u'], "trustee")));
				break;
			case 'k': (void)snprintf(word, sizeof word, "%.128s", f[0] != NULL ? event_fact(f[0], "trustee") : ""); break;
			case 'l': (void)snprintf(word, sizeof word, "%02u", r->progress.mixes); break;
			case 'b': log_path(word, "ballots/", TILE_ENTRIES, r->ballots_head.size, 0); break;
			case 'e': log_path(word, "events/", TILE_ENTRIES, r->events_head.size, 0); break;
			case 'B': log_path(word, "ballots/", 0, r->ballots_head.size, 0); break;
			case 'E': log_path(word, "events/", 0, r->events_head.size, 0); break;
			case 'a': (void)snprintf(word, sizeof word, "%s", r->call.authorizer[0].key.name); break;
			case 'c': (void)snprintf(word, sizeof word, "%s", r->m->contest[0].id); break;
			case 'n': (void)snprintf(word, sizeof word, "%s", r->first_notary.name); break;
			case 'N': (void)snprintf(word, sizeof word, "%s", r->call.notary.key.name); break;
			case 'o': (void)snprintf(word, sizeof word, "%s", r->call.operator.key.name); break;
			case 'r': (void)snprintf(word, sizeof word, "%s", r->call.registrar.key.name); break;
			case 'd': (void)snprintf(word, sizeof word, "%s", r->call.auditor.key.name); break;
			case 'z': (void)snprintf(word, sizeof word, "%s", r->call.trustee[0].key.name); break;
			case 'm': (void)snprintf(word, sizeof word, "%.128s", mix != NULL ? event_fact(mix, "mixer") : ""); break;
			default: break;
			}
			if (word[0] == '\0')
				return 0;
		}
		n += (size_t)snprintf(out + n, 300 - n, "%s", word);
		if (n >= 300)
			return 0;
	}
	return 1;
}

static struct buf *
changed(struct mutant *m, const char *pattern)
{
	char path[300];

	return expand(path, m, pattern) ? overlay_change(&m->files, path) : NULL;
}

/* ---- bytes of a file ----------------------------------------------------------------------- */

static void
flip(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);

	if (b == NULL || b->n == 0)
		return;
	b->p[b->n / 2] ^= 1;
	m->made = 1;
}

static void
one_byte_more(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);

	if (b == NULL)
		return;
	buf_u8(b, it->a != NULL ? (unsigned)it->a[0] : 0);
	m->made = 1;
}

static void
gone(struct mutant *m, const struct mutation *it)
{
	char path[300];

	m->made = expand(path, m, it->path) && overlay_remove(&m->files, path);
}

static void
extra(struct mutant *m, const struct mutation *it)
{
	char path[300];
	struct buf *b;

	if (!expand(path, m, it->path) || (b = overlay_add(&m->files, path)) == NULL)
		return;
	buf_str(b, "not of the record\n");
	m->made = 1;
}

/* The first `a` becomes `b`. */
static void
text(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path), out = {0};
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
static void
digit_after(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
	uint8_t *at = b != NULL ? memmem(b->p, b->n, it->a, strlen(it->a)) : NULL;

	for (at = at != NULL ? at + strlen(it->a) : NULL; at != NULL && at < b->p + b->n; at++)
		if (*at >= '0' && *at <= '9') {
			*at = *at == '9' ? '8' : (uint8_t)(*at + 1);
			m->made = 1;
			return;
		}
}

/* One file's bytes under another's name. */
static void
copied(struct mutant *m, const struct mutation *it)
{
	struct buf *to = changed(m, it->path), from = {0};
	char path[300];

	if (to == NULL || !expand(path, m, it->a) || source_read(m->files.base, path, 1 << 30, &from, NULL) != OK)
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

	while (event_of(m->r, "factors", needed) != NULL)
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
		copied(m, &one);
	}
}

static void
trustee_as_another(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, trustee_as_another_one);
}

static void
flip_all(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, flip);
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

static void
line_gone(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
	size_t begin, end;

	if (b == NULL || !line_at(b, 1, &begin, &end))
		return;
	cut(b, begin, end);
	m->made = 1;
}

/* Two neighbouring lines that differ change places. */
static void
lines_swapped(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path), out = {0};
	size_t b1, e1, b2, e2;

	for (size_t i = 1; b != NULL && line_at(b, i, &b1, &e1) && line_at(b, i + 1, &b2, &e2); i++) {
		if (e1 - b1 == e2 - b2 && memcmp(b->p + b1, b->p + b2, e1 - b1) == 0)
			continue;
		buf_put(&out, b->p, b1);
		buf_put(&out, b->p + b2, e2 - b2);
		buf_put(&out, b->p + b1, e1 - b1);
		buf_put(&out, b->p + e2, b->n - e2);
		buf_free(b);
		*b = out;
		m->made = 1;
		return;
	}
}

/* A vote for the line of the next voter of the same group who chose another. */
static void
vote_changed(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path), out = {0};
	size_t b1, e1, b2, e2;

	for (size_t i = 1; b != NULL && line_at(b, i, &b1, &e1) && line_at(b, i + 1, &b2, &e2); i++) {
		if (e1 - b1 == e2 - b2 && memcmp(b->p + b1, b->p + b2, e1 - b1) == 0)
			continue;
		buf_put(&out, b->p, b1);
		buf_put(&out, b->p + b2, e2 - b2);
		buf_put(&out, b->p + b2, b->n - b2);
		buf_free(b);
		*b = out;
		m->made = 1;
		return;
	}
}

/* The votes of the first two lines of an act that differ change places. */
static void
numbers_exchanged(struct mutant *m, const struct mutation *it)
{
	static const char label[] = "\"votes\": ";
	struct buf *b = changed(m, it->path), out = {0};
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

static void
unsigned_by(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
	char who[300];

	m->made = b != NULL && expand(who, m, it->a) && unsign(b, who);
}

/* The text stays, the signatures are those of another note. */
static void
signatures_from(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path), from = {0}, out = {0};
	char path[300];
	struct note mine, other;

	if (b != NULL && expand(path, m, it->a) && source_read(m->files.base, path, NOTE_MAX_BYTES, &from, NULL) == OK &&
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
static void
cosignatures_gone(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);

	for (unsigned i = 0; b != NULL && m->r->call.witness_quorum > 0 && i < m->r->call.witnesses; i++)
		m->made |= unsign(b, m->r->call.witness[i].key.name);
}

/* ---- entries in bundles ------------------------------------------------------------------------ */

struct bundle {
	struct {
		const uint8_t *p;
		size_t n;
	} entry[TILE_WIDTH];
	unsigned n;
};

static enum err
collect(void *ctx, const uint8_t *p, size_t n)
{
	struct bundle *x = ctx;

	x->entry[x->n].p = p;
	x->entry[x->n++].n = n;
	return OK;
}

/* Write the entries back over the file they point into. */
static void
rebuild(struct buf *b, const struct bundle *x)
{
	struct buf out = {0};

	for (unsigned i = 0; i < x->n; i++)
		buf_vec16(&out, x->entry[i].p, x->entry[i].n);
	buf_free(b);
	*b = out;
}

static struct buf *
bundle_at(struct mutant *m, struct bundle *x, const char *log, uint64_t size, uint64_t index)
{
	uint64_t left = size - index * TILE_WIDTH;
	struct buf *b;
	char path[80];

	memset(x, 0, sizeof *x);
	log_path(path, log, TILE_ENTRIES, size, index);
	b = overlay_change(&m->files, path);
	return b != NULL && bundle_read(b->p, b->n, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH, collect, x) == OK ? b : NULL;
}

static int
holds(const struct bundle *x, unsigned i, const char *needle)
{
	return needle == NULL || memmem(x->entry[i].p, x->entry[i].n, needle, strlen(needle)) != NULL;
}

/* The bundle of events and the position in it of the entry that holds `needle`. */
static struct buf *
entry_with(struct mutant *m, struct bundle *x, unsigned *at, const char *needle)
{
	uint64_t size = m->r->events_head.size;

	for (uint64_t k = 0; k * TILE_WIDTH < size; k++) {
		struct buf *b = bundle_at(m, x, "events/", size, k);

		for (*at = 0; b != NULL && *at < x->n; ++*at)
			if (holds(x, *at, needle))
				return b;
	}
	return NULL;
}

#define PHASE(n, edge) "\"phase\": \"" n "\",\n  \"edge\": \"" edge "\""
#define KIND(kind) "\"kind\": \"" kind "\""
#define SIGNED(kind) "\\\"kind\\\": \\\"" kind "\\\""

/* The entry is there as an incident of the same time: the log keeps its form, the step is gone. */
static void
entry_unmade(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned at;
	struct buf *b = entry_with(m, &x, &at, it->a), out = {0};
	struct event e = {.time = 0};

	if (b == NULL || event_read(&e, x.entry[at].p, x.entry[at].n, NULL) != OK)
		return;
	event_free(&e);
	(void)strcpy(e.kind, "incident");
	if (event_write(&out, &e) == OK) {
		x.entry[at].p = out.p;
		x.entry[at].n = out.n;
		rebuild(b, &x);
		m->made = 1;
	}
	buf_free(&out);
}

/* The neighbour (b: "-" the one before, "+" the one after) becomes a copy. */
static void
entry_twice(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned at, to;
	struct buf *b = entry_with(m, &x, &at, it->a);

	to = b == NULL ? 0 : it->b[0] == '-' ? at - 1 : at + 1;
	if (b == NULL || to >= x.n)
		return;
	x.entry[to] = x.entry[at];
	rebuild(b, &x);
	m->made = 1;
}

static void
entries_swapped(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	unsigned one, two;
	struct buf *b = entry_with(m, &x, &one, it->a);

	for (two = 0; b != NULL && two < x.n && !holds(&x, two, it->b);)
		two++;
	if (b == NULL || two == x.n)
		return;
	const uint8_t *p = x.entry[one].p;
	size_t n = x.entry[one].n;

	x.entry[one] = x.entry[two];
	x.entry[two].p = p;
	x.entry[two].n = n;
	rebuild(b, &x);
	m->made = 1;
}

/* The signature inside a submitted entry: taken from another entry (b), or its last letters changed. */
static void
entry_signed_by_others(struct mutant *m, const struct mutation *it)
{
	struct bundle x, y;
	unsigned at, from;
	struct event e = {.time = 0}, other = {.time = 0};
	struct buf *b, out = {0};

	if (it->b != NULL && ((b = entry_with(m, &y, &from, it->b)) == NULL || event_read(&other, y.entry[from].p, y.entry[from].n, NULL) != OK))
		return;
	if ((b = entry_with(m, &x, &at, it->a)) != NULL && event_read(&e, x.entry[at].p, x.entry[at].n, NULL) == OK && e.note != NULL) {
		if (it->b != NULL) {
			free(e.note);
			e.note = other.note != NULL ? strdup(other.note) : NULL;
		} else {
			char *space = strrchr(e.note, ' ');

			space[10] = space[10] == 'A' ? 'B' : 'A'; /* within the signature, after the key's number */
		}
		if (e.note != NULL && event_write(&out, &e) == OK) {
			x.entry[at].p = out.p;
			x.entry[at].n = out.n;
			rebuild(b, &x);
			m->made = 1;
		}
	}
	buf_free(&out);
	event_free(&e);
	event_free(&other);
}

/* a: how: "gone", "twice", "swapped", "replaced". */
static void
ballots_of_log(struct mutant *m, const struct mutation *it)
{
	struct bundle x;
	struct buf *b = bundle_at(m, &x, "ballots/", m->r->ballots_head.size, 0);

	if (b == NULL || x.n < 2)
		return;
	if (strcmp(it->a, "gone") == 0) {
		memmove(&x.entry[0], &x.entry[1], (x.n - 1) * sizeof x.entry[0]);
		x.n--;
	} else if (strcmp(it->a, "twice") == 0) {
		if (x.n == TILE_WIDTH)
			x.n--;
		memmove(&x.entry[1], &x.entry[0], x.n * sizeof x.entry[0]);
		x.n++;
	} else if (strcmp(it->a, "swapped") == 0) {
		const uint8_t *p = x.entry[0].p;
		size_t n = x.entry[0].n;

		x.entry[0] = x.entry[1];
		x.entry[1].p = p;
		x.entry[1].n = n;
	} else {
		x.entry[0] = x.entry[1];
	}
	rebuild(b, &x);
	m->made = 1;
}

/* ---- the roll, lists of points ------------------------------------------------------------------- */

enum { ROLL_HEAD = 1 + 32 + 32 + 4, ROLL_ROW = 32 + 2 + 32 };

static void
voters_swapped(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
	uint8_t row[ROLL_ROW];

	if (b == NULL || b->n < ROLL_HEAD + 2 * ROLL_ROW)
		return;
	memcpy(row, b->p + ROLL_HEAD, ROLL_ROW);
	memcpy(b->p + ROLL_HEAD, b->p + ROLL_HEAD + ROLL_ROW, ROLL_ROW);
	memcpy(b->p + ROLL_HEAD + ROLL_ROW, row, ROLL_ROW);
	m->made = 1;
}

static void
voter_twice(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);

	if (b == NULL || b->n < ROLL_HEAD + 2 * ROLL_ROW)
		return;
	memcpy(b->p + ROLL_HEAD, b->p + ROLL_HEAD + ROLL_ROW, ROLL_ROW);
	m->made = 1;
}

/* The first point of a list (a: bytes before it) is infinity, or the first scalar is not below n. */
static void
all_ones(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
	size_t at = (size_t)atoi(it->a), n = (size_t)atoi(it->b);

	if (b == NULL || b->n < at + n)
		return;
	memset(b->p + at, 0xff, n);
	m->made = 1;
}

static void
all_ones_all(struct mutant *m, const struct mutation *it)
{
	all_but_few(m, it, all_ones);
}

/* Two ciphertexts of a list change places, both halves. */
static void
outputs_swapped(struct mutant *m, const struct mutation *it)
{
	struct buf *b = changed(m, it->path);
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

static void
other_pin(struct mutant *m, const struct mutation *it)
{
	if (it->expect == CHECK_OPENING) {
		m->pinned.election_id = "0000000000000000000000000000000000000000000000000000000000000000";
	} else {
		m->pinned.log_keys = 1;
		m->pinned.log_key[0] = "otro.example/log+12345678+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	}
	m->made = 1;
}

/* A receipt handed in that proves nothing: another entry's place under the true head. */
static void
false_receipt(struct mutant *m, const struct mutation *it)
{
	char path[320] = "/tmp/urna-self-test-XXXXXX";
	struct buf head = {0}, receipt = {0};
	struct hash other[MERKLE_MAX_PATH];
	size_t n = 0;

	(void)it;
	memset(other, 7, sizeof other);
	for (uint64_t size = m->r->ballots_head.size; size > 1; size = (size + 1) / 2)
		n++;
	if (m->r->ballots == 0 || source_read(m->files.base, "ballots/checkpoint", NOTE_MAX_BYTES, &head, NULL) != OK || mkdtemp(path) == NULL)
		return;
	(void)snprintf(m->folder, sizeof m->folder, "%.290s", path);
	receipt_write(&receipt, 0, other, n, head.p, head.n);
	(void)strcat(path, "/receipt");
	m->made = file_write(path, receipt.p, receipt.n, 0600, NULL) == OK;
	m->pinned.receipts = m->folder;
	buf_free(&head);
	buf_free(&receipt);
}

/* ---- what a holder of the log's key could have signed ------------------------------------------------- */

static struct event *
entry_of(struct record *r, const char *kind)
{
	for (uint64_t i = r->entries; i-- > 0;)
		if (strcmp(r->entry[i].kind, kind) == 0)
			return &r->entry[i];
	return NULL;
}

/* Fact a of the last entry of kind path becomes b, or has another first letter. */
static void
fact(struct mutant *m, struct record *r, enum check after)
{
	const struct mutation *it = m->what;
	struct event *e = after == CHECK_EVENTS_LOG ? entry_of(r, it->path) : NULL;

	for (unsigned i = 0; e != NULL && i < e->facts; i++) {
		char *value = e->fact[i].value;

		if (strcmp(e->fact[i].name, it->a) != 0)
			continue;
		if (it->b != NULL)
			(void)snprintf(value, sizeof e->fact[i].value, "%s", it->b);
		else
			value[0] = value[0] == '0' ? '1' : '0';
		m->made = 1;
	}
}

/* The entry of kind path says file1 = a. */
static void
fact_more(struct mutant *m, struct record *r, enum check after)
{
	struct event *e = after == CHECK_EVENTS_LOG ? entry_of(r, m->what->path) : NULL;

	if (e == NULL || e->facts == EVENT_MAX_FACTS)
		return;
	event_add(e, "file1", "%s", m->what->a);
	m->made = 1;
}

/* Entries of kind path are of no meaning any more, but for b of them. */
static void
few(struct mutant *m, struct record *r, enum check after)
{
	int keep = atoi(m->what->b);

	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++)
		if (strcmp(r->entry[i].kind, m->what->path) == 0 && keep-- <= 0) {
			(void)strcpy(r->entry[i].kind, "incident");
			m->made = 1;
		}
}

/* Entry of phase 3 (a: begin or end) an hour earlier. */
static void
hour_early(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		if (strcmp(e->kind, "phase") == 0 && strcmp(event_fact(e, "phase"), "3") == 0 && strcmp(event_fact(e, "edge"), m->what->a) == 0) {
			e->time -= 3600;
			m->made = 1;
		}
	}
}

/* From the end of phase 3 on everything an hour later: an hour in which no head shows the box. */
static void
hour_dark(struct mutant *m, struct record *r, enum check after)
{
	int late = 0;

	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		late |= strcmp(e->kind, "phase") == 0 && strcmp(event_fact(e, "phase"), "3") == 0 && strcmp(event_fact(e, "edge"), "end") == 0;
		e->time += late ? 2L * (long)heartbeat_gap(r->m) + 3600 : 0;
		m->made |= late;
	}
}

static void
fact_set(struct event *e, const char *name, const char *value)
{
	for (unsigned i = 0; i < e->facts; i++)
		if (strcmp(e->fact[i].name, name) == 0)
			(void)snprintf(e->fact[i].value, sizeof e->fact[i].value, "%s", value);
}

/* The first ballot lay in the box from the opening entry on. */
static void
full_from_the_start(struct mutant *m, struct record *r, enum check after)
{
	struct frontier f = {0};
	struct hash h;
	char hex[65];

	if (after != CHECK_EVENTS_LOG || m->r->ballots == 0)
		return;
	record_leaf(m->r, 0, &h);
	frontier_append(&f, &h);
	frontier_root(&h, &f);
	hash_hex(hex, &h);
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(event_fact(&r->entry[i], "size"), "0") == 0) {
			fact_set(&r->entry[i], "size", "1");
			fact_set(&r->entry[i], "root", hex);
			m->made = 1;
		}
}

/* As if the box had been suspended when it opened, for good; b: with the head that must stand there. */
static void
suspended_all_along(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i + 1 < r->entries; i++) {
		struct event *e = &r->entry[i], *next = e + 1;

		if (strcmp(e->kind, "phase") != 0 || strcmp(event_fact(e, "phase"), "4") != 0 || strcmp(event_fact(e, "edge"), "begin") != 0)
			continue;
		if (m->what->b != NULL) {
			*next = *e;
			(void)strcpy(next->kind, "heartbeat");
			event_add(next, "authorizations", "0");
		}
		(void)strcpy(e->kind, "suspend");
		e->facts = 0;
		event_add(e, "cause", "clock");
		m->made = 1;
		return;
	}
}

/* As if no heartbeat had seen an authorization. */
static void
none_authorized(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		for (unsigned k = 0; strcmp(e->kind, "heartbeat") == 0 && k < e->facts; k++)
			if (strcmp(e->fact[k].name, "authorizations") == 0) {
				(void)strcpy(e->fact[k].value, "0");
				m->made |= strcmp(event_fact(e, "size"), "0") != 0;
			}
	}
}

static void
all_barred(struct mutant *m, struct record *r, enum check after)
{
	for (uint32_t i = 0; after == CHECK_EVENTS_LOG && i < r->roll.n; i++) {
		r->roll.row[i].barred = 1;
		m->made = 1;
	}
}

static void
cancelled(struct mutant *m, struct record *r, enum check after)
{
	(void)after;
	r->progress.cancelled = 1;
	m->made = 1;
}

/* Put b in place of ballot i, which has as many bytes. */
static void
put_ballot(struct mutant *m, struct record *r, uint64_t i, const struct ballot *b)
{
	struct buf out = {0};

	ballot_write(&out, b);
	if (!out.failed && out.n == r->ballot_at[i + 1] - r->ballot_at[i] && memcmp(r->ballot_bytes.p + r->ballot_at[i], out.p, out.n) != 0) {
		memcpy(r->ballot_bytes.p + r->ballot_at[i], out.p, out.n);
		m->made = 1;
	}
	buf_free(&out);
}

/* a: what of the first ballot is that of the second of the same style, or is spoilt. */
static void
ballot_spoilt(struct mutant *m, struct record *r, enum check after)
{
	const char *how = m->what->a;
	struct ballot b, other;

	if (after != CHECK_BALLOTS_LOG || r->ballots == 0)
		return;
	record_ballot(r, 0, &b);
	other = b;
	for (uint64_t i = 1; i < r->ballots; i++) {
		record_ballot(r, i, &other);
		if (other.style == b.style)
			break;
	}
	if (other.style != b.style || memcmp(other.key, b.key, XONLY_BYTES) == 0) {
		if (strcmp(how, "whole") == 0 || strcmp(how, "vote") == 0 || strcmp(how, "token") == 0)
			return; /* no two ballots of this style */
	}
	if (strcmp(how, "whole") == 0)
		b = other;
	else if (strcmp(how, "vote") == 0)
		b.vote[0] = other.vote[0];
	else if (strcmp(how, "token") == 0)
		b.token[0] = other.token[0];
	else if (strcmp(how, "election") == 0)
		b.election.b[0] ^= 1;
	else if (strcmp(how, "style") == 0)
		b.style = b.style < r->m->styles ? b.style + 1 : b.style - 1;
	else if (strcmp(how, "proof") == 0)
		b.vote[0].proof[40] ^= 1;
	else if (strcmp(how, "signature") == 0)
		b.sig[40] ^= 1;
	else if (strcmp(how, "c2") == 0)
		memcpy(b.vote[0].c2, b.vote[0].c1, POINT_BYTES);
	else
		b.token[0].sig[100] ^= 1;
	put_ballot(m, r, 0, &b);
}

/* One more ballot of the first ballot's style than voters of that style. */
static void
ballots_stuffed(struct mutant *m, struct record *r, enum check after)
{
	struct buf more = {0};
	uint64_t *at, n = 1, k;
	struct ballot b;
	size_t one;

	if (after != CHECK_BALLOTS_LOG || r->ballots == 0)
		return;
	record_ballot(r, 0, &b);
	for (uint32_t i = 0; i < r->roll.n; i++)
		n += r->roll.row[i].style == b.style;
	one = (size_t)(r->ballot_at[1] - r->ballot_at[0]);
	if ((at = calloc(r->ballots + n + 2, sizeof *at)) == NULL)
		return;
	buf_put(&more, r->ballot_bytes.p, r->ballot_bytes.n);
	memcpy(at, r->ballot_at, (r->ballots + 1) * sizeof *at);
	for (k = 0; k < n; k++) {
		buf_put(&more, r->ballot_bytes.p, one);
		at[r->ballots + k + 1] = more.n;
	}
	buf_free(&r->ballot_bytes);
	free(r->ballot_at);
	r->ballot_bytes = more;
	r->ballot_at = at;
	r->ballots += n;
	m->made = 1;
}

/* ---- the table --------------------------------------------------------------------------------------- */

#define MIX "mix/%g/nizkp/"
#define DEC "decryption/%g/%t/"

const struct mutation mutations[] = {
    {"a file that is not of the record", CHECK_FILES, extra, "extra", NULL, NULL, NULL},
    {"a proof of a mix that was none", CHECK_FILES, extra, MIX "proofs/PoSReply99.bt", NULL, NULL, NULL},
    {"a folder of a trustee who gave nothing", CHECK_FILES, extra, "decryption/%g/99/nizkp/version", NULL, NULL, NULL},
    {"a signature beside an act that has none", CHECK_FILES, extra, "acts/closing.json.note", NULL, NULL, NULL},
    {"one bit of the call", CHECK_CALL, flip, "call.json", NULL, NULL, NULL},
    {"a name twice in the call's JSON", CHECK_CALL, text, "call.json", "\"version\": 1,", "\"version\": 1,\n \"version\": 1,", NULL},
    {"the notary's signature of the call missing", CHECK_CALL, unsigned_by, "call.json.note", "%n", NULL, NULL},
    {"the notary's signature of the call taken from the opening", CHECK_CALL, signatures_from, "call.json.note", "opening.json.note", NULL, NULL},
    {"a log key pinned that the call does not name", CHECK_CALL, other_pin, NULL, NULL, NULL, NULL},
    {"one bit of the ceremony's transcript", CHECK_CEREMONY, flip, "key/transcript.json", NULL, NULL, NULL},
    {"a trustee's signature of the transcript missing", CHECK_CEREMONY, unsigned_by, "key/transcript.json.note", "%z", NULL, NULL},
    {"another custodian for a card", CHECK_KEY_ACT, text, "key/cards.json", "\"custodian\": \"", "\"custodian\": \"No ", NULL},
    {"the key act's text altered", CHECK_KEY_ACT, one_byte_more, "acts/key.txt", "\n", NULL, NULL},
    {"the notary's signature of the key act missing", CHECK_KEY_ACT, unsigned_by, "acts/key.json.note", "%n", NULL, NULL},
    {"another hour in the manifest", CHECK_MANIFEST, digit_after, "manifest.json", "\"closes\": \"", NULL, NULL},
    {"the operator's signature of the manifest taken from the call", CHECK_MANIFEST, signatures_from, "manifest.json.note", "call.json.note", NULL, NULL},
    {"two voters of the roll exchanged", CHECK_ROLL, voters_swapped, "roll", NULL, NULL, NULL},
    {"one credential for two voters of the roll", CHECK_ROLL, voter_twice, "roll", NULL, NULL, NULL},
    {"a byte after the roll", CHECK_ROLL, one_byte_more, "roll", NULL, NULL, NULL},
    {"another RSA key of an authorizer", CHECK_AUTHORIZER_KEYS, digit_after, "authorizers/%a.json", "\"modul", NULL, NULL},
    {"an authorizer's signature of its keys missing", CHECK_AUTHORIZER_KEYS, gone, "authorizers/%a.json.note", NULL, NULL, NULL},
    {"another hash of a program in the dictamen", CHECK_DICTAMEN, digit_after, "dictamen.json", "\"sha256\": \"", NULL, NULL},
    {"the auditor's signature taken from the manifest", CHECK_DICTAMEN, signatures_from, "dictamen.json.note", "manifest.json.note", NULL, NULL},
    {"a vote in the zero report", CHECK_ZERO_REPORT, text, "zero-report.json", "\"votes\": 0", "\"votes\": 1", NULL},
    {"an installed file that was not the dictamen's", CHECK_ZERO_REPORT, text, "zero-report.json", "Correcto", "Con cambios", NULL},
    {"the opening with a space more", CHECK_OPENING, text, "opening.json", "\"version\": 1", "\"version\":  1", NULL},
    {"the notary's signature of the opening missing", CHECK_OPENING, unsigned_by, "opening.json.note", "%n", NULL, NULL},
    {"another election id pinned", CHECK_OPENING, other_pin, NULL, NULL, NULL, NULL},
    {"the opening act's text missing", CHECK_OPENING, gone, "acts/opening.txt", NULL, NULL, NULL},
    {"one bit of a hash tile of events", CHECK_EVENTS_LOG, flip, "%E", NULL, NULL, NULL},
    {"a head of events signed by the other log", CHECK_EVENTS_LOG, signatures_from, "events/checkpoint", "ballots/checkpoint", NULL, NULL},
    {"a head of events of another size", CHECK_EVENTS_LOG, digit_after, "events/checkpoint", "\n", NULL, NULL},
    {"the end of phase 3 missing", CHECK_PHASES, entry_unmade, NULL, PHASE("3", "end"), NULL, NULL},
    {"phase entries out of order", CHECK_PHASES, entries_swapped, NULL, PHASE("2", "end"), PHASE("3", "begin"), NULL},
    {"a second key entry", CHECK_PHASES, entry_twice, NULL, SIGNED("key"), "+", NULL},
    {"a second opening entry", CHECK_PHASES, entry_twice, NULL, KIND("opening"), "+", NULL},
    {"a second close entry", CHECK_PHASES, entry_twice, NULL, KIND("close"), "+", NULL},
    {"an entry after the seal", CHECK_PHASES, entry_twice, NULL, SIGNED("seal"), "-", NULL},
    {"the box opened an hour early", CHECK_PHASES, NULL, NULL, "begin", NULL, hour_early},
    {"voting ended an hour early", CHECK_PHASES, NULL, NULL, "end", NULL, hour_early},
    {"other hours in the opening entry", CHECK_PHASES, NULL, "opening", "closes", "2001-01-01T00:00:00Z", fact},
    {"a false signature in a submitted entry", CHECK_ENTRY_SIGNATURES, entry_signed_by_others, NULL, SIGNED("comparison"), NULL, NULL},
    {"a signature in an entry taken from another entry", CHECK_ENTRY_SIGNATURES, entry_signed_by_others, NULL, SIGNED("count"), SIGNED("comparison"), NULL},
    {"a signed entry used twice", CHECK_ENTRY_SIGNATURES, entry_twice, NULL, SIGNED("station"), "+", NULL},
    {"a phase entry without the box's head", CHECK_HEADS, NULL, "phase", "size", "", fact},
    {"a head whose size is no number", CHECK_HEADS, NULL, "phase", "size", "007", fact},
    {"a heartbeat without the box's head", CHECK_HEADS, NULL, "heartbeat", "size", "", fact},
    {"an hour without a heartbeat", CHECK_HEADS, NULL, NULL, NULL, NULL, hour_dark},
    {"a ballot in the box before it opened", CHECK_HEADS, NULL, NULL, NULL, NULL, full_from_the_start},
    {"ballots taken while the box was suspended", CHECK_HEADS, NULL, NULL, NULL, "with its head", suspended_all_along},
    {"a suspension without the box's head", CHECK_HEADS, NULL, NULL, NULL, NULL, suspended_all_along},
    {"a head in events that is no prefix of the box", CHECK_HEADS, NULL, "phase", "root", NULL, fact},
    {"ballots in the box before they were authorized", CHECK_HEADS, NULL, NULL, NULL, NULL, none_authorized},
    {"a head in events from the future", CHECK_HEADS, NULL, "phase", "size", "4611686018427387904", fact},
    {"a ballot removed", CHECK_BALLOTS_LOG, ballots_of_log, NULL, "gone", NULL, NULL},
    {"a ballot twice", CHECK_BALLOTS_LOG, ballots_of_log, NULL, "twice", NULL, NULL},
    {"two ballots exchanged", CHECK_BALLOTS_LOG, ballots_of_log, NULL, "swapped", NULL, NULL},
    {"a ballot replaced by another", CHECK_BALLOTS_LOG, ballots_of_log, NULL, "replaced", NULL, NULL},
    {"one bit of a ballot", CHECK_BALLOTS_LOG, flip, "%b", NULL, NULL, NULL},
    {"one bit of a hash tile of ballots", CHECK_BALLOTS_LOG, flip, "%B", NULL, NULL, NULL},
    {"a head of ballots signed by the other log", CHECK_BALLOTS_LOG, signatures_from, "ballots/checkpoint", "events/checkpoint", NULL, NULL},
    {"a close entry whose checkpoint is not the log's", CHECK_BALLOTS_LOG, NULL, "close", "checkpoint", "urna.example/ballots\n0\n", fact},
    {"a close entry of another box", CHECK_BALLOTS_LOG, NULL, "close", "root", NULL, fact},
    {"signed again: a ballot of another election", CHECK_BALLOTS, NULL, NULL, "election", NULL, ballot_spoilt},
    {"signed again: a ballot's vote is another voter's", CHECK_BALLOTS, NULL, NULL, "vote", NULL, ballot_spoilt},
    {"signed again: a ballot's proof is false", CHECK_BALLOTS, NULL, NULL, "proof", NULL, ballot_spoilt},
    {"signed again: a ballot's signature is false", CHECK_BALLOTS, NULL, NULL, "signature", NULL, ballot_spoilt},
    {"signed again: a ballot's c2 is its c1", CHECK_BALLOTS, NULL, NULL, "c2", NULL, ballot_spoilt},
    {"signed again: a ballot under another style", CHECK_TOKENS, NULL, NULL, "style", NULL, ballot_spoilt},
    {"signed again: a token of another ballot", CHECK_TOKENS, NULL, NULL, "token", NULL, ballot_spoilt},
    {"signed again: a false token", CHECK_TOKENS, NULL, NULL, "false token", NULL, ballot_spoilt},
    {"signed again: a voter's ballot counts twice", CHECK_ONE_TIME_KEYS, NULL, NULL, "whole", NULL, ballot_spoilt},
    {"one bit of the list of authorizations", CHECK_AUTHORIZATIONS, flip, "authorizations/%a", NULL, NULL, NULL},
    {"the authorizer's signature of its list taken from its keys", CHECK_AUTHORIZATIONS, signatures_from, "authorizations/%a.note", "authorizers/%a.json.note", NULL, NULL},
    {"an authorization of a voter excluded before the hours", CHECK_AUTHORIZATIONS, NULL, NULL, NULL, NULL, all_barred},
    {"one bit of the confirmations", CHECK_CONFIRMATIONS, flip, "confirmations", NULL, NULL, NULL},
    {"signed again: more ballots than authorizations", CHECK_SUMS, NULL, NULL, NULL, NULL, ballots_stuffed},
    {"one bit of the encrypted votes", CHECK_ENCRYPTED_VOTES, flip, "encrypted-votes.bin", NULL, NULL, NULL},
    {"another hash of the encrypted votes at the close", CHECK_ENCRYPTED_VOTES, NULL, "close", "sha3-256", NULL, fact},
    {"another number in the closing act", CHECK_CLOSING_ACT, digit_after, "acts/closing.json", "\"ballots\": ", NULL, NULL},
    {"the comparison of another file", CHECK_COMPARISON, NULL, "comparison", "sha256", NULL, fact},
    {"the notary's signature of the start of decryption missing", CHECK_COMPARISON, unsigned_by, "acts/start-of-decryption.json.note", "%n", NULL, NULL},
    {"one bit of a mix's input", CHECK_MIX_INPUT, flip, MIX "Ciphertexts.bt", NULL, NULL, NULL},
    {"another protInfo.xml of a mix", CHECK_MIX_SESSIONS, text, "mix/%g/protInfo.xml", "<ebitlenro>", "<ebitlenro> ", NULL},
    {"another session's name of a mix", CHECK_MIX_SESSIONS, digit_after, MIX "auxsid", "S", NULL, NULL},
    {"another key of a mix", CHECK_MIX_SESSIONS, copied, MIX "FullPublicKey.bt", DEC "nizkp/FullPublicKey.bt", NULL, NULL},
    {"a mix whose output is its input", CHECK_MIX_PROOFS, copied, MIX "ShuffledCiphertexts.bt", MIX "Ciphertexts.bt", NULL, NULL},
    {"two outputs of a mix exchanged", CHECK_MIX_PROOFS, outputs_swapped, MIX "ShuffledCiphertexts.bt", NULL, NULL, NULL},
    {"a mix's commitment missing", CHECK_MIX_PROOFS, gone, MIX "proofs/PoSCommitment%l.bt", NULL, NULL, NULL},
    {"a proof of shuffle of another mixer", CHECK_MIX_PROOFS, copied, MIX "proofs/PoSReply%l.bt", MIX "proofs/PoSReply01.bt", NULL, NULL},
    {"one bit of a permutation commitment", CHECK_MIX_PROOFS, flip, MIX "proofs/PermutationCommitment%l.bt", NULL, NULL, NULL},
    {"infinity in a permutation commitment", CHECK_MIX_PROOFS, all_ones, MIX "proofs/PermutationCommitment%l.bt", "15", "33", NULL},
    {"a scalar not below n in a reply", CHECK_MIX_PROOFS, all_ones, MIX "proofs/PoSReply%l.bt", "11", "32", NULL},
    {"a byte after a reply", CHECK_MIX_PROOFS, one_byte_more, MIX "proofs/PoSReply%l.bt", NULL, NULL, NULL},
    {"a mixer's signature missing", CHECK_MIX_NOTES, gone, "mix/%g/01.note", NULL, NULL, NULL},
    {"a mixer's signature of another position", CHECK_MIX_NOTES, copied, "mix/%g/01.note", "mix/%g/%l.note", NULL, NULL},
    {"a mix entry that names other outputs", CHECK_MIX_NOTES, NULL, "mix", "outputs", NULL, fact},
    {"a mix entry for another position", CHECK_MIX_NOTES, NULL, "mix", "position", "9", fact},
    {"one bit of a trustee's list", CHECK_DECRYPTION_SESSIONS, flip, DEC "nizkp/Ciphertexts.bt", NULL, NULL, NULL},
    {"one bit of a trustee's plaintexts", CHECK_DECRYPTION_SESSIONS, flip, DEC "nizkp/Plaintexts.bt", NULL, NULL, NULL},
    {"a trustee under another's key", CHECK_DECRYPTION_SESSIONS, copied, DEC "nizkp/FullPublicKey.bt", "decryption/%g/%u/nizkp/FullPublicKey.bt", NULL, NULL},
    {"a trustee's factors given as another's", CHECK_DECRYPTION_PROOFS, trustee_as_another, NULL, NULL, NULL, NULL},
    {"one bit of a trustee's reply", CHECK_DECRYPTION_PROOFS, flip_all, DEC "nizkp/proofs/DecrFactReply01.bt", NULL, NULL, NULL},
    {"infinity as a factor", CHECK_DECRYPTION_PROOFS, all_ones_all, DEC "nizkp/proofs/DecryptionFactors01.bt", "15", "33", NULL},
    {"a trustee's signature of its factors missing", CHECK_DECRYPTION_NOTES, gone, "decryption/%g/%t.note", NULL, NULL, NULL},
    {"a trustee's signature by another trustee", CHECK_DECRYPTION_NOTES, copied, "decryption/%g/%t.note", "decryption/%g/%u.note", NULL, NULL},
    {"one trustee alone", CHECK_DECRYPTION_NOTES, NULL, "factors", NULL, "1", few},
    {"a trustee's station that saw another box", CHECK_DECRYPTION_NOTES, NULL, "station", "root", NULL, fact},
    {"a trustee's station that saw other mixed lists", CHECK_DECRYPTION_NOTES, NULL, "station", "lists", NULL, fact},
    {"a vote changed", CHECK_VOTES, vote_changed, "votes.csv", NULL, NULL, NULL},
    {"a vote taken away", CHECK_VOTES, line_gone, "votes.csv", NULL, NULL, NULL},
    {"two votes in another order", CHECK_VOTES, lines_swapped, "votes.csv", NULL, NULL, NULL},
    {"a count entry of other votes", CHECK_VOTES, NULL, "count", "votes", NULL, fact},
    {"two numbers of an act exchanged", CHECK_COUNT_ACTS, numbers_exchanged, "acts/count-%c.json", NULL, NULL, NULL},
    {"the operator's signature of a count act missing", CHECK_COUNT_ACTS, gone, "acts/count-%c.json.note", NULL, NULL, NULL},
    {"the summary's text altered", CHECK_COUNT_ACTS, one_byte_more, "acts/count-summary.txt", "\n", NULL, NULL},
    {"a cancelled election counted", CHECK_AMENDMENTS, NULL, NULL, NULL, NULL, cancelled},
    {"a document that nobody named", CHECK_DOCUMENTS, extra, "documents/0000000000000000000000000000000000000000000000000000000000000000", NULL, NULL, NULL},
    {"a document named that is not there", CHECK_DOCUMENTS, NULL, "close", "1111111111111111111111111111111111111111111111111111111111111111", NULL, fact_more},
    {"a seal over other files", CHECK_SEAL, NULL, "seal", "list", NULL, fact},
    {"a line of a hash list missing", CHECK_HASH_LISTS, line_gone, "hashes.sha512", NULL, NULL, NULL},
    {"another hash in a hash list", CHECK_HASH_LISTS, digit_after, "hashes.sha3-256", "\n", NULL, NULL},
    {"the notary's signature of the hand-over missing", CHECK_HANDOVER_ACT, unsigned_by, "acts/handover.json.note", "%N", NULL, NULL},
    {"the hand-over act's text altered", CHECK_HANDOVER_ACT, one_byte_more, "acts/handover.txt", "\n", NULL, NULL},
    {"the final head of events without its witnesses", CHECK_WITNESSES, cosignatures_gone, "events/checkpoint", NULL, NULL, NULL},
    {"a receipt that proves nothing", CHECK_RECEIPTS, false_receipt, NULL, NULL, NULL, NULL},
};
const size_t mutations_n = sizeof mutations / sizeof *mutations;

void
mutant_make(struct mutant *m, const struct mutation *it)
{
	m->what = it;
	m->made = 0;
	m->folder[0] = '\0';
	if (it->make != NULL)
		it->make(m, it);
}

void
mutant_free(struct mutant *m)
{
	char path[320];

	overlay_free(&m->files);
	if (m->folder[0] == '\0')
		return;
	(void)snprintf(path, sizeof path, "%s/receipt", m->folder);
	(void)unlink(path);
	(void)rmdir(m->folder);
}
