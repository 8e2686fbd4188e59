#include "verifier/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/hash.h"
#include "crypto/http_client.h"

const char *
option(int argc, char **argv, const char *name)
{
	for (int i = 2; i + 1 < argc; i++)
		if (argv[i] != NULL && argv[i + 1] != NULL && strcmp(argv[i], name) == 0) {
			const char *v = argv[i + 1];

			argv[i] = argv[i + 1] = NULL;
			return v;
		}
	return NULL;
}

int
flag(int argc, char **argv, const char *name)
{
	for (int i = 2; i < argc; i++)
		if (argv[i] != NULL && strcmp(argv[i], name) == 0) {
			argv[i] = NULL;
			return 1;
		}
	return 0;
}

size_t
words(int argc, char **argv, const char **out, size_t most)
{
	size_t n = 0;

	for (int i = 2; i < argc; i++) {
		if (argv[i] == NULL)
			continue;
		if (n == most || strncmp(argv[i], "--", 2) == 0)
			return 0;
		out[n++] = argv[i];
	}
	return n;
}

const char *
word(int argc, char **argv)
{
	const char *w;

	return words(argc, argv, &w, 1) == 1 ? w : NULL;
}

int
say_left(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (argv[i] != NULL && strncmp(argv[i], "--", 2) == 0) {
			(void)fprintf(stderr, "urna-verify %s: \"%s\" is not understood here, or its value is missing; see urna-verify %s --help\n", argv[1], argv[i], argv[1]);
			return 1;
		}
	return 0;
}

enum err
option_number(int argc, char **argv, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out, struct why *why)
{
	const char *text = option(argc, argv, name);
	char *end;
	long long v;

	if (text == NULL) {
		*out = otherwise;
		return OK;
	}
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < least || v > most)
		return why_set(why, ERR_RANGE, "%s %s: give a number from %lld to %lld", name, text, (long long)least, (long long)most);
	*out = v;
	return OK;
}

enum err
option_witnesses(int argc, char **argv, struct vkey *keys, size_t most, size_t *n, size_t *quorum, struct why *why)
{
	const char *text;
	int64_t k;
	enum err e;

	for (*n = 0; (text = option(argc, argv, "--witness")) != NULL; ++*n) {
		if (*n == most)
			return why_set(why, ERR_RANGE, "more than %zu witnesses", most);
		if ((e = vkey_read(&keys[*n], text, why)) != OK)
			return why_prefix(why, e, "--witness");
		if (keys[*n].type != NOTE_COSIGNATURE)
			return why_set(why, ERR_FORMAT, "--witness %s: not a cosigner's key (type 04)", keys[*n].name);
		for (size_t i = 0; i < *n; i++)
			if (vkey_equal(&keys[i], &keys[*n]))
				return why_set(why, ERR_RANGE, "--witness %s: the same key twice counts once; give it once", keys[*n].name);
	}
	if ((e = option_number(argc, argv, "--quorum", 1, (int64_t)most, (int64_t)*n, &k, why)) != OK)
		return e;
	if ((size_t)k > *n)
		return why_set(why, ERR_RANGE, "--quorum %lld of only %zu witnesses", (long long)k, *n);
	*quorum = (size_t)k;
	return OK;
}

static enum err
policy_of_witnesses(int argc, char **argv, struct policy *out, struct why *why)
{
	struct vkey key[POLICY_MAX_WITNESSES];
	size_t n = 0, quorum = 0;
	enum err e = option_witnesses(argc, argv, key, POLICY_MAX_WITNESSES, &n, &quorum, why);

	for (size_t i = 0; i < n && e == OK; i++) {
		char name[24];

		(void)snprintf(name, sizeof name, "W%zu", i + 1);
		e = policy_add_witness(out, name, &key[i], NULL, why);
	}
	return e == OK ? policy_any(out, (unsigned)quorum, why) : e;
}

/* --log-key: the one log there is. */
static enum err
pin_log(struct policy *p, const char *text, struct why *why)
{
	struct vkey key;
	enum err e = vkey_read(&key, text, why);

	if (e != OK)
		return why_prefix(why, e, "--log-key");
	for (size_t i = 0; i < p->logs; i++)
		if (vkey_equal(&p->log[i].key, &key) && strcmp(p->log[i].key.name, key.name) == 0) {
			p->log[0] = p->log[i];
			p->logs = 1;
			return OK;
		}
	if (p->logs > 0)
		return why_set(why, ERR_ABSENT, "--log-key %s: no log of the policy", key.name);
	return policy_add_log(p, &key, NULL, why);
}

enum err
option_policy(int argc, char **argv, struct policy *out, int *file, struct why *why)
{
	const char *path = option(argc, argv, "--policy"), *key = option(argc, argv, "--log-key");
	struct buf b = {0};
	enum err e = OK;

	*file = path != NULL;
	policy_init(out);
	if (path == NULL)
		e = policy_of_witnesses(argc, argv, out, why);
	else if (option(argc, argv, "--witness") != NULL || option(argc, argv, "--quorum") != NULL)
		e = why_set(why, ERR_RANGE, "--policy says who the witnesses are, and how many: no --witness, no --quorum");
	else if ((e = file_read(&b, path, POLICY_MAX_BYTES, why)) == OK && (e = policy_read(out, b.p, b.n, why)) != OK)
		e = why_prefix(why, e, "%.300s", path);
	buf_free(&b);
	return e == OK && key != NULL ? pin_log(out, key, why) : e;
}

enum err
policy_choose(struct policy *p, const struct file_source *src, struct why *why)
{
	struct policy_view v;
	struct buf b = {0};
	enum err e = OK;

	if (p->logs == 0)
		return why_set(why, ERR_ABSENT, "the policy names no log: give --log-key");
	if (p->logs > 1 && (e = source_read(src, "checkpoint", NOTE_MAX_BYTES, &b, why)) == OK && (e = policy_open(&v, p, b.p, b.n, why)) == OK) {
		p->log[0] = p->log[v.log];
		p->logs = 1;
	}
	buf_free(&b);
	return e == OK ? OK : why_prefix(why, e, "which log of the policy it is (--log-key would say it)");
}

enum err
option_election(int argc, char **argv, char id[65], const char **pinned, struct why *why)
{
	const char *text = option(argc, argv, "--election-id");
	struct hash h;
	size_t n = 0;

	*pinned = NULL;
	if (text == NULL)
		return OK;
	for (; *text != '\0' && n < 64; text++)
		if (!isspace((unsigned char)*text))
			id[n++] = (char)tolower((unsigned char)*text);
	id[n] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	if (n != 64 || *text != '\0' || hex_decode(h.b, HASH_BYTES, id, 64) != OK)
		return why_set(why, ERR_FORMAT, "--election-id: an election id has 64 digits of 0-9 and a-f, as on the opening act");
	*pinned = id;
	return OK;
}

int
is_url(const char *where)
{
	return strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0;
}

enum err
source_open(struct file_source *out, const char *where, struct why *why)
{
	struct stat st;

	if (is_url(where)) {
		*out = source_http(where);
		return OK;
	}
	if (stat(where, &st) != 0 || !S_ISDIR(st.st_mode))
		return why_set(why, ERR_ABSENT, "%s: no such folder", where);
	*out = source_dir(where);
	return OK;
}
