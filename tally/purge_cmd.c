/* tally/purge_cmd.c - `urna purge`: what is destroyed at the end. */
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
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--certificate"), *path;
	struct record *r = calloc(1, sizeof *r);
	struct buf text = {0}, note = {0};
	struct json_out o = json_out(&text);
	struct signer by = {0};
	struct purge p = {&o, 0};
	struct why why = {""};
	char name[1400];
	int64_t now = (int64_t)time(NULL);
	int yes = arg_flag(a, "--yes");
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	(void)arg_need(a, "--destroy");
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || may_destroy(r, now, &why) != OK)
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
