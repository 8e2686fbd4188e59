#include "election/sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digests.h"
#include "crypto/parallel.h"
#include "crypto/shuffle.h"
#include "election/docnote.h"
#include "election/signatures.h"

enum { HUGE_FILE = 1 << 30 };

static enum err
same_hash(const char *want, const struct buf *b, const char *name, struct why *why)
{
	struct hash h;
	char hex[65];

	sha256(&h, b->p, b->n);
	hash_hex(hex, &h);
	return strcmp(want, hex) == 0 ? OK : why_set(why, ERR_PROOF, "%s is not the file whose hash stands in events", name);
}

struct feeding {
	struct lists *lists;
	struct hash_run *hash;
	struct why *why;
};

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	struct feeding *f = ctx;

	hash_more(f->hash, p, n);
	return lists_feed(f->lists, p, n, f->why);
}

/* A list is read piece by piece: there may be some of hundreds of megabytes. */
static enum err
add_list(struct record *r, struct lists *l, unsigned a, const char *want, struct why *why)
{
	struct feeding f = {l, NULL, why};
	struct buf note = {0};
	struct hash h;
	char path[200], hex[65];
	enum err e;

	(void)snprintf(path, sizeof path, "authorizations/%.128s", r->call.authorizer[a - 1].key.name);
	if ((e = lists_begin(l, a, why)) != OK)
		return e;
	f.hash = hash_start();
	e = source_stream(&r->src, path, SIZE_MAX, on_piece, &f, why);
	hash_end(f.hash, &h);
	hash_hex(hex, &h);
	if (e == OK)
		e = lists_end(l, why);
	if (e == OK && strcmp(hex, want) != 0)
		e = why_set(why, ERR_PROOF, "%s is not the file whose hash stands in events", path);
	(void)strcat(path, ".note");
	if (e == OK && (e = record_file(r, path, NOTE_MAX_BYTES, &note, why)) == OK &&
	    (e = docnote_verify_hash(note.p, note.n, "authorizations", &r->call.hash, &h, &r->call.authorizer[a - 1].key, why)) != OK)
		(void)why_prefix(why, e, "%s", path);
	buf_free(&note);
	return e;
}

struct confirmed {
	struct record *r;
	const struct lists *lists;
	struct signatures *signatures;
	struct style_sums *sums;
	uint64_t unauthorized;
	uint32_t first_unauthorized;
	struct why *why;
};

static enum err
false_confirmation(struct why *why, uint32_t index)
{
	return why_set(why, ERR_PROOF, "confirmation of roll index %u: its signature is false", index);
}

static enum err
on_confirmation(void *ctx, uint32_t index, const uint8_t *sig)
{
	struct confirmed *x = ctx;
	uint32_t false_index = index;
	struct hash h;
	enum err e;

	if (sig == NULL)
		return OK;
	confirmation_hash(&h, &x->r->election, index);
	if ((e = signatures_add(x->signatures, index, sig, &h, &false_index)) == ERR_PROOF)
		return false_confirmation(x->why, false_index);
	if (lists_shows(x->lists, 1, index))
		x->sums[x->r->roll.row[index].style - 1].confirmations++;
	else if (x->unauthorized++ == 0) /* a voter's doing, which must not void the election */
		x->first_unauthorized = index;
	return e;
}

enum err
sums_confirmations(struct record *r, struct style_sums *sums, const struct lists *lists, struct buf *remarks, unsigned threads, struct why *why)
{
	struct confirmed x = {.r = r, .lists = lists, .sums = sums, .why = why};
	struct buf b = {0};
	uint32_t false_index = 0;
	enum err e;

	if ((e = signatures_new(&x.signatures, &r->roll, threads)) == OK && (e = record_file(r, "confirmations", 1 << 30, &b, why)) == OK &&
	    (e = same_hash(event_fact(r->close, "confirmations"), &b, "confirmations", why)) == OK &&
	    (e = confirmations_read(b.p, b.n, &r->election, r->roll.n, on_confirmation, &x, why)) == OK &&
	    (e = signatures_end(x.signatures, &false_index)) == ERR_PROOF)
		e = false_confirmation(why, false_index);
	if (remarks != NULL && x.unauthorized > 0)
		buf_printf(remarks, "%" PRIu64 " voters confirmed who are not in the authority's list: not counted (one is roll index %u)", x.unauthorized, x.first_unauthorized);
	signatures_free(x.signatures);
	buf_free(&b);
	return e;
}

enum err
sums_authorizations(struct record *r, struct style_sums *sums, struct lists **lists, struct lists_findings *findings, unsigned threads, struct why *why)
{
	struct rsa_public *const *key[MAX_AUTHORIZERS];
	struct lists_of of = {&r->call, r->m, &r->roll, &r->election, key, threads};
	struct lists *l = NULL;
	enum err e;

	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		key[a] = r->key[a];
	memset(sums, 0, MAX_STYLES * sizeof *sums);
	if ((e = lists_new(&l, &of)) != OK || (e = add_list(r, l, 1, event_fact(r->close, "authorizations"), why)) != OK)
		goto done;
	for (uint32_t i = 0; i < r->roll.n; i++) {
		sums[r->roll.row[i].style - 1].roll++;
		sums[r->roll.row[i].style - 1].authorizations += (uint64_t)lists_authorized(l, i);
	}
	for (uint64_t i = 0; i < r->entries && e == OK; i++)
		if (strcmp(r->entry[i].kind, "list") == 0)
			e = add_list(r, l, call_authorizer(&r->call, event_fact(&r->entry[i], "authorizer")), event_fact(&r->entry[i], "sha256"), why);
	if (e != OK || (e = lists_findings(l, findings)) != OK)
		goto done;
	for (uint32_t i = 0; i < r->roll.n; i++)
		sums[r->roll.row[i].style - 1].authorizations_all += (uint64_t)lists_authorized(l, i);
	for (uint64_t i = 0; i < r->ballots; i++) {
		struct ballot ballot;

		record_ballot(r, i, &ballot);
		if (ballot.style >= 1 && ballot.style <= r->m->styles)
			sums[ballot.style - 1].ballots++;
	}
	*lists = l;
	l = NULL;
done:
	lists_free(l);
	return e;
}

enum err
sums_of_record(struct record *r, struct style_sums *sums, struct lists_findings *findings, unsigned threads, struct why *why)
{
	struct lists *l = NULL;
	enum err e;

	if ((e = sums_authorizations(r, sums, &l, findings, threads, why)) == OK)
		e = sums_confirmations(r, sums, l, NULL, threads, why);
	lists_free(l);
	return e;
}

/* ---- mixes -------------------------------------------------------------------------------- */

void
mix_statement(struct buf *out, const struct session *s, const char *mixer, unsigned position, const struct hash *in, const struct hash *result)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "mix");
	json_text(&o, "sid", s->sid);
	json_text(&o, "auxsid", s->auxsid);
	json_text(&o, "mixer", mixer);
	json_int(&o, "position", position);
	json_hash(&o, "input", in);
	json_hash(&o, "output", result);
	json_end(&o, '}');
}

/* ---- votes and acts ---------------------------------------------------------------------------- */

enum err
count_record(struct record *r, struct count *c, size_t *const *given, unsigned threads, struct why *why)
{
	struct act_facts f = {&r->call, r->m, r->election};
	struct tally *contest = calloc(MAX_CONTESTS, sizeof *contest);
	enum err e = OK;

	memset(c, 0, sizeof *c);
	if (contest == NULL)
		return ERR_NOMEM;
	buf_str(&c->csv, "group,line\n");
	for (unsigned g = 0; g < r->m->groups && e == OK; g++) {
		const struct contest *k = &r->m->contest[r->m->group[g].contest];
		struct ciphertext *list = NULL;
		size_t n = record_group_size(r, g), *marking = NULL;

		if (n > 0 && (marking = calloc(n, sizeof *marking)) == NULL)
			e = ERR_NOMEM;
		else if (n > 0 && given != NULL)
			memcpy(marking, given[g], n * sizeof *marking);
		else if (n > 0 && (e = record_mixed(r, g, &list, n, why)) == OK)
			e = record_decode(r, g, list, n, marking, threads, why);
		for (size_t i = 0; e == OK && i < n; i++) {
			tally_add(&c->group[g], k, marking[i]);
			buf_printf(&c->csv, "%s,%s\n", r->m->group[g].folder, marking[i] > 0 ? k->line[marking[i] - 1].id : "-");
		}
		tally_split(&c->group[g], k);
		tally_sum(&contest[r->m->group[g].contest], &c->group[g]);
		free(list);
		free(marking);
	}
	for (unsigned i = 0; i < r->m->contests && e == OK; i++) {
		(void)snprintf(c->name[c->acts], sizeof c->name[0], "count-%s", r->m->contest[i].id);
		e = act_count(&c->act[c->acts++], &f, i, NULL, &contest[i]);
	}
	for (unsigned g = 0; g < r->m->groups && e == OK; g++) {
		(void)snprintf(c->name[c->acts], sizeof c->name[0], "count-%s", r->m->group[g].folder);
		e = act_count(&c->act[c->acts++], &f, r->m->group[g].contest, &r->m->group[g], &c->group[g]);
	}
	if (e == OK) {
		(void)snprintf(c->name[c->acts], sizeof c->name[0], "count-summary");
		e = act_summary(&c->act[c->acts++], &f, c->group, r->entry, r->entries);
	}
	free(contest);
	return e == OK && c->csv.failed ? ERR_NOMEM : e;
}

void
count_free(struct count *c)
{
	buf_free(&c->csv);
	for (size_t i = 0; i < c->acts; i++)
		act_free(&c->act[i]);
}

static void
list_line(struct buf *list, const void *digest, size_t n, const char *name)
{
	char hex[129];

	hex_encode(hex, digest, n);
	buf_printf(list, "%s  %s\n", hex, name);
}

static enum err
hash_listed(struct record *r, struct buf list[3], struct why *why)
{
	char **name = NULL;
	size_t n = 0;
	enum err e;

	if ((e = record_names(r, &name, &n, why)) != OK)
		return e;
	for (size_t i = 0; i < n; i++) {
		int grows = strcmp(name[i], "encrypted-votes.bin") == 0 || strncmp(name[i], "authorizations/", 15) == 0;
		struct digests d;

		if (e == OK && strncmp(name[i], "hashes.", 7) != 0 && strncmp(name[i], "acts/handover.", 14) != 0 &&
		    (e = source_digests(&r->src, name[i], grows ? SIZE_MAX : HUGE_FILE, &d, why)) == OK) {
			list_line(&list[0], d.sha256.b, HASH_BYTES, name[i]);
			list_line(&list[1], d.sha512, sizeof d.sha512, name[i]);
			list_line(&list[2], d.sha3_256, sizeof d.sha3_256, name[i]);
		}
		free(name[i]);
	}
	free(name);
	return e;
}

/* A file that is there and then not is one that urnad writes beside a checkpoint, and renames, when a cosignature comes. */
enum err
hash_lists(struct record *r, struct buf list[3], struct why *why)
{
	size_t had[3] = {list[0].n, list[1].n, list[2].n};
	enum err e = hash_listed(r, list, why);

	for (int tries = 1; e == ERR_ABSENT && tries < 10; tries++) {
		for (int i = 0; i < 3; i++)
			list[i].n = had[i];
		e = hash_listed(r, list, why);
	}
	return e;
}

void
seal_hash(struct hash *out, const struct buf *sha256_list)
{
	static const char events[] = "events/";
	const size_t before = 2 * HASH_BYTES + 2, k = sizeof events - 1;
	struct hash_run *h = hash_start();

	for (size_t at = 0; at < sha256_list->n;) {
		const uint8_t *line = sha256_list->p + at, *end = memchr(line, '\n', sha256_list->n - at);
		size_t n = end != NULL ? (size_t)(end - line) + 1 : sha256_list->n - at;

		if (n < before + k || memcmp(line + before, events, k) != 0)
			hash_more(h, line, n);
		at += n;
	}
	hash_end(h, out);
}
