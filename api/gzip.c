#include "api/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <zlib.h>

/* One "name;q=value" of the list, [p, p + n): is it gzip (or anything), and not with q=0? */
static int
takes(const char *p, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *q;

	while (n > 0 && (*p == ' ' || *p == '\t'))
		p++, n--;
	if (n < len || strncasecmp(p, name, len) != 0 || (n > len && strchr(" \t;", p[len]) == NULL))
		return 0;
	q = memmem(p, n, "q=", 2);
	return q == NULL || strtod(q + 2, NULL) > 0;
}

int
gzip_accepted(const char *header)
{
	for (const char *p = header; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ",");

		if (takes(p, n, "gzip") || takes(p, n, "x-gzip"))
			return 1;
		p += n + (p[n] == ',');
	}
	return 0;
}

int
gzip_pack(struct buf *b)
{
	enum { GZIP = 15 + 16 }; /* the largest window, in gzip's wrapping */
	z_stream z = {0};
	struct buf packed = {0};
	uint8_t *room = malloc(b->n + 1);
	int good;

	if (room == NULL || b->n == 0 || b->n > UINT32_MAX || deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(room);
		return 0;
	}
	z.next_in = b->p;
	z.avail_in = (unsigned)b->n;
	z.next_out = room;
	z.avail_out = (unsigned)b->n - 1; /* what is not shorter does not fit */
	good = deflate(&z, Z_FINISH) == Z_STREAM_END;
	if (good)
		buf_put(&packed, room, z.total_out);
	(void)deflateEnd(&z);
	free(room);
	if (!good || packed.failed)
		return 0;
	buf_free(b);
	*b = packed;
	return 1;
}
