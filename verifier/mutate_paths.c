/* verifier/mutate_paths.c - where things lie in the record at hand.
 * Spec    spec/record.md#self-test
 */
#include "verifier/mutate.h"

#include <stdio.h>
#include <string.h>

/* The n-th group that has ballots (from 0), or the last such. */
static const char *
folder_of(const struct record *r, unsigned nth)
{
	const char *found = "";

	for (unsigned g = 0; g < r->m->groups; g++)
		if (record_group_size(r, g) > 0) {
			found = r->m->group[g].folder;
			if (nth-- == 0)
				break;
		}
	return found;
}

const struct event *
mutant_entry(const struct record *r, const char *kind, unsigned nth)
{
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, kind) == 0 && nth-- == 0)
			return &r->entry[i];
	return NULL;
}

void
mutant_tile(char out[80], const char *log, int level, uint64_t size, uint64_t index)
{
	uint64_t left = size - index * TILE_WIDTH;
	char tile[64];

	tile_path(tile, level, index, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH);
	(void)snprintf(out, 80, "%s%s", log, tile);
}

/* %g, %h: folders of two groups. %t, %u: two trustees that gave factors, the nth and the next, as two digits; %k: the first one's name.
 * %l: last mix, as two digits. %b, %e: first bundle of ballots, of events; %E: first hash tile of events; %B of ballots.
 * %a: first authorizer. %c: first contest. %n the call's notary, %N the last one, %o operator, %r registrar, %d auditor, %z first trustee of the
 * call, %m who mixed first. */
int
mutant_path(char out[300], const struct mutant *m, const char *pattern)
{
	const struct record *r = m->r;
	const struct event *f[2] = {mutant_entry(r, "factors", m->nth), mutant_entry(r, "factors", m->nth + 1)}, *mix = mutant_entry(r, "mix", 0);
	size_t n = 0;

	out[0] = '\0';
	for (const char *p = pattern; *p != '\0'; p++) {
		char word[200] = "";

		if (*p != '%') {
			(void)snprintf(word, sizeof word, "%c", *p);
		} else {
			switch (*++p) {
			case 'g': (void)snprintf(word, sizeof word, "%s", folder_of(r, 0)); break;
			case 'h': (void)snprintf(word, sizeof word, "%s", folder_of(r, 1)); break;
			case 't':
			case 'u':
				if (f[*p == 'u'] != NULL)
					(void)snprintf(word, sizeof word, "%02u", call_trustee(&r->call, event_fact(f[*p == 'u'], "trustee")));
				break;
			case 'k': (void)snprintf(word, sizeof word, "%.128s", f[0] != NULL ? event_fact(f[0], "trustee") : ""); break;
			case 'l': (void)snprintf(word, sizeof word, "%02u", r->progress.mixes); break;
			case 'b': mutant_tile(word, "ballots/", TILE_ENTRIES, r->ballots_head.size, 0); break;
			case 'e': mutant_tile(word, "events/", TILE_ENTRIES, r->events_head.size, 0); break;
			case 'B': mutant_tile(word, "ballots/", 0, r->ballots_head.size, 0); break;
			case 'E': mutant_tile(word, "events/", 0, r->events_head.size, 0); break;
			case 'a': (void)snprintf(word, sizeof word, "%s", r->call.authorizer[0].key.name); break;
			case 'c': (void)snprintf(word, sizeof word, "%s", r->m->contest[0].id); break;
			case 'n': (void)snprintf(word, sizeof word, "%s", r->first_notary.name); break;
			case 'N': (void)snprintf(word, sizeof word, "%s", r->call.notary.key.name); break;
			case 'o': (void)snprintf(word, sizeof word, "%s", r->call.operator.key.name); break;
			case 'r': (void)snprintf(word, sizeof word, "%s", r->call.registrar.key.name); break;
			case 'd': (void)snprintf(word, sizeof word, "%s", r->call.auditor.key.name); break;
			case 'z': (void)snprintf(word, sizeof word, "%s", r->call.trustee[0].key.name); break;
			case 'm': (void)snprintf(word, sizeof word, "%.128s", mix != NULL ? event_fact(mix, "mixer") : ""); break;
			default: break;
			}
			if (word[0] == '\0')
				return 0;
		}
		n += (size_t)snprintf(out + n, 300 - n, "%s", word);
		if (n >= 300)
			return 0;
	}
	return 1;
}

struct buf *
mutant_change(struct mutant *m, const char *pattern)
{
	char path[300];

	return mutant_path(path, m, pattern) ? overlay_change(&m->files, path) : NULL;
}
