#include "verifier/record_checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/decryption.h"
#include "crypto/digests.h"
#include "crypto/parallel.h"
#include "crypto/shuffle.h"
#include "election/docnote.h"
#include "election/sums.h"
#include "verifier/named_heads.h"

enum { HUGE_FILE = 1 << 30 };

struct check_run {
	struct report *report;
	struct record r;
	const struct pinned *pinned;
	unsigned threads;
	int opened; /* the opening and all it names are there and good */
	uint64_t zero_size; /* the head of events in the zero report */
	struct hash zero_root;
	struct buf false_factors; /* who gave such, for which groups */
	struct hash outputs[MAX_PARTIES + 1]; /* by position: over all groups' outputs, as a mix entry names them */
	struct hash list[MAX_GROUPS];	      /* of each group's last list */
	struct why why;
};

/* Report an error under a check: missing evidence is ABSENT, the rest FAIL. */
static void
bad(struct check_run *x, enum check c, enum err e)
{
	if (e == ERR_ABSENT)
		report_absent(x->report, c, "%s", x->why.text);
	else
		report_fail(x->report, c, "%s (%s)", x->why.text, err_name(e));
}

/* The file holds exactly these bytes. */
static enum err
same(struct check_run *x, const char *path, const void *p, size_t n)
{
	struct buf b = {0};
	enum err e = record_file(&x->r, path, HUGE_FILE, &b, &x->why);

	if (e == OK && (b.n != n || memcmp(b.p, p, n) != 0))
		e = why_set(&x->why, ERR_PROOF, "%s is not what the record gives", path);
	buf_free(&b);
	return e;
}

static enum err
same_text(struct check_run *x, const char *path, const char *text)
{
	return same(x, path, text, strlen(text));
}

static enum err
same_act(struct check_run *x, const char *name, const struct act *a)
{
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "acts/%s.json", name);
	if ((e = same(x, path, a->json.p, a->json.n)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "acts/%s.txt", name);
	return same(x, path, a->text.p, a->text.n);
}

/* Signed by the operator, and by the notary if one is given. */
static enum err
act_signed(struct check_run *x, const char *name, const char *purpose, const struct act *a, const struct vkey *notary)
{
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "acts/%s.json", name);
	if ((e = record_signed(&x->r, path, purpose, &a->json, &x->r.call.operator.key, &x->why)) != OK || notary == NULL)
		return e;
	return record_signed(&x->r, path, purpose, &a->json, notary, &x->why);
}

/* ---- documents ------------------------------------------------------------------------ */

static int
check_call(struct check_run *x)
{
	struct vkey k;
	enum err e;

	report_begin(x->report, CHECK_CALL);
	if ((e = record_call(&x->r, &x->why)) != OK) {
		bad(x, CHECK_CALL, e);
		return 0;
	}
	for (unsigned i = 0; i < x->pinned->log_keys; i++)
		if (vkey_read(&k, x->pinned->log_key[i], &x->why) != OK ||
		    (!vkey_equal(&k, &x->r.call.log_ballots) && !vkey_equal(&k, &x->r.call.log_events)))
			report_fail(x->report, CHECK_CALL, "the pinned log key %.60s is not one of the call's", x->pinned->log_key[i]);
	report_pass(x->report, CHECK_CALL, 2, "%s", x->r.call.simulacro ? "a simulacro" : NULL);
	return 1;
}

static int
check_key(struct check_run *x)
{
	struct act act = {{0}, {0}};
	struct hash h;
	enum err e;

	report_begin(x->report, CHECK_CEREMONY);
	if ((e = record_key(&x->r, &x->why)) != OK) {
		bad(x, CHECK_CEREMONY, e);
		return 0;
	}
	report_pass(x->report, CHECK_CEREMONY, x->r.joint.k, "%u of %u trustees open; joint key and every y_l recomputed", x->r.joint.t, x->r.joint.k);
	report_begin(x->report, CHECK_KEY_ACT);
	sha256(&h, x->r.transcript.p, x->r.transcript.n);
	if ((e = act_key(&act, &x->r.call, &x->r.joint, x->r.card, x->r.cards, &h, x->r.custody.p, x->r.custody.n, &x->why)) != OK ||
	    (e = same_act(x, "key", &act)) != OK || (e = act_signed(x, "key", "key-act", &act, &x->r.first_notary)) != OK)
		bad(x, CHECK_KEY_ACT, e);
	else
		report_pass(x->report, CHECK_KEY_ACT, x->r.cards, NULL);
	act_free(&act);
	return 1;
}

/* manifest, roll and authorizers are read together; the sentence says whose fault. */
static int
check_setup(struct check_run *x)
{
	enum check c = CHECK_MANIFEST;
	int64_t latest;
	enum err e;

	report_begin(x->report, CHECK_MANIFEST);
	report_begin(x->report, CHECK_ROLL);
	report_begin(x->report, CHECK_AUTHORIZER_KEYS);
	if ((e = record_setup(&x->r, &x->why)) != OK) {
		if (strncmp(x->why.text, "roll", 4) == 0 || strstr(x->why.text, "/roll:") != NULL)
			c = CHECK_ROLL;
		else if (strncmp(x->why.text, "author", 6) == 0 || strstr(x->why.text, "/authorizers/") != NULL)
			c = CHECK_AUTHORIZER_KEYS;
		bad(x, c, e);
		return 0;
	}
	if (!x->r.call.simulacro && (custody_dates(&latest, x->r.custody.p, x->r.custody.n, &x->why) != OK || latest > months_before(x->r.m->opens, 2)))
		report_fail(x->report, CHECK_MANIFEST, "a custodian was designated less than two calendar months before the opening");
	report_pass(x->report, CHECK_MANIFEST, x->r.m->contests, NULL);
	report_pass(x->report, CHECK_ROLL, x->r.roll.n, NULL);
	report_pass(x->report, CHECK_AUTHORIZER_KEYS, (uint64_t)x->r.call.authorizers * x->r.m->styles, NULL);
	return 1;
}

static int
listed_before(const struct json *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list->item[i]->n; k++)
			if (strcmp(list->item[i]->item[k]->name, "name") == 0 && strcmp(list->item[i]->item[k]->text, name) == 0)
				return 1;
	return 0;
}

/* The dictamen's files, each once, copied into the zero report as an opening may report them. */
static enum err
dictamen_files(struct json_out *o, const struct buf *dictamen, const struct hash *call, struct why *why)
{
	struct json *root = NULL, *list;
	struct fields f;
	struct hash h;
	enum err e;

	if ((e = json_parse(&root, dictamen->p, dictamen->n, 1 << 24, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "dictamen") != 0)
		(void)field_bad(&f, 1, "not a dictamen");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &h);
	if (f.e == OK && !hash_equal(&h, call))
		(void)field_bad(&f, 1, "the dictamen is of another call");
	list = field_array(&f, "files", 1000);
	if (f.e == OK && list->n == 0)
		(void)field_bad(&f, list->line, "the dictamen lists no program");
	json_begin(o, "files", '[');
	for (size_t i = 0; f.e == OK && i < list->n; i++) {
		struct fields g = fields_of(list->item[i], why);
		const char *name = field_text(&g, "name", 200);

		if (g.e == OK && listed_before(list, i, name))
			(void)field_bad(&g, list->item[i]->line, "the file %s is listed twice", name);
		json_begin(o, NULL, '{');
		json_text(o, "name", name);
		json_text(o, "verdict", "Correcto");
		json_end(o, '}');
		field_hash(&g, "sha256", &h);
		f.e = fields_end(&g);
	}
	json_end(o, ']');
	e = fields_end(&f);
	json_free(root);
	return e;
}

/* The head of events is all that a zero report says by itself. */
static enum err
zero_head(struct check_run *x, const struct buf *report)
{
	struct json *root = NULL;
	struct fields f, events;
	enum err e;

	if ((e = json_parse(&root, report->p, report->n, 1 << 20, &x->why)) != OK)
		return e;
	f = fields_of(root, &x->why);
	events = fields_of(field_object(&f, "events"), &x->why);
	x->zero_size = (uint64_t)field_int(&events, "size", 1, INT64_MAX);
	field_hash(&events, "root", &x->zero_root);
	e = f.e != OK ? f.e : fields_end(&events);
	json_free(root);
	return e;
}

/* Every store empty, every counter zero, every file of the dictamen found right: one text is possible. */
static enum err
zero_text(struct check_run *x, struct buf *out, const struct buf *dictamen)
{
	static const char *const stores[] = {"ballots", "authorizations", "confirmations", "outbox"};
	struct json_out o = json_out(out);
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "zero-report");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &x->r.call.hash);
	json_hash(&o, "manifest", &x->r.m->hash);
	for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
		json_int(&o, stores[i], 0);
	json_begin(&o, "events", '{');
	json_int(&o, "size", (int64_t)x->zero_size);
	json_hash(&o, "root", &x->zero_root);
	json_end(&o, '}');
	json_begin(&o, "groups", '[');
	for (unsigned g = 0; g < x->r.m->groups; g++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "contest", x->r.m->contest[x->r.m->group[g].contest].id);
		json_text(&o, "entity", x->r.m->group[g].entity);
		json_int(&o, "votes", 0);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	if ((e = dictamen_files(&o, dictamen, &x->r.call.hash, &x->why)) != OK)
		return e;
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

static void
check_dictamen_and_zero(struct check_run *x)
{
	struct buf dictamen = {0}, report = {0}, text = {0};
	enum err e;

	report_begin(x->report, CHECK_DICTAMEN);
	if ((e = record_file(&x->r, "dictamen.json", 1 << 24, &dictamen, &x->why)) != OK ||
	    (e = record_signed(&x->r, "dictamen.json", "dictamen", &dictamen, &x->r.call.auditor.key, &x->why)) != OK)
		bad(x, CHECK_DICTAMEN, e);
	else
		report_pass(x->report, CHECK_DICTAMEN, 1, NULL);
	report_begin(x->report, CHECK_ZERO_REPORT);
	if ((e = record_file(&x->r, "zero-report.json", 1 << 20, &report, &x->why)) != OK || (e = zero_head(x, &report)) != OK ||
	    (e = zero_text(x, &text, &dictamen)) != OK || (e = same(x, "zero-report.json", text.p, text.n)) != OK)
		bad(x, CHECK_ZERO_REPORT, e);
	else
		report_pass(x->report, CHECK_ZERO_REPORT, x->r.m->groups, NULL);
	buf_free(&dictamen);
	buf_free(&report);
	buf_free(&text);
}

/* opening.json and its act */
static int
check_opening(struct check_run *x)
{
	struct act_facts facts;
	struct act act = {{0}, {0}};
	char hex[65];
	enum err e;

	check_dictamen_and_zero(x);
	report_begin(x->report, CHECK_OPENING);
	if ((e = record_opening(&x->r, &x->why)) != OK) {
		bad(x, CHECK_OPENING, e);
		return 0;
	}
	hash_hex(hex, &x->r.election);
	facts = (struct act_facts){&x->r.call, x->r.m, x->r.election};
	if (x->pinned->election_id != NULL && strcmp(hex, x->pinned->election_id) != 0)
		report_fail(x->report, CHECK_OPENING, "the record is of election %s, not of the pinned one", hex);
	if ((e = act_opening(&act, &facts, x->r.opening.p, x->r.opening.n, &x->why)) != OK || (e = same_act(x, "opening", &act)) != OK)
		bad(x, CHECK_OPENING, e);
	else
		report_pass(x->report, CHECK_OPENING, 1, x->pinned->election_id != NULL ? NULL : "no --election-id was pinned: compare the id below with one you trust");
	act_free(&act);
	return 1;
}

/* ---- logs --------------------------------------------------------------------------------- */

/* The head of events that the zero report names: a prefix of the log, before the opening entry. */
static void
check_zero_head(struct check_run *x)
{
	struct frontier f = {0};
	struct hash h;

	for (uint64_t i = 0; i < x->r.entries && f.size < x->zero_size; i++) {
		struct buf b = {0};

		if (strcmp(x->r.entry[i].kind, "opening") == 0)
			break;
		if (event_write(&b, &x->r.entry[i]) != OK)
			abort(); /* it was read in canonical form */
		leaf_hash(&h, b.p, b.n);
		frontier_append(&f, &h);
		buf_free(&b);
	}
	frontier_root(&h, &f);
	if (f.size != x->zero_size || !hash_equal(&h, &x->zero_root))
		report_fail(x->report, CHECK_ZERO_REPORT, "its head of events (size %" PRIu64 ") is no prefix of the log before the opening", x->zero_size);
}

/* The box opened and closed by the manifest's hours and the extensions, not before. A clock that jumped is in the log,
 * lifted by the operator's signature; the service then went by its monotonic clock, which no entry shows. */
static void
check_hours(struct check_run *x)
{
	enum { SLACK = 30 }; /* within which system and monotonic clock may part unnoticed */
	char opens[21], closes[21];

	if (!x->opened)
		return;
	time_text(opens, x->r.m->opens);
	time_text(closes, x->r.m->closes);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		int third = strcmp(v->kind, "phase") == 0 && strcmp(event_fact(v, "phase"), "3") == 0, begin = strcmp(event_fact(v, "edge"), "begin") == 0;

		if (strcmp(v->kind, "opening") == 0 && (strcmp(event_fact(v, "opens"), opens) != 0 || strcmp(event_fact(v, "closes"), closes) != 0))
			report_fail(x->report, CHECK_PHASES, "the opening entry names other hours than the manifest");
		if (strcmp(v->kind, "suspend") == 0 && strcmp(event_fact(v, "cause"), "clock") == 0)
			return;
		if (third && begin && v->time + SLACK < x->r.m->opens)
			report_fail(x->report, CHECK_PHASES, "the box opened before the manifest's hour");
		if (third && !begin && v->time + SLACK < x->r.progress.closes)
			report_fail(x->report, CHECK_PHASES, "voting ended before its hour");
		if (strcmp(v->kind, "close") == 0 && v->time + SLACK < x->r.progress.closes + x->r.m->grace)
			report_fail(x->report, CHECK_PHASES, "the box closed before the end of the grace");
	}
}

static void
was_read(struct check_run *x, enum check c)
{
	if (x->pinned->on_read != NULL)
		x->pinned->on_read(x->pinned->on_read_ctx, &x->r, c);
}

static int
check_events(struct check_run *x)
{
	const struct progress *p = &x->r.progress;
	uint64_t n = 0, signed_entries = 0;
	char hex[65];
	enum err e;

	report_begin(x->report, CHECK_EVENTS_LOG);
	report_begin(x->report, CHECK_PHASES);
	report_begin(x->report, CHECK_ENTRY_SIGNATURES);
	if ((e = record_events(&x->r, &x->why)) != OK) {
		int entry = strncmp(x->why.text, "entry ", 6) == 0;

		bad(x, !entry ? CHECK_EVENTS_LOG : strstr(x->why.text, "sign") != NULL ? CHECK_ENTRY_SIGNATURES : CHECK_PHASES, e);
		return 0;
	}
	was_read(x, CHECK_EVENTS_LOG);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];

		n += strcmp(v->kind, "phase") == 0;
		signed_entries += v->document != NULL;
		if (strcmp(v->kind, "key") == 0) { /* what the entry says was created is what lies here */
			struct hash h;
			struct buf b = {0};

			sha256(&h, x->r.transcript.p, x->r.transcript.n);
			hash_hex(hex, &h);
			if (strcmp(hex, event_fact(v, "transcript")) != 0)
				report_fail(x->report, CHECK_PHASES, "the key entry names another transcript");
			if (record_file(&x->r, "acts/key.json", HUGE_FILE, &b, &x->why) == OK) {
				sha256(&h, b.p, b.n);
				hash_hex(hex, &h);
				if (strcmp(hex, event_fact(v, "act")) != 0)
					report_fail(x->report, CHECK_KEY_ACT, "the key entry names another key act");
			}
			buf_free(&b);
		}
	}
	if (!p->key)
		report_absent(x->report, CHECK_KEY_ACT, "no key entry");
	if (x->opened)
		check_zero_head(x);
	check_hours(x);
	report_pass(x->report, CHECK_EVENTS_LOG, x->r.entries, NULL);
	report_pass(x->report, CHECK_ENTRY_SIGNATURES, signed_entries, NULL);
	hash_hex(hex, &x->r.election);
	if (x->report->until >= UNTIL_OPENING && (!p->opened || !hash_equal(&p->election, &x->r.election)))
		report_fail(x->report, CHECK_PHASES, "no opening entry of election %s", hex);
	if (x->report->until == UNTIL_HANDOVER && (p->begun != 0xfe || p->ended != 0xfe))
		report_fail(x->report, CHECK_PHASES, "not every phase has begun and ended");
	report_pass(x->report, CHECK_PHASES, n, NULL);
	return 1;
}

/* The close entry names the log's final head, under the log's own signature alone: what witnesses sign comes when it comes. */
static enum err
closed_head(struct check_run *x)
{
	const char *text = event_fact(x->r.close, "checkpoint"), *size = event_fact(x->r.close, "size");
	struct buf bare = {0};
	struct head head;
	uint64_t n;
	char hex[65];
	enum err e;

	hash_hex(hex, &x->r.ballots_head.root);
	if (decimal_read(&n, size, size + strlen(size)) != OK || n != x->r.ballots_head.size || strcmp(event_fact(x->r.close, "root"), hex) != 0)
		return why_set(&x->why, ERR_PROOF, "the log is not the one of the close entry: %" PRIu64 " entries, %.20s at the close", x->r.ballots_head.size, size);
	if ((e = checkpoint_open(&head, text, strlen(text), &x->r.call.log_ballots, &x->why)) != OK ||
	    (e = checkpoint_bare(&bare, text, strlen(text), &x->r.call.log_ballots, &x->why)) != OK)
		return why_prefix(&x->why, e, "close entry");
	if (head.size != x->r.ballots_head.size || !hash_equal(&head.root, &x->r.ballots_head.root))
		e = why_set(&x->why, ERR_PROOF, "the checkpoint in the close entry is of another head");
	else if (bare.n != strlen(text) || memcmp(bare.p, text, bare.n) != 0)
		e = why_set(&x->why, ERR_FORMAT, "the checkpoint in the close entry has more than the log's signature");
	buf_free(&bare);
	return e;
}

static int
check_ballots_log(struct check_run *x)
{
	enum err e;

	report_begin(x->report, CHECK_BALLOTS_LOG);
	if (x->r.close == NULL || !x->opened) {
		report_absent(x->report, CHECK_BALLOTS_LOG, x->opened ? "the box is not closed" : "the opening is not there");
		return 0;
	}
	if ((e = record_ballots(&x->r, &x->why)) != OK) {
		bad(x, CHECK_BALLOTS_LOG, e);
		return 0;
	}
	was_read(x, CHECK_BALLOTS_LOG);
	if ((e = closed_head(x)) != OK)
		report_fail(x->report, CHECK_BALLOTS_LOG, "%s", x->why.text);
	report_pass(x->report, CHECK_BALLOTS_LOG, x->r.ballots_head.size, NULL);
	check_named_heads(x->report, &x->r);
	return 1;
}

/* ---- ballots ---------------------------------------------------------------------------------- */

struct tokens {
	struct check_run *x;
	uint8_t *bad;
};

static void
check_tokens_of(void *ctx, size_t begin, size_t end)
{
	struct tokens *t = ctx;
	struct rsa_public *const *keys[MAX_AUTHORIZERS];

	for (unsigned a = 0; a < MAX_AUTHORIZERS; a++)
		keys[a] = t->x->r.key[a];
	for (size_t i = begin; i < end; i++) {
		struct ballot b;
		int known;

		record_ballot(&t->x->r, i, &b);
		known = b.style >= 1 && b.style <= t->x->r.m->styles;
		t->bad[i] = !known || !progress_announced(&t->x->r.progress, ballot_set(&b)) || ballot_tokens(&b, keys, t->x->r.call.authorizers, NULL) != OK;
	}
}

struct keyed {
	uint8_t key[XONLY_BYTES];
	uint64_t index;
};

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key, XONLY_BYTES);
}

static void
ballots_done(void *ctx, uint64_t done)
{
	struct check_run *x = ctx;

	report_progress(x->report, CHECK_BALLOTS, done, x->r.ballots);
}

static void
check_ballots(struct check_run *x)
{
	uint64_t n = x->r.ballots, good = 0;
	struct keyed *sorted = calloc(n + 1, sizeof *sorted);
	uint8_t *flag = calloc(n + 1, 1);
	struct tokens t = {x, flag};
	struct ballot b;

	if (sorted == NULL || flag == NULL)
		abort();
	report_begin(x->report, CHECK_BALLOTS);
	if (record_check_ballots(&x->r, x->threads, flag, ballots_done, x) != OK)
		abort();
	for (uint64_t i = 0; i < n; i++) {
		struct why why = {""};

		good += !flag[i];
		if (flag[i]) {
			record_ballot(&x->r, i, &b);
			(void)!ballot_check(&b, &x->r.election, x->r.m, &why);
			report_fail(x->report, CHECK_BALLOTS, "ballot %" PRIu64 ": %.300s", i, why.text);
		}
	}
	report_pass(x->report, CHECK_BALLOTS, good, NULL);
	report_begin(x->report, CHECK_TOKENS);
	memset(flag, 0, n + 1);
	parallel(n, x->threads, check_tokens_of, &t);
	for (uint64_t i = 0; i < n; i++)
		if (flag[i])
			report_fail(x->report, CHECK_TOKENS, "ballot %" PRIu64 ": its tokens are not of its style's keys and the announced set", i);
	report_pass(x->report, CHECK_TOKENS, n, x->r.call.quorum == 1 ? "the authority alone makes tokens (quorum 1)" : NULL);
	report_begin(x->report, CHECK_ONE_TIME_KEYS);
	for (uint64_t i = 0; i < n; i++) {
		record_ballot(&x->r, i, &b);
		memcpy(sorted[i].key, b.key, XONLY_BYTES);
		sorted[i].index = i;
	}
	if (n > 0)
		qsort(sorted, n, sizeof *sorted, by_key);
	for (uint64_t i = 1; i < n; i++)
		if (memcmp(sorted[i].key, sorted[i - 1].key, XONLY_BYTES) == 0)
			report_fail(x->report, CHECK_ONE_TIME_KEYS, "ballots %" PRIu64 " and %" PRIu64 " have one key", sorted[i - 1].index, sorted[i].index);
	report_pass(x->report, CHECK_ONE_TIME_KEYS, n, NULL);
	free(sorted);
	free(flag);
}

static unsigned
ones(unsigned x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

/* The file of encrypted votes as it goes by, against what the log's ballots give. */
struct votes_file {
	struct check_run *x;
	struct digest_run *digests;
	struct buf want; /* the next bytes that must come */
	size_t at;	 /* of them, how many came */
	uint64_t next;	 /* ballot */
	int differs;
};

static enum err
on_votes(void *arg, const uint8_t *p, size_t n)
{
	struct votes_file *f = arg;

	digests_more(f->digests, p, n);
	while (n > 0 && !f->differs) {
		size_t k = f->want.n - f->at < n ? f->want.n - f->at : n;

		f->differs = memcmp(f->want.p + f->at, p, k) != 0;
		f->at += k;
		p += k;
		n -= k;
		if (f->at == f->want.n && n > 0) {
			size_t one_n;
			const uint8_t *one;

			if (f->next == f->x->r.ballots) {
				f->differs = 1;
				break;
			}
			one = record_ballot_bytes(&f->x->r, f->next++, &one_n);
			f->want.n = f->at = 0;
			buf_vec32(&f->want, one, one_n);
			f->differs |= f->want.failed;
		}
	}
	return OK;
}

static int
digest_is(const struct check_run *x, const char *fact, const void *digest, size_t n)
{
	char hex[129];

	hex_encode(hex, digest, n);
	return strcmp(hex, event_fact(x->r.close, fact)) == 0;
}

static void
check_encrypted_votes(struct check_run *x)
{
	struct votes_file f = {.x = x, .digests = digests_start()};
	struct digests d;
	enum err e, g;

	report_begin(x->report, CHECK_ENCRYPTED_VOTES);
	encrypted_votes_begin(&f.want, &x->r.election, x->r.ballots);
	e = f.digests != NULL && !f.want.failed ? source_stream(&x->r.src, "encrypted-votes.bin", on_votes, &f, &x->why) : ERR_NOMEM;
	if ((g = digests_end(f.digests, &d)) != OK)
		e = g;
	if (e != OK)
		bad(x, CHECK_ENCRYPTED_VOTES, e);
	else if (f.differs || f.at != f.want.n || f.next != x->r.ballots)
		report_fail(x->report, CHECK_ENCRYPTED_VOTES, "encrypted-votes.bin is not what the record gives");
	else if (!digest_is(x, "sha256", d.sha256.b, HASH_BYTES) || !digest_is(x, "sha512", d.sha512, sizeof d.sha512) ||
	    !digest_is(x, "sha3-256", d.sha3_256, sizeof d.sha3_256))
		report_fail(x->report, CHECK_ENCRYPTED_VOTES, "the three hashes are not those of the close entry");
	else
		report_pass(x->report, CHECK_ENCRYPTED_VOTES, x->r.ballots, NULL);
	buf_free(&f.want);
}

static void
check_closing(struct check_run *x)
{
	struct style_sums *sums = calloc(MAX_STYLES, sizeof *sums);
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	struct lists_findings found;
	struct act act = {{0}, {0}};
	struct buf remarks = {0};
	uint64_t a = 0, c = 0;
	enum err e;

	if (sums == NULL)
		abort();
	report_begin(x->report, CHECK_AUTHORIZATIONS);
	report_begin(x->report, CHECK_CONFIRMATIONS);
	report_begin(x->report, CHECK_SUMS);
	if ((e = sums_of_record(&x->r, sums, &found, x->threads, &x->why)) != OK) {
		bad(x, strstr(x->why.text, "onfirmation") != NULL ? CHECK_CONFIRMATIONS : CHECK_AUTHORIZATIONS, e);
	} else {
		for (unsigned s = 0; s < x->r.m->styles; s++) {
			a += sums[s].authorizations_all;
			c += sums[s].confirmations;
			if (sums[s].ballots > sums[s].authorizations_all || sums[s].authorizations_all > sums[s].roll)
				report_fail(x->report, CHECK_SUMS, "style %u: %" PRIu64 " ballots, %" PRIu64 " authorizations, %" PRIu64 " on the roll", s + 1,
				    sums[s].ballots, sums[s].authorizations_all, sums[s].roll);
			report_style(x->report, x->r.m->style[s].entity, sums[s].roll, sums[s].authorizations_all, sums[s].confirmations, sums[s].ballots);
		}
		lists_remarks(&remarks, &found, &x->r.call);
		if (ones(found.lists) < x->r.call.quorum && x->r.progress.compared)
			report_absent(x->report, CHECK_AUTHORIZATIONS, "the lists of %u authorizers; the call demands %u", ones(found.lists), x->r.call.quorum);
		if (found.doublers > 2 * x->r.call.quorum - x->r.call.authorizers - 1)
			report_fail(x->report, CHECK_SUMS, "%u authorizers answered two requests of one voter; without harm at most %u may", found.doublers,
			    2 * x->r.call.quorum - x->r.call.authorizers - 1);
		report_pass(x->report, CHECK_AUTHORIZATIONS, a, "%u of %u lists%s%.600s", ones(found.lists), x->r.call.authorizers, remarks.n > 0 ? "; " : "", buf_cstr(&remarks));
		report_pass(x->report, CHECK_CONFIRMATIONS, c, NULL);
		report_pass(x->report, CHECK_SUMS, x->r.m->styles, "ballots %" PRIu64 " <= authorizations %" PRIu64 " <= roll %u; confirmed %" PRIu64, x->r.ballots, a, x->r.roll.n, c);
	}
	check_encrypted_votes(x);
	report_begin(x->report, CHECK_CLOSING_ACT);
	if ((e = act_closing(&act, &facts, x->r.close, x->r.entry, x->r.entries, sums)) != OK || (e = same_act(x, "closing", &act)) != OK)
		bad(x, CHECK_CLOSING_ACT, e);
	else
		report_pass(x->report, CHECK_CLOSING_ACT, 1, NULL);
	act_free(&act);
	buf_free(&remarks);
	free(sums);
}

/* ---- count -------------------------------------------------------------------------------------- */

static const struct event *
entry_of(const struct check_run *x, const char *kind, const char *fact, const char *value)
{
	for (uint64_t i = 0; i < x->r.entries; i++)
		if (strcmp(x->r.entry[i].kind, kind) == 0 && (fact == NULL || strcmp(event_fact(&x->r.entry[i], fact), value) == 0))
			return &x->r.entry[i];
	return NULL;
}

static void
check_comparison(struct check_run *x)
{
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	const struct event *v = entry_of(x, "comparison", NULL, NULL);
	struct act act = {{0}, {0}};
	struct digests d;
	struct vkey notary;
	char hex[65];
	enum err e;

	report_begin(x->report, CHECK_COMPARISON);
	if (v == NULL) {
		report_absent(x->report, CHECK_COMPARISON, "no comparison entry");
		return;
	}
	record_notary(&x->r, v, &notary); /* the one who was there, whoever came after */
	if (strcmp(event_fact(v, "sha256"), event_fact(x->r.close, "sha256")) != 0 || strcmp(event_fact(v, "root"), event_fact(x->r.close, "root")) != 0)
		report_fail(x->report, CHECK_COMPARISON, "the comparison's hash or root is not that of the closing");
	if ((e = source_digests(&x->r.src, "encrypted-votes.bin", &d, &x->why)) == OK) {
		hash_hex(hex, &d.sha256);
		if (strcmp(hex, event_fact(v, "sha256")) != 0)
			report_fail(x->report, CHECK_COMPARISON, "the file is not the one that was compared");
		if ((e = act_start(&act, &facts, x->r.close, x->r.entry, x->r.entries, &d.sha256, x->r.ballots_head.size, &x->r.ballots_head.root)) == OK &&
		    (e = same_act(x, "start-of-decryption", &act)) == OK)
			e = act_signed(x, "start-of-decryption", "start-of-decryption", &act, &notary);
	}
	if (e != OK)
		bad(x, CHECK_COMPARISON, e);
	else
		report_pass(x->report, CHECK_COMPARISON, 1, NULL);
	act_free(&act);
}

/* The files of a session that the verifier generates and compares. */
static enum err
check_session(struct check_run *x, const char *base, const char *info, const struct session *s, const char *type, const struct point *key, const char *active)
{
	struct buf b = {0};
	struct point g;
	char path[300];
	enum err e;

	session_protinfo(&b, s);
	if ((e = same(x, info, b.p, b.n)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/version", base);
	if ((e = same_text(x, path, "3.1.0")) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/type", base);
	if ((e = same_text(x, path, type)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/auxsid", base);
	if ((e = same_text(x, path, s->auxsid)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/width", base);
	if ((e = same_text(x, path, "1")) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/activethreshold", base);
	if ((e = same_text(x, path, active)) != OK)
		goto done;
	buf_free(&b);
	point_generator(&g);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_point(&b, key);
	(void)snprintf(path, sizeof path, "%s/nizkp/FullPublicKey.bt", base);
	e = same(x, path, b.p, b.n);
done:
	buf_free(&b);
	return e;
}

static enum err
same_list(struct check_run *x, const char *path, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};
	enum err e;

	bt_ciphertexts(&b, c, n);
	e = same(x, path, b.p, b.n);
	buf_free(&b);
	return e;
}

static void
hash_of_list(struct hash *out, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};

	bt_ciphertexts(&b, c, n);
	sha256(out, b.p, b.n);
	buf_free(&b);
}

/* One mix of one group: proof and note. *in is replaced by the output. */
static int
check_mix(struct check_run *x, unsigned g, unsigned l, const struct session *s, const struct point *generators, struct ciphertext **in, size_t n)
{
	const char *folder = x->r.m->group[g].folder;
	struct shuffle_proof p = {{0}, {0}, {0}};
	struct buf *file[] = {&p.permutation_commitment, &p.commitment, &p.reply}, b = {0}, note = {0}, statement = {0};
	static const char *const names[] = {"PermutationCommitment", "PoSCommitment", "PoSReply"};
	struct ciphertext *out = NULL;
	const struct event *v;
	struct hash before, after;
	char path[300], number[16];
	unsigned mixer;
	enum err e = OK;

	for (int i = 0; i < 3 && e == OK; i++) {
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/proofs/%s%02u.bt", folder, names[i], l);
		e = record_file(&x->r, path, HUGE_FILE, file[i], &x->why);
	}
	if (l == x->r.progress.mixes)
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/ShuffledCiphertexts.bt", folder);
	else
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/proofs/Ciphertexts%02u.bt", folder, l);
	if (e == OK && (e = record_file(&x->r, path, HUGE_FILE, &b, &x->why)) == OK && (e = bt_ciphertexts_read(&out, n, b.p, b.n)) != OK)
		why_set(&x->why, e, "%s: not %zu ciphertexts in canonical form", path, n);
	if (e == OK && (e = shuffle_verify(s, generators, &x->r.joint.key, *in, out, n, &p, x->threads, &x->why)) != OK)
		why_prefix(&x->why, e, "group %s, mix %u", folder, l);
	if (e != OK)
		bad(x, CHECK_MIX_PROOFS, e);
	else {
		report_pass(x->report, CHECK_MIX_PROOFS, 1, NULL);
		/* who mixed at this position is fixed by the accepted entry */
		(void)snprintf(number, sizeof number, "%u", l);
		v = entry_of(x, "mix", "position", number);
		mixer = v != NULL ? call_mixer(&x->r.call, event_fact(v, "mixer")) : 0;
		hash_of_list(&before, *in, n);
		hash_of_list(&after, out, n);
		(void)snprintf(path, sizeof path, "mix/%s/%02u.note", folder, l);
		if (mixer == 0)
			report_fail(x->report, CHECK_MIX_NOTES, "no mix entry for position %u", l);
		else {
			mix_statement(&statement, s, x->r.call.mixer[mixer - 1].key.name, l, &before, &after);
			if ((e = record_file(&x->r, path, NOTE_MAX_BYTES, &note, &x->why)) != OK ||
			    (e = docnote_verify(note.p, note.n, "mix", &x->r.call.hash, statement.p, statement.n, &x->r.call.mixer[mixer - 1].key, &x->why)) != OK) {
				why_prefix(&x->why, e, "%s", path);
				bad(x, CHECK_MIX_NOTES, e);
			} else
				report_pass(x->report, CHECK_MIX_NOTES, 1, NULL);
		}
		if (l <= MAX_PARTIES)
			sha256_3(&x->outputs[l], x->outputs[l].b, HASH_BYTES, after.b, HASH_BYTES, NULL, 0);
		x->list[g] = after;
		free(*in);
		*in = out;
		out = NULL;
	}
	free(out);
	shuffle_proof_free(&p);
	buf_free(&b);
	buf_free(&note);
	buf_free(&statement);
	return !report_failed(x->report, CHECK_MIX_PROOFS);
}

/* The trustee signed what it gave, be it true or false. */
static void
check_factors_note(struct check_run *x, unsigned g, unsigned l)
{
	const char *folder = x->r.m->group[g].folder;
	struct buf b = {0}, note = {0};
	char path[300], name[200];
	enum err e;

	(void)snprintf(path, sizeof path, "decryption/%s/%02u/nizkp/proofs/DecryptionFactors01.bt", folder, l);
	(void)snprintf(name, sizeof name, "decryption/%s/%02u.note", folder, l);
	if ((e = record_file(&x->r, path, HUGE_FILE, &b, &x->why)) != OK || (e = record_file(&x->r, name, NOTE_MAX_BYTES, &note, &x->why)) != OK ||
	    (e = docnote_verify(note.p, note.n, "decryption", &x->r.call.hash, b.p, b.n, &x->r.call.trustee[l - 1].key, &x->why)) != OK) {
		why_prefix(&x->why, e, "%s", name);
		bad(x, CHECK_DECRYPTION_NOTES, e);
	} else
		report_pass(x->report, CHECK_DECRYPTION_NOTES, 1, NULL);
	buf_free(&b);
	buf_free(&note);
}

/* Any t suffice: a trustee whose proof is false is named, and its factors are not used. */
static void
name_false(struct check_run *x, unsigned g, unsigned l)
{
	buf_printf(&x->false_factors, "%strustee %u (%s) gave false ones for %s", x->false_factors.n > 0 ? "; " : "", l, x->r.call.trustee[l - 1].key.name, x->r.m->group[g].folder);
}

/* One trustee of one group: session files, proof, note. 1 if its factors count; *kept has them. */
static int
check_trustee(struct check_run *x, unsigned g, unsigned l, const struct ciphertext *list, size_t n, struct point **kept)
{
	const char *folder = x->r.m->group[g].folder;
	struct point *factors = NULL, key;
	struct scalar pf, ipf;
	struct buf b = {0};
	struct session s;
	char base[100], path[300], info[200];
	enum err e;

	record_decryption_session(&s, &x->r, g, l);
	decryption_factor(&pf, &ipf, x->r.joint.k);
	point_mul_var(&key, &x->r.joint.share_key[l - 1], &ipf);
	(void)snprintf(base, sizeof base, "decryption/%s/%02u", folder, l);
	(void)snprintf(info, sizeof info, "decryption/%s/protInfo.xml", folder);
	(void)snprintf(path, sizeof path, "%s/nizkp/Ciphertexts.bt", base);
	if ((e = check_session(x, base, info, &s, "decryption", &key, "1")) != OK || (e = same_list(x, path, list, n)) != OK) {
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
		return 0;
	}
	bt_points(&b, &key, 1);
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/PolynomialInExponent.bt", base);
	if ((e = same(x, path, b.p, b.n)) == OK) {
		buf_free(&b);
		bt_leaf(&b, "\1\1", 2);
		(void)snprintf(path, sizeof path, "%s/nizkp/proofs/CorrectIndices.bt", base);
		e = same(x, path, b.p, b.n);
	}
	if (e != OK)
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
	buf_free(&b);
	check_factors_note(x, g, l);
	if ((e = record_factors(&x->r, g, l, list, n, &factors, x->threads, &x->why)) != OK) {
		if (e == ERR_ABSENT || e == ERR_NOMEM)
			bad(x, CHECK_DECRYPTION_PROOFS, e);
		else
			name_false(x, g, l);
		return 0;
	}
	report_pass(x->report, CHECK_DECRYPTION_PROOFS, 1, NULL);
	bt_node(&b, n);
	for (size_t i = 0; i < n; i++) {
		struct point m;

		point_add(&m, &list[i].c2, &factors[i]);
		bt_point(&b, &m);
	}
	(void)snprintf(path, sizeof path, "%s/nizkp/Plaintexts.bt", base);
	if ((e = same(x, path, b.p, b.n)) != OK)
		bad(x, CHECK_DECRYPTION_SESSIONS, e);
	else
		report_pass(x->report, CHECK_DECRYPTION_SESSIONS, 1, NULL);
	*kept = factors;
	buf_free(&b);
	return 1;
}

/* All trustees of one group; the votes by the first t whose factors are valid. 1 if there are so many. */
static int
check_decryption(struct check_run *x, unsigned g, const int *has, const struct ciphertext *list, size_t n, size_t *marking)
{
	struct point *factors[MAX_TRUSTEES] = {NULL};
	unsigned set[MAX_TRUSTEES], valid = 0;
	enum err e = OK;

	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		struct point *one = NULL;

		if (has[l] && check_trustee(x, g, l, list, n, &one) && valid < x->r.joint.t) {
			set[valid] = l;
			factors[valid++] = one;
		} else
			free(one);
	}
	if (valid < x->r.joint.t)
		report_fail(x->report, CHECK_DECRYPTION_PROOFS, "group %s: only %u of %u needed trustees' factors are valid (%s)", x->r.m->group[g].folder, valid, x->r.joint.t,
		    x->false_factors.n > 0 ? buf_cstr(&x->false_factors) : x->why.text);
	else if ((e = record_markings(&x->r, g, list, n, set, factors, marking, x->threads)) != OK)
		bad(x, CHECK_VOTES, e);
	for (unsigned i = 0; i < valid; i++)
		free(factors[i]);
	return valid == x->r.joint.t && e == OK;
}

/* Trustees with a `factors` entry. */
static unsigned
trustees_of(struct check_run *x, int *has)
{
	unsigned k = 0;

	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		const char *name = x->r.call.trustee[l - 1].key.name;
		const struct event *f = entry_of(x, "factors", "trustee", name);
		char number[16];

		has[l] = f != NULL;
		k += f != NULL;
		(void)snprintf(number, sizeof number, "%u", l);
		if (f != NULL && strcmp(event_fact(f, "number"), number) != 0)
			report_fail(x->report, CHECK_DECRYPTION_NOTES, "trustee %u (%s): its factors entry names number %s", l, name, event_fact(f, "number"));
	}
	return k;
}

/* o of the last mix: what is decrypted. */
static const struct hash *
last_outputs(const struct check_run *x)
{
	return &x->outputs[x->r.progress.mixes <= MAX_PARTIES ? x->r.progress.mixes : 0];
}

/* Each trustee's station told the log before the factors which box and which mixed lists it was about to open. */
static void
check_stations(struct check_run *x, const int *has)
{
	char root[65], lists[65];

	hash_hex(root, &x->r.ballots_head.root);
	hash_hex(lists, last_outputs(x));
	for (unsigned l = 1; l <= x->r.joint.k; l++) {
		const char *name = x->r.call.trustee[l - 1].key.name;
		const struct event *f = entry_of(x, "factors", "trustee", name), *s = x->r.entry;

		while (s < f && !(strcmp(s->kind, "station") == 0 && strcmp(event_fact(s, "trustee"), name) == 0 && strcmp(event_fact(s, "root"), root) == 0 &&
				    strcmp(event_fact(s, "lists"), lists) == 0))
			s++;
		if (has[l] && s == f)
			report_fail(x->report, CHECK_DECRYPTION_NOTES, "trustee %u (%s): no station entry for this box and these mixed lists before its factors", l, name);
	}
}

/* Positions 1, 2, ... in the log's order; nobody twice; those whom the call requires, and enough (at a mixer's own station: later). */
static void
check_mixers(struct check_run *x)
{
	int mixed[MAX_PARTIES + 1] = {0};
	unsigned position = 0;

	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		char number[16];

		if (strcmp(v->kind, "mix") != 0)
			continue;
		mixed[call_mixer(&x->r.call, event_fact(v, "mixer"))]++;
		(void)snprintf(number, sizeof number, "%u", ++position);
		if (strcmp(event_fact(v, "position"), number) != 0)
			report_fail(x->report, CHECK_MIX_NOTES, "mix entry %u of the log is for position %s", position, event_fact(v, "position"));
	}
	for (unsigned i = 1; i <= x->r.call.mixers; i++)
		if (mixed[i] > 1 || (x->r.call.required[i - 1] && !mixed[i] && !x->pinned->mixing))
			report_fail(x->report, CHECK_MIX_NOTES, "%s mixed %d times", x->r.call.mixer[i - 1].key.name, mixed[i]);
	if (x->r.progress.mixes < x->r.call.minimum_mixers && !x->pinned->mixing)
		report_fail(x->report, CHECK_MIX_NOTES, "%u mixes, the call demands %u", x->r.progress.mixes, x->r.call.minimum_mixers);
}

/* Each mix entry names what its mixer put out over all groups; the files must be that. */
static void
check_outputs(struct check_run *x)
{
	for (uint64_t i = 0; i < x->r.entries; i++) {
		const struct event *v = &x->r.entry[i];
		unsigned long l = strcmp(v->kind, "mix") == 0 ? strtoul(event_fact(v, "position"), NULL, 10) : 0;
		char hex[65];

		if (l < 1 || l > MAX_PARTIES)
			continue;
		hash_hex(hex, &x->outputs[l]);
		if (strcmp(event_fact(v, "outputs"), hex) != 0)
			report_fail(x->report, CHECK_MIX_NOTES, "the mix entry of position %lu names other outputs than the record holds", l);
	}
}

/* One group's input, session and mixes. *list is the last output; 1 if all of it is right. */
static int
check_group(struct check_run *x, unsigned g, struct ciphertext **list, size_t n)
{
	const char *folder = x->r.m->group[g].folder;
	struct point *generators = NULL; /* of the session, for all its mixes */
	struct session s;
	char base[100], info[200], path[300], active[16];
	int ready = 1;
	enum err e;

	hash_of_list(&x->list[g], *list, n);
	if (x->r.progress.mixes > 0 || !x->pinned->mixing) { /* the first mixer makes these files */
		(void)snprintf(active, sizeof active, "%u", x->r.progress.mixes);
		(void)snprintf(base, sizeof base, "mix/%s", folder);
		(void)snprintf(info, sizeof info, "mix/%s/protInfo.xml", folder);
		(void)snprintf(path, sizeof path, "%s/nizkp/Ciphertexts.bt", base);
		if ((e = same_list(x, path, *list, n)) != OK)
			bad(x, CHECK_MIX_INPUT, e);
		else
			report_pass(x->report, CHECK_MIX_INPUT, n, NULL);
		record_mix_session(&s, &x->r, g, x->r.progress.mixes);
		if ((e = check_session(x, base, info, &s, "shuffling", &x->r.joint.key, active)) != OK)
			bad(x, CHECK_MIX_SESSIONS, e);
		else
			report_pass(x->report, CHECK_MIX_SESSIONS, 1, NULL);
	}
	if (x->r.progress.mixes > 0 && ((generators = malloc(n * sizeof *generators)) == NULL || session_generators(generators, n, &s) != OK))
		abort();
	for (unsigned l = 1; l <= x->r.progress.mixes && ready; l++)
		ready = check_mix(x, g, l, &s, generators, list, n);
	free(generators);
	if (n != record_group_size(&x->r, g)) {
		report_fail(x->report, CHECK_MIX_INPUT, "group %s: not all ballots of its styles have its contest", folder);
		ready = 0;
	}
	return ready;
}

/* votes.csv, the count entry and the acts, from the markings of every group. */
static void
check_votes(struct check_run *x, size_t *const *marking, uint64_t pairs)
{
	struct count *c = calloc(1, sizeof *c);
	const struct event *v;
	struct hash h;
	char hex[65];
	enum err e;

	if (c == NULL)
		abort();
	report_begin(x->report, CHECK_VOTES);
	report_begin(x->report, CHECK_COUNT_ACTS);
	if ((e = count_record(&x->r, c, marking, x->threads, &x->why)) != OK || (e = same(x, "votes.csv", c->csv.p, c->csv.n)) != OK)
		bad(x, CHECK_VOTES, e);
	else
		report_pass(x->report, CHECK_VOTES, pairs, NULL);
	sha256(&h, c->csv.p, c->csv.n);
	hash_hex(hex, &h);
	if ((v = entry_of(x, "count", NULL, NULL)) == NULL || strcmp(event_fact(v, "votes"), hex) != 0)
		report_fail(x->report, CHECK_VOTES, "the count entry names other votes");
	for (size_t i = 0; i < c->acts && e == OK; i++) {
		if ((e = same_act(x, c->name[i], &c->act[i])) != OK || (e = act_signed(x, c->name[i], "count-act", &c->act[i], NULL)) != OK)
			bad(x, CHECK_COUNT_ACTS, e);
		else
			report_pass(x->report, CHECK_COUNT_ACTS, 1, NULL);
	}
	count_free(c);
	free(c);
}

/* The mixes, and what was made of their outputs. */
static void
check_count(struct check_run *x)
{
	size_t **marking = calloc(MAX_GROUPS, sizeof *marking);
	int has[MAX_TRUSTEES + 1] = {0}, ready = 1, opened = x->report->until >= UNTIL_COUNT;
	uint64_t pairs = 0, all = 0;
	enum err e;

	if (marking == NULL)
		abort();
	if (x->report->until < UNTIL_MIX) {
		free(marking);
		return;
	}
	report_begin(x->report, CHECK_MIX_INPUT);
	report_begin(x->report, CHECK_MIX_SESSIONS);
	report_begin(x->report, CHECK_MIX_PROOFS);
	report_begin(x->report, CHECK_MIX_NOTES);
	report_begin(x->report, CHECK_DECRYPTION_SESSIONS);
	report_begin(x->report, CHECK_DECRYPTION_PROOFS);
	report_begin(x->report, CHECK_DECRYPTION_NOTES);
	if (opened && trustees_of(x, has) < x->r.joint.t)
		report_fail(x->report, CHECK_DECRYPTION_NOTES, "fewer than %u trustees gave factors", x->r.joint.t);
	check_mixers(x);
	for (uint64_t i = 0; i < x->r.ballots; i++) {
		struct ballot b;

		record_ballot(&x->r, i, &b);
		all += b.contests;
	}
	for (unsigned g = 0; g < x->r.m->groups && ready; g++) {
		struct ciphertext *list = NULL;
		size_t n = 0;

		report_progress(x->report, CHECK_MIX_PROOFS, g, x->r.m->groups);
		if ((e = record_group(&x->r, g, &list, &n)) != OK) {
			why_set(&x->why, e, "group %s: a ballot's points cannot be read", x->r.m->group[g].folder);
			bad(x, CHECK_MIX_INPUT, e);
			break;
		}
		pairs += n;
		if (n == 0) {
			free(list);
			continue;
		}
		ready = check_group(x, g, &list, n);
		if (ready && opened && (marking[g] = calloc(n, sizeof **marking)) == NULL)
			abort();
		ready = ready && (!opened || check_decryption(x, g, has, list, n, marking[g]));
		free(list);
	}
	if (x->false_factors.n > 0)
		report_pass(x->report, CHECK_DECRYPTION_PROOFS, 0, "%.480s", buf_cstr(&x->false_factors));
	if (ready) {
		check_outputs(x);
		check_stations(x, has);
	}
	if (ready && pairs != all)
		report_fail(x->report, CHECK_MIX_INPUT, "the groups hold %" PRIu64 " of %" PRIu64 " (ballot, contest) pairs", pairs, all);
	if (ready) { /* checks over nothing (an election without ballots) pass over nothing */
		static const enum check over[] = {CHECK_MIX_INPUT, CHECK_MIX_SESSIONS, CHECK_MIX_PROOFS, CHECK_MIX_NOTES, CHECK_DECRYPTION_SESSIONS,
		    CHECK_DECRYPTION_PROOFS, CHECK_DECRYPTION_NOTES};

		for (size_t i = 0; (pairs == 0 || x->r.progress.mixes == 0) && i < sizeof over / sizeof *over; i++)
			report_pass(x->report, over[i], 0, pairs == 0 ? "no ballots" : "nothing is mixed yet");
		if (opened)
			check_votes(x, marking, pairs);
	}
	for (unsigned g = 0; g < x->r.m->groups; g++)
		free(marking[g]);
	free(marking);
}

/* ---- hand-over ------------------------------------------------------------------------------------ */

static void
check_amendments(struct check_run *x)
{
	uint64_t n = 0, clock = 0, excluded = 0;

	/* keys, quorum, hour and effect were checked entry by entry as the log was read (V12, V13) */
	report_begin(x->report, CHECK_AMENDMENTS);
	for (uint64_t i = 0; i < x->r.entries; i++) {
		n += (uint64_t)event_amends(&x->r.entry[i]);
		clock += strcmp(x->r.entry[i].kind, "suspend") == 0 && strcmp(event_fact(&x->r.entry[i], "cause"), "clock") == 0;
	}
	for (uint32_t i = 0; i < x->r.roll.n; i++)
		excluded += x->r.roll.row[i].excluded != 0;
	if (x->r.progress.cancelled)
		report_fail(x->report, CHECK_AMENDMENTS, "the election was cancelled");
	report_pass(x->report, CHECK_AMENDMENTS, n, n + clock == 0 ? NULL : "%u credentials replaced, %" PRIu64 " voters excluded, %" PRIu64 " suspensions by the clock",
	    x->r.roll.replaced, excluded, clock);
}

static void
check_handover(struct check_run *x)
{
	static const char *const names[] = {"hashes.sha256", "hashes.sha512", "hashes.sha3-256"};
	struct act_facts facts = {&x->r.call, x->r.m, x->r.election};
	struct act act = {{0}, {0}};
	struct buf list[3] = {{0}, {0}, {0}};
	struct hash h[3];
	char hex[65];
	enum err e;

	if (x->report->until < UNTIL_HANDOVER)
		return;
	report_begin(x->report, CHECK_SEAL);
	report_begin(x->report, CHECK_HASH_LISTS);
	e = hash_lists(&x->r, list, &x->why);
	if (!x->r.progress.sealed)
		report_absent(x->report, CHECK_SEAL, "no seal entry");
	else if (e != OK)
		bad(x, CHECK_SEAL, e);
	else {
		seal_hash(&h[0], &list[0]);
		hash_hex(hex, &h[0]);
		if (strcmp(hex, event_fact(&x->r.entry[x->r.entries - 1], "list")) != 0)
			report_fail(x->report, CHECK_SEAL, "the files are not those that were sealed");
		report_pass(x->report, CHECK_SEAL, 1, NULL);
	}
	for (int i = 0; i < 3 && e == OK; i++) {
		e = same(x, names[i], list[i].p, list[i].n);
		sha256(&h[i], list[i].p, list[i].n);
	}
	if (e != OK)
		bad(x, CHECK_HASH_LISTS, e);
	else
		report_pass(x->report, CHECK_HASH_LISTS, 3, NULL);
	report_begin(x->report, CHECK_HANDOVER_ACT);
	if ((e = act_handover(&act, &facts, h, x->r.card, x->r.cards, x->r.entry, x->r.entries)) != OK || (e = same_act(x, "handover", &act)) != OK ||
	    (e = act_signed(x, "handover", "handover", &act, &x->r.call.notary.key)) != OK)
		bad(x, CHECK_HANDOVER_ACT, e);
	else
		report_pass(x->report, CHECK_HANDOVER_ACT, 1, NULL);
	act_free(&act);
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
}

/* ---- files ------------------------------------------------------------------------------------------ */

struct names {
	char (*name)[200];
	size_t n, room;
};

static void add(struct names *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void
add(struct names *l, const char *format, ...)
{
	va_list ap;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 512 : 2 * l->room;
		if ((l->name = realloc(l->name, l->room * sizeof *l->name)) == NULL)
			abort();
	}
	va_start(ap, format);
	(void)vsnprintf(l->name[l->n++], sizeof *l->name, format, ap);
	va_end(ap);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
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

/* Every file that a record in this state has. */
static void
expected(struct check_run *x, struct names *l)
{
	static const char *const documents[] = {"call.json", "key/transcript.json", "roll", "manifest.json", "dictamen.json", "opening.json"};
	size_t first = x->opened ? sizeof documents / sizeof *documents : 2;
	const struct progress *p = &x->r.progress;
	size_t kept = 0;

	for (size_t i = 0; i < first; i++) {
		add(l, "%s", documents[i]);
		add(l, "%s.note", documents[i]);
	}
	add(l, "key/cards.json");
	add_act(l, "key", 1);
	if (x->opened) {
		add(l, "zero-report.json");
		add_act(l, "opening", 0);
	}
	for (unsigned a = 0; a < x->r.call.authorizers && x->opened; a++) {
		add(l, "authorizers/%.128s.json", x->r.call.authorizer[a].key.name);
		add(l, "authorizers/%.128s.json.note", x->r.call.authorizer[a].key.name);
	}
	add_log(l, "events/", x->r.events_head.size);
	for (uint64_t i = 0; i < x->r.entries; i++)
		for (unsigned f = 0; f < x->r.entry[i].facts; f++)
			if (strncmp(x->r.entry[i].fact[f].name, "file", 4) == 0 && x->r.entry[i].fact[f].name[4] != '\0')
				add(l, "documents/%.64s", x->r.entry[i].fact[f].value);
	if (p->closed && x->opened) {
		add_log(l, "ballots/", x->r.ballots_head.size);
		for (unsigned a = 0; a < x->r.call.authorizers; a++)
			if (a == 0 || (p->lists >> a & 1)) {
				add(l, "authorizations/%.128s", x->r.call.authorizer[a].key.name);
				add(l, "authorizations/%.128s.note", x->r.call.authorizer[a].key.name);
			}
		add(l, "confirmations");
		add(l, "encrypted-votes.bin");
		add_act(l, "closing", 0);
	}
	if (p->compared)
		add_act(l, "start-of-decryption", 1);
	for (unsigned g = 0; x->opened && g < x->r.m->groups; g++) {
		const char *folder = x->r.m->group[g].folder;
		char base[100];

		if (p->counted) {
			(void)snprintf(base, sizeof base, "count-%s", folder);
			add_act(l, base, 1);
		}
		if (record_group_size(&x->r, g) == 0)
			continue;
		if (p->mixes > 0) {
			(void)snprintf(base, sizeof base, "mix/%s", folder);
			add(l, "%s/protInfo.xml", base);
			add_session(l, base);
			add(l, "%s/nizkp/ShuffledCiphertexts.bt", base);
			for (unsigned k = 1; k <= p->mixes; k++) {
				add(l, "%s/%02u.note", base, k);
				add(l, "%s/nizkp/proofs/PermutationCommitment%02u.bt", base, k);
				add(l, "%s/nizkp/proofs/PoSCommitment%02u.bt", base, k);
				add(l, "%s/nizkp/proofs/PoSReply%02u.bt", base, k);
				if (k < p->mixes)
					add(l, "%s/nizkp/proofs/Ciphertexts%02u.bt", base, k);
			}
		}
		if (p->factors > 0)
			add(l, "decryption/%s/protInfo.xml", folder);
		for (unsigned t = 1; t <= x->r.joint.k; t++) {
			static const char *const own[] = {"Plaintexts.bt", "proofs/DecryptionFactors01.bt", "proofs/DecrFactCommitment01.bt",
			    "proofs/DecrFactReply01.bt", "proofs/CorrectIndices.bt", "proofs/PolynomialInExponent.bt"};

			if (entry_of(x, "factors", "trustee", x->r.call.trustee[t - 1].key.name) == NULL)
				continue;
			(void)snprintf(base, sizeof base, "decryption/%s/%02u", folder, t);
			add(l, "%s.note", base);
			add_session(l, base);
			for (size_t i = 0; i < sizeof own / sizeof *own; i++)
				add(l, "%s/nizkp/%s", base, own[i]);
		}
	}
	if (p->counted && x->opened) {
		add(l, "votes.csv");
		add_act(l, "count-summary", 1);
		for (unsigned c = 0; c < x->r.m->contests; c++) {
			char name[64];

			(void)snprintf(name, sizeof name, "count-%s", x->r.m->contest[c].id);
			add_act(l, name, 1);
		}
	}
	if (p->sealed) {
		add(l, "hashes.sha256");
		add(l, "hashes.sha512");
		add(l, "hashes.sha3-256");
		add_act(l, "handover", 1);
	}
	qsort(l->name, l->n, sizeof *l->name, by_name);
	for (size_t i = 0; i < l->n; i++) /* two entries may name one acuerdo */
		if (phase_of(l->name[i]) <= x->report->until && (kept == 0 || strcmp(l->name[kept - 1], l->name[i]) != 0))
			memmove(l->name[kept++], l->name[i], sizeof *l->name);
	l->n = kept;
}

/* Drop the names of later phases than was asked for; how many are left. */
static size_t
of_phases(const struct check_run *x, char **name, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (phase_of(name[i]) <= x->report->until)
			name[kept++] = name[i];
		else
			free(name[i]);
	}
	return kept;
}

static void
check_files(struct check_run *x)
{
	struct names want = {NULL, 0, 0};
	char **have = NULL;
	size_t n = 0, i = 0, k = 0;
	uint64_t documents = 0;
	enum err e;

	report_begin(x->report, CHECK_FILES);
	report_begin(x->report, CHECK_DOCUMENTS);
	expected(x, &want);
	if ((e = record_names(&x->r, &have, &n, &x->why)) != OK) {
		bad(x, CHECK_FILES, e); /* e.g. a server's record before its hand-over */
		free(want.name);
		return;
	}
	n = of_phases(x, have, n);
	while (i < want.n || k < n) {
		int order = i == want.n ? 1 : k == n ? -1 : strcmp(want.name[i], have[k]);
		const char *name = order <= 0 ? want.name[i] : have[k];
		enum check c = strncmp(name, "documents/", 10) == 0 ? CHECK_DOCUMENTS : CHECK_FILES;

		if (order < 0)
			report_fail(x->report, c, "missing: %s", name);
		else if (order > 0)
			report_fail(x->report, c, "not of the record: %s", name);
		else if (c == CHECK_DOCUMENTS) {
			struct buf b = {0};
			struct hash h;
			char hex[65];

			if (record_file(&x->r, name, HUGE_FILE, &b, &x->why) == OK) {
				sha256(&h, b.p, b.n);
				hash_hex(hex, &h);
				if (strcmp(hex, name + 10) != 0)
					report_fail(x->report, c, "%s is not what its name says", name);
			}
			buf_free(&b);
			documents++;
		}
		i += order <= 0;
		k += order >= 0;
	}
	report_pass(x->report, CHECK_FILES, n, NULL);
	report_pass(x->report, CHECK_DOCUMENTS, documents, NULL);
	for (size_t z = 0; z < n; z++)
		free(have[z]);
	free(have);
	free(want.name);
}

/* The note's cosignatures, if it is the head of the log that was read. */
static enum err
cosigned(struct check_run *x, const char *file, const struct head *head, const struct vkey *log, const struct vkey *keys, size_t *count)
{
	struct buf b = {0};
	struct head of;
	enum err e;

	*count = 0;
	if ((e = record_file(&x->r, file, NOTE_MAX_BYTES, &b, &x->why)) == OK && (e = checkpoint_open(&of, b.p, b.n, log, &x->why)) == OK &&
	    (of.size != head->size || !hash_equal(&of.root, &head->root)))
		e = why_set(&x->why, ERR_PROOF, "%s changed while the record was read", file);
	if (e == OK)
		e = checkpoint_cosigners(count, b.p, b.n, keys, x->r.call.witnesses, &x->why);
	buf_free(&b);
	return e;
}

/* The policy on the heads as they stand: of events always, of ballots its final one. */
static void
check_witnesses(struct check_run *x)
{
	const struct {
		const char *file;
		const struct head *head;
		const struct vkey *log;
	} logs[] = {{"events/checkpoint", &x->r.events_head, &x->r.call.log_events}, {"ballots/checkpoint", &x->r.ballots_head, &x->r.call.log_ballots}};
	struct vkey keys[MAX_PARTIES];
	int both;
	enum err e;

	report_begin(x->report, CHECK_WITNESSES);
	if (x->r.call.witness_quorum == 0) {
		report_pass(x->report, CHECK_WITNESSES, 0, "the call's policy is none: the log's own signature suffices");
		return;
	}
	for (unsigned i = 0; i < x->r.call.witnesses; i++)
		keys[i] = x->r.call.witness[i].key;
	both = x->report->until >= UNTIL_CLOSING && x->r.close != NULL && x->opened;
	if (x->report->until >= UNTIL_CLOSING && !both)
		report_absent(x->report, CHECK_WITNESSES, "the box is not closed");
	for (int i = 0; i < 1 + both; i++) { /* the box's final head comes with its closing */
		size_t count;

		if ((e = cosigned(x, logs[i].file, logs[i].head, logs[i].log, keys, &count)) != OK)
			bad(x, CHECK_WITNESSES, e);
		else if (count < x->r.call.witness_quorum)
			report_fail(x->report, CHECK_WITNESSES, "%s: %zu cosignatures, the call demands %u", logs[i].file, count, x->r.call.witness_quorum);
		else
			report_pass(x->report, CHECK_WITNESSES, count, NULL);
	}
}

/* ---- receipts ---------------------------------------------------------------------------------------- */

struct handed {
	char *name;
	struct head head;
};

static int
by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct handed *)a)->head.size, y = ((const struct handed *)b)->head.size;

	return x < y ? -1 : x > y;
}

/* One file: a receipt of a ballot of this record, or a head of its log. */
static enum err
hand_in(struct check_run *x, struct file_source *dir, struct handed *h, const struct hash *leaf)
{
	struct buf b = {0}, ballot = {0};
	struct receipt r;
	struct hash own;
	char path[1200];
	enum err e;

	if ((e = source_read(dir, h->name, NOTE_MAX_BYTES, &b, &x->why)) != OK)
		return e;
	if (receipt_read(&r, b.p, b.n, &x->why) != OK) {
		e = checkpoint_open(&h->head, b.p, b.n, &x->r.call.log_ballots, &x->why);
		goto done;
	}
	if (r.index >= x->r.ballots) {
		e = why_set(&x->why, ERR_PROOF, "entry %" PRIu64 " is not in the record: the receipt is evidence", r.index);
		goto done;
	}
	own = leaf[r.index];
	(void)snprintf(path, sizeof path, "%.1100s.ballot", h->name);
	if (source_read(dir, path, BALLOT_MAX_BYTES, &ballot, NULL) == OK)
		leaf_hash(&own, ballot.p, ballot.n);
	if ((e = receipt_verify(&r, &own, &x->r.call.log_ballots, &h->head, &x->why)) == OK && !hash_equal(&own, &leaf[r.index]))
		e = why_set(&x->why, ERR_PROOF, "entry %" PRIu64 " of the record is another ballot: the receipt is evidence", r.index);
done:
	buf_free(&b);
	buf_free(&ballot);
	return e;
}

static void
check_receipts(struct check_run *x)
{
	struct file_source dir;
	struct handed *h;
	struct hash *leaf, root;
	struct frontier f = {0};
	char **name = NULL;
	size_t n = 0, k = 0;
	enum err e;

	report_begin(x->report, CHECK_RECEIPTS);
	if (x->pinned->receipts != NULL && x->r.ballot_at == NULL) {
		report_absent(x->report, CHECK_RECEIPTS, "the box is not closed: receipts cannot be held against it");
		return;
	}
	if (x->pinned->receipts == NULL) {
		report_pass(x->report, CHECK_RECEIPTS, 0, "none were handed in (--receipts DIR)");
		return;
	}
	dir = source_dir(x->pinned->receipts);
	if ((e = source_names(&dir, &name, &n, &x->why)) != OK) {
		bad(x, CHECK_RECEIPTS, e);
		return;
	}
	h = calloc(n + 1, sizeof *h);
	leaf = calloc(x->r.ballots + 1, sizeof *leaf);
	if (h == NULL || leaf == NULL)
		abort();
	for (uint64_t i = 0; i < x->r.ballots; i++)
		record_leaf(&x->r, i, &leaf[i]);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(name[i]);

		if (len > 7 && strcmp(name[i] + len - 7, ".ballot") == 0)
			continue;
		h[k].name = name[i];
		if (hand_in(x, &dir, &h[k], leaf) != OK)
			report_fail(x->report, CHECK_RECEIPTS, "%s: %s", name[i], x->why.text);
		else
			k++;
	}
	qsort(h, k, sizeof *h, by_size);
	for (size_t i = 0; i < k; i++) { /* every head a prefix of the counted log */
		while (f.size < h[i].head.size && f.size < x->r.ballots)
			frontier_append(&f, &leaf[f.size]);
		frontier_root(&root, &f);
		if (f.size != h[i].head.size || !hash_equal(&root, &h[i].head.root))
			report_fail(x->report, CHECK_RECEIPTS, "%s: its head of %" PRIu64 " is no prefix of the record: evidence of a forked log", h[i].name, h[i].head.size);
	}
	report_pass(x->report, CHECK_RECEIPTS, k, NULL);
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
	free(h);
	free(leaf);
}

/* Everything after the logs, in the order of the phases. */
static void (*const after_logs[])(struct check_run *) = {check_ballots, check_closing, check_comparison, check_count};

static int
go_on(const struct check_run *x)
{
	const enum check *c = x->pinned->enough;

	return c == NULL || (!report_failed(x->report, *c) && !(x->report->checks[*c].verdict == VERDICT_ABSENT && x->report->checks[*c].text[0] != '\0'));
}

static void
check_box(struct check_run *x)
{
	int ballots = x->report->until >= UNTIL_CLOSING && check_ballots_log(x);

	check_amendments(x);
	check_witnesses(x);
	check_receipts(x);
	for (size_t i = 0; ballots && i < sizeof after_logs / sizeof *after_logs && go_on(x); i++)
		after_logs[i](x);
	if (go_on(x))
		check_files(x);
	if (go_on(x) && x->opened)
		check_handover(x);
}

static void
keep(struct check_run *x, struct checked *out)
{
	out->r = x->r;
	memcpy(out->list, x->list, sizeof out->list);
	out->lists = *last_outputs(x);
}

void
check_record(struct report *r, const struct file_source *src, const struct pinned *pinned, unsigned threads, char election_hex[65])
{
	struct check_run *x = calloc(1, sizeof *x);

	if (x == NULL)
		abort();
	x->report = r;
	x->pinned = pinned;
	x->threads = threads;
	r->unpinned = pinned->election_id == NULL;
	x->r.src = *src;
	election_hex[0] = '\0';
	if (check_call(x)) { /* the logs begin with the call: a record that has not come to its opening has entries too */
		x->opened = check_key(x) && r->until >= UNTIL_OPENING && check_setup(x) && check_opening(x);
		if (x->opened)
			hash_hex(election_hex, &x->r.election);
		if (go_on(x) && check_events(x) && go_on(x))
			check_box(x);
	}
	if (pinned->keep != NULL)
		keep(x, pinned->keep);
	else
		record_free(&x->r);
	buf_free(&x->false_factors);
	free(x);
}
