/* verifier/mutate_signed.c - what a holder of a log's key could have signed: done to what was read from it.
 * Spec    spec/record.md#self-test
 */
#include "verifier/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct event *
entry_of(struct record *r, const char *kind)
{
	for (uint64_t i = r->entries; i-- > 0;)
		if (strcmp(r->entry[i].kind, kind) == 0)
			return &r->entry[i];
	return NULL;
}

/* Fact a of the last entry of kind path becomes b, or has another first letter. */
void
forge_fact(struct mutant *m, struct record *r, enum check after)
{
	const struct mutation *it = m->what;
	struct event *e = after == CHECK_EVENTS_LOG ? entry_of(r, it->path) : NULL;

	for (unsigned i = 0; e != NULL && i < e->facts; i++) {
		char *value = e->fact[i].value;

		if (strcmp(e->fact[i].name, it->a) != 0)
			continue;
		if (it->b != NULL)
			event_set(e, i, it->b);
		else if (value[0] != '\0')
			value[0] = value[0] == '0' ? '1' : '0';
		m->made = 1;
	}
}

/* The entry of kind path says file1 = a. */
void
forge_fact_more(struct mutant *m, struct record *r, enum check after)
{
	struct event *e = after == CHECK_EVENTS_LOG ? entry_of(r, m->what->path) : NULL;

	if (e == NULL || e->facts == EVENT_MAX_FACTS)
		return;
	event_add(e, "file1", "%s", m->what->a);
	m->made = 1;
}

/* Entries of kind path are of no meaning any more, but for b of them. */
void
forge_few(struct mutant *m, struct record *r, enum check after)
{
	int keep = atoi(m->what->b);

	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++)
		if (strcmp(r->entry[i].kind, m->what->path) == 0 && keep-- <= 0) {
			(void)strcpy(r->entry[i].kind, "incident");
			m->made = 1;
		}
}

/* Entry of phase 3 (a: begin or end) an hour earlier. */
void
forge_hour_early(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		if (strcmp(e->kind, "phase") == 0 && strcmp(event_fact(e, "phase"), "3") == 0 && strcmp(event_fact(e, "edge"), m->what->a) == 0) {
			e->time -= 3600;
			m->made = 1;
		}
	}
}

/* From the end of phase 3 on everything an hour later: an hour in which no head shows the box. */
void
forge_hour_dark(struct mutant *m, struct record *r, enum check after)
{
	int late = 0;

	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		late |= strcmp(e->kind, "phase") == 0 && strcmp(event_fact(e, "phase"), "3") == 0 && strcmp(event_fact(e, "edge"), "end") == 0;
		e->time += late ? 2L * (long)heartbeat_gap(r->m) + 3600 : 0;
		m->made |= late;
	}
}

static void
fact_set(struct event *e, const char *name, const char *value)
{
	for (unsigned i = 0; i < e->facts; i++)
		if (strcmp(e->fact[i].name, name) == 0)
			event_set(e, i, value);
}

/* The first ballot lay in the box from the opening entry on. */
void
forge_full_from_the_start(struct mutant *m, struct record *r, enum check after)
{
	struct frontier f = {0};
	struct hash h;
	char hex[65];

	if (after != CHECK_EVENTS_LOG || m->r->ballots == 0)
		return;
	record_leaf(m->r, 0, &h);
	frontier_append(&f, &h);
	frontier_root(&h, &f);
	hash_hex(hex, &h);
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(event_fact(&r->entry[i], "size"), "0") == 0) {
			fact_set(&r->entry[i], "size", "1");
			fact_set(&r->entry[i], "root", hex);
			m->made = 1;
		}
}

/* As if the box had been suspended when it opened, for good; b: with the head that must stand there. */
void
forge_suspended_all_along(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i + 1 < r->entries; i++) {
		struct event *e = &r->entry[i], *next = e + 1;

		if (strcmp(e->kind, "phase") != 0 || strcmp(event_fact(e, "phase"), "4") != 0 || strcmp(event_fact(e, "edge"), "begin") != 0)
			continue;
		if (m->what->b != NULL) {
			event_free(next);
			next->time = e->time;
			(void)strcpy(next->kind, "heartbeat");
			for (unsigned k = 0; k < e->facts; k++)
				event_add(next, e->fact[k].name, "%s", e->fact[k].value);
			event_add(next, "authorizations", "0");
		}
		(void)strcpy(e->kind, "suspend");
		event_free(e);
		event_add(e, "cause", "clock");
		m->made = 1;
		return;
	}
}

/* As if no heartbeat had seen an authorization. */
void
forge_none_authorized(struct mutant *m, struct record *r, enum check after)
{
	for (uint64_t i = 0; after == CHECK_EVENTS_LOG && i < r->entries; i++) {
		struct event *e = &r->entry[i];

		for (unsigned k = 0; strcmp(e->kind, "heartbeat") == 0 && k < e->facts; k++)
			if (strcmp(e->fact[k].name, "authorizations") == 0) {
				event_set(e, k, "0");
				m->made |= strcmp(event_fact(e, "size"), "0") != 0;
			}
	}
}

void
forge_all_barred(struct mutant *m, struct record *r, enum check after)
{
	for (uint32_t i = 0; after == CHECK_EVENTS_LOG && i < r->roll.n; i++) {
		r->roll.row[i].barred = 1;
		m->made = 1;
	}
}

void
forge_cancelled(struct mutant *m, struct record *r, enum check after)
{
	(void)after;
	r->progress.cancelled = 1;
	m->made = 1;
}

/* Put b in place of ballot i, which has as many bytes. */
static void
put_ballot(struct mutant *m, struct record *r, uint64_t i, const struct ballot *b)
{
	struct buf out = {0};

	ballot_write(&out, b);
	if (!out.failed && out.n == r->ballot_at[i + 1] - r->ballot_at[i] && memcmp(r->ballot_bytes.p + r->ballot_at[i], out.p, out.n) != 0) {
		memcpy(r->ballot_bytes.p + r->ballot_at[i], out.p, out.n);
		m->made = 1;
	}
	buf_free(&out);
}

/* a: what of the first ballot is that of the second of the same style, or is spoilt. */
void
forge_ballot_spoilt(struct mutant *m, struct record *r, enum check after)
{
	const char *how = m->what->a;
	struct ballot b, other;

	if (after != CHECK_BALLOTS_LOG || r->ballots == 0)
		return;
	record_ballot(r, 0, &b);
	other = b;
	for (uint64_t i = 1; i < r->ballots; i++) {
		record_ballot(r, i, &other);
		if (other.style == b.style)
			break;
	}
	if (other.style != b.style || memcmp(other.key, b.key, XONLY_BYTES) == 0) {
		if (strcmp(how, "whole") == 0 || strcmp(how, "vote") == 0 || strcmp(how, "token") == 0)
			return; /* no two ballots of this style */
	}
	if (strcmp(how, "whole") == 0)
		b = other;
	else if (strcmp(how, "vote") == 0)
		b.vote[0] = other.vote[0];
	else if (strcmp(how, "token") == 0)
		b.token[0] = other.token[0];
	else if (strcmp(how, "election") == 0)
		b.election.b[0] ^= 1;
	else if (strcmp(how, "style") == 0)
		b.style = b.style < r->m->styles ? b.style + 1 : b.style - 1;
	else if (strcmp(how, "proof") == 0)
		b.vote[0].proof[40] ^= 1;
	else if (strcmp(how, "signature") == 0)
		b.sig[40] ^= 1;
	else if (strcmp(how, "c2") == 0)
		memcpy(b.vote[0].c2, b.vote[0].c1, POINT_BYTES);
	else
		b.token[0].sig[100] ^= 1;
	put_ballot(m, r, 0, &b);
}

/* One more ballot of the first ballot's style than voters of that style. */
void
forge_ballots_stuffed(struct mutant *m, struct record *r, enum check after)
{
	struct buf more = {0};
	uint64_t *at, n = 1, k;
	struct ballot b;
	size_t one;

	if (after != CHECK_BALLOTS_LOG || r->ballots == 0)
		return;
	record_ballot(r, 0, &b);
	for (uint32_t i = 0; i < r->roll.n; i++)
		n += r->roll.row[i].style == b.style;
	one = (size_t)(r->ballot_at[1] - r->ballot_at[0]);
	if ((at = calloc(r->ballots + n + 2, sizeof *at)) == NULL)
		return;
	buf_put(&more, r->ballot_bytes.p, r->ballot_bytes.n);
	memcpy(at, r->ballot_at, (r->ballots + 1) * sizeof *at);
	for (k = 0; k < n; k++) {
		buf_put(&more, r->ballot_bytes.p, one);
		at[r->ballots + k + 1] = more.n;
	}
	buf_free(&r->ballot_bytes);
	free(r->ballot_at);
	r->ballot_bytes = more;
	r->ballot_at = at;
	r->ballots += n;
	m->made = 1;
}

/* As if the log had not had its last ballot. */
void
forge_last_ballot_gone(struct mutant *m, struct record *r, enum check after)
{
	if (after != CHECK_BALLOTS_LOG || r->ballots == 0 || m->pinned.receipts == NULL)
		return;
	r->ballots--;
	m->made = 1;
}
