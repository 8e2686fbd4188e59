/* tests/fuzz/fuzz_csv.c - the authority's list of voters: what is accepted fits, has a ballot style, and names nobody twice */
#include <stdio.h>

static FILE *sink; /* lines that are wrong are printed */
#undef stderr
#define stderr sink
#include "tally/roll_csv.c"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/example.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct record *r;
	struct enrolled *list = NULL;
	struct why why = {""};
	size_t count = 0;
	char path[64];
	int fd = memfd_create("csv", 0);

	if (r == NULL) {
		r = example_record();
		sink = fopen("/dev/null", "w");
	}
	if (fd < 0 || sink == NULL || write(fd, p, n) != (ssize_t)n)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (roll_csv_read(&list, &count, path, r->m, &why) == OK) {
		if (count > n)
			abort();
		for (size_t i = 0; i < count; i++) {
			if (list[i].row.style < 1 || list[i].row.style > r->m->styles || list[i].person.user[0] == '\0' || strchr(list[i].person.email, '@') == NULL ||
			    !utf8_valid(list[i].person.name, strlen(list[i].person.name)))
				abort();
			for (size_t k = 0; k < i && count < 100; k++)
				if (strcmp(list[i].person.user, list[k].person.user) == 0)
					abort();
		}
	}
	free(list);
	(void)close(fd);
	return 0;
}
