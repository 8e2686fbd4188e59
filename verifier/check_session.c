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
	struct buf b = {0};
	struct point g;
	char path[300];
	enum err e;

	session_protinfo(&b, s);
	if ((e = same_buf(x, info, &b)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/version", base);
	if ((e = same_text(x, path, "3.1.0")) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/type", base);
	if ((e = same_text(x, path, type)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/auxsid", base);
	if ((e = same_text(x, path, s->auxsid)) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/width", base);
	if ((e = same_text(x, path, "1")) != OK)
		goto done;
	(void)snprintf(path, sizeof path, "%s/nizkp/proofs/activethreshold", base);
	if ((e = same_text(x, path, active)) != OK)
		goto done;
	buf_free(&b);
	point_generator(&g);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_point(&b, key);
	(void)snprintf(path, sizeof path, "%s/nizkp/FullPublicKey.bt", base);
	e = same_buf(x, path, &b);
done:
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
