/* tally/mix_cmd.c - `urna mix`: shuffle every group, with proofs.
 *
 * Spec    spec/tally.md#stations
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/parallel.h"
#include "crypto/secmem.h"
#include "crypto/shuffle.h"
#include "election/docnote.h"
#include "election/sums.h"
#include "tally/session_files.h"
#include "tally/station.h"
#include "tally/steps.h"

/* The entry carries one hash over all groups' outputs: this group's goes in after those before. */
static enum err
add_output(struct event *e, const struct hash *list)
{
	struct hash_run *run;
	struct hash sum;

	if (hex_decode(sum.b, HASH_BYTES, event_fact(e, "outputs"), 2 * HASH_BYTES) != OK)
		return ERR_FORMAT;
	run = hash_start();
	hash_more(run, sum.b, HASH_BYTES);
	hash_more(run, list->b, HASH_BYTES);
	hash_end(run, &sum);
	hash_hex(e->fact[2].value, &sum);
	return OK;
}

/* A shuffle of one group: its input, its output and the proof between them. */
struct mix {
	struct ciphertext *start, *in, *out; /* the box's list; what this mixer takes; what it puts out */
	size_t n;
	struct session s;
	struct shuffle_proof proof;
};

static void
mix_free(struct mix *m)
{
	if (m->in != m->start)
		free(m->in);
	free(m->start);
	free(m->out);
	shuffle_proof_free(&m->proof);
}

/* The list of the checked record, shuffled. */
static enum err
shuffle_group(struct mix *m, struct station *st, unsigned g, unsigned position, struct why *why)
{
	struct record *r = &st->good->r;
	enum err e;

	if ((e = record_group(r, g, &m->start, &m->n)) != OK || m->n == 0)
		return e;
	m->in = m->start;
	if ((position > 1 && (e = record_mixed(r, g, &m->in, m->n, why)) != OK) || (e = station_list(st, g, m->in, m->n, why)) != OK)
		return e;
	if ((m->out = calloc(m->n, sizeof *m->out)) == NULL)
		return ERR_NOMEM;
	record_mix_session(&m->s, r, g);
	return shuffle_prove(m->out, &m->proof, &m->s, &r->joint.key, m->in, m->n, core_count());
}

static enum err
write_mix(const struct mix *m, struct session_files *f, const struct point *key, unsigned position)
{
	struct buf in = {0}, out = {0};
	char text[16];

	session_common(f, &m->s, "shuffling", key, m->start, m->n);
	bt_ciphertexts(&in, m->in, m->n);
	bt_ciphertexts(&out, m->out, m->n);
	if (position > 1) /* the last output becomes an intermediate list */
		session_put(f, &in, "%s/proofs/Ciphertexts%02u.bt", f->nizkp, position - 1);
	session_put(f, &m->proof.permutation_commitment, "%s/proofs/PermutationCommitment%02u.bt", f->nizkp, position);
	session_put(f, &m->proof.commitment, "%s/proofs/PoSCommitment%02u.bt", f->nizkp, position);
	session_put(f, &m->proof.reply, "%s/proofs/PoSReply%02u.bt", f->nizkp, position);
	session_put(f, &out, "%s/ShuffledCiphertexts.bt", f->nizkp);
	(void)snprintf(text, sizeof text, "%u", position);
	session_text(f, text, "%s/proofs/activethreshold", f->nizkp);
	buf_free(&in);
	buf_free(&out);
	return f->e;
}

static enum err
mix_group(struct station *st, unsigned g, unsigned position, const struct signer *by, struct event *ev, struct why *why)
{
	struct record *r = &st->good->r;
	struct session_files f = mix_files(st->to, r->m->group[g].folder, why);
	struct buf statement = {0}, note = {0};
	struct hash before, after;
	struct mix m = {0};
	enum err e;

	if ((e = shuffle_group(&m, st, g, position, why)) != OK || m.n == 0) /* a group of 0 has no session */
		goto done;
	if ((e = write_mix(&m, &f, &r->joint.key, position)) != OK)
		goto done;
	list_hash(&before, m.in, m.n);
	list_hash(&after, m.out, m.n);
	mix_statement(&statement, &m.s, by->name, position, &before, &after);
	if ((e = docnote_sign(&note, "mix", &r->call.hash, statement.p, statement.n, by, why)) != OK)
		goto done;
	session_put(&f, &note, "%s/%02u.note", f.group, position);
	e = f.e == OK ? add_output(ev, &after) : f.e;
done:
	mix_free(&m);
	buf_free(&statement);
	buf_free(&note);
	return e;
}

static enum err
next_position(struct record *r, unsigned *position, const char *name, struct why *why)
{
	*position = r->progress.mixes + 1;
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, "mix") == 0 && strcmp(event_fact(&r->entry[i], "mixer"), name) == 0)
			return why_set(why, ERR_NOT_NOW, "%s has mixed already", name);
	return r->progress.compared ? OK : why_set(why, ERR_NOT_NOW, "the comparison of article 36 comes first: urna decrypt compare");
}

static void
drop(const char *dir, const char *folder, const char *begin, const char *middle, const char *end)
{
	char path[1400];

	(void)snprintf(path, sizeof path, "%s/mix/%s/%s%s%s", dir, folder, begin, middle, end);
	(void)unlink(path);
}

/* A mixing that broke off left files of a position that no entry took: away with them, and the list before it is the last again. */
static enum err
undo(const char *dir, const struct record *r, struct why *why)
{
	static const char *const own[][2] = {{"", ".note"}, {"nizkp/proofs/PermutationCommitment", ".bt"}, {"nizkp/proofs/PoSCommitment", ".bt"}, {"nizkp/proofs/PoSReply", ".bt"}};
	static const char *const first[] = {"protInfo.xml", "nizkp/version", "nizkp/type", "nizkp/auxsid", "nizkp/width", "nizkp/FullPublicKey.bt", "nizkp/Ciphertexts.bt",
	    "nizkp/ShuffledCiphertexts.bt", "nizkp/proofs/activethreshold"};
	unsigned done = r->progress.mixes;

	for (unsigned g = 0; g < r->m->groups; g++) {
		const char *folder = r->m->group[g].folder;
		struct session_files f = mix_files(dir, folder, why);
		char from[1400], to[1400], text[16];

		(void)snprintf(text, sizeof text, "%02u", done + 1);
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			drop(dir, folder, own[i][0], text, own[i][1]);
		for (size_t i = 0; done == 0 && i < sizeof first / sizeof *first; i++)
			drop(dir, folder, first[i], "", "");
		(void)snprintf(from, sizeof from, "%s/mix/%s/nizkp/proofs/Ciphertexts%02u.bt", dir, folder, done);
		if (done == 0 || access(from, F_OK) != 0)
			continue;
		(void)snprintf(to, sizeof to, "%s/mix/%s/nizkp/ShuffledCiphertexts.bt", dir, folder);
		(void)snprintf(text, sizeof text, "%u", done);
		if (rename(from, to) != 0)
			return why_set(why, ERR_IO, "%s: cannot be put back", from);
		session_text(&f, text, "%s/proofs/activethreshold", f.nizkp);
		if (f.e != OK)
			return f.e;
	}
	return OK;
}

/* The record as far as the log of events, to put it in order before it is checked. */
static enum err
undo_unfinished(const struct station *s, struct why *why)
{
	struct record *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	if ((e = open_record(r, s->dir, TO_EVENTS, why)) == OK)
		e = undo(s->dir, r, why);
	record_free(r);
	free(r);
	return e;
}

static int
mix_usage(void)
{
	(void)fprintf(stderr, "usage: urna mix --record DIR --election-id HEX (--socket SOCKET | --out FOLDER) --key MIXER [--pass-file FILE] [--log-key VKEY ...] [--quiet]\n"
			      "Checks the record until its closing, the comparison and the mixes before this one (urna-verify record, V01 to V28, V39), and only\n"
			      "then shuffles every group. HEX is your own note of the election id, from the opening act; without the option it is asked for.\n"
			      "Apart from the net, --out takes files and the signed entry: copy FOLDER/mix into the record, then urna event submit.\n");
	return 2;
}

int
cmd_mix(struct args *a)
{
	struct signer by = {0};
	struct why why = {""};
	struct station s;
	struct record *r;
	struct event *e;
	unsigned position;

	if (a->argc == 0)
		return mix_usage();
	process_harden();
	if (station_open(&s, a, 1, &why) != OK || (s.out == NULL && undo_unfinished(&s, &why) != OK) || station_check(&s, UNTIL_MIX, 1, &why) != OK)
		return fail("mix", &why);
	r = &s.good->r;
	if (open_signer(a, &by, &why) != OK)
		return fail("mix", &why);
	if (call_mixer(&r->call, by.name) == 0) {
		(void)why_set(&why, ERR_DENIED, "%s is no mixer of the call", by.name);
		return fail("mix", &why);
	}
	if (next_position(r, &position, by.name, &why) != OK)
		return fail("mix", &why);
	e = event_new(r, "mix");
	event_add(e, "mixer", "%s", by.name);
	event_add(e, "position", "%u", position);
	event_add(e, "outputs", "%064d", 0);
	for (unsigned g = 0; g < r->m->groups; g++) {
		if (mix_group(&s, g, position, &by, e, &why) != OK)
			return fail("mix", &why);
		(void)fprintf(stderr, "\r  %s: group %u of %u", by.name, g + 1, r->m->groups);
	}
	(void)fprintf(stderr, "\n");
	if (station_say(&s, e, position, &by, &why) != OK)
		return fail("mix", &why);
	if (s.out != NULL)
		say_next("copy %s/mix into the record, then urna event submit", s.out);
	else if (position < r->call.mixers)
		say_next("urna mix of the other mixers (at least %u in all); then urna decrypt run, each trustee with its own card", r->call.minimum_mixers);
	else
		say_next("urna decrypt run, each trustee with its own card");
	station_close(&s);
	return 0;
}
