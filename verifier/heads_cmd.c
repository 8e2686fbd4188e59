#include "verifier/heads_cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/tile.h"
#include "election/json.h"
#include "verifier/heads.h"
#include "verifier/options.h"

enum { MOST_HEADS = 1000 };

static int
usage(void)
{
	(void)fprintf(stderr, "usage: urna-verify compare HEAD HEAD ... --log-key VKEY [--log DIR-or-URL] [--evidence DIR] [--json]\n"
			      "           heads (checkpoints or receipts) of different people; the log's files are needed for heads of different sizes\n"
			      "       urna-verify log DIR-or-URL --log-key VKEY [--json]\n"
			      "           recompute the whole tree from its entries, and every tile\n"
			      "Exit: 0 consistent, 1 fork or not verified, 2 could not run, or not comparable.\n");
	return 2;
}

static void
hex_head(struct json_out *o, const char *name, const struct held_head *h)
{
	json_begin(o, name, '{');
	json_text(o, "file", h->file);
	json_int(o, "size", (int64_t)h->head.size);
	json_hash(o, "root", &h->head.root);
	json_end(o, '}');
}

/* Both checkpoints, whole: two files that a third person compares again, with the log's key alone. */
static enum err
keep_evidence(const char *dir, const struct held_head *one, const struct held_head *two, struct why *why)
{
	char path[1200];
	enum err e;

	if ((e = dir_make(dir, why)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "%s/one", dir);
	if ((e = file_write(path, one->checkpoint.p, one->checkpoint.n, 0644, why)) != OK || two == NULL)
		return e;
	(void)snprintf(path, sizeof path, "%s/two", dir);
	return file_write(path, two->checkpoint.p, two->checkpoint.n, 0644, why);
}

int
cmd_compare(int argc, char **argv)
{
	static const char *const words[] = {"consistent", "fork", "not-comparable"};
	const char *key = NULL, *where = NULL, *evidence = NULL, *file[MOST_HEADS];
	struct held_head *h = calloc(MOST_HEADS, sizeof *h);
	const struct held_head *one, *two;
	struct file_source src;
	enum heads_verdict v = HEADS_UNKNOWN;
	struct why why = {""};
	struct vkey log;
	size_t n = 0;
	int json = 0;
	enum err e = OK;

	if (h == NULL)
		return 2;
	for (int i = 1; i < argc; i++) {
		const char **option = strcmp(argv[i], "--log-key") == 0 ? &key : strcmp(argv[i], "--log") == 0 ? &where : strcmp(argv[i], "--evidence") == 0 ? &evidence : NULL;

		if (option != NULL && i + 1 < argc)
			*option = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			json = 1;
		else if (argv[i][0] == '-' || n == MOST_HEADS)
			return usage();
		else
			file[n++] = argv[i];
	}
	if (key == NULL || n < 2)
		return usage();
	if ((e = vkey_read(&log, key, &why)) != OK) {
		(void)fprintf(stderr, "urna-verify: --log-key: %s\n", why.text);
		return 2;
	}
	for (size_t i = 0; i < n; i++)
		if ((e = head_hold(&h[i], file[i], &log, &why)) != OK) {
			(void)fprintf(stderr, "urna-verify: %s\n", why.text);
			return e == ERR_PROOF ? 1 : 2;
		}
	if ((where != NULL && (e = source_open(&src, where, &why)) != OK) ||
	    (e = heads_compare(&v, &one, &two, h, n, where != NULL ? &src : NULL, &log, &why)) != OK) {
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
		return e == ERR_PROOF ? 1 : 2;
	}
	if (v == HEADS_FORK && evidence != NULL && (e = keep_evidence(evidence, one, two, &why)) != OK)
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
	if (json) {
		struct buf b = {0};
		struct json_out o = json_out(&b);

		json_begin(&o, NULL, '{');
		json_text(&o, "verdict", words[v]);
		json_int(&o, "heads", (int64_t)n);
		if (v == HEADS_FORK) {
			hex_head(&o, "one", one);
			if (two != NULL)
				hex_head(&o, "two", two);
		}
		json_end(&o, '}');
		(void)fwrite(b.p, 1, b.n, stdout);
		buf_free(&b);
	} else if (v == HEADS_CONSISTENT)
		(void)printf("%zu heads of %s, sizes %" PRIu64 " to %" PRIu64 ": CONSISTENT\n", n, log.name, h[0].head.size, h[n - 1].head.size);
	else if (v == HEADS_UNKNOWN)
		(void)printf("the heads have different sizes: NOT COMPARABLE without --log, or the log given does not reach %" PRIu64 "\n", h[n - 1].head.size);
	else if (two != NULL)
		(void)printf("FORK: %s and %s are signed heads of size %" PRIu64 " with different roots; keep both, they are evidence against %s\n", one->file, two->file,
		    one->head.size, log.name);
	else
		(void)printf("FORK: %s (size %" PRIu64 ") is no prefix of the log that is published; keep it and a copy of the log\n", one->file, one->head.size);
	for (size_t i = 0; i < n; i++)
		buf_free(&h[i].checkpoint);
	free(h);
	return v == HEADS_CONSISTENT ? 0 : v == HEADS_FORK ? 1 : 2;
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
