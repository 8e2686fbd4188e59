/* tally/purge_cmd.c - `urna purge`: what is destroyed at the end.
 *
 * Spec    spec/documents.md#purge
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "election/docnote.h"
#include "tally/cli.h"

struct purge {
	struct json_out *o;
	unsigned n;
};

/* ---- asked before anything is gone ------------------------------------------------------------ */

/* 1 if one of the two real paths is the other, or lies in it. */
static int
overlap(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;

	return strncmp(a, b, least) == 0 && (n == m || (n < m ? b : a)[least] == '/' || least <= 1);
}

/* Everything at this path can be destroyed as far as can be seen now: what destroy_all meets. */
static enum err
survey(const char *path, struct why *why)
{
	struct dirent *entry;
	struct stat st;
	enum err e = OK;
	DIR *d;
	int fd;

	if (lstat(path, &st) != 0)
		return why_set(why, ERR_ABSENT, "%s is not there; nothing was destroyed", path);
	if (!S_ISDIR(st.st_mode)) {
		fd = S_ISREG(st.st_mode) ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
		if (fd >= 0)
			(void)close(fd);
		return fd >= 0 ? OK : why_set(why, ERR_IO, "%s: not a file that can be destroyed; nothing was destroyed", path);
	}
	if (access(path, W_OK | X_OK) != 0 || (d = opendir(path)) == NULL)
		return why_set(why, ERR_IO, "%s: cannot be read and written; nothing was destroyed", path);
	while (e == OK && (entry = readdir(d)) != NULL) {
		char inside[PATH_MAX];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name) >= (int)sizeof inside)
			e = why_set(why, ERR_LENGTH, "%s: a path in it is too long; nothing was destroyed", path);
		else if (lstat(inside, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			e = survey(inside, why);
	}
	(void)closedir(d);
	return e;
}

/* The folder that a new file at this path would stand in. */
static enum err
folder_of(char real[PATH_MAX], const char *path, struct why *why)
{
	char folder[PATH_MAX];
	char *slash;

	(void)snprintf(folder, sizeof folder, "%s", path);
	if ((slash = strrchr(folder, '/')) == NULL)
		(void)strcpy(folder, ".");
	else
		slash[slash == folder] = '\0';
	return realpath(folder, real) != NULL ? OK : why_set(why, ERR_ABSENT, "%s: there is no such folder", folder);
}

/* What is named can be destroyed, each once; neither the record nor the certificate goes with it. */
static enum err
survey_all(struct args *a, const char *record, const char *certificate, struct why *why)
{
	char kept[PATH_MAX], folder[PATH_MAX], one[PATH_MAX], other[PATH_MAX];
	const char *path, *again;
	enum err e;

	if (realpath(record, kept) == NULL)
		return why_set(why, ERR_ABSENT, "%s is not there", record);
	if ((e = folder_of(folder, certificate, why)) != OK)
		return e;
	for (unsigned i = 0; (path = arg_nth(a, "--destroy", i)) != NULL; i++) {
		if ((e = survey(path, why)) != OK)
			return e;
		if (realpath(path, one) == NULL)
			return why_set(why, ERR_IO, "%s: cannot be followed; nothing was destroyed", path);
		if (overlap(one, kept))
			return why_set(why, ERR_DENIED, "%s is the record, holds it, or lies in it; the record is kept, and nothing was destroyed", path);
		if (strncmp(folder, one, strlen(one)) == 0 && overlap(folder, one))
			return why_set(why, ERR_DENIED, "the certificate %s would lie in %s, which is destroyed: name another place for it", certificate, path);
		for (unsigned k = 0; k < i && (again = arg_nth(a, "--destroy", k)) != NULL; k++)
			if (realpath(again, other) != NULL && overlap(one, other))
				return why_set(why, ERR_RANGE, "%s and %s: one is the other, or lies in it; name it once; nothing was destroyed", again, path);
	}
	return OK;
}

/* ---- destroyed -------------------------------------------------------------------------------- */

/* Overwrite and remove one file; its path and size go into the certificate, nothing of its content. */
static enum err
destroy(struct purge *p, const char *path, struct why *why)
{
	static const uint8_t zero[65536];
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
	json_text(p->o, "path", path);
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
		char inside[PATH_MAX];

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

/* Not before the record is sealed; in an election not before the call's date. */
static enum err
may_destroy(struct record *r, int64_t now, struct why *why)
{
	int64_t due;
	enum err e;

	if ((e = record_events(r, why)) != OK || (e = date_read(&due, r->call.roll_destroyed_on)) != OK)
		return e;
	if (!r->progress.sealed)
		return why_set(why, ERR_NOT_NOW, "the record is not sealed: nothing may be destroyed yet");
	if (now < due && !r->call.simulacro)
		return why_set(why, ERR_NOT_NOW, "the call keeps this until %s", r->call.roll_destroyed_on);
	return OK;
}

int
cmd_purge(struct args *a)
{
	static const char advice[] = "a certificate says what was destroyed, and is never overwritten; name another file";
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--certificate"), *path;
	struct record *r = calloc(1, sizeof *r);
	struct buf text = {0}, note = {0};
	struct json_out o = json_out(&text);
	struct signer by = {0};
	struct purge p = {&o, 0};
	struct why why = {""};
	char name[PATH_MAX];
	int64_t now = (int64_t)time(NULL);
	int yes = arg_flag(a, "--yes");
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	(void)arg_need(a, "--destroy");
	(void)snprintf(name, sizeof name, "%s.note", out);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || may_destroy(r, now, &why) != OK || new_file(out, advice, &why) != OK ||
	    new_file(name, advice, &why) != OK || survey_all(a, dir, out, &why) != OK)
		return fail("purge", &why);
	if (!yes) {
		for (unsigned i = 0; (path = arg_nth(a, "--destroy", i)) != NULL; i++)
			(void)printf("  %s\n", path);
		if (!confirmed("\xc2\xbf" "Destruir esto, sin vuelta atr\xc3\xa1s?")) {
			(void)printf("no se destruy\xc3\xb3 nada\n");
			return 1;
		}
	}
	for (unsigned i = 0; arg_nth(a, "--destroy", i) != NULL; i++)
		;
	args_end(a);
	/* before anything is gone: that its certificate can be signed and written */
	if (open_signer_of(a, &by, &r->call, "purge", &why) != OK || file_write(out, "", 0, 0644, &why) != OK)
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
	if (docnote_sign(&note, "purge", &r->call.hash, text.p, text.n, &by, &why) != OK || file_write(out, text.p, text.n, 0644, &why) != OK ||
	    file_write(name, note.p, note.n, 0644, &why) != OK)
		e = ERR_IO;
	signer_close(&by);
	if (e != OK)
		return fail("purge", &why);
	(void)printf("%u files destroyed; certificate %s\n", p.n, out);
	return 0;
}
