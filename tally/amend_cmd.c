/* tally/amend_cmd.c - `urna amend`: what changes after the opening; `urna purge`: what is destroyed at the end. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "election/docnote.h"
#include "tally/cli.h"

static int
amend_usage(void)
{
	(void)fprintf(stderr, "usage: urna amend KIND --record DIR --acuerdo ID --motive TEXT --proposer NAME --out FILE --key FILE [--pass-file FILE] ...\n"
			      "       writes and signs the entry; what each kind needs besides:\n"
			      "         extend --closes 2026-06-01T18:00:00Z      suspend      resume      cancel\n"
			      "         exclude --index N      include --index N  (an excluded voter again; a new one: urna roll include)\n"
			      "         replace-notary --person NAME --notary VKEY      replace-witness --person NAME --witness VKEY --old NAME [--url URL]\n"
			      "         mixer-waiver --mixer NAME\n"
			      "       urna amend sign FILE --record DIR --key FILE [--pass-file FILE] [--yes]     shows it, asks, adds a signature\n"
			      "       urna amend submit FILE --socket SOCKET [--person SEALED]                   to urnad, when the rule's quorum has signed\n"
			      "       urna amend resume --cause clock ...   after the service suspended itself because its clock jumped: the operator alone\n");
	return 2;
}

static int
sign(struct args *a)
{
	const char *file = word(a, 1), *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct buf document = {0}, note = {0};
	struct signer by = {0};
	struct why why = {""};
	char path[1400], answer[16] = "";
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	(void)snprintf(path, sizeof path, "%s.note", file);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&document, file, EVENT_MAX_BYTES, &why) != OK ||
	    file_read(&note, path, NOTE_MAX_BYTES, &why) != OK)
		return fail("amend", &why);
	if (!arg_flag(a, "--yes")) {
		(void)fwrite(document.p, 1, document.n, stdout);
		(void)printf("\xc2\xbf" "Firmar esta modificaci\xc3\xb3n? (si/no) ");
		(void)fflush(stdout);
		if (fgets(answer, sizeof answer, stdin) == NULL || strncmp(answer, "si", 2) != 0) {
			(void)printf("no se firm\xc3\xb3\n");
			return 1;
		}
	}
	args_end(a);
	e = open_signer(a, &by, &why);
	if (e == OK && (e = docnote_sign(&note, "event", &r->call.hash, document.p, document.n, &by, &why)) == OK)
		e = file_write(path, note.p, note.n, 0644, &why);
	signer_close(&by);
	if (e != OK)
		return fail("amend", &why);
	(void)printf("signed %s\n", file);
	return 0;
}

static int
submit(struct args *a)
{
	const char *file = word(a, 1), *person = arg(a, "--person");
	struct why why = {""};

	(void)arg_need(a, "--socket");
	args_end(a);
	if (submit_file(a, file, person, &why) != OK)
		return fail("amend", &why);
	(void)printf("submitted %s\n", file);
	return 0;
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
	if (!amend_kind(kind))
		return amend_usage();
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
	if (cause != NULL && (strcmp(kind, "resume") != 0 || strcmp(cause, "clock") != 0))
		return amend_usage();
	if (cause != NULL)
		event_add(e, "cause", "%s", cause);
	else
		event_add(e, "acuerdo", "%s", arg_need(a, "--acuerdo"));
	event_add(e, "motive", "%s", arg_need(a, "--motive"));
	if (cause == NULL)
		event_add(e, "proposer", "%s", arg_need(a, "--proposer"));
	args_end(a);
	if (open_record(r, dir, TO_CALL, &why) != OK || record_events(r, &why) != OK)
		return fail("amend", &why);
	e->scope = r->progress.opened ? r->progress.election : r->call.hash;
	if (draft_event(a, &r->call, e, out, &why) != OK)
		return fail("amend", &why);
	for (unsigned i = 0; i < r->call.amends; i++)
		if (strcmp(r->call.amend[i].kind, kind) == 0) {
			(void)printf("%s needs %u of:", kind, r->call.amend[i].quorum);
			for (unsigned k = 0; k < r->call.amend[i].n; k++)
				(void)printf(" %s", r->call.amend[i].key[k]);
			(void)printf("\n");
		}
	(void)printf("written and signed: %s; next: urna amend sign %s, urna amend submit %s\n", out, out, out);
	free(r);
	free(e);
	return 0;
}

/* ---- purge ------------------------------------------------------------------------------------ */

struct purge {
	struct json_out *o;
	unsigned n;
};

/* Overwrite and remove one file; its name and size go into the certificate, nothing of its content. */
static enum err
destroy(struct purge *p, const char *path, struct why *why)
{
	static const uint8_t zero[65536];
	const char *base = strrchr(path, '/');
	struct stat st;
	enum err e = OK;
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			(void)close(fd);
		return why_set(why, ERR_IO, "%s: not a file that can be destroyed", path);
	}
	for (off_t left = st.st_size; left > 0 && e == OK;) {
		ssize_t n = write(fd, zero, left < (off_t)sizeof zero ? (size_t)left : sizeof zero);

		if (n <= 0)
			e = why_set(why, ERR_IO, "%s: could not be overwritten", path);
		left -= n > 0 ? n : 0;
	}
	if (e == OK && fsync(fd) != 0)
		e = why_set(why, ERR_IO, "%s: could not be overwritten", path);
	(void)close(fd);
	if (e == OK && unlink(path) != 0)
		e = why_set(why, ERR_IO, "%s: overwritten, but could not be removed", path);
	if (e != OK)
		return e;
	json_begin(p->o, NULL, '{');
	json_text(p->o, "name", base != NULL ? base + 1 : path);
	json_int(p->o, "bytes", (int64_t)st.st_size);
	json_end(p->o, '}');
	(void)printf("  destroyed %s (%lld bytes)\n", path, (long long)st.st_size);
	p->n++;
	return OK;
}

static enum err
destroy_all(struct purge *p, const char *path, struct why *why)
{
	struct dirent *entry;
	struct stat st;
	enum err e = OK;
	DIR *d;

	if (lstat(path, &st) != 0)
		return why_set(why, ERR_ABSENT, "%s is not there", path);
	if (!S_ISDIR(st.st_mode))
		return destroy(p, path, why);
	if ((d = opendir(path)) == NULL)
		return why_set(why, ERR_IO, "%s: cannot be read", path);
	while (e == OK && (entry = readdir(d)) != NULL) {
		char inside[1400];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
		if (lstat(inside, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			e = destroy_all(p, inside, why);
		else
			(void)unlink(inside); /* a socket or a link holds nothing */
	}
	(void)closedir(d);
	if (e == OK && rmdir(path) != 0)
		e = why_set(why, ERR_IO, "%s: could not be removed", path);
	return e;
}

int
cmd_purge(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--certificate"), *path;
	struct record *r = calloc(1, sizeof *r);
	struct buf text = {0}, note = {0};
	struct json_out o = json_out(&text);
	struct signer by = {0};
	struct purge p = {&o, 0};
	struct why why = {""};
	char name[1400];
	int64_t due, now = (int64_t)time(NULL);
	int yes = arg_flag(a, "--yes");
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	(void)arg_need(a, "--destroy");
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || record_events(r, &why) != OK || date_read(&due, r->call.roll_destroyed_on) != OK)
		return fail("purge", &why);
	if (!r->progress.sealed || (now < due && !r->call.simulacro)) {
		(void)why_set(&why, ERR_NOT_NOW, !r->progress.sealed ? "the record is not sealed: nothing may be destroyed yet"
								     : "the call keeps this until %s", r->call.roll_destroyed_on);
		return fail("purge", &why);
	}
	if (!yes) {
		char answer[16] = "";

		for (unsigned i = 0; (path = arg_nth(a, "--destroy", i)) != NULL; i++)
			(void)printf("  %s\n", path);
		(void)printf("\xc2\xbf" "Destruir esto, sin vuelta atr\xc3\xa1s? (si/no) ");
		(void)fflush(stdout);
		if (fgets(answer, sizeof answer, stdin) == NULL || strncmp(answer, "si", 2) != 0) {
			(void)printf("no se destruy\xc3\xb3 nada\n");
			return 1;
		}
	}
	for (unsigned i = 0; arg_nth(a, "--destroy", i) != NULL; i++)
		;
	args_end(a);
	/* before anything is gone: that its certificate can be signed and written */
	if (open_signer(a, &by, &why) != OK || file_write(out, "", 0, 0644, &why) != OK)
		return fail("purge", &why);
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "purge-certificate");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &r->call.hash);
	json_hash(&o, "election", &r->progress.election);
	json_time(&o, "time", now);
	json_text(&o, "due", r->call.roll_destroyed_on);
	json_begin(&o, "destroyed", '[');
	e = OK;
	for (unsigned i = 0; e == OK && (path = arg_nth(a, "--destroy", i)) != NULL; i++)
		e = destroy_all(&p, path, &why);
	json_end(&o, ']');
	json_bool(&o, "complete", e == OK);
	json_end(&o, '}');
	(void)snprintf(name, sizeof name, "%s.note", out);
	if (docnote_sign(&note, "purge", &r->call.hash, text.p, text.n, &by, &why) != OK || file_write(out, text.p, text.n, 0644, &why) != OK ||
	    file_write(name, note.p, note.n, 0644, &why) != OK)
		e = ERR_IO;
	signer_close(&by);
	if (e != OK)
		return fail("purge", &why);
	(void)printf("%u files destroyed; certificate %s\n", p.n, out);
	return 0;
}
