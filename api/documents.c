/* api/documents.c - files that entries name: they wait outside the record until the entry stands in the log, so that the
 * record never has one that no entry names. A crash leaves what waits; the start settles or drops it.
 */
#include "api/internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
waiting_path(const struct service *s, const char *name, char path[1200])
{
	(void)snprintf(path, 1200, "%s/documents%s%.64s", s->config.data, name[0] != '\0' ? "/" : "", name);
}

static void
record_path(const struct service *s, const char *name, char path[1200])
{
	(void)snprintf(path, 1200, "%s/documents%s%.64s", s->config.record, name[0] != '\0' ? "/" : "", name);
}

/* The name of a file of documents/ that fact i names, or NULL. */
static const char *
document_of(const struct event *e, unsigned i)
{
	const char *name = event_file(e, i);
	uint8_t hash[HASH_BYTES];

	return name != NULL && strlen(name) == 2 * HASH_BYTES && hex_decode(hash, sizeof hash, name, 2 * HASH_BYTES) == OK ? name : NULL;
}

static int
named(const struct event *e, const char *hex)
{
	for (unsigned i = 0; i < e->facts; i++)
		if (document_of(e, i) != NULL && strcmp(document_of(e, i), hex) == 0)
			return 1;
	return 0;
}

static enum err
keep_one(const struct service *s, const struct event *e, const char *base64, size_t number, struct why *why)
{
	size_t n = MAX_BODY;
	uint8_t *p = malloc(n);
	struct hash h;
	char hex[65], path[1200];
	enum err err;

	if (p == NULL || base64 == NULL || base64_decode(p, &n, base64, strlen(base64)) != OK) {
		free(p);
		return why_set(why, ERR_FORMAT, "file %zu is not base64", number);
	}
	sha256(&h, p, n);
	hash_hex(hex, &h);
	waiting_path(s, "", path);
	if (!named(e, hex))
		err = why_set(why, ERR_RANGE, "file %zu (SHA-256 %s) is named by no fact file1, file2, ... of the entry", number, hex);
	else if ((err = dir_make(path, why)) == OK) {
		waiting_path(s, hex, path);
		err = file_write(path, p, n, 0600, why);
	}
	free(p);
	return err;
}

enum err
documents_keep(const struct service *s, const struct json *files, const struct event *e, struct why *why)
{
	char here[1200], there[1200];
	enum err err = OK;

	for (size_t i = 0; files != NULL && i < files->n && err == OK; i++)
		err = keep_one(s, e, files->item[i]->text, i + 1, why);
	for (unsigned i = 0; i < e->facts && err == OK; i++) {
		const char *name = document_of(e, i);

		if (event_file(e, i) == NULL)
			continue;
		if (name == NULL)
			return why_set(why, ERR_RANGE, "the fact \"%s\" is no SHA-256 of a file", e->fact[i].name);
		waiting_path(s, name, here);
		record_path(s, name, there);
		if (access(here, F_OK) != 0 && access(there, F_OK) != 0)
			err = why_set(why, ERR_ABSENT, "the fact \"%s\" names a file that neither came with the entry nor is in documents/", e->fact[i].name);
	}
	return err;
}

enum err
documents_settle(const struct service *s, const struct event *e, struct why *why)
{
	char from[1200], to[1200];
	enum err err = OK;

	for (unsigned i = 0; i < e->facts && err == OK; i++) {
		const char *name = document_of(e, i);
		struct buf b = {0};

		if (name == NULL)
			continue;
		waiting_path(s, name, from);
		if (access(from, F_OK) != 0)
			continue;
		record_path(s, "", to);
		if ((err = dir_make(to, why)) == OK && (err = file_read(&b, from, MAX_BODY, why)) == OK) {
			record_path(s, name, to);
			if ((err = file_write(to, b.p, b.n, 0644, why)) == OK)
				(void)unlink(from);
		}
		buf_free(&b);
	}
	return err;
}

void
documents_drop(const struct service *s)
{
	char path[1200];
	struct dirent *x;
	DIR *d;

	waiting_path(s, "", path);
	if ((d = opendir(path)) == NULL)
		return;
	while ((x = readdir(d)) != NULL)
		if (x->d_name[0] != '.')
			(void)unlinkat(dirfd(d), x->d_name, 0);
	(void)closedir(d);
}
