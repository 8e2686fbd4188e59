/* verifier/check_files.c - V01 and V35: which files a record in this state has, and no other.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names, each allocated. */
struct names {
	char **name;
	size_t n, room;
	int failed; /* out of memory */
};

static void add(struct names *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void
add(struct names *l, const char *format, ...)
{
	va_list ap;

	if (l->n == l->room) {
		size_t room = l->room == 0 ? 512 : 2 * l->room;
		char **more = realloc(l->name, room * sizeof *more);

		if (more == NULL) {
			l->failed = 1;
			return;
		}
		l->name = more;
		l->room = room;
	}
	va_start(ap, format);
	if (vasprintf(&l->name[l->n], format, ap) < 0)
		l->failed = 1;
	else
		l->n++;
	va_end(ap);
}

static void
names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The phase that a file of the record belongs to: those of later phases than was asked for are not looked at. */
static enum until
phase_of(const char *name)
{
	static const struct {
		const char *begin;
		enum until from;
	} of[] = {{"roll", UNTIL_OPENING}, {"authorizers/", UNTIL_OPENING}, {"manifest.json", UNTIL_OPENING}, {"dictamen.json", UNTIL_OPENING},
	    {"zero-report.json", UNTIL_OPENING}, {"opening.json", UNTIL_OPENING}, {"acts/opening.", UNTIL_OPENING}, {"ballots/", UNTIL_CLOSING},
	    {"authorizations/", UNTIL_CLOSING}, {"confirmations", UNTIL_CLOSING}, {"encrypted-votes.bin", UNTIL_CLOSING}, {"acts/closing.", UNTIL_CLOSING},
	    {"acts/start-of-decryption.", UNTIL_MIX}, {"mix/", UNTIL_MIX}, {"decryption/", UNTIL_COUNT}, {"votes.csv", UNTIL_COUNT},
	    {"acts/count-", UNTIL_COUNT}, {"hashes.", UNTIL_HANDOVER}, {"acts/handover.", UNTIL_HANDOVER}};

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (strncmp(name, of[i].begin, strlen(of[i].begin)) == 0)
			return of[i].from;
	return UNTIL_KEY;
}

static void
add_log(struct names *l, const char *prefix, uint64_t size)
{
	char path[64];

	add(l, "%scheckpoint", prefix);
	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		uint64_t hashes = level <= 0 ? size : size >> (8 * level);

		for (uint64_t i = 0; i * TILE_WIDTH < hashes; i++) {
			tile_path(path, level, i, hashes - i * TILE_WIDTH < TILE_WIDTH ? (unsigned)(hashes - i * TILE_WIDTH) : TILE_WIDTH);
			add(l, "%s%s", prefix, path);
		}
	}
}

static void
add_act(struct names *l, const char *name, int note)
{
	add(l, "acts/%s.json", name);
	add(l, "acts/%s.txt", name);
	if (note)
		add(l, "acts/%s.json.note", name);
}

static void
add_session(struct names *l, const char *base)
{
	static const char *const common[] = {"version", "type", "auxsid", "width", "FullPublicKey.bt", "Ciphertexts.bt", "proofs/activethreshold"};

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		add(l, "%s/nizkp/%s", base, common[i]);
}

static void
add_opening(const struct check_run *x, struct names *l)
{
	static const char *const documents[] = {"roll", "manifest.json", "dictamen.json", "opening.json"};

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		add(l, "%s", documents[i]);
		add(l, "%s.note", documents[i]);
	}
	add(l, "zero-report.json");
	add_act(l, "opening", 0);
	for (unsigned a = 0; a < x->r.call.authorizers; a++) {
		add(l, "authorizers/%.128s.json", x->r.call.authorizer[a].key.name);
		add(l, "authorizers/%.128s.json.note", x->r.call.authorizer[a].key.name);
	}
}

/* file1, file2, ... */
static int
names_file(const char *fact)
{
	return strncmp(fact, "file", 4) == 0 && fact[4] >= '1' && fact[4] <= '9' && strspn(fact + 4, "0123456789") == strlen(fact + 4);
}

/* What entries name. */
static void
add_documents(const struct check_run *x, struct names *l)
{
	for (uint64_t i = 0; i < x->r.entries; i++)
		for (unsigned f = 0; f < x->r.entry[i].facts; f++)
			if (names_file(x->r.entry[i].fact[f].name))
				add(l, "documents/%s", x->r.entry[i].fact[f].value);
}

static void
add_closing(const struct check_run *x, struct names *l, uint64_t most)
{
	add_log(l, "ballots/", x->r.ballots == x->r.ballots_head.size || x->r.ballots_head.size < most ? x->r.ballots_head.size : most);
	for (unsigned a = 0; a < x->r.call.authorizers; a++)
		if (a == 0 || (x->r.progress.lists >> a & 1)) {
			add(l, "authorizations/%.128s", x->r.call.authorizer[a].key.name);
			add(l, "authorizations/%.128s.note", x->r.call.authorizer[a].key.name);
		}
	add(l, "confirmations");
	add(l, "encrypted-votes.bin");
	add_act(l, "closing", 0);
}

/* The mixes of a group with ballots. */
static void
add_mixes(const struct check_run *x, struct names *l, const char *folder)
{
	unsigned mixes = x->r.progress.mixes;
	char base[100];

	(void)snprintf(base, sizeof base, "mix/%s", folder);
	add(l, "%s/protInfo.xml", base);
	add_session(l, base);
	add(l, "%s/nizkp/ShuffledCiphertexts.bt", base);
	for (unsigned k = 1; k <= mixes; k++) {
		add(l, "%s/%02u.note", base, k);
		add(l, "%s/nizkp/proofs/PermutationCommitment%02u.bt", base, k);
		add(l, "%s/nizkp/proofs/PoSCommitment%02u.bt", base, k);
		add(l, "%s/nizkp/proofs/PoSReply%02u.bt", base, k);
		if (k < mixes)
			add(l, "%s/nizkp/proofs/Ciphertexts%02u.bt", base, k);
	}
}

/* The trustees of a group with ballots. */
static void
add_decryption(const struct check_run *x, struct names *l, const char *folder)
{
	static const char *const own[] = {"Plaintexts.bt", "proofs/DecryptionFactors01.bt", "proofs/DecrFactCommitment01.bt",
	    "proofs/DecrFactReply01.bt", "proofs/CorrectIndices.bt", "proofs/PolynomialInExponent.bt"};
	char base[100];

	if (x->r.progress.factors > 0)
		add(l, "decryption/%s/protInfo.xml", folder);
	for (unsigned t = 1; t <= x->r.joint.k; t++) {
		if (entry_of(x, "factors", "trustee", x->r.call.trustee[t - 1].key.name) == NULL)
			continue;
		(void)snprintf(base, sizeof base, "decryption/%s/%02u", folder, t);
		add(l, "%s.note", base);
		add_session(l, base);
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			add(l, "%s/nizkp/%s", base, own[i]);
	}
}

static void
add_count(const struct check_run *x, struct names *l)
{
	char name[100];

	add(l, "votes.csv");
	add_act(l, "count-summary", 1);
	for (unsigned c = 0; c < x->r.m->contests; c++) {
		(void)snprintf(name, sizeof name, "count-%s", x->r.m->contest[c].id);
		add_act(l, name, 1);
	}
	for (unsigned g = 0; g < x->r.m->groups; g++) {
		(void)snprintf(name, sizeof name, "count-%s", x->r.m->group[g].folder);
		add_act(l, name, 1);
	}
}

static void
add_handover(struct names *l)
{
	add(l, "hashes.sha256");
	add(l, "hashes.sha512");
	add(l, "hashes.sha3-256");
	add_act(l, "handover", 1);
}

/* Drop the names of later phases than was asked for, and what stands twice (two entries may name one acuerdo). */
static void
drop(const struct check_run *x, struct names *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (phase_of(l->name[i]) <= x->report->until && (kept == 0 || strcmp(l->name[kept - 1], l->name[i]) != 0))
			l->name[kept++] = l->name[i];
		else
			free(l->name[i]);
	}
	l->n = kept;
}

/* Every file that a record in this state has, in order. Of a log of ballots that could not be read no more than `most`. */
static void
expected(const struct check_run *x, struct names *l, uint64_t most)
{
	static const char *const documents[] = {"call.json", "call.json.note", "key/transcript.json", "key/transcript.json.note", "key/cards.json"};
	const struct progress *p = &x->r.progress;

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		add(l, "%s", documents[i]);
	add_act(l, "key", 1);
	add_log(l, "events/", x->r.events_head.size);
	add_documents(x, l);
	if (x->opened || p->opened) /* by the log, if the documents of the opening are not all there */
		add_opening(x, l);
	if (p->closed)
		add_closing(x, l, most);
	if (p->compared)
		add_act(l, "start-of-decryption", 1);
	for (unsigned g = 0; x->opened && g < x->r.m->groups; g++) {
		if (record_group_size(&x->r, g) == 0)
			continue;
		if (p->mixes > 0)
			add_mixes(x, l, x->r.m->group[g].folder);
		add_decryption(x, l, x->r.m->group[g].folder);
	}
	if (p->counted && x->opened)
		add_count(x, l);
	else if (p->counted)
		add(l, "votes.csv");
	if (p->sealed)
		add_handover(l);
	qsort(l->name, l->n, sizeof *l->name, by_name);
	drop(x, l);
}

/* Of which files there are by contests, groups and ballots nothing is known without the documents of the opening: what is missing of
 * those is named, and these are not judged. */
static int
unknown(const struct check_run *x, const char *name)
{
	static const char *const begin[] = {"ballots/", "mix/", "decryption/", "acts/count-"};

	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (!x->opened && x->r.progress.opened && strncmp(name, begin[i], strlen(begin[i])) == 0)
			return 1;
	return 0;
}

/* A document's name is its hash. */
static void
check_document(struct check_run *x, const char *name)
{
	struct buf b = {0};
	struct hash h;
	char hex[65];
	enum err e;

	if ((e = record_file(&x->r, name, HUGE_FILE, &b, &x->why)) != OK)
		bad(x, CHECK_DOCUMENTS, e);
	else {
		sha256(&h, b.p, b.n);
		hash_hex(hex, &h);
		if (strcmp(hex, name + 10) != 0)
			report_fail(x->report, CHECK_DOCUMENTS, "%s is not what its name says", name);
	}
	buf_free(&b);
}

/* Both lists side by side; how many documents were read. */
static uint64_t
compare(struct check_run *x, const struct names *want, const struct names *have)
{
	uint64_t documents = 0;

	for (size_t i = 0, k = 0; (i < want->n || k < have->n) && go_on(x);) {
		int order = i == want->n ? 1 : k == have->n ? -1 : strcmp(want->name[i], have->name[k]);
		const char *name = order <= 0 ? want->name[i] : have->name[k];
		enum check c = strncmp(name, "documents/", 10) == 0 ? CHECK_DOCUMENTS : CHECK_FILES;

		if (order < 0)
			report_fail(x->report, c, "missing: %s", name);
		else if (order > 0 && !unknown(x, name)) {
			report_fail(x->report, c, "not of the record: %s", name);
			buf_printf(&x->stray, "%s\n", name);
		} else if (order == 0 && c == CHECK_DOCUMENTS) {
			check_document(x, name);
			documents++;
		}
		i += order <= 0;
		k += order >= 0;
	}
	return documents;
}

/* A record that is handed over has no folder without a file: its name could say anything, and no hash names it. (Before, a
 * step that was broken off may leave one.) */
static void
check_folders(struct check_run *x)
{
	struct names empty = {.name = NULL};
	enum err e;

	if (x->report->until < UNTIL_HANDOVER)
		return;
	if ((e = source_empty_folders(&x->r.src, &empty.name, &empty.n, &x->why)) != OK)
		bad(x, CHECK_FILES, e);
	for (size_t i = 0; i < empty.n; i++)
		report_fail(x->report, CHECK_FILES, "not of the record: the empty folder %s", empty.name[i]);
	names_free(&empty);
}

void
check_files(struct check_run *x)
{
	struct names want = {.name = NULL}, have = {.name = NULL};
	uint64_t documents;
	enum err e;

	report_begin(x->report, CHECK_FILES);
	report_begin(x->report, CHECK_DOCUMENTS);
	e = record_names(&x->r, &have.name, &have.n, &x->why);
	expected(x, &want, (have.n + 1) * TILE_WIDTH); /* a head can say any size; each of its bundles is a file */
	if (want.failed)
		e = ERR_NOMEM;
	if (e != OK)
		bad(x, CHECK_FILES, e); /* e.g. a server's record before its hand-over */
	else {
		drop(x, &have);
		documents = compare(x, &want, &have);
		check_folders(x);
		report_pass(x->report, CHECK_FILES, have.n, NULL);
		report_pass(x->report, CHECK_DOCUMENTS, documents, NULL);
	}
	names_free(&want);
	names_free(&have);
}
