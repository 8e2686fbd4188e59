#include "tally/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "election/record.h"

enum { PROGRAM_MAX = 1 << 28 };

static enum err
add_file(struct dictamen *d, const char *path, const char *name, struct why *why)
{
	struct buf b = {0};
	struct hash h;
	enum err e = file_read(&b, path, PROGRAM_MAX, why);

	if (e == OK) {
		sha256(&h, b.p, b.n);
		e = dictamen_add(d, name, &h, why);
	}
	buf_free(&b);
	return e;
}

static enum err
add_folder(struct dictamen *d, const char *dir, const char *base, struct why *why)
{
	struct file_source src = source_dir(dir);
	char **path = NULL;
	size_t n = 0;
	enum err e = source_names(&src, &path, &n, why);

	for (size_t i = 0; i < n; i++) {
		char full[4096], name[4096];

		(void)snprintf(full, sizeof full, "%s/%s", dir, path[i]);
		(void)snprintf(name, sizeof name, "%s/%s", base, path[i]);
		if (e == OK)
			e = add_file(d, full, name, why);
		free(path[i]);
	}
	free(path);
	if (e == OK && n == 0)
		e = why_set(why, ERR_ABSENT, "%s: no file in it", dir);
	return e;
}

enum err
inventory_add(struct dictamen *d, const char *path, struct why *why)
{
	char plain[1024], *base;
	struct stat st;
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n >= sizeof plain)
		return why_set(why, ERR_LENGTH, "%.60s...: too long a path", path);
	memcpy(plain, path, n);
	plain[n] = '\0';
	if (stat(plain, &st) != 0)
		return why_set(why, ERR_ABSENT, "%s: there is no such file or folder", plain);
	base = strrchr(plain, '/');
	base = base != NULL ? base + 1 : plain;
	if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return why_set(why, ERR_FORMAT, "%s: its name is not in the path, and what is listed begins with it", plain);
	if (S_ISDIR(st.st_mode))
		return add_folder(d, plain, base, why);
	if (!S_ISREG(st.st_mode))
		return why_set(why, ERR_FORMAT, "%s: neither a plain file nor a folder", plain);
	return add_file(d, plain, base, why);
}

static int
verdict(const char *name, const char *word, const char *remark)
{
	(void)printf("  %-40s %s%s\n", name, word, remark);
	return strcmp(word, "Correcto") == 0;
}

int
inventory_compare(const struct dictamen *dictamen, const struct dictamen *installed)
{
	int good = 1;

	for (size_t i = 0; i < dictamen->n; i++) {
		const struct dictamen_file *want = &dictamen->file[i], *have = dictamen_find(installed, want->name);

		if (have == NULL)
			good &= verdict(want->name, "No validado", " (no est\xc3\xa1 instalado)");
		else
			good &= verdict(want->name, hash_equal(&want->sha256, &have->sha256) ? "Correcto" : "Con cambios", "");
	}
	for (size_t i = 0; i < installed->n; i++)
		if (dictamen_find(dictamen, installed->file[i].name) == NULL)
			good &= verdict(installed->file[i].name, "No validado", " (no est\xc3\xa1 en el dictamen)");
	return good;
}
