/* verifier/check_session.c - V26 and V29: the files of a Verificatum session that the verifier generates and compares.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdio.h>
#include <string.h>

/* The files of a session that the verifier generates and compares. */
enum err
check_session(struct check_run *x, const char *base, const char *info, const struct session *s, const char *type, const struct point *key, const char *active)
{
	const struct {
		const char *name, *text;
	} texts[] = {{"version", "3.1.0"}, {"type", type}, {"auxsid", s->auxsid}, {"width", "1"}, {"proofs/activethreshold", active}};
	struct buf b = {0};
	struct point g;
	char path[300];
	enum err e;

	session_protinfo(&b, s);
	e = same_buf(x, info, &b);
	buf_free(&b);
	for (size_t i = 0; i < sizeof texts / sizeof *texts && e == OK; i++) {
		(void)snprintf(path, sizeof path, "%s/nizkp/%s", base, texts[i].name);
		e = same_text(x, path, texts[i].text);
	}
	if (e != OK)
		return e;
	point_generator(&g);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_point(&b, key);
	(void)snprintf(path, sizeof path, "%s/nizkp/FullPublicKey.bt", base);
	e = same_buf(x, path, &b);
	buf_free(&b);
	return e;
}

enum err
same_list(struct check_run *x, const char *path, const struct ciphertext *c, size_t n)
{
	struct buf b = {0};
	enum err e;

	bt_ciphertexts(&b, c, n);
	e = same_buf(x, path, &b);
	buf_free(&b);
	return e;
}
