/* api/outbox.c - messages for the gateway that sends codes and notices.
 *
 * Spec    spec/http.md#outbox
 */
#include "api/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files that tell of no login. */
static const char notice[] = "notice-";

/* A file with a random name and no time, for the gateway to take away. */
static enum err
put(struct service *s, const char *prefix, const struct buf *message)
{
	struct timespec never[2] = {{1, 0}, {1, 0}};
	uint8_t random[16];
	char hex[33], path[1200];
	enum err e;

	random_bytes(random, sizeof random);
	hex_encode(hex, random, sizeof random);
	(void)snprintf(path, sizeof path, "%s/%s%s", s->config.outbox, prefix, hex);
	e = message->failed ? ERR_NOMEM : file_write(path, message->p, message->n, 0600, NULL);
	if (e == ERR_IO)
		s->outbox_fails = 1;
	(void)utimensat(AT_FDCWD, path, never, 0);
	(void)utimensat(AT_FDCWD, s->config.outbox, never, 0);
	return e;
}

enum err
outbox_put(struct service *s, const struct buf *message)
{
	return put(s, "", message);
}

enum err
outbox_put_notice(struct service *s, const struct buf *message)
{
	return put(s, notice, message);
}

/* After an error: can it be written again? */
enum err
outbox_state(struct service *s, struct why *why)
{
	char path[1200];
	enum err e;

	if (!s->outbox_fails)
		return OK;
	(void)snprintf(path, sizeof path, "%s/.try", s->config.outbox); /* no message: its name begins with a dot */
	if ((e = file_write(path, "", 0, 0600, why)) == OK)
		s->outbox_fails = 0;
	(void)unlink(path);
	return e;
}

static int64_t
count(const struct service *s, int notices_too)
{
	DIR *d = opendir(s->config.outbox);
	struct dirent *x;
	int64_t n = 0;

	if (d == NULL)
		return -1;
	while ((x = readdir(d)) != NULL)
		n += x->d_name[0] != '.' && (notices_too || strncmp(x->d_name, notice, sizeof notice - 1) != 0);
	(void)closedir(d);
	return n;
}

int64_t
outbox_count(const struct service *s)
{
	return count(s, 1);
}

int64_t
outbox_codes(const struct service *s)
{
	return count(s, 0);
}
