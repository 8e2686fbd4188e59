#include "verifier/log_cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/tile.h"
#include "verifier/cmd.h"
#include "verifier/heads.h"
#include "verifier/options.h"
#include "verifier/report.h"

struct job {
	const char *where, *state, *evidence; /* state: a file, or NULL; evidence: a folder, or NULL */
	int json, file; /* file: the policy is one */
	struct policy policy;
	struct vkey log; /* its one log */
	struct file_source src;
	struct tile_builder at; /* how far the entries are recomputed: full bundles */
	struct signed_head last; /* verified last, in an earlier run; without a note: none */
	uint64_t resumed;
	char folder[512]; /* of the evidence; empty: none was saved */
	struct why why;
};

static int
usage(void)
{
	(void)fprintf(stderr, "usage: urna-verify log DIR-or-URL --log-key VKEY [--witness VKEY ... [--quorum K]] [--state FILE] [--evidence DIR]\n"
			      "           [--json]\n"
			      "       urna-verify log DIR-or-URL --policy FILE [--log-key VKEY] [--state FILE] [--evidence DIR] [--json]\n"
			      "           recompute the whole tree from its entries, and every tile\n"
			      "           --policy: a tlog-policy file (see urna-verify policy); its witnesses, or the K given, must have\n"
			      "           cosigned the head\n"
			      "           --state: keep in FILE how far it came and the head that was verified, go on from there the next time, and prove\n"
			      "           that the log grew out of that head\n"
			      "           --evidence: where it did not (a fork, a rollback), save in DIR the files that show it to anyone\n"
			      "Exit: 0 verified, 1 not verified, 2 could not run.\n");
	return 2;
}

/* ---- the state file                                 spec/logs.md#recomputing-a-log */

static const char state_head[] = "urna log state 2\n", earlier_head[] = "urna log state 1\n"; /* the earlier one kept no head */

static void
state_write(struct buf *out, const struct tile_builder *at, const char *name, const struct buf *note)
{
	struct hash h;

	buf_str(out, state_head);
	buf_vec8(out, name, strlen(name));
	buf_u64(out, at->frontier.size);
	for (int t = 0; t < TILE_LEVELS; t++)
		buf_put(out, at->level[t].hash, at->level[t].n * HASH_BYTES);
	buf_vec32(out, note->p, note->n);
	if (out->failed)
		return;
	sha256(&h, out->p, out->n);
	buf_put(out, h.b, HASH_BYTES);
}

static enum err
state_read(struct tile_builder *at, struct signed_head *last, const struct buf *b, const struct vkey *log)
{
	struct rd r = rd_init(b->p, b->n);
	const char *name = log->name;
	const uint8_t *head = rd_take(&r, sizeof state_head - 1), *origin;
	size_t origin_n = rd_u8(&r), note_n = 0;
	const uint8_t *note = NULL;
	int earlier = head != NULL && memcmp(head, earlier_head, sizeof earlier_head - 1) == 0;
	struct hash h;
	uint64_t size;

	origin = rd_take(&r, origin_n);
	size = rd_u64(&r);
	if (r.failed || (!earlier && memcmp(head, state_head, sizeof state_head - 1) != 0) || origin_n != strlen(name) || memcmp(origin, name, origin_n) != 0 || size % TILE_WIDTH != 0)
		return ERR_FORMAT;
	for (int t = 0; t < TILE_LEVELS; t++)
		rd_copy(&r, at->level[t].hash, (size_t)((size >> 8 * t) % TILE_WIDTH) * HASH_BYTES);
	if (!earlier) {
		note_n = rd_u32(&r);
		note = rd_take(&r, note_n);
	}
	sha256(&h, b->p, b->n - r.n);
	if (r.failed || r.n != HASH_BYTES || memcmp(h.b, r.p, HASH_BYTES) != 0)
		return ERR_FORMAT;
	if (note_n > 0 && head_take(last, note, note_n, log, NULL) != OK)
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
	if (e == OK && (e = state_read(&j->at, &j->last, &b, &j->log)) != OK)
		e = why_set(&j->why, ERR_FORMAT, "%s: not a state of this log; give another file to begin from the first entry", j->state);
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

	if (j->state == NULL || (at->frontier.size == 0 && j->last.note.n == 0))
		return;
	state_write(&b, at, j->log.name, &j->last.note);
	if (b.failed || file_write(j->state, b.p, b.n, 0644, &why) != OK)
		(void)fprintf(stderr, "urna-verify: %s: %s\n", j->state, why.text); /* the check itself goes on */
	buf_free(&b);
}

/* ---- the head that was verified last ------------------------------------------------------- */

/* That the log is not what it was is the finding; the rest is not read. */
static enum err
found(struct job *j, const char *kind, const struct signed_head *now, const struct tile_reader *tiles)
{
	struct why why = {""};
	uint64_t was = j->last.head.size, size = now->head.size;

	if (j->evidence != NULL && evidence_write(j->folder, j->evidence, kind, &now->note, &j->last.note, tiles, &why) != OK) {
		(void)fprintf(stderr, "urna-verify: the evidence could not be written: %s\n", why.text);
		j->folder[0] = '\0';
	}
	return strcmp(kind, "fork") == 0 ? why_set(&j->why, ERR_PROOF, "a fork: heads of %" PRIu64 " and %" PRIu64 " entries, both signed, are two histories", was, size)
					 : why_set(&j->why, ERR_PROOF, "a rollback: the log shows %" PRIu64 " entries, and a signed head of %" PRIu64 " was verified before", size, was);
}

/* Does the log's head continue the one that was verified last? By the log's tiles, which are proofs whoever sends them. */
static enum err
continues(struct job *j, const struct signed_head *now)
{
	struct tile_reader tiles = {.src = &j->src, .size = now->head.size};
	enum relation rel = RELATION_GROWS;
	enum err e;

	if (j->last.note.n == 0)
		return OK;
	if (now->head.size < j->last.head.size)
		return found(j, "rollback", now, NULL);
	if ((e = heads_relate(&rel, &j->last.head, &now->head, &tiles, &j->why)) == OK && rel == RELATION_FORK)
		e = found(j, "fork", now, now->head.size == j->last.head.size ? NULL : &tiles);
	tile_reader_free(&tiles);
	return e;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int
options(struct job *j, int argc, char **argv)
{
	enum err e;

	j->state = option(argc, argv, "--state");
	j->evidence = option(argc, argv, "--evidence");
	j->json = flag(argc, argv, "--json");
	e = option_policy(argc, argv, &j->policy, &j->file, &j->why);
	if ((j->where = word(argc, argv)) == NULL || (e == OK && j->policy.logs == 0 && !j->file)) {
		(void)say_left(argc, argv);
		return usage();
	}
	if (e == OK && (e = source_open(&j->src, j->where, &j->why)) == OK)
		e = policy_choose(&j->policy, &j->src, &j->why);
	if (e != OK) {
		text_clean(j->why.text);
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

/* The log's head, and everything under it. */
static enum err
check(struct job *j, struct signed_head *now)
{
	struct policy_view v;
	struct buf b = {0};
	enum err e;

	if ((e = source_read(&j->src, "checkpoint", NOTE_MAX_BYTES, &b, &j->why)) == OK && (e = policy_open(&v, &j->policy, b.p, b.n, &j->why)) == OK &&
	    (e = head_take(now, b.p, b.n, &j->log, &j->why)) == OK)
		e = head_thin(now, &j->policy);
	buf_free(&b);
	if (e != OK)
		return e;
	if (!v.quorum)
		return why_set(&j->why, ERR_PROOF, "%zu of the witnesses cosigned, the quorum is %s", v.cosigned, policy_quorum(&j->policy));
	if ((e = continues(j, now)) != OK)
		return e;
	if (now->head.size < j->at.frontier.size)
		return why_set(&j->why, ERR_PROOF, "a rollback: the log shows %" PRIu64 " entries, and %" PRIu64 " were recomputed before", now->head.size, j->at.frontier.size);
	return log_read_on(&j->src, "", &now->head, &j->at, NULL, keep, j, &j->why);
}

static int
refused(const struct job *j, enum err e)
{
	int code = not_verified(e, "", &j->why);

	if (j->folder[0] != '\0')
		(void)printf("evidence in %s; anyone checks it by\n  urna-verify compare %s/other --log %s --log-key VKEY\n", j->folder, j->folder, j->folder);
	return code;
}

static int
run(struct job *j)
{
	struct timespec t0, t1;
	struct signed_head now = {0};
	enum err e;

	if (resume(j) != OK) {
		(void)fprintf(stderr, "urna-verify: %s\n", j->why.text);
		return 2;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &t0);
	e = check(j, &now);
	(void)clock_gettime(CLOCK_MONOTONIC, &t1);
	if (e != OK) {
		buf_free(&now.note);
		return refused(j, e);
	}
	buf_free(&j->last.note);
	j->last = now; /* takes the note */
	keep(j, &j->at);
	report(j, &now.head, (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
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
	buf_free(&j->last.note);
	free(j);
	return code;
}
