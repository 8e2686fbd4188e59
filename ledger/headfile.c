#include "ledger/headfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two places, used in turn and in place: one sync of one block that is there already, where a new file and a rename would
 * be three. A write that a power cut tears leaves the other place as it was; blocks of a disk are not larger. */
enum { PLACE = 4096, PLACES = 2 };

static enum err
io(const char *path, struct why *why)
{
	return why_set(why, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
}

/* "SIZE HEX-ROOT HEX-SHA-256 of what stands before it", spaces, a newline. */
static void
write_place(char out[PLACE], const struct head *head)
{
	char root[65], sum[65], text[PLACE];
	struct hash h;
	int n;

	hash_hex(root, &head->root);
	n = snprintf(text, sizeof text, "%" PRIu64 " %s", head->size, root);
	sha256(&h, text, (size_t)n);
	hash_hex(sum, &h);
	memset(out, ' ', PLACE);
	memcpy(out, text, (size_t)n);
	memcpy(out + n + 1, sum, 64);
	out[PLACE - 1] = '\n';
}

static int
read_place(struct head *out, const char *p)
{
	char text[PLACE + 1], again[PLACE], root[65];

	memcpy(text, p, PLACE);
	text[PLACE] = '\0';
	if (sscanf(text, "%" SCNu64 " %64[0-9a-f] ", &out->size, root) != 2 || hex_decode(out->root.b, 32, root, strlen(root)) != OK)
		return 0;
	write_place(again, out);
	return memcmp(again, p, PLACE) == 0;
}

/* The newest head in `bytes`, and in which place; -1: none. */
static int
newest(struct head *out, const char bytes[PLACES * PLACE])
{
	struct head head;
	int at = -1;

	for (int i = 0; i < PLACES; i++)
		if (read_place(&head, bytes + i * PLACE) && (at < 0 || head.size > out->size)) {
			*out = head;
			at = i;
		}
	return at;
}

static enum err
read_places(int fd, struct head *out, int *at, const char *path, struct why *why)
{
	char bytes[PLACES * PLACE];
	ssize_t n;

	do
		n = pread(fd, bytes, sizeof bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return io(path, why);
	if (n != (ssize_t)sizeof bytes || (*at = newest(out, bytes)) < 0)
		return why_set(why, ERR_FORMAT, "%s: not a head file", path);
	return OK;
}

enum err
head_file_read(const char *path, struct head *out, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), at;
	enum err e;

	if (fd < 0)
		return io(path, why);
	e = read_places(fd, out, &at, path, why);
	(void)close(fd);
	return e;
}

/* The file, locked until it is closed, if it says `was`; *at: in which place. It must be the one at `path` when the lock is had:
 * head_file_make puts another there. -1 with *e. */
static int
open_if(const char *path, const struct head *was, int *at, enum err *e, struct why *why)
{
	struct stat opened, there;
	struct head is;
	int fd;

	for (;;) {
		if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0) {
			*e = io(path, why);
			return -1;
		}
		while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
			;
		if (fstat(fd, &opened) == 0 && stat(path, &there) == 0 && opened.st_ino == there.st_ino && opened.st_dev == there.st_dev)
			break;
		(void)close(fd);
	}
	if ((*e = read_places(fd, &is, at, path, why)) == OK && (is.size != was->size || !hash_equal(&is.root, &was->root)))
		*e = why_set(why, ERR_NOT_NOW, "%s: another process has changed it", path);
	if (*e == OK)
		return fd;
	(void)close(fd);
	return -1;
}

/* Under another name first, and then only if there is none. */
static enum err
make_first(const char *path, const char bytes[PLACES * PLACE], struct why *why)
{
	char first[4200];
	enum err e;

	(void)snprintf(first, sizeof first, "%.4000s.first.%ld", path, (long)getpid());
	if ((e = file_write(first, bytes, PLACES * PLACE, 0600, why)) != OK)
		return e;
	if (link(first, path) != 0)
		e = errno == EEXIST ? why_set(why, ERR_NOT_NOW, "%s: another process has made it", path) : io(path, why);
	(void)unlink(first);
	return e == OK && folder_sync(path) != 0 ? io(path, why) : e;
}

enum err
head_file_make(const char *path, const struct head *was, const struct head *next, struct why *why)
{
	char bytes[PLACES * PLACE];
	enum err e;
	int fd, at;

	for (int i = 0; i < PLACES; i++)
		write_place(bytes + i * PLACE, next);
	if (was == NULL)
		return make_first(path, bytes, why);
	if ((fd = open_if(path, was, &at, &e, why)) < 0)
		return e;
	e = file_write(path, bytes, sizeof bytes, 0600, why);
	(void)close(fd);
	return e;
}

enum err
head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why)
{
	char bytes[PLACE];
	enum err e;
	int fd, at;

	if ((fd = open_if(path, was, &at, &e, why)) < 0)
		return e;
	write_place(bytes, next);
	if (pwrite(fd, bytes, sizeof bytes, (off_t)(1 - at) * PLACE) != (ssize_t)sizeof bytes || fdatasync(fd) != 0)
		e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (close(fd) != 0 && e == OK)
		e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	return e;
}
