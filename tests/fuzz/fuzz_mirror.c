/* tests/fuzz/fuzz_mirror.c - the mirror's frames: opened or refused; what is read twice is the same, and it can go on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger/mirror.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err
each(void *ctx, uint64_t index, const uint8_t *p, size_t n)
{
	uint64_t *count = ctx;

	if (index != *count || (n > 0 && p == NULL))
		abort();
	++*count;
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int fd = memfd_create("mirror", MFD_CLOEXEC);
	struct mirror *m = NULL;
	struct buf entry = {0}, head = {0};
	struct why why;
	uint64_t count = 0, size;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	if (mirror_open(&m, path, &why) == OK) {
		if (mirror_read(path, each, &count, &size, &why) != OK || count != mirror_size(m) || size != count)
			abort();
		buf_vec16(&entry, "x", 1);
		buf_str(&head, "head");
		if (mirror_append(m, 1, &entry, &head, &why) != OK || mirror_size(m) != count + 1)
			abort();
		mirror_close(m);
		if (mirror_open(&m, path, &why) != OK || mirror_size(m) != count + 1)
			abort();
		mirror_close(m);
	}
	buf_free(&entry);
	buf_free(&head);
	(void)close(fd);
	return 0;
}
