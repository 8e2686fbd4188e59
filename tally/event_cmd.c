/* tally/event_cmd.c - `urna event`: submit a signed entry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally/entries.h"
#include "tally/steps.h"

/* One that was signed before, where the service was not: `urna decrypt run --out` and `urna mix --out` leave such. */
static int
event_submit_file(struct args *a)
{
	const char *file = word(a, 1), *socket = arg_need(a, "--socket");
	struct why why = {""};

	args_end(a);
	if (submit_file(socket, file, NULL, &why) != OK)
		return fail("event", &why);
	(void)printf("submitted %s\n", file);
	return 0;
}

/* --fact NAME=VALUE, as often as given. */
static enum err
add_facts(struct args *a, struct event *e, struct why *why)
{
	const char *fact;

	for (unsigned i = 0; (fact = arg_nth(a, "--fact", i)) != NULL; i++) {
		char name[32];
		const char *eq = strchr(fact, '=');

		if (eq == NULL || eq - fact > 31)
			return why_set(why, ERR_FORMAT, "--fact needs NAME=VALUE");
		(void)snprintf(name, sizeof name, "%.*s", (int)(eq - fact), fact);
		event_add(e, name, "%s", eq + 1);
	}
	return OK;
}

static enum err
add_files(struct args *a, struct event *e, struct attached *files, struct why *why)
{
	const char *file;
	enum err err = OK;

	for (unsigned i = 0; err == OK && (file = arg_nth(a, "--file", i)) != NULL; i++)
		err = attach(files, e, file, why);
	return err;
}

/* What the entry `key` must say is known. */
static enum err
add_key_facts(struct record *r, struct event *e, struct why *why)
{
	static const char *const fact[][2] = {{"transcript", "key/transcript.json"}, {"act", "acts/key.json"}};
	struct buf b = {0};
	struct hash h;
	enum err err = OK;

	for (size_t i = 0; err == OK && i < sizeof fact / sizeof *fact; i++)
		if (event_fact(e, fact[i][0])[0] != '\0')
			err = why_set(why, ERR_EXISTS, "--fact %s=...: leave it out; for the kind key this command fills it in from %s", fact[i][0], fact[i][1]);
		else if ((err = record_file(r, fact[i][1], 8 << 20, &b, why)) == OK) {
			sha256(&h, b.p, b.n);
			event_add_hash(e, fact[i][0], &h);
		}
	buf_free(&b);
	return err;
}

int
cmd_event(struct args *a)
{
	struct record *r = calloc(1, sizeof *r);
	struct attached files = {0};
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	const char *dir, *kind, *socket;
	enum err err;

	if (strcmp(word(a, 0), "submit") != 0) {
		wrong_word(a, word(a, 0));
		(void)fprintf(stderr, "usage: urna event submit --record DIR --socket SOCKET --kind KIND --key FILE [--pass-file FILE] [--fact NAME=VALUE ...] [--file FILE ...]\n"
				      "       urna event submit ENTRY --socket SOCKET     one that is signed already (ENTRY.note): those that a station left with --out\n"
				      "KIND key: the end of phase I, after urna act key and the notary's signature (urna notary sign key-act); transcript and act are filled in\n"
				      "from the record. KIND incident: --fact what=TEXT. The other kinds are submitted by the commands whose steps they are.\n");
		return 2;
	}
	if (strncmp(word(a, 1), "--", 2) != 0 && word(a, 1)[0] != '\0')
		return event_submit_file(a);
	dir = arg_need(a, "--record");
	kind = arg_need(a, "--kind");
	socket = arg_need(a, "--socket");
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || record_events(r, &why) != OK)
		return fail("event", &why);
	r->election = r->progress.election;
	e = event_new(r, kind);
	if ((err = add_facts(a, e, &why)) == OK && (strcmp(kind, "key") != 0 || (err = add_key_facts(r, e, &why)) == OK))
		err = add_files(a, e, &files, &why);
	args_end(a);
	if (err == OK && (err = open_signer(a, &by, &why)) == OK)
		err = submit_event(socket, &r->call, e, &by, &files, &why);
	signer_close(&by);
	attached_free(&files);
	if (err != OK)
		return fail("event", &why);
	(void)printf("entry %s submitted\n", kind);
	if (strcmp(kind, "key") == 0)
		say_next("phase II: urna manifest draft, urna roll import (urna --help has the order of a whole election)");
	return 0;
}
