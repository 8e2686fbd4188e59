/* election/manifest.h - the manifest (manual de configuración): contests, lines,
 * styles, hours; and the groups that follow from it.
 *
 * Spec    spec/documents.md#manifest
 */
#ifndef ELECTION_MANIFEST_H
#define ELECTION_MANIFEST_H

#include "election/call.h"

enum {
	MANIFEST_MAX_BYTES = 4 << 20,
	MAX_ENTITIES = 64,
	MAX_CONTESTS = 16,
	MAX_STYLES = 400,
	MAX_GROUPS = 1600,
	MAX_LINES = 200,
	MAX_EMBLEMS = 32,
	MAX_COALITIONS = 8,
	LINE_BYTES = 96,
	MOST_HEARTBEATS = 50000, /* from opening to closing: half of the entries that a record may have */
};

struct line {
	char id[LINE_BYTES];	/* "PAN_PRI", "VOTOS_NULOS" */
	uint32_t parties;	/* bit i: party i of the contest gets a share */
	char candidate[128];	/* empty: none */
};

struct contest {
	char id[17], type[24], name[160], acuerdo[100], entity[17]; /* entity empty: federal */
	int local;
	struct {
		char id[17], name[128];
	} party[MAX_EMBLEMS];
	unsigned parties;
	struct line line[MAX_LINES]; /* the table of markings: line i (from 1) is i*G; the last is null */
	unsigned lines;
};

struct style {
	char entity[17], district[17];
	unsigned contest[MAX_CONTESTS]; /* positions in the manifest, from 0, ascending */
	unsigned contests;
};

/* What is mixed and counted together. */
struct group {
	unsigned contest;
	char entity[17], district[17], folder[56];
};

struct manifest {
	struct hash hash, call, roll, styles_hash; /* styles_hash: SHA-256 of the styles' text */
	int sealed;				   /* roll and authorizers are filled in */
	char acuerdo[100];
	int64_t opens, closes;
	unsigned grace, head_seconds, head_ballots, head_most, heartbeat, replacement_delay, small_group;
	unsigned code_digits, code_seconds, code_attempts, lock_seconds;
	struct {
		char id[17], name[64];
	} entity[MAX_ENTITIES];
	unsigned entities;
	struct contest contest[MAX_CONTESTS];
	unsigned contests;
	struct style style[MAX_STYLES];
	unsigned styles;
	struct group group[MAX_GROUPS];
	unsigned groups;
	struct hash authorizer[MAX_AUTHORIZERS]; /* SHA-256 of authorizers/<name>.json */
	unsigned authorizers;
};

/* Read a draft or a sealed manifest; allocates (free() it). A draft may leave the
 * lines out, a sealed one not; lines given must equal those generated. ERR_FORMAT,
 * ERR_RANGE with line and reason. */
MUST_CHECK enum err manifest_read(struct manifest **out, const void *p, size_t n, struct why *why);
/* The sealed text of a draft: lines, roll and authorizers' hashes (in the call's
 * order) written in. As manifest_read; ERR_NOT_NOW if the draft is sealed already
 * or names another call, ERR_LENGTH if authorizers_n is not the call's number. */
MUST_CHECK enum err manifest_seal(struct buf *out, const void *draft, size_t n, const struct call *call, const struct hash *roll,
    const struct hash *authorizers, unsigned authorizers_n, struct why *why);
/* The ballot style (from 1) of a place, district empty where it has none; 0 if there is none. */
unsigned manifest_style(const struct manifest *m, const char *entity, const char *district);
/* The hours are not over: an election that nobody can vote in is neither sealed nor opened. ERR_NOT_NOW with what to do. */
MUST_CHECK enum err manifest_not_over(const struct manifest *m, int64_t now, struct why *why);
/* A commented example of a draft. */
void manifest_example(struct buf *out);
/* The group (position from 0) of this style's contest (position in the style); -1 if none. */
int manifest_group(const struct manifest *m, unsigned style, unsigned at);
/* Seconds that may lie between two heads in events while the box is open: the interval, and as much again, at most a minute. */
unsigned heartbeat_gap(const struct manifest *m);
/* The entity's name; its id if unknown. */
const char *manifest_entity(const struct manifest *m, const char *id);

#endif
