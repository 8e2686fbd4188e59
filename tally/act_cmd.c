/* tally/act_cmd.c - `urna close, act`: the acts of the key, of the closing and of the count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/parallel.h"
#include "election/sums.h"
#include "tally/entries.h"
#include "tally/make_act.h"
#include "tally/steps.h"

int
cmd_close(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct style_sums *sums = calloc(MAX_STYLES, sizeof *sums);
	struct lists_findings findings;
	struct act act = {{0}, {0}};
	struct act_facts facts;
	struct why why = {""};

	args_end(a);
	if (r == NULL || sums == NULL || step_done_in(dir, DONE_CLOSE, &why) != OK || open_record(r, dir, TO_BALLOTS, &why) != OK)
		return fail("close", &why);
	if (r->close == NULL) {
		(void)why_set(&why, ERR_NOT_NOW, "the box is not closed yet; it closes by itself");
		return fail("close", &why);
	}
	facts = (struct act_facts){&r->call, r->m, r->election};
	if (sums_of_record(r, sums, &findings, core_count(), &why) != OK || act_closing(&act, &facts, r->close, r->entry, r->entries, sums) != OK)
		return fail("close", &why);
	(void)fwrite(act.text.p, 1, act.text.n, stdout);
	if (put_act(dir, "closing", &act, &why) != OK)
		return fail("close", &why);
	say_next("urna decrypt compare");
	return 0;
}

static int
act_key_cmd(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct act act = {{0}, {0}};
	struct why why = {""};

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_KEY, &why) != OK)
		return fail("act", &why);
	if (make_key_act(&act, r, &why) != OK || put_act_signed(a, dir, "key", "key-act", &r->call, &act, &why) != OK)
		return fail("act", &why);
	(void)printf("acts/key.{json,txt} written and signed\n");
	say_next("urna notary sign key-act; then, to the running service, urna event submit --kind key");
	return 0;
}

/* votes.csv and every act of the count, each signed; those of whole contests are shown. */
static enum err
write_count(struct args *a, const char *dir, const struct record *r, struct count *c, struct why *why)
{
	enum err e = OK;

	for (size_t i = 0; i < c->acts && e == OK; i++) {
		if (i < r->m->contests)
			(void)fwrite(c->act[i].text.p, 1, c->act[i].text.n, stdout);
		e = put_act_signed(a, dir, c->name[i], "count-act", &r->call, &c->act[i], why);
	}
	return e == OK ? put(dir, "votes.csv", &c->csv, why) : e;
}

static int
act_count_cmd(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *socket = arg_need(a, "--socket");
	struct record *r = calloc(1, sizeof *r);
	struct count *c = calloc(1, sizeof *c);
	struct signer by = {0};
	struct why why = {""};
	struct event *e;
	struct hash h;
	enum err err;
	int fd;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || c == NULL || lock_folder(&fd, dir, 0, &why) != OK || step_done_in(dir, DONE_FACTORS, &why) != OK ||
	    open_record(r, dir, TO_BALLOTS, &why) != OK || count_record(r, c, NULL, core_count(), &why) != OK || open_signer(a, &by, &why) != OK)
		return fail("act", &why);
	sha256(&h, c->csv.p, c->csv.n);
	e = event_new(r, "count");
	event_add_hash(e, "votes", &h);
	if ((err = write_count(a, dir, r, c, &why)) == OK)
		err = submit_event(socket, &r->call, e, &by, NULL, &why);
	signer_close(&by);
	if (err != OK)
		return fail("act", &why);
	say_next("urna preserve");
	return 0;
}

int
cmd_act(struct args *a)
{
	static const struct step steps[] = {{"key", act_key_cmd}, {"count", act_count_cmd}};
	int code = run_step(a, steps, sizeof steps / sizeof *steps);

	if (code >= 0)
		return code;
	(void)fprintf(stderr, "usage: urna act key --record DIR --key OPERATOR [--pass-file FILE]\n"
			      "       urna act count --record DIR --socket SOCKET --key OPERATOR [--pass-file FILE]\n");
	return 2;
}
