#include "verifier/log_cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/tile.h"
#include "verifier/options.h"

static int
usage(void)
{
	(void)fprintf(stderr, "usage: urna-verify log DIR-or-URL --log-key VKEY [--json]\n"
			      "           recompute the whole tree from its entries, and every tile\n"
			      "Exit: 0 verified, 1 not verified, 2 could not run.\n");
	return 2;
}

int
cmd_log(int argc, char **argv)
{
	const char *key = NULL, *where = NULL;
	struct timespec t0, t1;
	struct file_source src;
	struct buf b = {0};
	struct why why = {""};
	struct head head;
	struct vkey log;
	char hex[65];
	double seconds;
	int json = 0;
	enum err e;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--log-key") == 0 && i + 1 < argc)
			key = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			json = 1;
		else if (argv[i][0] == '-' || where != NULL)
			return usage();
		else
			where = argv[i];
	}
	if (key == NULL || where == NULL)
		return usage();
	if (vkey_read(&log, key, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: --log-key: %s\n", why.text);
		return 2;
	}
	if (source_open(&src, where, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
		return 2;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &t0);
	if ((e = source_read(&src, "checkpoint", NOTE_MAX_BYTES, &b, &why)) == OK && (e = checkpoint_open(&head, b.p, b.n, &log, &why)) == OK)
		e = log_read(&src, "", &head, NULL, NULL, &why);
	(void)clock_gettime(CLOCK_MONOTONIC, &t1);
	buf_free(&b);
	seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	if (e != OK) {
		(void)printf("NOT VERIFIED: %s\n", why.text);
		return e == ERR_IO ? 2 : 1;
	}
	hash_hex(hex, &head.root);
	if (json)
		(void)printf("{\"verdict\": \"verified\", \"size\": %" PRIu64 ", \"root\": \"%s\"}\n", head.size, hex);
	else
		(void)printf("%s: %" PRIu64 " entries, root %s, every tile recomputed in %.1f s\nVERIFIED\n", log.name, head.size, hex, seconds);
	return 0;
}
