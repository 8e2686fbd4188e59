/* api/files.c - the files of this service that an opening needs: private roll, its key, RSA keys. They are read when an opening is
 * loaded, and tried before, so that a wrong one is found while there is time.
 */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err
files_people(const struct service *s, uint8_t key[32], struct person **people, uint32_t *n, struct why *why)
{
	struct buf b = {0}, sealed = {0};
	enum err e;

	if ((e = file_read(&b, s->config.private_key, 100, why)) != OK || (e = file_read(&sealed, s->config.private_roll, 1 << 30, why)) != OK)
		goto done;
	if (b.n < 64 || hex_decode(key, 32, (const char *)b.p, 64) != OK)
		e = why_set(why, ERR_FORMAT, "%s: not a key of 64 hex digits", s->config.private_key);
	else if ((e = private_roll_read(people, n, key, &s->call.hash, sealed.p, sealed.n, why)) != OK)
		why_prefix(why, e, "%s with %s", s->config.private_roll, s->config.private_key);
done:
	buf_free(&b);
	buf_free(&sealed);
	return e;
}

enum err
files_rsa(const struct service *s, unsigned styles, struct rsa_secret ***rsa, struct why *why)
{
	struct passphrase pass = {"", 0};
	struct buf sealed = {0};
	enum err e;

	if ((e = passphrase_get(&pass, s->config.pass_file, "passphrase", why)) == OK && (e = file_read(&sealed, s->config.rsa_keys, 16 << 20, why)) == OK &&
	    (e = authorizer_secrets_read(rsa, sealed.p, sealed.n, styles, &pass, &s->call.hash, why)) != OK)
		why_prefix(why, e, "%s", s->config.rsa_keys);
	wipe(&pass, sizeof pass);
	buf_free(&sealed);
	return e;
}

static int
there(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum err
try_people(const struct service *s, int needed, struct why *why)
{
	struct person *people = NULL;
	uint8_t key[32];
	uint32_t n = 0;
	enum err e;

	if (!needed && (!there(s->config.private_roll) || !there(s->config.private_key)))
		return OK; /* not imported yet */
	e = files_people(s, key, &people, &n, why);
	wipe(key, sizeof key);
	if (people != NULL)
		wipe(people, n * sizeof *people);
	free(people);
	return e;
}

/* Our RSA keys are those that the record shows for us, where it shows any. */
static enum err
same_as_published(const struct service *s, const struct manifest *m, struct rsa_secret *const *rsa, struct why *why)
{
	struct authorizer_keys keys = {.modulus = NULL};
	struct buf b = {0};
	uint8_t n[RSA_BYTES];
	char path[1400];
	enum err e = OK;

	(void)snprintf(path, sizeof path, "%s/authorizers/%.128s.json", s->config.record, s->call.authorizer[0].key.name);
	if (file_read(&b, path, 4 << 20, NULL) == OK && authorizer_keys_read(&keys, b.p, b.n, &s->call.hash, m->styles, NULL) == OK)
		for (unsigned i = 0; i < m->styles && e == OK; i++) {
			rsa_modulus(n, rsa[i]);
			if (memcmp(n, keys.modulus[i], RSA_BYTES) != 0)
				e = why_set(why, ERR_PROOF, "%s: style %u has another key than %s shows", s->config.rsa_keys, i + 1, path);
		}
	free(keys.modulus);
	buf_free(&b);
	return e;
}

static enum err
try_rsa(const struct service *s, const struct manifest *m, struct why *why)
{
	struct rsa_secret **rsa = NULL;
	unsigned styles = m != NULL ? m->styles : 1;
	enum err e;

	if (m == NULL && !there(s->config.rsa_keys))
		return OK; /* not made yet */
	e = files_rsa(s, styles, &rsa, why);
	if (e == OK && m != NULL)
		e = same_as_published(s, m, rsa, why);
	if (rsa != NULL)
		authorizer_secrets_free(rsa, styles);
	if (m == NULL && (e == ERR_FORMAT || e == ERR_LENGTH))
		e = OK; /* it opens; of how many styles it must be, the manifest will say */
	return e;
}

/* From the day on which the manifest is there all of it must be. */
static enum err
try_all(const struct service *s, struct why *why)
{
	struct manifest *m = NULL;
	struct buf b = {0};
	char path[1200];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/manifest.json", s->config.record);
	if (file_read(&b, path, MANIFEST_MAX_BYTES, NULL) == OK)
		(void)!manifest_read(&m, b.p, b.n, NULL); /* a bad one is refused by who seals it and by who loads it */
	if ((e = try_people(s, m != NULL, why)) == OK)
		e = try_rsa(s, m, why);
	free(m);
	buf_free(&b);
	return e;
}

/* Inodes, sizes and times: what changes when one of the files does, also twice within one tick of the file system's clock. */
static void
stamp(const struct service *s, char out[400])
{
	const struct config *c = &s->config;
	char manifest[1200], keys[1400];
	const char *const paths[] = {manifest, keys, c->private_roll, c->private_key, c->rsa_keys, c->pass_file};

	(void)snprintf(manifest, sizeof manifest, "%s/manifest.json", c->record);
	(void)snprintf(keys, sizeof keys, "%s/authorizers/%.128s.json", c->record, s->call.authorizer[0].key.name);
	out[0] = '\0';
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct stat st;
		size_t n = strlen(out);

		if (stat(paths[i], &st) == 0)
			(void)snprintf(out + n, 400 - n, "%llu %lld %lld.%09ld;", (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		else
			(void)snprintf(out + n, 400 - n, "-;");
	}
}

enum err
files_state(struct service *s, struct why *why)
{
	struct why none = {""};
	char now[400];

	if (s->loaded || s->progress.cancelled)
		return OK;
	stamp(s, now);
	if (strcmp(now, s->files_stamp) != 0) {
		(void)strcpy(s->files_stamp, now);
		s->files_why = none;
		s->files_failed = try_all(s, &s->files_why);
	}
	*why = s->files_why;
	return s->files_failed;
}
