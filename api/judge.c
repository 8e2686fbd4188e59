/* api/judge.c - whether a submitted entry agrees with the log and with the record. What is in the log stays there, so
 * what would spoil the election for good is refused. A file that does not lie here yet is not judged, but for a list: once
 * its entry is there, nobody fetches it.
 */
#include "api/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/sums.h"

void
judge_note(struct said *p, const struct event *e, const struct call *call)
{
	unsigned mixer = call_mixer(call, event_fact(e, "mixer")), trustee = call_trustee(call, event_fact(e, "trustee"));

	if (event_is(e, "close")) {
		(void)snprintf(p->sha256, sizeof p->sha256, "%s", event_fact(e, "sha256"));
		(void)snprintf(p->root, sizeof p->root, "%s", event_fact(e, "root"));
	} else if (event_is(e, "mix")) {
		(void)snprintf(p->outputs, sizeof p->outputs, "%s", event_fact(e, "outputs"));
		p->mixed |= mixer > 0 ? 1u << (mixer - 1) : 0;
		p->stations = 0;
	} else if (event_is(e, "station") && strcmp(event_fact(e, "root"), p->root) == 0 && strcmp(event_fact(e, "lists"), p->outputs) == 0) {
		p->stations |= trustee > 0 ? 1u << (trustee - 1) : 0;
	} else if (event_is(e, "factors")) {
		p->opened |= trustee > 0 ? 1u << (trustee - 1) : 0;
	}
}

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	hash_more(ctx, p, n);
	return OK;
}

/* The SHA-256 of a file of the record; ERR_ABSENT: it does not lie here. */
static enum err
file_hash(const struct service *s, const char *path, struct hash *out, struct why *why)
{
	struct file_source src = source_dir(s->config.record);
	struct hash_run *run = hash_start();
	enum err e = source_stream(&src, path, SIZE_MAX, on_piece, run, why);

	hash_end(run, out);
	return e;
}

static enum err
differs(const struct event *e, const char *fact, const char *from, struct why *why)
{
	return why_set(why, ERR_RANGE, "%s: \"%s\" is not that of %.200s", e->kind, fact, from);
}

static enum err
same_hash(const struct event *e, const char *fact, const struct hash *h, const char *from, struct why *why)
{
	char hex[65];

	hash_hex(hex, h);
	return strcmp(event_fact(e, fact), hex) == 0 ? OK : differs(e, fact, from, why);
}

static enum err
same_file(const struct service *s, const struct event *e, const char *fact, const char *path, struct why *why)
{
	struct hash h;
	enum err err = file_hash(s, path, &h, why);

	return err == OK ? same_hash(e, fact, &h, path, why) : err == ERR_ABSENT ? OK : err;
}

/* The outputs of the last mix, as the record has them (spec/record.md#checks, Outputs). */
static enum err
same_outputs(const struct service *s, const struct event *e, struct why *why)
{
	struct hash sum = {{0}}, one;
	int any = 0;
	char path[100];
	enum err err = OK;

	for (unsigned g = 0; s->manifest != NULL && g < s->manifest->groups; g++) {
		(void)snprintf(path, sizeof path, "mix/%s/nizkp/ShuffledCiphertexts.bt", s->manifest->group[g].folder);
		if ((err = file_hash(s, path, &one, why)) == ERR_ABSENT)
			continue;
		if (err != OK)
			return err;
		sha256_3(&sum, sum.b, HASH_BYTES, one.b, HASH_BYTES, NULL, 0);
		any = 1;
	}
	return any ? same_hash(e, "outputs", &sum, "the mixed lists in the record", why) : OK;
}

/* Positions by order of success, nobody twice, and nothing after somebody opened what was mixed last. */
static enum err
judge_mix(const struct service *s, const struct event *e, struct why *why)
{
	unsigned mixer = call_mixer(&s->call, event_fact(e, "mixer"));
	char next[16];

	(void)snprintf(next, sizeof next, "%u", s->progress.mixes + 1);
	if (mixer == 0 || (s->said.mixed >> (mixer - 1) & 1))
		return why_set(why, ERR_NOT_NOW, "mix: %.100s %s", event_fact(e, "mixer"), mixer == 0 ? "is no mixer of the call" : "has mixed already");
	if (s->said.opened != 0)
		return why_set(why, ERR_NOT_NOW, "mix: the last mixed lists are being decrypted");
	if (strcmp(event_fact(e, "position"), next) != 0)
		return why_set(why, ERR_NOT_NOW, "mix: position %.20s is not the next one, %s; mix again, from the last mixed lists", event_fact(e, "position"), next);
	return same_outputs(s, e, why);
}

/* Under the trustee's own number, after its station saw this box and these lists, when all have mixed who must. */
static enum err
judge_factors(const struct service *s, const struct event *e, struct why *why)
{
	unsigned trustee = call_trustee(&s->call, event_fact(e, "trustee"));
	char number[16];

	(void)snprintf(number, sizeof number, "%u", trustee);
	if (trustee == 0 || strcmp(event_fact(e, "number"), number) != 0)
		return differs(e, "number", event_fact(e, "trustee"), why);
	for (unsigned i = 0; i < s->call.mixers; i++)
		if (s->call.required[i] && !(s->said.mixed >> i & 1))
			return why_set(why, ERR_NOT_NOW, "factors: %s must mix before", s->call.mixer[i].key.name);
	if ((unsigned)__builtin_popcount(s->said.mixed) < s->call.minimum_mixers)
		return why_set(why, ERR_NOT_NOW, "factors: %u mixes, the call demands %u", (unsigned)__builtin_popcount(s->said.mixed), s->call.minimum_mixers);
	if (!(s->said.stations >> (trustee - 1) & 1))
		return why_set(why, ERR_NOT_NOW, "factors: no station entry of %.100s for this box and the last mixed lists", event_fact(e, "trustee"));
	return OK;
}

/* A cosignature may have come into the record since the list was made. */
static enum err
judge_seal(const struct service *s, const struct event *e, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf list[3] = {{0}, {0}, {0}};
	struct hash h;
	enum err err;

	if (r == NULL)
		return ERR_NOMEM;
	r->src = source_dir(s->config.record);
	if ((err = file_hash(s, "votes.csv", &h, why)) == OK && (err = hash_lists(r, list, why)) == OK) {
		seal_hash(&h, &list[0]);
		err = same_hash(e, "list", &h, "the record as it is now; seal again", why);
	}
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
	free(r);
	return err == ERR_ABSENT ? OK : err;
}

enum err
judge_entry(const struct service *s, const struct event *e, struct why *why)
{
	char path[200];
	struct hash h;
	enum err err;

	if (event_is(e, "key"))
		return (err = same_file(s, e, "transcript", "key/transcript.json", why)) != OK ? err : same_file(s, e, "act", "acts/key.json", why);
	if (event_is(e, "list")) {
		(void)snprintf(path, sizeof path, "authorizations/%.128s", event_fact(e, "authorizer"));
		return (err = file_hash(s, path, &h, why)) != OK ? err : same_hash(e, "sha256", &h, path, why);
	}
	if (event_is(e, "comparison") && strcmp(event_fact(e, "sha256"), s->said.sha256) != 0)
		return differs(e, "sha256", "the close entry", why);
	if (event_is(e, "comparison") && strcmp(event_fact(e, "root"), s->said.root) != 0)
		return differs(e, "root", "the close entry", why);
	if (event_is(e, "mix"))
		return judge_mix(s, e, why);
	if (event_is(e, "factors"))
		return judge_factors(s, e, why);
	if (event_is(e, "count") && (unsigned)__builtin_popcount(s->said.opened) < s->call.threshold)
		return why_set(why, ERR_NOT_NOW, "count: the factors of %u trustees, the call demands %u", (unsigned)__builtin_popcount(s->said.opened), s->call.threshold);
	if (event_is(e, "count"))
		return same_file(s, e, "votes", "votes.csv", why);
	return event_is(e, "seal") ? judge_seal(s, e, why) : OK;
}
