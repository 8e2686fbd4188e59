#include "crypto/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

struct outfile {
	char path[4096], temporary[4112];
	int fd, error; /* errno of the first failure */
	struct buf pending;
	struct digest_run *digests; /* NULL once they are taken */
};

static void
release(struct outfile *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->digests != NULL)
		(void)!digests_end(f->digests, NULL);
	buf_free(&f->pending);
	free(f);
}

enum err
outfile_open(struct outfile **out, const char *path, unsigned mode, struct why *why)
{
	struct outfile *f = calloc(1, sizeof *f);
	enum err e = OK;

	if (f == NULL)
		return ERR_NOMEM;
	(void)snprintf(f->path, sizeof f->path, "%s", path);
	(void)snprintf(f->temporary, sizeof f->temporary, "%s.part", f->path);
	f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
	if (f->fd < 0)
		e = why_set(why, ERR_IO, "%s: %s", f->temporary, strerror(errno));
	if (e == OK && (f->digests = digests_start()) == NULL)
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

	digests_more(f->digests, p, n);
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

enum err
outfile_close(struct outfile *f, struct digests *digests, struct why *why)
{
	enum err e;

	flush(f);
	if (digests_end(f->digests, digests) != OK && f->error == 0)
		f->error = ENOMEM;
	f->digests = NULL;
	if (f->error == 0 && (fsync(f->fd) != 0 || rename(f->temporary, f->path) != 0 || folder_sync(f->path) != 0))
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
