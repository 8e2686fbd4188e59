/* tally/ceremony_cmd.c - `urna ceremony`: phase I in one room, or put together from the files of separate machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secmem.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "tally/cli.h"
#include "tally/steps.h"

/* One trustee at the table. */
struct seat {
	struct signer by;
	struct ceremony_state *state; /* locked memory */
	struct token *card[9];
	unsigned cards;
	struct scalar *share; /* locked memory */
};

static void
seat_free(struct seat *s)
{
	for (unsigned i = 0; i < s->cards; i++)
		token_close(s->card[i]);
	secmem_free(s->state, sizeof *s->state);
	secmem_free(s->share, sizeof *s->share);
	signer_close(&s->by);
}

/* The room: {"sets": n, "trustees": [{"key", "pass_file", "cards": [{"label", "pin_file"}]}]} */
static enum err
open_seats(struct seat *st, unsigned *sets, const struct call *call, const char *file, const char *module, struct why *why)
{
	struct buf b = {0};
	struct json *root = NULL, *list, *cards;
	struct fields f;
	enum err e;

	if ((e = file_read(&b, file, 1 << 20, why)) != OK)
		return e;
	if ((e = json_parse(&root, b.p, b.n, 1 << 20, why)) != OK)
		return why_prefix(why, e, "%s", file);
	f = fields_of(root, why);
	*sets = (unsigned)field_int(&f, "sets", 1, 9);
	list = field_array(&f, "trustees", MAX_TRUSTEES);
	if (list != NULL && list->n != call->trustees)
		(void)field_bad(&f, list->line, "the call has %u trustees", call->trustees);
	for (unsigned i = 0; f.e == OK && i < call->trustees; i++) {
		struct fields g = fields_of(list->item[i], why), h;
		struct passphrase pass;
		const char *key = field_text(&g, "key", 1000), *pass_file = field_text(&g, "pass_file", 1000);

		cards = field_array(&g, "cards", 9);
		if (g.e == OK && cards->n != *sets)
			(void)field_bad(&g, cards->line, "one card a set is needed: %u", *sets);
		if (g.e == OK && (g.e = passphrase_get(&pass, pass_file, "Passphrase", why)) == OK)
			g.e = keyfile_signer(&st[i].by, key, &pass, why);
		if (g.e == OK && memcmp(st[i].by.key, call->trustee[i].key.key, 32) != 0)
			g.e = why_set(why, ERR_PROOF, "%s is not the key of trustee %u (%s) in the call", key, i + 1, call->trustee[i].key.name);
		st[i].state = secmem_new(sizeof *st[i].state);
		st[i].share = secmem_new(sizeof *st[i].share);
		if (g.e == OK && (st[i].state == NULL || st[i].share == NULL))
			g.e = why_set(why, ERR_NOMEM, "no locked memory: raise the limit (ulimit -l)");
		for (unsigned c = 0; g.e == OK && c < *sets; c++) {
			struct passphrase pin;
			const char *label;

			h = fields_of(cards->item[c], why);
			label = field_text(&h, "label", 32);
			if (h.e == OK && (h.e = passphrase_get(&pin, field_text(&h, "pin_file", 1000), "PIN", why)) == OK &&
			    (h.e = pin_allowed(call, pin.text, pin.n, why)) == OK && (h.e = token_open(&st[i].card[c], module, label, NULL, &pin, why)) == OK)
				st[i].cards++;
			wipe(&pin, sizeof pin);
			g.e = fields_end(&h);
			if (g.e != OK)
				why_prefix(why, g.e, "trustee %u (%s)", i + 1, call->trustee[i].key.name);
		}
		wipe(&pass, sizeof pass);
		f.e = fields_end(&g);
	}
	if ((e = fields_end(&f)) != OK)
		(void)why_prefix(why, e, "%s", file);
	json_free(root);
	buf_free(&b);
	return e;
}

/* A second transcript in the place of the first would lose the key that cards hold. */
static enum err
no_transcript(char path[1400], const char *dir, struct why *why)
{
	(void)snprintf(path, 1400, "%s/key/transcript.json", dir);
	return access(path, F_OK) == 0 ? why_set(why, ERR_EXISTS, "%s is there already: a call has one key", path) : OK;
}

/* What those in one room said to each other. */
struct talk {
	struct message m1[MAX_TRUSTEES], m2[MAX_TRUSTEES];
	struct joint_key joint;
	struct card card[MAX_CARDS];
	size_t cards;
};

/* Rounds 1 and 2, and the joint key that follows. */
static enum err
agree(struct talk *t, struct seat *st, const struct call *call, unsigned attempt, struct why *why)
{
	unsigned k = call->trustees;
	enum err e = OK;

	for (unsigned i = 0; i < k && e == OK; i++)
		e = ceremony_round1(st[i].state, &t->m1[i], call, i + 1, attempt, &st[i].by, why);
	if (e == OK)
		(void)printf("round 1: %u commitments\n", k);
	for (unsigned i = 0; i < k && e == OK; i++)
		e = ceremony_round2(st[i].state, &t->m2[i], call, t->m1, &st[i].by, why);
	if (e == OK)
		(void)printf("round 2: %u reveals\n", k);
	return e == OK ? ceremony_agree(&t->joint, call, t->m1, t->m2, attempt, why) : e;
}

/* Round 3: each trustee's k messages to trustee `to`, then its own finish. */
static enum err
give_shares(struct talk *t, struct seat *st, const struct call *call, struct why *why)
{
	struct message m3[MAX_TRUSTEES];
	unsigned k = call->trustees;
	enum err e = OK;

	for (unsigned to = 0; to < k && e == OK; to++) {
		memset(m3, 0, sizeof m3);
		for (unsigned i = 0; i < k && e == OK; i++)
			e = ceremony_round3(st[i].state, &m3[i], call, t->m1, t->m2, to + 1, &st[i].by, why);
		if (e == OK)
			e = ceremony_finish(st[to].state, st[to].share, call, t->m1, t->m2, m3, NULL, why);
		for (unsigned i = 0; i < k; i++)
			message_free(&m3[i]);
	}
	if (e == OK)
		(void)printf("round 3: every share fits the revealed polynomials\n");
	return e;
}

static enum err
store_shares(struct talk *t, struct seat *st, const struct call *call, unsigned sets, struct why *why)
{
	enum err e = OK;

	for (unsigned i = 0; i < call->trustees && e == OK; i++)
		for (unsigned s = 0; s < sets && e == OK; s++) {
			struct share_facts facts = {call->hash, i + 1, s + 1};
			const struct token_info *info = token_info(st[i].card[s]);
			struct card *card = &t->card[t->cards];

			if ((e = token_share_store(st[i].card[s], &facts, st[i].share->b, why)) != OK)
				break;
			(void)snprintf(card->serial, sizeof card->serial, "%s", info->serial);
			(void)snprintf(card->label, sizeof card->label, "%s", info->label);
			card->trustee = i + 1;
			card->set = s + 1;
			t->cards++;
			(void)printf("  share %u on card %s (serial %s, set %u), read back\n", i + 1, info->label, info->serial, s + 1);
		}
	return e;
}

/* Signed by everybody. */
static enum err
write_transcript(const struct talk *t, const struct seat *st, const struct call *call, const char *dir, struct why *why)
{
	struct buf transcript = {0}, note = {0};
	enum err e = transcript_write(&transcript, call, t->m1, t->m2, &t->joint, t->card, t->cards);

	for (unsigned i = 0; i < call->trustees && e == OK; i++)
		e = docnote_sign(&note, "key-transcript", &call->hash, transcript.p, transcript.n, &st[i].by, why);
	if (e == OK && (e = put(dir, "key/transcript.json", &transcript, why)) == OK)
		e = put(dir, "key/transcript.json.note", &note, why);
	if (e == OK)
		(void)printf("the transcript is signed by all %u trustees\n", call->trustees);
	buf_free(&transcript);
	buf_free(&note);
	return e;
}

static int
run(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *config = arg_need(a, "--config"), *module = arg(a, "--module");
	unsigned sets = 0, attempt = arg_attempt(a);
	struct record *r = calloc(1, sizeof *r);
	struct talk *t = calloc(1, sizeof *t);
	struct seat st[MAX_TRUSTEES] = {0};
	struct why why = {""};
	char path[1400];
	enum err e;

	args_end(a);
	process_harden();
	if (r == NULL || t == NULL)
		return 1;
	if ((e = no_transcript(path, dir, &why)) == OK && (e = open_record(r, dir, TO_CALL, &why)) == OK &&
	    (e = open_seats(st, &sets, &r->call, config, module, &why)) == OK && (e = agree(t, st, &r->call, attempt, &why)) == OK &&
	    (e = give_shares(t, st, &r->call, &why)) == OK && (e = store_shares(t, st, &r->call, sets, &why)) == OK)
		e = write_transcript(t, st, &r->call, dir, &why);
	if (e != OK && t->cards > 0)
		(void)fprintf(stderr, "%zu cards hold a share of this attempt already and take no other of this call: before --attempt %u, make them anew\n"
				      "(urna trustee card --label NEW --pin-file NEW, and name them in %s), or erase them with the tool of their maker first\n",
		    t->cards, attempt + 1, config);
	for (unsigned i = 0; i < MAX_TRUSTEES; i++) {
		seat_free(&st[i]);
		message_free(&t->m1[i]);
		message_free(&t->m2[i]);
	}
	free(t);
	if (e != OK)
		return fail("ceremony", &why);
	say_next("urna ceremony cards --record %s prints the form of %s/key/cards.json, which says who keeps each card; then urna act key", dir, dir);
	return 0;
}

/* The form of key/cards.json, with the cards of the transcript: the rest is filled in by hand. */
static int
cards(struct args *a)
{
	static const char *const fields[] = {"custodian", "acuerdo", "designated", "envelope"};
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct buf out = {0};
	struct json_out o = json_out(&out);
	struct why why = {""};
	enum err e;

	args_end(a);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || ((e = record_key(r, &why)) != OK && (e != ERR_ABSENT || r->cards == 0 || r->joint.k == 0)))
		return fail("ceremony", &why);
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "cards");
	json_int(&o, "version", 1);
	json_begin(&o, "cards", '[');
	for (size_t i = 0; i < r->cards; i++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "serial", r->card[i].serial);
		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
			json_text(&o, fields[k], "");
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	(void)fwrite(out.p, 1, out.n, stdout);
	(void)fprintf(stderr, "to be filled in as %s/key/cards.json: custodian, whoever keeps the card; acuerdo and designated (2026-01-31), by which and when;\n"
			      "envelope, the number of the sealed one. In the order of the transcript:\n", dir);
	for (size_t i = 0; i < r->cards; i++)
		(void)fprintf(stderr, "  serial %s: card %s of trustee %u (%s), set %u\n", r->card[i].serial, r->card[i].label, r->card[i].trustee,
		    r->call.trustee[r->card[i].trustee - 1].key.name, r->card[i].set);
	buf_free(&out);
	return 0;
}

static int
check(struct args *a)
{
	const char *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct why why = {""};
	uint8_t y[POINT_BYTES];
	char hex[2 * POINT_BYTES + 1];

	args_end(a);
	if (r == NULL || open_record(r, dir, TO_KEY, &why) != OK || point_write(y, &r->joint.key) != OK)
		return fail("ceremony", &why);
	hex_encode(hex, y, POINT_BYTES);
	(void)printf("the ceremony is sound: %u of %u trustees open the votes\njoint key %s\n", r->joint.t, r->joint.k, hex);
	for (size_t i = 0; i < r->cards; i++)
		(void)printf("  card %s: trustee %u, set %u\n", r->card[i].serial, r->card[i].trustee, r->card[i].set);
	return 0;
}

/* Read the messages `kind-1` ... `kind-k` of a folder. */
static enum err
read_round(struct message *m, const char *dir, const char *kind, unsigned k, struct why *why)
{
	enum err e = OK;

	for (unsigned i = 1; i <= k && e == OK; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "%s-%u.json", kind, i);
		e = message_get(&m[i - 1], dir, name, why);
	}
	return e;
}

static int
assemble(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *in = arg_need(a, "--messages");
	unsigned attempt = arg_attempt(a);
	struct record *r = calloc(1, sizeof *r);
	struct message *m = calloc(3 * MAX_TRUSTEES, sizeof *m), *m1 = m, *m2 = m + MAX_TRUSTEES, *m3 = m + 2 * MAX_TRUSTEES;
	struct card cards[MAX_CARDS];
	struct joint_key joint;
	struct buf transcript = {0};
	struct why why = {""};
	char path[1400];
	size_t n = 0;
	enum err e;

	args_end(a);
	if (r == NULL || m == NULL)
		return 1;
	if (no_transcript(path, dir, &why) != OK)
		return fail("ceremony", &why);
	if ((e = open_record(r, dir, TO_CALL, &why)) == OK && (e = read_round(m1, in, "round1", r->call.trustees, &why)) == OK &&
	    (e = read_round(m2, in, "round2", r->call.trustees, &why)) == OK && (e = read_round(m3, in, "cards", r->call.trustees, &why)) == OK &&
	    (e = ceremony_agree(&joint, &r->call, m1, m2, attempt, &why)) == OK)
		for (unsigned i = 1; i <= r->call.trustees && e == OK; i++)
			e = ceremony_cards_read(cards, &n, MAX_CARDS, &m3[i - 1], &r->call, i, attempt, &why);
	if (e == OK && (e = transcript_write(&transcript, &r->call, m1, m2, &joint, cards, n)) == OK)
		e = put(dir, "key/transcript.json", &transcript, &why);
	for (unsigned i = 0; i < 3 * MAX_TRUSTEES; i++)
		message_free(&m[i]);
	free(m);
	if (e != OK)
		return fail("ceremony", &why);
	(void)printf("%s written, with %zu cards; now each trustee: urna trustee sign --record %s --messages DIR --key FILE\n", path, n, dir);
	return 0;
}

static int
judge(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *in = arg_need(a, "--messages"), *file = arg_need(a, "--complaint");
	struct record *r = calloc(1, sizeof *r);
	struct message *m1 = calloc(2 * MAX_TRUSTEES, sizeof *m1), *m2 = m1 + MAX_TRUSTEES, complaint = {{0}, {0}};
	struct why why = {""};
	unsigned liar = 0, accuser = 0, dealer = 0;
	enum err e;

	args_end(a);
	if (r == NULL || m1 == NULL)
		return 1;
	if ((e = open_record(r, dir, TO_CALL, &why)) == OK && (e = message_get(&complaint, NULL, file, &why)) == OK &&
	    (e = read_round(m1, in, "round1", r->call.trustees, &why)) == OK && (e = read_round(m2, in, "round2", r->call.trustees, &why)) == OK)
		e = ceremony_judge(&liar, &accuser, &dealer, &complaint, &r->call, m1, m2, &why);
	message_free(&complaint);
	if (e != OK)
		return fail("ceremony", &why);
	(void)printf("trustee %u (%s) complains about trustee %u (%s)\nthe envelope was opened: trustee %u (%s) lied\n"
		     "the attempt is over for all; the next one starts with fresh polynomials: urna trustee round1 --attempt N+1,\n"
		     "and with cards made anew in the place of those that hold a share already: urna trustee card\n",
	    accuser, r->call.trustee[accuser - 1].key.name, dealer, r->call.trustee[dealer - 1].key.name, liar, r->call.trustee[liar - 1].key.name);
	return 0;
}

int
cmd_ceremony(struct args *a)
{
	static const struct step steps[] = {{"run", run}, {"cards", cards}, {"check", check}, {"assemble", assemble}, {"judge", judge}};
	int code = run_step(a, steps, sizeof steps / sizeof *steps);

	if (code >= 0)
		return code;
	(void)fprintf(stderr, "usage: urna ceremony run --record DIR --config ROOM.json [--module LIB] [--attempt N]       all trustees in one room\n"
			      "       urna ceremony assemble --record DIR --messages DIR [--attempt N]   the transcript from the files of separate machines (urna trustee)\n"
			      "       urna ceremony judge --record DIR --messages DIR --complaint FILE   who lied\n"
			      "       urna ceremony cards --record DIR                                   the form of key/cards.json, to fill in: who keeps each card\n"
			      "       urna ceremony check --record DIR                                   with key/cards.json\n"
			      "ROOM.json: {\"sets\": N, \"trustees\": [{\"key\", \"pass_file\", \"cards\": [{\"label\", \"pin_file\"}]}]}\n");
	return 2;
}
