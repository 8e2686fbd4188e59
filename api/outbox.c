/* api/outbox.c - messages for the gateway that sends codes and notices. */
#include "api/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* A file with a random name and no time, for the gateway to take away. */
enum err
outbox_put(const struct service *s, const struct buf *message)
{
	struct timespec never[2] = {{1, 0}, {1, 0}};
	uint8_t random[16];
	char hex[33], path[1200];
	enum err e;

	random_bytes(random, sizeof random);
	hex_encode(hex, random, sizeof random);
	(void)snprintf(path, sizeof path, "%s/%s", s->config.outbox, hex);
	e = message->failed ? ERR_NOMEM : file_write(path, message->p, message->n, 0600, NULL);
	(void)utimensat(AT_FDCWD, path, never, 0);
	(void)utimensat(AT_FDCWD, s->config.outbox, never, 0);
	return e;
}

int64_t
outbox_count(const struct service *s)
{
	DIR *d = opendir(s->config.outbox);
	struct dirent *x;
	int64_t n = 0;

	if (d == NULL)
		return -1;
	while ((x = readdir(d)) != NULL)
		n += x->d_name[0] != '.';
	(void)closedir(d);
	return n;
}
