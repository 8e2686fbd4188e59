/* tally/sign_cmd.c - `urna sign`, `urna notary sign`: show a document, ask, sign it.
 *
 * An act is computed anew from the record, once the record has passed the verifier's checks as far as it has come: what is
 * shown is what the record gives, and what is signed are the bytes that say the same.
 * Spec    spec/tally.md#signing
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digests.h"
#include "election/dictamen.h"
#include "tally/make_act.h"
#include "tally/show.h"
#include "tally/station.h"

/* What is to be signed, as the record gives it. */
struct paper {
	const char *dir;
	struct station s;    /* the checked record */
	struct record *r;    /* the record, as far as it is read besides */
	const char *draft;   /* of the manifest that a roll is made for; NULL: the record's */
	struct buf document; /* the bytes that are signed */
	struct buf text;     /* what is shown */
	struct vkey notary;  /* replaced since the call; zero: not */
};

/* Every check until that phase. */
static enum err
check_until(struct paper *p, enum until until, struct why *why)
{
	p->s = (struct station){.dir = p->dir, .quiet = 1, .live = 1};
	return station_check(&p->s, until, 0, why);
}

/* The file holds exactly these bytes. */
static enum err
same_file(const struct paper *p, const char *name, const struct buf *want, struct why *why)
{
	struct file_source src = source_dir(p->dir);
	struct buf b = {0};
	enum err e = source_read(&src, name, 1 << 30, &b, why);

	if (e == OK && (b.n != want->n || memcmp(b.p, want->p, b.n) != 0))
		e = why_set(why, ERR_PROOF, "%s is not what the record gives: do not sign", name);
	buf_free(&b);
	return e;
}

/* acts/NAME.json and .txt say what the act does; it becomes what is shown, its JSON the document unless that is something else. */
static enum err
take_act(struct paper *p, const char *name, struct act *act, struct why *why)
{
	char file[100];
	enum err e;

	(void)snprintf(file, sizeof file, "acts/%s.json", name);
	if ((e = same_file(p, file, &act->json, why)) == OK) {
		(void)snprintf(file, sizeof file, "acts/%s.txt", name);
		e = same_file(p, file, &act->text, why);
	}
	p->text = act->text;
	act->text = (struct buf){0};
	if (p->document.n == 0) {
		p->document = act->json;
		act->json = (struct buf){0};
	}
	act_free(act);
	return e;
}

static enum err
key_act(struct paper *p, struct why *why)
{
	struct act act = {{0}, {0}};
	enum err e;

	if ((e = open_record(p->r, p->dir, TO_KEY, why)) == OK && (e = make_key_act(&act, p->r, why)) == OK)
		e = take_act(p, "key", &act, why);
	act_free(&act);
	return e;
}

/* The dictamen is the auditor's, and the zero report the only one that goes with it. */
static enum err
check_zero_report(struct record *r, struct why *why)
{
	struct buf file = {0}, report = {0};
	struct dictamen d = {0};
	struct head events;
	enum err e;

	if ((e = record_file(r, "dictamen.json", DICTAMEN_MAX_BYTES, &file, why)) == OK &&
	    (e = record_signed(r, "dictamen.json", "dictamen", &file, &r->call.auditor.key, why)) == OK &&
	    (e = dictamen_read(&d, file.p, file.n, &r->call.hash, why)) == OK && (e = record_file(r, "zero-report.json", 1 << 20, &report, why)) == OK)
		e = zero_report_read(&events, report.p, report.n, &r->call.hash, r->m, &d, why);
	dictamen_free(&d);
	buf_free(&file);
	buf_free(&report);
	return e;
}

static enum err
opening(struct paper *p, struct why *why)
{
	struct act act = {{0}, {0}};
	enum err e;

	if ((e = check_until(p, UNTIL_KEY, why)) == OK && (e = open_record(p->r, p->dir, TO_SETUP, why)) == OK &&
	    (e = custody_in_time(&p->r->call, p->r->m, p->r->custody.p, p->r->custody.n, why)) == OK && (e = check_zero_report(p->r, why)) == OK &&
	    (e = make_opening(&p->document, &act, p->r, why)) == OK && (e = same_file(p, "opening.json", &p->document, why)) == OK)
		e = take_act(p, "opening", &act, why);
	act_free(&act);
	return e;
}

/* The first entry of this kind, which is there. */
static const struct event *
first_of(const struct record *r, const char *kind)
{
	const struct event *e = r->entry;

	while (strcmp(e->kind, kind) != 0)
		e++;
	return e;
}

static enum err
start(struct paper *p, struct why *why)
{
	struct act act = {{0}, {0}};
	struct digests d;
	struct record *r;
	enum err e;

	if ((e = check_until(p, UNTIL_CLOSING, why)) != OK)
		return e;
	r = &p->s.good->r;
	if ((e = source_digests(&r->src, "encrypted-votes.bin", SIZE_MAX, &d, why)) == OK && (e = make_start_act(&act, r, &d.sha256, &r->ballots_head, why)) == OK) {
		record_notary(r, first_of(r, "comparison"), &p->notary);
		e = take_act(p, "start-of-decryption", &act, why);
	}
	act_free(&act);
	return e;
}

static enum err
handover(struct paper *p, struct why *why)
{
	struct buf list[3] = {{0}, {0}, {0}};
	struct act act = {{0}, {0}};
	enum err e;

	if ((e = check_until(p, UNTIL_COUNT, why)) == OK)
		e = make_handover(list, &act, &p->s.good->r, why);
	for (int i = 0; i < 3 && e == OK; i++)
		e = same_file(p, hash_list_names[i], &list[i], why);
	if (e == OK) {
		p->notary = p->s.good->r.call.notary.key;
		e = take_act(p, "handover", &act, why);
	}
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
	act_free(&act);
	return e;
}

/* A document that stands for itself: well formed and of this call, then shown whole. */
static enum err
call_itself(struct paper *p, struct why *why)
{
	return show_document(&p->text, p->document.p, p->document.n, why);
}

static enum err
manifest(struct paper *p, struct why *why)
{
	struct manifest *m = NULL;
	enum err e = manifest_read(&m, p->document.p, p->document.n, why);

	if (e == OK && (!m->sealed || !hash_equal(&m->call, &p->r->call.hash)))
		e = why_set(why, ERR_RANGE, "manifest.json is a draft, or of another call: do not sign");
	free(m);
	return e == OK ? show_document(&p->text, p->document.p, p->document.n, why) : e;
}

static enum err
dictamen(struct paper *p, struct why *why)
{
	struct dictamen d = {0};
	enum err e = dictamen_read(&d, p->document.p, p->document.n, &p->r->call.hash, why);

	dictamen_free(&d);
	return e == OK ? show_document(&p->text, p->document.p, p->document.n, why) : e;
}

static enum err
roll(struct paper *p, struct why *why)
{
	struct manifest *m = NULL;
	struct roll roll = {0};
	struct buf b = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/manifest.json", p->dir);
	if ((e = file_read(&b, p->draft != NULL ? p->draft : path, MANIFEST_MAX_BYTES, why)) == ERR_ABSENT)
		e = why_set(why, e, "the entities are in the manifest, which is not there: --draft names its draft");
	if (e == OK && (e = manifest_read(&m, b.p, b.n, why)) == OK && (e = roll_read(&roll, p->document.p, p->document.n, &p->r->call.hash, m, why)) == OK)
		show_roll(&p->text, &roll, m);
	roll_free(&roll);
	free(m);
	buf_free(&b);
	return e;
}

/* computed: from the record, document and text; else the document is the file. */
static const struct {
	const char *what, *file, *purpose;
	enum err (*make)(struct paper *p, struct why *why);
	int computed;
} papers[] = {{"call", "call.json", "call", call_itself, 0}, {"key-act", "acts/key.json", "key-act", key_act, 1}, {"manifest", "manifest.json", "manifest", manifest, 0},
    {"opening", "opening.json", "opening", opening, 1}, {"start", "acts/start-of-decryption.json", "start-of-decryption", start, 1},
    {"handover", "acts/handover.json", "handover", handover, 1}, {"dictamen", "dictamen.json", "dictamen", dictamen, 0}, {"roll", "roll", "roll", roll, 0}};

static enum err
read_paper(struct paper *p, size_t i, struct why *why)
{
	char path[1400];
	enum err e;

	if (papers[i].computed)
		return papers[i].make(p, why);
	(void)snprintf(path, sizeof path, "%s/%s", p->dir, papers[i].file);
	p->r->src = source_dir(p->dir);
	if ((e = file_read(&p->document, path, 1 << 30, why)) != OK || (e = record_file(p->r, "call.json", CALL_MAX_BYTES, &p->r->call_bytes, why)) != OK ||
	    (e = call_read(&p->r->call, p->r->call_bytes.p, p->r->call_bytes.n, why)) != OK || (e = papers[i].make(p, why)) != OK)
		return e;
	return p->text.failed ? ERR_NOMEM : OK;
}

/* What no act says of itself: which bytes, of which call, by whom. */
static void
show_paper(const struct paper *p, const char *file, const struct call *call, const struct signer *by)
{
	struct hash h;
	char hex[65];

	sha256(&h, p->document.p, p->document.n);
	hash_hex(hex, &h);
	(void)printf("Archivo que se firma: %s\nHuella (SHA-256): %s\n", file, hex);
	hash_hex(hex, &call->hash);
	(void)printf("Convocatoria (SHA-256): %s\nFirma: %s\n\n", hex, by->name);
	(void)fwrite(p->text.p, 1, p->text.n, stdout);
	(void)printf("\n");
}

static enum err
ask_and_sign(struct args *a, const struct paper *p, size_t i, const struct call *call, int yes, int *no, struct why *why)
{
	struct signer by = {0};
	enum err e = open_signer_of(a, &by, call, papers[i].purpose, why);

	if (e != OK)
		return e;
	if (!yes) {
		show_paper(p, papers[i].file, call, &by);
		*no = !confirmed("\xc2\xbf" "Firmar este documento?");
	}
	if (!*no)
		e = sign_by(&by, p->dir, papers[i].file, papers[i].purpose, call, &p->document, why);
	signer_close(&by);
	return e;
}

static int
sign_paper(struct args *a, size_t i)
{
	struct paper p = {.dir = arg_need(a, "--record"), .r = calloc(1, sizeof *p.r), .draft = strcmp(papers[i].what, "roll") == 0 ? arg(a, "--draft") : NULL};
	int yes = arg_flag(a, "--yes"), no = 0;
	struct why why = {""};
	struct call *call;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (p.r == NULL || read_paper(&p, i, &why) != OK)
		return fail(a->command[0] == 'n' ? "notary sign" : "sign", &why);
	call = p.s.good != NULL ? &p.s.good->r.call : &p.r->call;
	if (p.notary.name[0] != '\0')
		call->notary.key = p.notary;
	if (ask_and_sign(a, &p, i, call, yes, &no, &why) != OK)
		return fail(a->command[0] == 'n' ? "notary sign" : "sign", &why);
	if (no)
		(void)printf("no se firm\xc3\xb3\n");
	else
		(void)printf("signed %s\n", papers[i].file);
	station_close(&p.s);
	buf_free(&p.document);
	buf_free(&p.text);
	return no;
}

int
cmd_sign(struct args *a)
{
	const char *what = word(a, 0);

	for (size_t i = 0; i < sizeof papers / sizeof *papers; i++)
		if (strcmp(papers[i].what, what) == 0)
			return sign_paper(a, i);
	wrong_word(a, what);
	(void)fprintf(stderr, "usage: urna sign call|key-act|manifest|roll|dictamen|opening|start|handover --record DIR --key FILE [--pass-file FILE] [--yes]\n"
			      "       a roll before the manifest is sealed: also --draft FILE, which names the entities\n"
			      "Shows every fact of the document in Spanish, asks, and adds a signature to its .note; the key must be one that the call\n"
			      "names for the document. `urna notary sign` is the same with the notary's key. The opening and the acts are\n"
			      "computed anew from the record, which must pass the verifier's checks as far as it has come: what is shown is what the record\n"
			      "gives, and nothing is signed where the files say something else.\n");
	return 2;
}
