/* tally/preserve_cmd.c - `urna preserve`: the seal, the hash lists, the hand-over act.
 *
 * Spec    spec/tally.md#sealing
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "election/sums.h"
#include "tally/make_act.h"
#include "tally/station.h"
#include "tally/steps.h"

/* Of what comes after the count, which the checks until then do not look at, there is nothing before the seal, and after it
 * nothing but the lists and the act. */
static enum err
no_other_files(struct record *r, struct why *why)
{
	static const char *const act[] = {"acts/handover.json", "acts/handover.txt", "acts/handover.json.note"};
	char **name = NULL;
	size_t n = 0;
	enum err e = record_names(r, &name, &n, why);

	for (size_t i = 0; i < n; i++) {
		int known = strncmp(name[i], "hashes.", 7) != 0 && strncmp(name[i], "acts/handover.", 14) != 0;

		for (int k = 0; k < 3 && r->progress.sealed; k++)
			known |= strcmp(name[i], hash_list_names[k]) == 0 || strcmp(name[i], act[k]) == 0;
		if (e == OK && !known)
			e = why_set(why, ERR_PROOF, "%s is not of a record that is %s: take it out of the folder", name[i], r->progress.sealed ? "sealed" : "to be sealed");
		free(name[i]);
	}
	free(name);
	return e;
}

/* What the seal is to name. The service may write a checkpoint meanwhile: its temporary file was there, and is not any more. */
static enum err
hash_record(struct record *r, struct hash *out, struct why *why)
{
	const struct timespec pause = {0, 200000000};
	enum err e = ERR_ABSENT;

	for (int tries = 0; tries < 5 && e == ERR_ABSENT; tries++) {
		struct buf list[3] = {{0}, {0}, {0}};

		if (tries > 0)
			(void)nanosleep(&pause, NULL);
		if ((e = hash_lists(r, list, why)) == OK)
			seal_hash(out, &list[0]);
		for (int i = 0; i < 3; i++)
			buf_free(&list[i]);
	}
	return e;
}

/* All checks until the count, over files that do not change meanwhile: nothing that is sealed can be put right. */
static enum err
check_before(struct station *s, struct hash *files, struct why *why)
{
	struct record on_disk = {.src = source_dir(s->dir)};
	struct hash after;
	enum err e;

	if ((e = hash_record(&on_disk, files, why)) != OK || (e = station_check(s, UNTIL_COUNT, 0, why)) != OK || (e = no_other_files(&s->good->r, why)) != OK ||
	    (e = hash_record(&on_disk, &after, why)) != OK)
		return e;
	return hash_equal(files, &after) ? OK : why_set(why, ERR_NOT_NOW, "the files changed while they were checked: run it again");
}

/* --machine: the name of the one on which the hashes are made; without it the host's. */
static enum err
machine_name(char out[128], const char *given, struct why *why)
{
	int known = given != NULL ? strlen(given) < 128 : gethostname(out, 128) == 0;

	if (known && given != NULL)
		(void)snprintf(out, 128, "%s", given);
	out[127] = '\0';
	return known && out[0] != '\0' ? OK : why_set(why, ERR_RANGE, "--machine: the name of this machine is needed, of 1 to 127 bytes");
}

static enum err
seal_record(struct station *s, const char *machine, const struct hash *files, const struct signer *by, struct why *why)
{
	struct record *r = &s->good->r;
	struct event *e;
	enum err err;

	if (r->progress.sealed)
		return why_set(why, ERR_EXISTS, "the record is sealed already: urna preserve --finish makes the lists and the act");
	e = event_new(r, "seal");
	event_add_hash(e, "list", files);
	event_add(e, "machine", "%s", machine);
	err = submit_event(s->socket, &r->call, e, by, NULL, why);
	event_free(e);
	free(e);
	return err;
}

/* All witnesses within some seconds, or at least the call's quorum: afterwards the record does not change. */
static enum err
wait_cosigned(struct record *r, struct why *why)
{
	size_t n = 0;
	enum err e = r->call.witness_quorum > 0 ? cosigned_wait(r, r->call.witnesses, &n, why) : OK;

	if (e != OK)
		return e;
	if (n < r->call.witness_quorum)
		return why_set(why, ERR_NOT_NOW, "%zu witnesses cosigned the final heads, the call demands %u: when they answer again, run urna preserve --finish", n, r->call.witness_quorum);
	return OK;
}

/* The lists and the act, of the record as it is with its seal. */
static enum err
hand_over(const struct station *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	struct buf list[3] = {{0}, {0}, {0}};
	struct act act = {{0}, {0}};
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	if ((e = open_record(r, s->dir, TO_EVENTS, why)) == OK && (e = wait_cosigned(r, why)) == OK)
		e = make_handover(list, &act, r, why);
	if (e == OK)
		e = put_act_signed(s->args, s->dir, "handover", "handover", &r->call, &act, why);
	for (int i = 0; i < 3 && e == OK; i++)
		e = put(s->dir, hash_list_names[i], &list[i], why);
	for (int i = 0; i < 3; i++)
		buf_free(&list[i]);
	act_free(&act);
	record_free(r);
	free(r);
	return e;
}

int
cmd_preserve(struct args *a)
{
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	struct hash files;
	int finish = arg_flag(a, "--finish");
	const char *given = arg(a, "--machine");
	char machine[128];
	enum err e;

	if ((e = machine_name(machine, given, &why)) == OK && (e = station_open(&s, a, 0, &why)) == OK && (e = check_before(&s, &files, &why)) == OK && (e = open_signer(a, &by, &why)) == OK && !finish)
		e = seal_record(&s, machine, &files, &by, &why);
	signer_close(&by);
	if (e == OK)
		e = hand_over(&s, &why);
	if (e != OK)
		return fail("preserve", &why);
	station_close(&s);
	(void)printf("sealed; hash lists written: sha256sum -c hashes.sha256\n");
	say_next("urna notary sign handover; then anybody: urna-verify record. On the call's date: urna purge");
	return 0;
}
