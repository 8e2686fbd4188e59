#include "tally/session_files.h"

#include <stdarg.h>
#include <stdio.h>

struct session_files
mix_files(const char *dir, const char *group, struct why *why)
{
	struct session_files f = {.dir = dir, .why = why};

	(void)snprintf(f.group, sizeof f.group, "mix/%s", group);
	(void)snprintf(f.nizkp, sizeof f.nizkp, "mix/%s/nizkp", group);
	return f;
}

struct session_files
decryption_files(const char *dir, const char *group, unsigned trustee, struct why *why)
{
	struct session_files f = {.dir = dir, .why = why};

	(void)snprintf(f.group, sizeof f.group, "decryption/%s", group);
	(void)snprintf(f.nizkp, sizeof f.nizkp, "decryption/%s/%02u/nizkp", group, trustee);
	return f;
}

static void
write_at(struct session_files *f, const struct buf *b, const char *format, va_list ap)
{
	char path[400];

	(void)vsnprintf(path, sizeof path, format, ap);
	if (f->e == OK)
		f->e = put(f->dir, path, b, f->why);
}

void
session_put(struct session_files *f, const struct buf *b, const char *path, ...)
{
	va_list ap;

	va_start(ap, path);
	write_at(f, b, path, ap);
	va_end(ap);
}

void
session_text(struct session_files *f, const char *text, const char *path, ...)
{
	struct buf b = {0};
	va_list ap;

	buf_str(&b, text);
	va_start(ap, path);
	write_at(f, &b, path, ap);
	va_end(ap);
	buf_free(&b);
}

void
session_common(struct session_files *f, const struct session *s, const char *type, const struct point *key, const struct ciphertext *in, size_t n)
{
	struct buf full_key = {0}, list = {0}, info = {0};
	struct point g;

	session_text(f, "3.1.0", "%s/version", f->nizkp);
	session_text(f, type, "%s/type", f->nizkp);
	session_text(f, s->auxsid, "%s/auxsid", f->nizkp);
	session_text(f, "1", "%s/width", f->nizkp);
	point_generator(&g);
	bt_node(&full_key, 2);
	bt_point(&full_key, &g);
	bt_point(&full_key, key);
	session_put(f, &full_key, "%s/FullPublicKey.bt", f->nizkp);
	bt_ciphertexts(&list, in, n);
	session_put(f, &list, "%s/Ciphertexts.bt", f->nizkp);
	session_protinfo(&info, s);
	session_put(f, &info, "%s/protInfo.xml", f->group); /* one for all decryption sessions of a group */
	buf_free(&full_key);
	buf_free(&list);
	buf_free(&info);
}
