/* tally/amend_cmd.c - `urna amend`: what changes after the opening. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "election/docnote.h"
#include "election/signers.h"
#include "tally/entries.h"
#include "tally/show.h"

static int
amend_usage(void)
{
	(void)fprintf(stderr, "usage: urna amend KIND --record DIR --acuerdo ID --motive TEXT --proposer NAME --out FILE --key FILE [--pass-file FILE] ...\n"
			      "       writes and signs the entry; what each kind needs besides:\n"
			      "         extend --closes 2026-06-01T18:00:00Z      suspend      resume      cancel\n"
			      "         exclude --index N      include --index N  (an excluded voter again; a new one: urna roll include)\n"
			      "         replace-notary --person NAME --notary VKEY      replace-witness --person NAME --witness VKEY --old NAME [--url URL]\n"
			      "         mixer-waiver --mixer NAME\n"
			      "       urna amend sign FILE --record DIR --key FILE [--pass-file FILE] [--yes]     shows it in Spanish, asks, adds a signature\n"
			      "       urna amend submit FILE --socket SOCKET [--person SEALED]                   to urnad, when the rule's quorum has signed\n"
			      "       urna amend resume --cause clock --record DIR --motive TEXT --out FILE --key OPERATOR [--pass-file FILE]\n"
			      "           after the service suspended itself because its clock jumped: the operator alone, without acuerdo, proposer and amend sign\n");
	return 2;
}

/* The order that a file holds, of the call or election where the record stands; its note is of these very bytes. */
static enum err
read_order(struct event *e, struct buf *document, struct buf *note, const char *file, const struct record *r, struct why *why)
{
	char path[1400];
	enum err err;

	(void)snprintf(path, sizeof path, "%s.note", file);
	if ((err = file_read(document, file, EVENT_MAX_BYTES, why)) != OK || (err = file_read(note, path, NOTE_MAX_BYTES, why)) != OK)
		return err;
	e->scope = r->progress.opened ? r->progress.election : r->call.hash;
	if ((e->document = strdup(buf_cstr(document))) == NULL)
		return ERR_NOMEM;
	if ((err = event_document_read(e, why)) != OK)
		(void)why_prefix(why, err, "%s", file);
	return err;
}

static int
ask(const struct buf *document, const struct signer *by)
{
	struct buf text = {0};
	struct why why;
	int yes = show_document(&text, document->p, document->n, &why) == OK;

	if (yes) {
		(void)printf("Firma: %s\n\n", by->name);
		(void)fwrite(text.p, 1, text.n, stdout);
		(void)printf("\n");
		yes = confirmed("\xc2\xbf" "Firmar esta modificaci\xc3\xb3n?");
	}
	buf_free(&text);
	return yes;
}

static int
sign(struct args *a)
{
	const char *file = word(a, 1), *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct event *order = calloc(1, sizeof *order);
	struct buf document = {0}, note = {0};
	struct signer by = {0};
	struct why why = {""};
	char path[1400];
	int yes = arg_flag(a, "--yes");
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || order == NULL || open_record(r, dir, TO_CALL, &why) != OK || record_events(r, &why) != OK ||
	    read_order(order, &document, &note, file, r, &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("amend", &why);
	e = signer_allowed_event(&r->call, order, &by, &why);
	if (e == OK && !yes && !ask(&document, &by)) {
		signer_close(&by);
		(void)printf("no se firm\xc3\xb3\n");
		return 1;
	}
	(void)snprintf(path, sizeof path, "%s.note", file);
	if (e == OK && (e = docnote_sign(&note, "event", &r->call.hash, document.p, document.n, &by, &why)) == OK)
		e = file_write(path, note.p, note.n, 0644, &why);
	signer_close(&by);
	event_free(order);
	free(order);
	if (e != OK)
		return fail("amend", &why);
	(void)printf("signed %s\n", file);
	return 0;
}

static int
submit(struct args *a)
{
	const char *file = word(a, 1), *person = arg(a, "--person"), *socket = arg_need(a, "--socket");
	struct why why = {""};

	args_end(a);
	if (submit_file(socket, file, person, &why) != OK)
		return fail("amend", &why);
	(void)printf("submitted %s\n", file);
	return 0;
}

/* The new hour has the form of one, is to come, and is later than the one that the record knows. */
static enum err
later(const struct progress *p, const char *closes, struct why *why)
{
	char hour[21];
	int64_t t;

	if (time_read(&t, closes) != OK)
		return why_set(why, ERR_FORMAT, "--closes %s: give an hour like 2026-06-01T18:00:00Z, in UTC", closes);
	if (t <= (int64_t)time(NULL))
		return why_set(why, ERR_RANGE, "--closes %s: this hour has passed", closes);
	time_text(hour, p->closes);
	return p->opened && t <= p->closes ? why_set(why, ERR_RANGE, "--closes %s: the election closes at %s already", closes, hour) : OK;
}

static enum err
on_roll(const struct roll *roll, const char *index, struct why *why)
{
	uint64_t i;

	if (decimal_read(&i, index, index + strlen(index)) != OK || i >= roll->n)
		return why_set(why, ERR_RANGE, "--index %s: the roll has %u voters, with indexes from 0 to %u (urna roll list)", index, roll->n, roll->n > 0 ? roll->n - 1 : 0);
	return OK;
}

/* What can be told of it before anybody signs. */
static enum err
check_draft(const struct record *r, const struct event *e, struct why *why)
{
	if (event_is(e, "extend"))
		return later(&r->progress, event_fact(e, "closes"), why);
	return event_fact(e, "index")[0] != '\0' ? on_roll(&r->roll, event_fact(e, "index"), why) : OK;
}

/* Whose signatures are wanted, and what is next. */
static void
say_next_steps(const struct call *call, const struct event *e, const char *out)
{
	int more = event_one_signer(e, call) == NULL; /* one alone: who has just signed */

	for (unsigned i = 0; i < call->amends && more; i++)
		if (event_is(e, call->amend[i].kind)) {
			more = call->amend[i].quorum > 1;
			(void)printf("%s needs %u of:", e->kind, call->amend[i].quorum);
			for (unsigned k = 0; k < call->amend[i].n; k++)
				(void)printf(" %s", call->amend[i].key[k]);
			(void)printf("\n");
			break;
		}
	(void)printf("written and signed: %s; next: ", out);
	if (more)
		(void)printf("urna amend sign %s, ", out);
	(void)printf("urna amend submit %s\n", out);
}

int
cmd_amend(struct args *a)
{
	static const struct {
		const char *kind, *option, *fact;
	} needs[] = {{"extend", "--closes", "closes"}, {"exclude", "--index", "index"}, {"include", "--index", "index"}, {"replace-notary", "--person", "person"},
	    {"replace-notary", "--notary", "key"}, {"replace-witness", "--person", "person"}, {"replace-witness", "--witness", "key"},
	    {"replace-witness", "--old", "old"}, {"mixer-waiver", "--mixer", "mixer"}};
	const char *kind = word(a, 0), *dir, *out, *cause, *url;
	struct record *r = calloc(1, sizeof *r);
	struct event *e = calloc(1, sizeof *e);
	struct why why = {""};

	if (strcmp(kind, "sign") == 0)
		return sign(a);
	if (strcmp(kind, "submit") == 0)
		return submit(a);
	if (!amend_kind(kind)) {
		wrong_word(a, kind);
		return amend_usage();
	}
	dir = arg_need(a, "--record");
	out = arg_need(a, "--out");
	cause = arg(a, "--cause");
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	if (r == NULL || e == NULL)
		return 1;
	(void)snprintf(e->kind, sizeof e->kind, "%s", kind);
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
		if (strcmp(needs[i].kind, kind) == 0)
			event_add(e, needs[i].fact, "%s", arg_need(a, needs[i].option));
	if (strcmp(kind, "replace-witness") == 0 && (url = arg(a, "--url")) != NULL)
		event_add(e, "url", "%s", url);
	if (cause != NULL && (strcmp(kind, "resume") != 0 || strcmp(cause, "clock") != 0)) {
		(void)fprintf(stderr, "urna amend: --cause %s of %s: there is but the cause clock, of resume\n", cause, kind);
		return amend_usage();
	}
	if (cause != NULL)
		event_add(e, "cause", "%s", cause);
	else
		event_add(e, "acuerdo", "%s", arg_need(a, "--acuerdo"));
	event_add(e, "motive", "%s", arg_need(a, "--motive"));
	if (cause == NULL)
		event_add(e, "proposer", "%s", arg_need(a, "--proposer"));
	args_end(a);
	if (open_record(r, dir, event_fact(e, "index")[0] != '\0' ? TO_SETUP : TO_CALL, &why) != OK || record_events(r, &why) != OK || check_draft(r, e, &why) != OK)
		return fail("amend", &why);
	e->scope = r->progress.opened ? r->progress.election : r->call.hash;
	if (draft_event(a, &r->call, e, out, &why) != OK)
		return fail("amend", &why);
	say_next_steps(&r->call, e, out);
	free(r);
	event_free(e);
	free(e);
	return 0;
}
