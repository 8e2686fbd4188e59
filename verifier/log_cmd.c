#include "verifier/log_cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/tile.h"
#include "verifier/cmd.h"
#include "verifier/options.h"

struct job {
	const char *where, *state; /* state: a file, or NULL */
	int json, file; /* file: the policy is one */
	struct policy policy;
	struct vkey log; /* its one log */
	struct file_source src;
	struct tile_builder at; /* how far the entries are recomputed: full bundles */
	uint64_t resumed;
	struct why why;
};

static int
usage(void)
{
	(void)fprintf(stderr, "usage: urna-verify log DIR-or-URL --log-key VKEY [--witness VKEY ... [--quorum K]] [--state FILE] [--json]\n"
			      "       urna-verify log DIR-or-URL --policy FILE [--log-key VKEY] [--state FILE] [--json]\n"
			      "           recompute the whole tree from its entries, and every tile\n"
			      "           --policy: a tlog-policy file (see urna-verify policy); its witnesses, or the K given, must have\n"
			      "           cosigned the head\n"
			      "           --state: keep in FILE how far it came, and go on from there the next time\n"
			      "Exit: 0 verified, 1 not verified, 2 could not run.\n");
	return 2;
}

/* ---- the state file                                 spec/logs.md#recomputing-a-log */

static const char state_head[] = "urna log state 1\n";

static void
state_write(struct buf *out, const struct tile_builder *at, const char *name)
{
	struct hash h;

	buf_str(out, state_head);
	buf_vec8(out, name, strlen(name));
	buf_u64(out, at->frontier.size);
	for (int t = 0; t < TILE_LEVELS; t++)
		buf_put(out, at->level[t].hash, at->level[t].n * HASH_BYTES);
	if (out->failed)
		return;
	sha256(&h, out->p, out->n);
	buf_put(out, h.b, HASH_BYTES);
}

static enum err
state_read(struct tile_builder *at, const struct buf *b, const char *name)
{
	struct rd r = rd_init(b->p, b->n);
	const uint8_t *head = rd_take(&r, sizeof state_head - 1), *origin;
	size_t origin_n = rd_u8(&r);
	struct hash h;
	uint64_t size;

	origin = rd_take(&r, origin_n);
	size = rd_u64(&r);
	if (r.failed || memcmp(head, state_head, sizeof state_head - 1) != 0 || origin_n != strlen(name) || memcmp(origin, name, origin_n) != 0 || size % TILE_WIDTH != 0)
		return ERR_FORMAT;
	for (int t = 0; t < TILE_LEVELS; t++)
		rd_copy(&r, at->level[t].hash, (size_t)((size >> 8 * t) % TILE_WIDTH) * HASH_BYTES);
	sha256(&h, b->p, b->n - r.n);
	if (r.failed || r.n != HASH_BYTES || memcmp(h.b, r.p, HASH_BYTES) != 0)
		return ERR_FORMAT;
	tile_builder_resume(at, size);
	return OK;
}

static enum err
resume(struct job *j)
{
	struct buf b = {0};
	enum err e;

	if (j->state == NULL || (e = file_read(&b, j->state, 1 << 20, &j->why)) == ERR_ABSENT)
		return OK;
	if (e == OK && (e = state_read(&j->at, &b, j->log.name)) != OK)
		e = why_set(&j->why, ERR_FORMAT, "%s: not a state of this log; remove it to begin from the first entry", j->state);
	buf_free(&b);
	j->resumed = j->at.frontier.size;
	return e;
}

static void
keep(void *ctx, const struct tile_builder *at)
{
	struct job *j = ctx;
	struct buf b = {0};
	struct why why = {""};

	if (j->state == NULL || at->frontier.size == 0)
		return;
	state_write(&b, at, j->log.name);
	if (b.failed || file_write(j->state, b.p, b.n, 0644, &why) != OK)
		(void)fprintf(stderr, "urna-verify: %s: %s\n", j->state, why.text); /* the check itself goes on */
	buf_free(&b);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int
options(struct job *j, int argc, char **argv)
{
	enum err e;

	j->state = option(argc, argv, "--state");
	j->json = flag(argc, argv, "--json");
	e = option_policy(argc, argv, &j->policy, &j->file, &j->why);
	if ((j->where = word(argc, argv)) == NULL || (e == OK && j->policy.logs == 0 && !j->file)) {
		(void)say_left(argc, argv);
		return usage();
	}
	if (e == OK && (e = source_open(&j->src, j->where, &j->why)) == OK)
		e = policy_choose(&j->policy, &j->src, &j->why);
	if (e != OK) {
		(void)fprintf(stderr, "urna-verify: %s\n", j->why.text);
		return 2;
	}
	j->log = j->policy.log[0].key;
	return 0;
}

static void
report(const struct job *j, const struct head *head, double seconds)
{
	char hex[65];

	hash_hex(hex, &head->root);
	if (j->json)
		(void)printf("{\"verdict\": \"verified\", \"size\": %" PRIu64 ", \"root\": \"%s\", \"from\": %" PRIu64 "}\n", head->size, hex, j->resumed);
	else if (j->resumed > 0)
		(void)printf("%s: %" PRIu64 " entries, root %s, every tile recomputed from entry %" PRIu64 " on, the rest earlier (%s), in %.1f s\nVERIFIED\n", j->log.name, head->size, hex, j->resumed, j->state,
		    seconds);
	else
		(void)printf("%s: %" PRIu64 " entries, root %s, every tile recomputed in %.1f s\nVERIFIED\n", j->log.name, head->size, hex, seconds);
}

static int
run(struct job *j)
{
	struct timespec t0, t1;
	struct policy_view v;
	struct buf b = {0};
	enum err e;

	if (resume(j) != OK) {
		(void)fprintf(stderr, "urna-verify: %s\n", j->why.text);
		return 2;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &t0);
	if ((e = source_read(&j->src, "checkpoint", NOTE_MAX_BYTES, &b, &j->why)) == OK && (e = policy_open(&v, &j->policy, b.p, b.n, &j->why)) == OK) {
		if (!v.quorum)
			e = why_set(&j->why, ERR_PROOF, "%zu of the witnesses cosigned, the quorum is %s", v.cosigned, policy_quorum(&j->policy));
		else if (v.head.size < j->at.frontier.size)
			e = why_set(&j->why, ERR_PROOF, "a rollback: the log shows %" PRIu64 " entries, and %" PRIu64 " were recomputed before", v.head.size, j->at.frontier.size);
		else
			e = log_read_on(&j->src, "", &v.head, &j->at, NULL, keep, j, &j->why);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &t1);
	buf_free(&b);
	if (e != OK)
		return not_verified(e, "", &j->why);
	keep(j, &j->at);
	report(j, &v.head, (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
	return 0;
}

int
cmd_log(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof *j);
	int code;

	if (j == NULL)
		return 2;
	if ((code = options(j, argc, argv)) == 0)
		code = run(j);
	free(j);
	return code;
}
