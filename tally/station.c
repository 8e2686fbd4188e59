#include "tally/station.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/bytetree.h"
#include "crypto/parallel.h"
#include "tally/steps.h"

/* ---- the pinned election ------------------------------------------------------------------- */

/* What a person types may have blanks and capitals. */
static enum err
read_id(char out[65], const char *text, struct why *why)
{
	struct hash h;
	size_t n = 0;

	for (; *text != '\0' && n < 64; text++)
		if (!isspace((unsigned char)*text))
			out[n++] = (char)tolower((unsigned char)*text);
	out[n] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	if (n != 64 || *text != '\0' || hex_decode(h.b, HASH_BYTES, out, 64) != OK)
		return why_set(why, ERR_FORMAT, "an election id has 64 digits of 0-9 and a-f, as on the opening act");
	return OK;
}

static enum err
ask_id(char out[65], struct why *why)
{
	char line[200];

	(void)fprintf(stderr, "Election id, from your own copy of the opening act: ");
	(void)fflush(stderr);
	if (fgets(line, sizeof line, stdin) == NULL)
		return why_set(why, ERR_ABSENT, "without an election id nothing is done: type it, or give --election-id, from your own copy of the opening act");
	return read_id(out, line, why);
}

static enum err
same_election(const struct station *s, struct why *why)
{
	struct buf opening = {0};
	struct hash h;
	char path[1400], hex[65];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/opening.json", s->dir);
	if ((e = file_read(&opening, path, 65536, why)) != OK)
		return e;
	sha256(&h, opening.p, opening.n);
	buf_free(&opening);
	hash_hex(hex, &h);
	if (strcmp(hex, s->election) != 0)
		return why_set(why, ERR_PROOF, "this record is of the election %s, not of %s: stop, and show both to the notary", hex, s->election);
	return OK;
}

/* One station at a time writes into a folder; with --out the record is only read, as others may at the same time. */
static enum err
lock(struct station *s, struct why *why)
{
	int fd;
	enum err e;

	if ((e = lock_folder(&fd, s->dir, s->out != NULL, why)) != OK || s->out == NULL || (e = dir_make(s->out, why)) != OK)
		return e;
	return lock_folder(&fd, s->out, 0, why);
}

enum err
station_open(struct station *s, struct args *a, int apart, struct why *why)
{
	const char *id = arg(a, "--election-id"), *key;
	enum err e;

	memset(s, 0, sizeof *s);
	s->args = a;
	s->dir = arg_need(a, "--record");
	s->out = apart ? arg(a, "--out") : NULL;
	s->socket = apart ? arg(a, "--socket") : arg_need(a, "--socket");
	s->quiet = arg_flag(a, "--quiet");
	s->to = s->out != NULL ? s->out : s->dir;
	s->live = s->socket != NULL;
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	while (s->pinned.log_keys < 8 && (key = arg_nth(a, "--log-key", s->pinned.log_keys)) != NULL)
		s->pinned.log_key[s->pinned.log_keys++] = key;
	args_end(a);
	if (s->out == NULL && s->socket == NULL)
		return why_set(why, ERR_ABSENT, "--socket (the service's), or --out (a folder, for a station apart from the net) is missing");
	if ((e = lock(s, why)) != OK || (e = id != NULL ? read_id(s->election, id, why) : ask_id(s->election, why)) != OK)
		return e;
	s->pinned.election_id = s->election;
	return same_election(s, why);
}

/* ---- the checks ------------------------------------------------------------------------------ */

static const char *const heads[] = {"events/checkpoint", "ballots/checkpoint"};

/* Cosignatures that the heads have in the record: the fewer of the two logs'. */
static enum err
cosigned(struct record *r, size_t *least, struct why *why)
{
	struct vkey keys[MAX_PARTIES];
	enum err e = OK;

	for (unsigned i = 0; i < r->call.witnesses; i++)
		keys[i] = r->call.witness[i].key;
	*least = r->call.witnesses;
	for (size_t i = 0; i < 2 && e == OK; i++) {
		struct buf b = {0};
		size_t n = 0;

		if ((e = record_file(r, heads[i], NOTE_MAX_BYTES, &b, why)) == ERR_ABSENT && i > 0)
			e = OK; /* no ballot can be there yet */
		else if (e == OK && (e = checkpoint_cosigners(&n, b.p, b.n, keys, r->call.witnesses, why)) == OK && n < *least)
			*least = n;
		buf_free(&b);
	}
	return e;
}

enum err
cosigned_wait(struct record *r, size_t want, size_t *n, struct why *why)
{
	struct timespec pause = {0, 100000000};
	enum err e = OK;

	*n = 0;
	for (int i = 0; i < 150; i++) {
		if ((e = cosigned(r, n, why)) != OK || *n >= want)
			return e;
		(void)nanosleep(&pause, NULL);
	}
	return OK;
}

/* What tells that the record grew: both heads as they stand, with their cosignatures. */
static void
fingerprint(struct hash *out, const struct file_source *src)
{
	struct buf all = {0}, b = {0};

	for (size_t i = 0; i < 2; i++)
		if (source_read(src, heads[i], NOTE_MAX_BYTES, &b, NULL) == OK)
			buf_put(&all, b.p, b.n);
	sha256(out, all.p, all.n);
	buf_free(&all);
	buf_free(&b);
}

static int
failed(const struct report *r, int c)
{
	return r->checks[c].verdict == VERDICT_FAIL || (r->checks[c].verdict == VERDICT_ABSENT && r->checks[c].text[0] != '\0');
}

/* The act of a failed check that nobody has made yet, with the command that makes it. */
static const char *
act_missing(const struct station *s, const struct report *r)
{
	static const struct {
		enum check check;
		const char *file, *next;
	} acts[] = {{CHECK_CLOSING_ACT, "acts/closing.json", "acts/closing.json is not there: if nobody has made it yet, next: urna close"},
	    {CHECK_COMPARISON, "acts/start-of-decryption.json", "acts/start-of-decryption.json is not there: if nobody has made it yet, next: urna decrypt compare"}};
	char path[1400];

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", s->dir, acts[i].file);
		if (failed(r, acts[i].check) && access(path, F_OK) != 0)
			return acts[i].next;
	}
	return NULL;
}

/* Which checks failed, and what to do. */
static enum err
refuse(const struct station *s, const struct report *r, struct why *why)
{
	const struct buf *stray = &s->good->stray;
	const char *advice = "Take the record again from where it is published; if that fails too, keep this copy and show it to the notary and the parties";
	char names[300] = "";
	unsigned n = 0, files = 0;

	for (int c = 0; c < CHECK_COUNT; c++) {
		if (!failed(r, c))
			continue;
		files += c == CHECK_FILES || c == CHECK_DOCUMENTS;
		if (n++ < 4)
			(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s %s", n > 1 ? ", " : "", check_number((enum check)c), check_name((enum check)c));
	}
	if (n == 1 && failed(r, CHECK_WITNESSES))
		advice = "Until the witnesses have cosigned, take the record again; if they refuse, ask them why";
	else if (act_missing(s, r) != NULL)
		advice = act_missing(s, r);
	else if (n == 1 && failed(r, CHECK_COMPARISON))
		advice = "If the notary has not signed the act of the start of decryption yet, next: urna notary sign start; else take the record again, or show this copy to the notary and the parties";
	else if (n == files && stray->n > 0)
		advice = "Take out of the folder what is not of the record, as listed; if anything is missing too, take it from where the record is published";
	return why_set(why, ERR_PROOF, "the record does not hold: %s%s. No key was used. %s", names, n > 4 ? " and others" : "", advice);
}

/* The step before that phase has been made, by the log of events; where it cannot be read, the checks say so. */
static enum err
come_to(const struct record *r, enum until until, int mixing, struct why *why)
{
	static const enum step_done before[UNTIL_PHASES] = {DONE_KEY, DONE_OPENING, DONE_CLOSE, DONE_MIXES, DONE_COUNT, DONE_COUNT};
	enum err e = step_done(r, until == UNTIL_MIX && mixing ? DONE_COMPARISON : before[until], why);

	return e == OK ? OK : why_prefix(why, e, "not now, and no key was used");
}

enum err
station_check(struct station *s, enum until until, int mixing, struct why *why)
{
	struct report *report = calloc(1, sizeof *report);
	struct record *first = calloc(1, sizeof *first);
	struct file_source src = source_dir(s->dir);
	struct hash before, after;
	char election[65];
	int good = 0;
	size_t n;
	enum err e;

	if (report == NULL || first == NULL || (s->good = calloc(1, sizeof *s->good)) == NULL)
		abort();
	s->pinned.keep = s->good;
	s->pinned.mixing = mixing;
	/* a copy gets no more cosignatures; what is wrong, and that there are too few, the checks say */
	if ((e = open_record(first, s->dir, TO_CALL, why)) == OK && record_events(first, NULL) == OK && (e = come_to(first, until, mixing, why)) == OK && s->live)
		(void)!cosigned_wait(first, first->call.witness_quorum, &n, NULL);
	/* a service may write an entry, or a witness's line, while we read */
	for (int tries = 0; tries < 3 && e == OK && !good; tries++) {
		fingerprint(&before, &src);
		record_free(&s->good->r);
		buf_free(&s->good->stray);
		memset(s->good, 0, sizeof *s->good);
		free(report->style);
		report_start(report, until, 0, s->quiet);
		check_record(report, &src, &s->pinned, core_count(), election);
		good = report_good(report);
		fingerprint(&after, &src);
		if (hash_equal(&before, &after))
			break;
	}
	if (e == OK && !good)
		e = refuse(s, report, why);
	if (report->begun > 0 && (!good || !s->quiet))
		(void)report_finish(report, good ? stdout : stderr, s->dir, election[0] != '\0' ? election : NULL);
	if (s->good->stray.n > 0)
		(void)fprintf(stderr, "not of the record:\n%s", buf_cstr(&s->good->stray));
	free(report->style);
	free(report);
	record_free(first);
	free(first);
	return e;
}

void
list_hash(struct hash *out, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};

	bt_ciphertexts(&b, c, n);
	sha256(out, b.p, b.n);
	buf_free(&b);
}

enum err
station_list(const struct station *s, unsigned group, const struct ciphertext *c, size_t n, struct why *why)
{
	struct hash h;

	list_hash(&h, c, n);
	if (!hash_equal(&h, &s->good->list[group]))
		return why_set(why, ERR_PROOF, "the list of group %s changed after it was checked: stop", s->good->r.m->group[group].folder);
	return OK;
}

void
station_close(struct station *s)
{
	if (s->good != NULL) {
		record_free(&s->good->r);
		buf_free(&s->good->stray);
	}
	free(s->good);
	s->good = NULL;
}

/* ---- entries ------------------------------------------------------------------------------------ */

static int
same_facts(const struct event *a, const struct event *b)
{
	int same = strcmp(a->kind, b->kind) == 0 && a->facts == b->facts;

	for (unsigned i = 0; i < a->facts && same; i++)
		same = strcmp(a->fact[i].name, b->fact[i].name) == 0 && strcmp(a->fact[i].value, b->fact[i].value) == 0;
	return same;
}

/* What was said before a crash is not said twice. */
static int
said(const struct record *r, const struct event *e)
{
	for (uint64_t i = 0; i < r->entries; i++)
		if (r->entry[i].document != NULL && same_facts(&r->entry[i], e))
			return 1;
	return 0;
}

enum err
station_say(struct station *s, struct event *e, unsigned number, const struct signer *by, struct why *why)
{
	char file[1400];
	enum err err;

	if (said(&s->good->r, e)) {
		(void)printf("entry %s: the log has it already\n", e->kind);
		return OK;
	}
	if (s->socket != NULL)
		return submit_event(s->socket, &s->good->r.call, e, by, NULL, why);
	(void)snprintf(file, sizeof file, "%s/entries", s->out);
	if ((err = dir_make(file, why)) != OK)
		return err;
	(void)snprintf(file, sizeof file, "%s/entries/%s-%02u.json", s->out, e->kind, number);
	if ((err = event_to_file(&s->good->r.call, e, by, file, why)) == OK)
		(void)printf("signed entry %s: where the service is, urna event submit %s --socket SOCKET\n", e->kind, file);
	return err;
}
