#include "election/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/decryption.h"
#include "crypto/digests.h"
#include "crypto/shuffle.h"
#include "election/authorizer.h"
#include "election/docnote.h"

enum { HUGE_FILE = 1 << 30 };

void
record_free(struct record *r)
{
	buf_free(&r->call_bytes);
	buf_free(&r->transcript);
	buf_free(&r->custody);
	buf_free(&r->manifest_bytes);
	buf_free(&r->opening);
	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++) {
		for (unsigned s = 0; r->key[a] != NULL && s < r->m->styles; s++)
			rsa_public_free(r->key[a][s]);
		free(r->key[a]);
	}
	free(r->m);
	roll_free(&r->roll);
	for (uint64_t i = 0; i < r->entries; i++)
		event_free(&r->entry[i]);
	free(r->entry);
	used_free(&r->used);
	buf_free(&r->ballot_bytes);
	free(r->ballot_at);
	memset(r, 0, sizeof *r);
}

enum err
record_file(struct record *r, const char *name, size_t max, struct buf *out, struct why *why)
{
	return source_read(&r->src, name, max, out, why);
}

enum err
record_signed(struct record *r, const char *name, const char *purpose, const struct buf *document, const struct vkey *key, struct why *why)
{
	struct buf note = {0};
	char path[400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s.note", name);
	if ((e = record_file(r, path, NOTE_MAX_BYTES, &note, why)) == OK &&
	    (e = docnote_verify(note.p, note.n, purpose, &r->call.hash, document->p, document->n, key, why)) != OK)
		(void)why_prefix(why, e, "%s", path);
	buf_free(&note);
	return e;
}

enum err
record_call(struct record *r, struct why *why)
{
	enum err e;

	if ((e = record_file(r, "call.json", CALL_MAX_BYTES, &r->call_bytes, why)) != OK ||
	    (e = call_read(&r->call, r->call_bytes.p, r->call_bytes.n, why)) != OK ||
	    (e = record_signed(r, "call.json", "call", &r->call_bytes, &r->call.operator.key, why)) != OK)
		return e;
	r->first_notary = r->call.notary.key;
	return record_signed(r, "call.json", "call", &r->call_bytes, &r->call.notary.key, why);
}

enum err
record_key(struct record *r, struct why *why)
{
	enum err e;

	r->cards = MAX_CARDS;
	if ((e = record_file(r, "key/transcript.json", 8 << 20, &r->transcript, why)) != OK ||
	    (e = transcript_read(&r->joint, r->card, &r->cards, r->transcript.p, r->transcript.n, &r->call, why)) != OK)
		return e;
	for (unsigned i = 0; i < r->call.trustees && e == OK; i++)
		e = record_signed(r, "key/transcript.json", "key-transcript", &r->transcript, &r->call.trustee[i].key, why);
	return e != OK ? e : record_file(r, "key/cards.json", 1 << 20, &r->custody, why);
}

static int
by_modulus(const void *a, const void *b)
{
	return memcmp(a, b, RSA_BYTES);
}

/* No modulus stands twice, in one file or in two: two authorizers with one key would be one. */
static enum err
moduli_distinct(struct buf *all, struct why *why)
{
	size_t n = all->n / RSA_BYTES;
	int twice = 0;

	if (all->failed)
		return ERR_NOMEM;
	if (n > 0)
		qsort(all->p, n, RSA_BYTES, by_modulus);
	for (size_t i = 1; i < n; i++)
		twice |= by_modulus(all->p + (i - 1) * RSA_BYTES, all->p + i * RSA_BYTES) == 0;
	return twice ? why_set(why, ERR_RANGE, "authorizers: one RSA key stands twice") : OK;
}

enum err
record_manifest(struct record *r, struct why *why)
{
	enum err e;

	if ((e = record_file(r, "manifest.json", MANIFEST_MAX_BYTES, &r->manifest_bytes, why)) != OK ||
	    (e = manifest_read(&r->m, r->manifest_bytes.p, r->manifest_bytes.n, why)) != OK)
		return e;
	if (!r->m->sealed || !hash_equal(&r->m->call, &r->call.hash) || r->m->authorizers != r->call.authorizers)
		return why_set(why, ERR_RANGE, "manifest.json is not sealed, or of another call");
	return record_signed(r, "manifest.json", "manifest", &r->manifest_bytes, &r->call.operator.key, why);
}

enum err
record_roll(struct record *r, struct why *why)
{
	struct buf b = {0};
	enum err e;

	if ((e = record_file(r, "roll", HUGE_FILE, &b, why)) == OK && (e = roll_read(&r->roll, b.p, b.n, &r->call.hash, r->m, why)) == OK &&
	    (e = record_signed(r, "roll", "roll", &b, &r->call.registrar.key, why)) == OK &&
	    (!hash_equal(&r->roll.hash, &r->m->roll) || r->roll.n > r->call.maximum_voters))
		e = why_set(why, ERR_PROOF, "roll: not the one of the manifest, or more voters than the call allows");
	buf_free(&b);
	return e;
}

/* The keys of authorizer `a` (from 0); its moduli are put behind those in `moduli`. */
static enum err
read_authorizer(struct record *r, unsigned a, struct buf *moduli, struct why *why)
{
	struct authorizer_keys keys = {0};
	struct buf b = {0};
	char name[200];
	enum err e;

	(void)snprintf(name, sizeof name, "authorizers/%.128s.json", r->call.authorizer[a].key.name);
	if ((e = record_file(r, name, 4 << 20, &b, why)) != OK || (e = authorizer_keys_read(&keys, b.p, b.n, &r->call.hash, r->m->styles, why)) != OK ||
	    (e = record_signed(r, name, "authorizer", &b, &r->call.authorizer[a].key, why)) != OK)
		goto done;
	if (!hash_equal(&keys.hash, &r->m->authorizer[a]) || strcmp(keys.name, r->call.authorizer[a].key.name) != 0)
		e = why_set(why, ERR_PROOF, "%s: not the keys of the manifest", name);
	if ((r->key[a] = calloc(r->m->styles + 1u, sizeof **r->key)) == NULL)
		e = ERR_NOMEM;
	for (unsigned s = 0; s < r->m->styles && e == OK; s++)
		e = rsa_public_make(&r->key[a][s], keys.modulus[s]);
	buf_put(moduli, keys.modulus, (size_t)r->m->styles * RSA_BYTES);
done:
	free(keys.modulus);
	buf_free(&b);
	return e;
}

enum err
record_authorizers(struct record *r, struct why *why)
{
	struct buf moduli = {0};
	enum err e = OK;

	for (unsigned a = 0; a < r->call.authorizers && e == OK; a++)
		e = read_authorizer(r, a, &moduli, why);
	if (e == OK)
		e = moduli_distinct(&moduli, why);
	buf_free(&moduli);
	return e;
}

enum err
record_setup(struct record *r, struct why *why)
{
	enum err e;

	if ((e = record_manifest(r, why)) != OK || (e = record_roll(r, why)) != OK)
		return e;
	return record_authorizers(r, why);
}

enum err
record_opening(struct record *r, struct why *why)
{
	const struct {
		const char *name, *file;
		const struct buf *have; /* what was read of it and is gone by: not a second reading */
	} names[] = {{"transcript", "key/transcript.json", &r->transcript}, {"manifest", "manifest.json", &r->manifest_bytes}, {"roll", "roll", NULL},
	    {"dictamen", "dictamen.json", NULL}, {"zero_report", "zero-report.json", NULL}};
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	struct hash want, have;
	enum err e;

	if ((e = record_file(r, "opening.json", 65536, &r->opening, why)) != OK ||
	    (e = record_signed(r, "opening.json", "opening", &r->opening, &r->call.operator.key, why)) != OK ||
	    (e = record_signed(r, "opening.json", "opening", &r->opening, &r->call.notary.key, why)) != OK ||
	    (e = json_parse(&root, r->opening.p, r->opening.n, 65536, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "opening") != 0)
		(void)field_bad(&f, 1, "not an opening");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &want);
	if (f.e == OK && !hash_equal(&want, &r->call.hash))
		(void)field_bad(&f, 1, "opening.json is of another call");
	for (size_t i = 0; i < sizeof names / sizeof *names && f.e == OK; i++) {
		const struct buf *bytes = names[i].have != NULL ? names[i].have : &b;

		field_hash(&f, names[i].name, &want);
		if (f.e != OK || (bytes == &b && (f.e = record_file(r, names[i].file, HUGE_FILE, &b, why)) != OK))
			break;
		sha256(&have, bytes->p, bytes->n);
		if (!hash_equal(&want, &have))
			(void)field_bad(&f, 1, "opening.json names another %s than the record holds", names[i].file);
	}
	e = fields_end(&f);
	json_free(root);
	buf_free(&b);
	sha256(&r->election, r->opening.p, r->opening.n);
	return e;
}

/* ---- logs ------------------------------------------------------------------------------ */

struct entries {
	struct record *r;
	struct why *why;
	uint64_t room; /* in r->ballot_at */
};

void
record_notary(const struct record *r, const struct event *at, struct vkey *out)
{
	*out = r->first_notary;
	for (const struct event *e = r->entry; e < at; e++)
		if (strcmp(e->kind, "replace-notary") == 0)
			(void)!vkey_read(out, event_fact(e, "key"), NULL); /* it was read before */
}

/* An exclusion during the hours leaves open whether the voter authorized before it; one before them does not. */
static void
bar_excluded(struct record *r, const struct event *e)
{
	int opens = strcmp(e->kind, "phase") == 0 && strcmp(event_fact(e, "phase"), "3") == 0 && strcmp(event_fact(e, "edge"), "begin") == 0;

	for (uint32_t i = 0; i < r->roll.n && (opens || strcmp(e->kind, "include") == 0); i++)
		r->roll.row[i].barred = r->roll.row[i].excluded && (opens || r->roll.row[i].barred);
}

/* By the service alone, or signed by who may. */
static enum err
entry_signed(const struct record *r, const struct event *e, struct why *why)
{
	enum err err;

	if (e->document == NULL)
		return event_by_service(e) ? OK : why_set(why, ERR_PROOF, "%s: not signed by anybody", e->kind);
	err = event_authorized(e, &r->call, why);
	return err == OK ? OK : why_prefix(why, err, "%s", e->kind);
}

/* It may come now, and what it changes can be changed so. */
static enum err
entry_applied(struct record *r, const struct event *e, struct why *why)
{
	enum err err;

	if ((err = progress_apply(&r->progress, e, &r->call, why)) != OK || (r->roll.row != NULL && (err = roll_amend(&r->roll, e, &r->call, r->m, why)) != OK))
		return err;
	bar_excluded(r, e);
	return replace_apply(&r->call, e, why);
}

static enum err
on_entry(void *ctx, uint64_t index, const uint8_t *p, size_t n, const struct hash *leaf)
{
	struct entries *x = ctx;
	struct record *r = x->r;
	struct event *e = &r->entry[index];
	enum err err;

	(void)leaf;
	r->fault = FAULT_LOG;
	if ((err = event_read(e, p, n, x->why)) != OK)
		return why_prefix(x->why, err, "entry %" PRIu64, index);
	r->entries = index + 1;
	r->fault = event_amends(e) && strcmp(e->kind, "replace-credential") != 0 ? FAULT_AMENDMENT : FAULT_SIGNATURE;
	if ((err = entry_signed(r, e, x->why)) != OK)
		return why_prefix(x->why, err, "entry %" PRIu64, index);
	r->fault = FAULT_ORDER;
	if ((err = entry_applied(r, e, x->why)) != OK)
		return why_prefix(x->why, err, "entry %" PRIu64, index);
	r->fault = FAULT_SIGNATURE;
	if ((err = used_add(&r->used, e, x->why)) != OK)
		return why_prefix(x->why, err, "entry %" PRIu64, index);
	r->fault = FAULT_LOG;
	if (strcmp(e->kind, "close") == 0)
		r->close = e;
	return OK;
}

enum err
record_events(struct record *r, struct why *why)
{
	struct entries x = {r, why, 0};
	struct buf b = {0};
	enum err e;

	if ((e = record_file(r, "events/checkpoint", NOTE_MAX_BYTES, &b, why)) == OK)
		e = checkpoint_open(&r->events_head, b.p, b.n, &r->call.log_events, why);
	buf_free(&b);
	if (e != OK)
		return e;
	if (r->events_head.size > 100000)
		return why_set(why, ERR_LENGTH, "events/checkpoint: %" PRIu64 " entries are more than a record may have", r->events_head.size);
	if ((r->entry = calloc(r->events_head.size + 1, sizeof *r->entry)) == NULL)
		return why_set(why, ERR_NOMEM, "out of memory");
	return log_read(&r->src, "events/", &r->events_head, on_entry, &x, why);
}

/* A ballot with its style's contests; others are in no group. */
static int
counts(const struct record *r, const struct ballot *b)
{
	return b->style >= 1 && b->style <= r->m->styles && b->contests == r->m->style[b->style - 1].contests;
}

/* Room by what was read: a head can say any size. */
static int
more_ballots(struct entries *x)
{
	uint64_t room = 2 * x->room;
	uint64_t *at = realloc(x->r->ballot_at, room * sizeof *at);

	if (at == NULL)
		return 0;
	x->r->ballot_at = at;
	x->room = room;
	return 1;
}

static enum err
on_ballot(void *ctx, uint64_t index, const uint8_t *p, size_t n, const struct hash *leaf)
{
	struct entries *x = ctx;
	struct record *r = x->r;
	struct ballot b;

	(void)leaf;
	if (ballot_read(&b, p, n) != OK)
		return why_set(x->why, ERR_FORMAT, "ballot %" PRIu64 " is not in canonical form", index);
	if (index == 0 && r->ballots_head.size < (1 << 28) / n)
		buf_room(&r->ballot_bytes, r->ballots_head.size * n); /* most are of one length */
	buf_put(&r->ballot_bytes, p, n);
	if (r->ballot_bytes.failed)
		return ERR_NOMEM;
	if (index + 2 > x->room && !more_ballots(x))
		return ERR_NOMEM;
	r->of_style[counts(r, &b) ? b.style : 0]++;
	r->ballots = index + 1;
	r->ballot_at[r->ballots] = r->ballot_bytes.n;
	return OK;
}

enum err
record_ballots(struct record *r, struct why *why)
{
	struct entries x = {r, why, 1024};
	struct buf b = {0};
	enum err e;

	if ((e = record_file(r, "ballots/checkpoint", NOTE_MAX_BYTES, &b, why)) == OK)
		e = checkpoint_open(&r->ballots_head, b.p, b.n, &r->call.log_ballots, why);
	buf_free(&b);
	if (e != OK)
		return e;
	if (r->ballots_head.size > UINT64_C(1) << 32)
		return why_set(why, ERR_LENGTH, "ballots/checkpoint: %" PRIu64 " ballots are more than there are people", r->ballots_head.size);
	if ((r->ballot_at = calloc(x.room, sizeof *r->ballot_at)) == NULL)
		return why_set(why, ERR_NOMEM, "out of memory");
	return log_read(&r->src, "ballots/", &r->ballots_head, on_ballot, &x, why);
}

const uint8_t *
record_ballot_bytes(const struct record *r, uint64_t i, size_t *n)
{
	*n = (size_t)(r->ballot_at[i + 1] - r->ballot_at[i]);
	return r->ballot_bytes.p + r->ballot_at[i];
}

void
record_ballot(const struct record *r, uint64_t i, struct ballot *out)
{
	size_t n;
	const uint8_t *p = record_ballot_bytes(r, i, &n);

	if (ballot_read(out, p, n) != OK)
		abort(); /* it was read once */
}

void
record_leaf(const struct record *r, uint64_t i, struct hash *out)
{
	size_t n;
	const uint8_t *p = record_ballot_bytes(r, i, &n);

	leaf_hash(out, p, n);
}

enum err
record_check_ballots(const struct record *r, unsigned threads, uint8_t *bad, void (*each)(void *ctx, uint64_t done), void *ctx)
{
	enum { PIECE = 8192 };
	struct ballot *b = calloc(PIECE, sizeof *b);
	enum err e = b != NULL ? OK : ERR_NOMEM;

	for (uint64_t at = 0; at < r->ballots && e == OK; at += PIECE) {
		uint64_t k = r->ballots - at < PIECE ? r->ballots - at : PIECE;

		for (uint64_t i = 0; i < k; i++)
			record_ballot(r, at + i, &b[i]);
		e = ballots_check(b, k, &r->election, r->m, threads, bad + at);
		if (each != NULL)
			each(ctx, at + k);
	}
	free(b);
	return e;
}

/* ---- groups ------------------------------------------------------------------------------ */

size_t
record_group_size(const struct record *r, unsigned group)
{
	size_t n = 0;

	for (unsigned s = 0; s < r->m->styles; s++)
		for (unsigned v = 0; v < r->m->style[s].contests; v++)
			if (manifest_group(r->m, s, v) == (int)group)
				n += r->of_style[s + 1];
	return n;
}

/* The style stands behind the election id (spec/vote.md#ballot): most ballots need not be parsed for a group. */
static unsigned
style_of(const struct record *r, uint64_t i)
{
	size_t n;
	const uint8_t *p = record_ballot_bytes(r, i, &n);

	return (unsigned)p[HASH_BYTES] << 8 | p[HASH_BYTES + 1];
}

enum err
record_group(struct record *r, unsigned group, struct ciphertext **list, size_t *n)
{
	size_t most = record_group_size(r, group), k = 0;
	struct ciphertext *c = calloc(most + 1, sizeof *c);
	int at[MAX_STYLES + 1]; /* where a style has the group's contest, or -1 */

	if (c == NULL)
		return ERR_NOMEM;
	for (unsigned s = 0; s <= r->m->styles; s++) {
		at[s] = -1;
		for (unsigned v = 0; s > 0 && v < r->m->style[s - 1].contests; v++)
			if (manifest_group(r->m, s - 1, v) == (int)group)
				at[s] = (int)v;
	}
	for (uint64_t i = 0; i < r->ballots && k < most; i++) {
		unsigned s = style_of(r, i);
		struct ballot b;

		if (s > r->m->styles || at[s] < 0)
			continue;
		record_ballot(r, i, &b);
		if (!counts(r, &b))
			continue;
		if (point_read(&c[k].c1, b.vote[at[s]].c1) != OK || point_read(&c[k].c2, b.vote[at[s]].c2) != OK) {
			free(c);
			return ERR_FORMAT;
		}
		k++;
	}
	*list = c;
	*n = k;
	return OK;
}

static void
session(struct session *s, const struct record *r, unsigned parties)
{
	char hex[65];

	memset(s, 0, sizeof *s);
	hash_hex(hex, &r->election);
	(void)snprintf(s->sid, sizeof s->sid, "E%.40s", hex);
	s->nopart = s->thres = parties;
	s->ebitlen = r->call.ebitlen;
	s->vbitlen = 256;
}

void
record_mix_session(struct session *s, const struct record *r, unsigned group)
{
	session(s, r, r->call.mixers);
	s->thres = r->call.minimum_mixers;
	(void)snprintf(s->auxsid, sizeof s->auxsid, "S%04u", group + 1);
	session_start(s);
}

void
record_decryption_session(struct session *s, const struct record *r, unsigned group, unsigned trustee)
{
	session(s, r, 1);
	(void)snprintf(s->auxsid, sizeof s->auxsid, "D%04uT%02u", group + 1, trustee);
	session_start(s);
}

int
record_mix_of(const struct record *r, const char *mixer)
{
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, "mix") == 0 && strcmp(event_fact(&r->entry[i], "mixer"), mixer) == 0)
			return 1;
	return 0;
}

enum err
record_mixed(struct record *r, unsigned group, struct ciphertext **list, size_t n, struct why *why)
{
	struct buf b = {0};
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "mix/%s/nizkp/ShuffledCiphertexts.bt", r->m->group[group].folder);
	if ((e = record_file(r, path, HUGE_FILE, &b, why)) == OK && (e = bt_ciphertexts_read(list, n, b.p, b.n)) != OK)
		e = why_set(why, e, "%s: not %zu ciphertexts", path, n);
	buf_free(&b);
	return e;
}

enum err
record_factors(struct record *r, unsigned group, unsigned trustee, const struct ciphertext *list, size_t n, struct point **factors, unsigned threads, struct why *why)
{
	static const char *const names[] = {"DecryptionFactors01.bt", "DecrFactCommitment01.bt", "DecrFactReply01.bt"};
	struct decryption_proof p = {0};
	struct buf *file[] = {&p.factors, &p.commitment, &p.reply};
	struct session s;
	struct scalar pf, ipf;
	struct point key;
	char path[300];
	enum err e = OK;

	for (int i = 0; i < 3 && e == OK; i++) {
		(void)snprintf(path, sizeof path, "decryption/%s/%02u/nizkp/proofs/%s", r->m->group[group].folder, trustee, names[i]);
		e = record_file(r, path, HUGE_FILE, file[i], why);
	}
	if (e == OK) {
		decryption_factor(&pf, &ipf, r->joint.k);
		point_mul_var(&key, &r->joint.share_key[trustee - 1], &ipf);
		record_decryption_session(&s, r, group, trustee);
		if ((e = decryption_verify(factors, &s, &key, list, n, &p, threads, why)) != OK)
			why_prefix(why, e, "trustee %u, group %s", trustee, r->m->group[group].folder);
	}
	decryption_proof_free(&p);
	return e;
}

enum err
record_markings(struct record *r, unsigned group, const struct ciphertext *list, size_t n, const unsigned *set, struct point *const *factors, size_t *marking, unsigned threads)
{
	const struct contest *c = &r->m->contest[r->m->group[group].contest];
	struct point *plain = calloc(n + 1, sizeof *plain), table[MAX_LINES];
	enum err e = plain != NULL ? decryption_combine(plain, list, n, r->joint.k, set, r->joint.t, factors, threads) : ERR_NOMEM;

	if (e == OK) {
		marking_table(table, c->lines);
		for (size_t i = 0; i < n; i++)
			marking[i] = marking_find(table, c->lines, &plain[i]);
	}
	free(plain);
	return e;
}

enum err
record_decode(struct record *r, unsigned group, const struct ciphertext *list, size_t n, size_t *marking, unsigned threads, struct why *why)
{
	struct point *factors[MAX_TRUSTEES] = {NULL};
	unsigned set[MAX_TRUSTEES], t = 0;
	struct why one = {""};
	enum err e = OK;

	for (unsigned l = 1; l <= r->joint.k && t < r->joint.t; l++)
		if (record_factors(r, group, l, list, n, &factors[t], threads, &one) == OK)
			set[t++] = l;
	if (t < r->joint.t)
		e = why_set(why, ERR_ABSENT, "group %s: only %u of %u trustees' valid factors (%s)", r->m->group[group].folder, t, r->joint.t, one.text);
	else
		e = record_markings(r, group, list, n, set, factors, marking, threads);
	for (unsigned i = 0; i < t; i++)
		free(factors[i]);
	return e;
}

/* ---- all files ------------------------------------------------------------------------------ */

struct names {
	char **name;
	size_t n, room;
	int failed;
	int folders; /* the empty folders are asked for, not the files */
};

static void
on_name(void *arg, const char *path)
{
	struct names *x = arg;
	size_t length = strlen(path);

	if ((length > 0 && path[length - 1] == '/') != x->folders)
		return;
	if (x->n == x->room) {
		size_t room = x->room == 0 ? 256 : 2 * x->room;
		char **more = realloc(x->name, room * sizeof *more);

		if (more == NULL) {
			x->failed = 1;
			return;
		}
		x->name = more;
		x->room = room;
	}
	if ((x->name[x->n] = strdup(path)) == NULL)
		x->failed = 1;
	else
		x->n++;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum err
record_names(struct record *r, char ***names, size_t *n, struct why *why)
{
	return source_names(&r->src, names, n, why);
}

static enum err
listed(const struct file_source *src, int folders, char ***names, size_t *n, struct why *why)
{
	struct names x = {.folders = folders};
	enum err e;

	if (src->list == NULL)
		return why_set(why, ERR_ABSENT, "the files of this source cannot be listed");
	if ((e = src->list(src->ctx, on_name, &x, why)) != OK || x.failed)
		return e != OK ? e : ERR_NOMEM;
	if (x.n > 0)
		qsort(x.name, x.n, sizeof *x.name, by_name);
	*names = x.name;
	*n = x.n;
	return OK;
}

enum err
source_names(const struct file_source *src, char ***names, size_t *n, struct why *why)
{
	return listed(src, 0, names, n, why);
}

enum err
source_empty_folders(const struct file_source *src, char ***names, size_t *n, struct why *why)
{
	return listed(src, 1, names, n, why);
}
