#include "verifier/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/json.h"
#include "verifier/heads.h"
#include "verifier/options.h"

enum { MOST_HEADS = 1024 };

static const char usage[] =
    "usage: urna-verify compare HEAD... --log-key VKEY [--log DIR-or-URL] [--evidence DIR] [--json]\n"
    "  HEAD is a checkpoint or a receipt: a file, or the http address of one. --log names the log's folder\n"
    "  (checkpoint, tile/...): its own head joins the comparison and its tiles prove heads of different\n"
    "  sizes. On a fork, --evidence DIR gets files that show it to anyone.\n"
    "Exit: 0 one history, 1 a fork (or the log shows less than it signed), 2 it cannot be said.\n";

struct shown {
	const char *from;
	struct signed_head s;
	enum err e;	   /* not OK: not a head of this log */
	char said[400];	   /* why it cannot be compared */
	int linked, forks; /* with the biggest; with any */
};

struct comparison {
	struct vkey log;
	struct shown *h; /* good ones first, biggest first */
	size_t n, good;
	const struct file_source *src;
	const struct shown *own; /* the log's own head */
	const char *evidence;
	struct tile_reader tiles;
	char folder[512], text[700];
	int fork, rollback, unsaid;
};

static int
biggest_first(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;

	if (x->e != OK || y->e != OK)
		return (x->e != OK) - (y->e != OK);
	return x->s.head.size < y->s.head.size ? 1 : x->s.head.size > y->s.head.size ? -1 : 0;
}

/* The first finding is told and saved; the rest is in the list. */
static void
found(struct comparison *c, const char *kind, struct shown *big, struct shown *small, const struct tile_reader *tiles)
{
	struct why why;

	big->forks = small->forks = 1;
	if (c->text[0] != '\0')
		return;
	(void)snprintf(c->text, sizeof c->text, strcmp(kind, "fork") == 0 ? "%.150s (%" PRIu64 " entries) and %.150s (%" PRIu64 " entries) are signed by one key and are two histories" : "%.150s shows %" PRIu64 " entries, and %.150s is a signed head of %" PRIu64,
	    big->from, big->s.head.size, small->from, small->s.head.size);
	if (c->evidence != NULL && evidence_write(c->folder, c->evidence, kind, &big->s.note, &small->s.note, tiles, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: the evidence could not be written: %s\n", why.text);
		c->folder[0] = '\0';
		c->unsaid = 1;
	}
}

/* All heads that are not bigger, against this one. */
static void
against(struct comparison *c, struct shown *big, int links)
{
	for (size_t i = 0; i < c->good; i++) {
		struct shown *h = &c->h[i];
		enum relation rel;
		struct why why = {""};
		enum err e;

		if (h == big || h->s.head.size > big->s.head.size)
			continue;
		/* a reader for each: what it read is the evidence */
		tile_reader_free(&c->tiles);
		c->tiles.src = c->src;
		c->tiles.size = big->s.head.size;
		if ((e = heads_relate(&rel, &h->s.head, &big->s.head, c->src != NULL ? &c->tiles : NULL, &why)) != OK) {
			if (links)
				(void)snprintf(h->said, sizeof h->said, "%s", why.text);
			continue;
		}
		if (rel == RELATION_FORK) {
			c->fork = 1;
			found(c, "fork", big, h, h->s.head.size == big->s.head.size ? NULL : &c->tiles);
		}
		if (links)
			h->linked = 1;
	}
}

static void
compare(struct comparison *c)
{
	qsort(c->h, c->n, sizeof *c->h, biggest_first);
	for (c->good = 0; c->good < c->n && c->h[c->good].e == OK; c->good++)
		;
	c->unsaid = c->good < 2 || c->good < c->n;
	for (size_t i = 0; i < c->good; i++) {
		/* everything against the biggest; and, since tiles of another head may be all there is, against the log's own.
		 * Two of one size need no tiles. */
		int own = c->src != NULL && strcmp(c->h[i].from, "checkpoint of --log") == 0;

		if (own)
			c->own = &c->h[i];
		if (i == 0)
			c->h[i].linked = 1;
		if (i == 0 || own)
			against(c, &c->h[i], i == 0);
		for (size_t k = i + 1; k < c->good && c->h[k].s.head.size == c->h[i].s.head.size; k++)
			if (!hash_equal(&c->h[k].s.head.root, &c->h[i].s.head.root)) {
				c->fork = 1;
				found(c, "fork", &c->h[i], &c->h[k], NULL);
			}
	}
	for (size_t i = 0; i < c->good; i++)
		c->unsaid |= !c->h[i].linked;
	if (!c->fork && c->own != NULL && c->own->s.head.size < c->h[0].s.head.size) {
		c->rollback = 1;
		found(c, "rollback", (struct shown *)(uintptr_t)c->own, &c->h[0], NULL);
	}
}

static const char *
verdict(const struct comparison *c)
{
	return c->fork ? "fork" : c->rollback ? "rollback" : c->unsaid ? "not comparable" : "consistent";
}

static void
print_json(const struct comparison *c)
{
	struct buf b = {0};
	struct json_out o = json_out(&b);

	json_begin(&o, NULL, '{');
	json_text(&o, "verdict", verdict(c));
	json_text(&o, "log", c->log.name);
	json_text(&o, "reason", c->text);
	json_text(&o, "evidence", c->folder);
	json_begin(&o, "heads", '[');
	for (size_t i = 0; i < c->n; i++) {
		const struct shown *h = &c->h[i];

		json_begin(&o, NULL, '{');
		json_text(&o, "from", h->from);
		if (h->e == OK) {
			json_int(&o, "size", (int64_t)h->s.head.size);
			json_hash(&o, "root", &h->s.head.root);
		}
		json_text(&o, "state", h->e != OK ? err_name(h->e) : h->forks ? verdict(c) : h->linked ? "consistent" : "not comparable");
		json_text(&o, "reason", h->said);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	(void)fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

static void
print_text(const struct comparison *c)
{
	char hex[65];

	for (size_t i = 0; i < c->n; i++) {
		const struct shown *h = &c->h[i];

		if (h->e != OK) {
			(void)printf("  not a head of %s: %s\n", c->log.name, h->said);
			continue;
		}
		hash_hex(hex, &h->s.head.root);
		(void)printf("  %10" PRIu64 " entries  root %.16s...  %-14s %s\n", h->s.head.size, hex,
		    h->forks ? verdict(c) : h->linked ? "consistent" : "not comparable", h->from);
		if (!h->linked && !h->forks && h->said[0] != '\0')
			(void)printf("             %s\n", h->said);
	}
	if (c->fork)
		(void)printf("FORK: %s\n", c->text);
	else if (c->rollback)
		(void)printf("ROLLBACK: %s (if that log is a copy of your own, it is only old)\n", c->text);
	else
		(void)printf(c->unsaid ? "NOT COMPARABLE\n" : "CONSISTENT: one history of %s\n", c->log.name);
	if (c->folder[0] != '\0')
		(void)printf("evidence in %s; anyone checks it by\n  urna-verify compare %s/other --log %s --log-key VKEY\n", c->folder, c->folder, c->folder);
}

int
cmd_compare(int argc, char **argv)
{
	const char *key = option(argc, argv, "--log-key"), *where = option(argc, argv, "--log"), *file[MOST_HEADS];
	struct comparison c = {.evidence = option(argc, argv, "--evidence")};
	int json = flag(argc, argv, "--json");
	size_t n = words(argc, argv, file, MOST_HEADS);
	struct file_source src;
	struct why why = {""};
	int code = 2;

	if (n + (where != NULL) < 2 || n == 0 || key == NULL) {
		(void)say_left(argc, argv);
		(void)fputs(usage, stderr);
		return 2;
	}
	if (vkey_read(&c.log, key, &why) != OK || (where != NULL && source_open(&src, where, &why) != OK)) {
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
		return 2;
	}
	c.src = where != NULL ? &src : NULL;
	if ((c.h = calloc(n + 1, sizeof *c.h)) == NULL)
		return 2;
	for (; c.n < n; c.n++) {
		struct shown *h = &c.h[c.n];

		h->from = file[c.n];
		if ((h->e = head_load(&h->s, h->from, &c.log, &why)) != OK)
			(void)snprintf(h->said, sizeof h->said, "%s", why.text);
	}
	if (where != NULL) {
		struct shown *h = &c.h[c.n];
		struct buf b = {0};

		h->from = "checkpoint of --log";
		h->e = source_read(&src, "checkpoint", NOTE_MAX_BYTES, &b, &why);
		if (h->e != ERR_ABSENT) { /* tiles alone will do */
			if (h->e != OK || (h->e = head_take(&h->s, b.p, b.n, &c.log, &why)) != OK)
				(void)snprintf(h->said, sizeof h->said, "%s: %.300s", where, why.text);
			c.n++;
		}
		buf_free(&b);
	}
	compare(&c);
	if (json)
		print_json(&c);
	else
		print_text(&c);
	code = c.fork || c.rollback ? 1 : c.unsaid ? 2 : 0;
	for (size_t i = 0; i < c.n; i++)
		buf_free(&c.h[i].s.note);
	free(c.h);
	tile_reader_free(&c.tiles);
	return code;
}
