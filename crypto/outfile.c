#include "crypto/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { PIECE = 1 << 16, DIGESTS = 3 };

struct outfile {
	char path[4096], temporary[4112];
	int fd, error; /* errno of the first failure */
	struct buf pending;
	EVP_MD_CTX *md[DIGESTS];
};

static void
release(struct outfile *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	for (int i = 0; i < DIGESTS; i++)
		EVP_MD_CTX_free(f->md[i]);
	buf_free(&f->pending);
	free(f);
}

enum err
outfile_open(struct outfile **out, const char *path, unsigned mode, struct why *why)
{
	const EVP_MD *kind[DIGESTS] = {EVP_sha256(), EVP_sha512(), EVP_sha3_256()};
	struct outfile *f = calloc(1, sizeof *f);
	enum err e = OK;

	if (f == NULL)
		return ERR_NOMEM;
	(void)snprintf(f->path, sizeof f->path, "%s", path);
	(void)snprintf(f->temporary, sizeof f->temporary, "%s.part", f->path);
	f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	if (f->fd < 0)
		e = why_set(why, ERR_IO, "%s: %s", f->temporary, strerror(errno));
	for (int i = 0; e == OK && i < DIGESTS; i++)
		if ((f->md[i] = EVP_MD_CTX_new()) == NULL || EVP_DigestInit_ex(f->md[i], kind[i], NULL) != 1)
			e = ERR_NOMEM;
	if (e != OK)
		outfile_drop(f);
	else
		*out = f;
	return e;
}

static void
flush(struct outfile *f)
{
	const uint8_t *p = f->pending.p;
	size_t n = f->pending.n;

	for (int i = 0; i < DIGESTS; i++)
		if (EVP_DigestUpdate(f->md[i], p, n) != 1 && f->error == 0)
			f->error = ENOMEM;
	while (n > 0 && f->error == 0) {
		ssize_t done = write(f->fd, p, n);

		if (done < 0 && errno != EINTR)
			f->error = errno;
		else if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	f->pending.n = 0;
}

void
outfile_put(struct outfile *f, const void *p, size_t n)
{
	buf_put(&f->pending, p, n);
	if (f->pending.failed && f->error == 0)
		f->error = ENOMEM;
	if (f->pending.n >= PIECE)
		flush(f);
}

static int
sync_folder(const char *path)
{
	char folder[4096];
	char *slash;
	int fd, good;

	(void)snprintf(folder, sizeof folder, "%s", path);
	if ((slash = strrchr(folder, '/')) != NULL)
		slash[slash == folder] = '\0';
	if ((fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 0;
	good = fsync(fd) == 0;
	(void)close(fd);
	return good;
}

enum err
outfile_close(struct outfile *f, struct digests *digests, struct why *why)
{
	uint8_t *to[DIGESTS] = {digests != NULL ? digests->sha256.b : NULL, digests != NULL ? digests->sha512 : NULL, digests != NULL ? digests->sha3_256 : NULL};
	enum err e;

	flush(f);
	for (int i = 0; digests != NULL && i < DIGESTS; i++)
		if (EVP_DigestFinal_ex(f->md[i], to[i], NULL) != 1 && f->error == 0)
			f->error = ENOMEM;
	if (f->error == 0 && (fsync(f->fd) != 0 || rename(f->temporary, f->path) != 0 || !sync_folder(f->path)))
		f->error = errno;
	if (f->error != 0) {
		e = why_set(why, ERR_IO, "%s: %s", f->path, strerror(f->error));
		outfile_drop(f);
		return e;
	}
	release(f);
	return OK;
}

void
outfile_drop(struct outfile *f)
{
	if (f == NULL)
		return;
	(void)unlink(f->temporary);
	release(f);
}
