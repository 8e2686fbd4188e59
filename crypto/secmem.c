#include "crypto/secmem.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "crypto/bytes.h"

void *
secmem_new(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, n) != 0 || madvise(p, n, MADV_DONTDUMP) != 0) {
		(void)munmap(p, n);
		return NULL;
	}
	return p;
}

void
secmem_free(void *p, size_t n)
{
	if (p == NULL)
		return;
	wipe(p, n);
	(void)munmap(p, n);
}

void
process_harden(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}
