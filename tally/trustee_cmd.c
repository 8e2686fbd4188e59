/* tally/trustee_cmd.c - `urna trustee`: a custodian's own machine. Key, rounds of the ceremony, cards, drill. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/secmem.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "tally/cli.h"

/* What every round needs: the call, the own key, the own number, the messages so far. */
struct post {
	struct record *r;
	struct signer by;
	unsigned index;
	const char *dir, *in, *out, *state_file;
	uint8_t state_key[32];
	struct ceremony_state *state; /* locked memory */
	struct message *m1, *m2;
};

static enum err
post_open(struct post *p, struct args *a, struct why *why)
{
	struct passphrase pass;
	enum err e;

	memset(p, 0, sizeof *p);
	process_harden();
	p->dir = arg_need(a, "--record");
	p->out = arg_need(a, "--messages");
	p->in = p->out;
	p->state_file = arg_need(a, "--state");
	p->r = calloc(1, sizeof *p->r);
	p->m1 = calloc(MAX_TRUSTEES, sizeof *p->m1);
	p->m2 = calloc(MAX_TRUSTEES, sizeof *p->m2);
	if ((p->state = secmem_new(sizeof *p->state)) == NULL || p->r == NULL || p->m1 == NULL || p->m2 == NULL)
		return why_set(why, ERR_NOMEM, "no locked memory: raise the limit (ulimit -l)");
	if ((e = open_record(p->r, p->dir, TO_CALL, why)) != OK || (e = open_signer(a, &p->by, why)) != OK ||
	    (e = passphrase_get(&pass, arg(a, "--pass-file"), "Passphrase (it also seals the state between rounds)", why)) != OK)
		return e;
	e = slow_hash(p->state_key, pass.text, pass.n, p->r->call.hash.b, HASH_BYTES);
	wipe(&pass, sizeof pass);
	if (e != OK)
		return e;
	p->index = call_trustee(&p->r->call, p->by.name);
	if (p->index == 0 || memcmp(p->by.key, p->r->call.trustee[p->index - 1].key.key, 32) != 0)
		return why_set(why, ERR_PROOF, "the key %s is not one of the call's trustees", p->by.name);
	return OK;
}

static void
post_close(struct post *p)
{
	for (unsigned i = 0; i < MAX_TRUSTEES; i++) {
		if (p->m1 != NULL)
			message_free(&p->m1[i]);
		if (p->m2 != NULL)
			message_free(&p->m2[i]);
	}
	free(p->m1);
	free(p->m2);
	secmem_free(p->state, sizeof *p->state);
	wipe(p->state_key, sizeof p->state_key);
	signer_close(&p->by);
}

static enum err
load_state(struct post *p, struct why *why)
{
	struct buf b = {0};
	enum err e;

	if ((e = file_read(&b, p->state_file, 65536, why)) == OK && (e = ceremony_load(p->state, &p->r->call, p->state_key, b.p, b.n, why)) != OK)
		why_prefix(why, e, "%s", p->state_file);
	if (e == OK && p->state->index != p->index)
		e = why_set(why, ERR_PROOF, "%s is the state of trustee %u, not of %s", p->state_file, p->state->index, p->by.name);
	buf_free(&b);
	return e;
}

/* Once the attempt is over nothing of it stays. */
static void
forget_state(struct post *p)
{
	uint8_t zero[8192] = {0};
	struct buf b = {0};

	if (file_read(&b, p->state_file, sizeof zero, NULL) == OK && file_write(p->state_file, zero, b.n, 0600, NULL) == OK)
		(void)unlink(p->state_file);
	buf_free(&b);
	ceremony_forget(p->state);
}

static enum err
get_round(struct post *p, int round, struct why *why)
{
	struct message *m = round == 1 ? p->m1 : p->m2;
	enum err e = OK;

	for (unsigned i = 1; i <= p->r->call.trustees && e == OK; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "round%d-%u.json", round, i);
		if ((e = message_get(&m[i - 1], p->in, name, why)) == ERR_ABSENT)
			e = why_set(why, e, "%s/%s is missing: wait for trustee %u (%s)", p->in, name, i, p->r->call.trustee[i - 1].key.name);
	}
	return e;
}

static int
round1(struct args *a)
{
	struct post p;
	struct message m = {{0}, {0}};
	struct buf sealed = {0};
	struct why why = {""};
	unsigned attempt = arg_attempt(a);
	char name[64];
	enum err e = post_open(&p, a, &why);

	args_end(a);
	if (e == OK && access(p.state_file, F_OK) == 0)
		e = why_set(&why, ERR_EXISTS, "%s is there already: an attempt's state is never overwritten", p.state_file);
	if (e == OK && (e = ceremony_round1(p.state, &m, &p.r->call, p.index, attempt, &p.by, &why)) == OK &&
	    (e = ceremony_save(&sealed, p.state, &p.r->call, p.state_key)) == OK && (e = file_write(p.state_file, sealed.p, sealed.n, 0600, &why)) == OK) {
		(void)snprintf(name, sizeof name, "round1-%u.json", p.index);
		if ((e = message_put(&m, p.out, name, &why)) == OK)
			(void)printf("trustee %u (%s), attempt %u: %s/%s; give it to the others\n", p.index, p.by.name, attempt, p.out, name);
	}
	message_free(&m);
	buf_free(&sealed);
	post_close(&p);
	return e == OK ? 0 : fail("trustee", &why);
}

static int
round2(struct args *a)
{
	struct post p;
	struct message m = {{0}, {0}};
	struct why why = {""};
	char name[64];
	enum err e = post_open(&p, a, &why);

	args_end(a);
	if (e == OK && (e = load_state(&p, &why)) == OK && (e = get_round(&p, 1, &why)) == OK &&
	    (e = ceremony_round2(p.state, &m, &p.r->call, p.m1, &p.by, &why)) == OK) {
		(void)snprintf(name, sizeof name, "round2-%u.json", p.index);
		if ((e = message_put(&m, p.out, name, &why)) == OK)
			(void)printf("trustee %u (%s): %s/%s; give it to the others\n", p.index, p.by.name, p.out, name);
	}
	message_free(&m);
	post_close(&p);
	return e == OK ? 0 : fail("trustee", &why);
}

static int
round3(struct args *a)
{
	struct post p;
	struct why why = {""};
	char name[64];
	enum err e = post_open(&p, a, &why);

	args_end(a);
	if (e == OK && (e = load_state(&p, &why)) == OK && (e = get_round(&p, 1, &why)) == OK)
		e = get_round(&p, 2, &why);
	for (unsigned to = 1; e == OK && to <= p.r->call.trustees; to++) {
		struct message m = {{0}, {0}};

		if ((e = ceremony_round3(p.state, &m, &p.r->call, p.m1, p.m2, to, &p.by, &why)) == OK) {
			(void)snprintf(name, sizeof name, "round3-%u-to-%u.json", p.index, to);
			e = message_put(&m, p.out, name, &why);
		}
		message_free(&m);
	}
	if (e == OK)
		(void)printf("trustee %u (%s): all reveals agree; %u sealed shares in %s, one for each trustee\n", p.index, p.by.name, p.r->call.trustees, p.out);
	post_close(&p);
	return e == OK ? 0 : fail("trustee", &why);
}

/* Store the share on each card ("LABEL:PINFILE") and list them. */
static enum err
to_cards(struct post *p, struct args *a, const char *module, const struct scalar *share, struct card *cards, size_t *n, struct why *why)
{
	const char *spec;
	enum err e = OK;

	for (unsigned set = 0; e == OK && (spec = arg_nth(a, "--card", set)) != NULL; set++) {
		struct share_facts facts = {p->r->call.hash, p->index, set + 1};
		struct passphrase pin;
		struct token *t = NULL;
		const char *colon = strchr(spec, ':');
		char label[33];

		if (colon == NULL || (size_t)(colon - spec) >= sizeof label || set >= 9)
			return why_set(why, ERR_FORMAT, "--card %s: LABEL:PINFILE is needed, at most 9 times", spec);
		(void)snprintf(label, sizeof label, "%.*s", (int)(colon - spec), spec);
		if ((e = passphrase_get(&pin, colon + 1, "PIN", why)) == OK && (e = pin_allowed(&p->r->call, pin.text, pin.n, why)) == OK && (e = token_open(&t, module, label, NULL, &pin, why)) == OK &&
		    (e = token_share_store(t, &facts, share->b, why)) == OK) {
			(void)snprintf(cards[*n].serial, sizeof cards[*n].serial, "%s", token_info(t)->serial);
			(void)snprintf(cards[*n].label, sizeof cards[*n].label, "%s", label);
			cards[*n].trustee = p->index;
			cards[(*n)++].set = set + 1;
			(void)printf("  share on card %s (serial %s, set %u), read back\n", label, token_info(t)->serial, set + 1);
		}
		token_close(t);
		wipe(&pin, sizeof pin);
	}
	return e;
}

static int
finish(struct args *a)
{
	const char *module = arg(a, "--module");
	struct post p;
	struct message *m3 = calloc(MAX_TRUSTEES, sizeof *m3), m = {{0}, {0}};
	struct scalar *share = secmem_new(sizeof *share);
	struct card cards[9];
	struct why why = {""};
	unsigned liar = 0;
	size_t n = 0;
	char name[64];
	enum err e = post_open(&p, a, &why);

	(void)arg_need(a, "--card");
	for (unsigned i = 0; arg_nth(a, "--card", i) != NULL; i++)
		;
	args_end(a);
	if (share == NULL || m3 == NULL)
		return 1;
	if (e == OK && (e = load_state(&p, &why)) == OK && (e = get_round(&p, 1, &why)) == OK)
		e = get_round(&p, 2, &why);
	for (unsigned i = 1; e == OK && i <= p.r->call.trustees; i++) {
		(void)snprintf(name, sizeof name, "round3-%u-to-%u.json", i, p.index);
		if ((e = message_get(&m3[i - 1], p.in, name, &why)) == ERR_ABSENT)
			e = why_set(&why, e, "%s/%s is missing: wait for trustee %u (%s)", p.in, name, i, p.r->call.trustee[i - 1].key.name);
	}
	if (e == OK)
		e = ceremony_finish(p.state, share, &p.r->call, p.m1, p.m2, m3, &liar, &why);
	if (e != OK && liar > 0) {
		struct why other = {""};

		(void)snprintf(name, sizeof name, "complaint-%u.json", p.index);
		if (ceremony_complain(&m, p.state, &p.r->call, liar, &m3[liar - 1], &p.by, &other) == OK && message_put(&m, p.out, name, &other) == OK) {
			forget_state(&p);
			(void)fprintf(stderr, "a complaint is in %s/%s (urna ceremony judge); the state of this attempt is destroyed\n", p.out, name);
		}
	}
	if (e == OK && (e = to_cards(&p, a, module, share, cards, &n, &why)) == OK &&
	    (e = ceremony_cards(&m, &p.r->call, p.index, p.state->attempt, cards, n, &p.by, &why)) == OK) {
		(void)snprintf(name, sizeof name, "cards-%u.json", p.index);
		if ((e = message_put(&m, p.out, name, &why)) == OK) {
			forget_state(&p);
			(void)printf("trustee %u (%s): every share fits the reveals; the state of the rounds is destroyed; %s/%s goes to whoever assembles\n", p.index, p.by.name, p.out, name);
		}
	}
	if (e != OK && n > 0)
		(void)fprintf(stderr, "%zu of the cards hold a share already and take no other of this call: make cards anew before finish is run again (urna trustee card)\n", n);
	for (unsigned i = 0; i < MAX_TRUSTEES; i++)
		message_free(&m3[i]);
	free(m3);
	message_free(&m);
	secmem_free(share, sizeof *share);
	post_close(&p);
	return e == OK ? 0 : fail("trustee", &why);
}

/* Sign the transcript only if it holds one's own messages and cards. */
static int
sign(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *in = arg_need(a, "--messages");
	struct record *r = calloc(1, sizeof *r);
	struct message m = {{0}, {0}};
	struct signer by = {0};
	struct card all[MAX_CARDS], own[9];
	struct buf b = {0};
	struct why why = {""};
	size_t n = MAX_CARDS, mine = 0;
	unsigned index = 0, found = 0;
	char name[64];
	enum err e;

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || (e = open_record(r, dir, TO_CALL, &why)) != OK || (e = open_signer(a, &by, &why)) != OK)
		return fail("trustee", &why);
	index = call_trustee(&r->call, by.name);
	if (index == 0)
		e = why_set(&why, ERR_PROOF, "the key %s is not one of the call's trustees", by.name);
	(void)snprintf(name, sizeof name, "cards-%u.json", index);
	if (e == OK && (e = record_file(r, "key/transcript.json", 8 << 20, &b, &why)) == OK &&
	    (e = transcript_read(&r->joint, all, &n, b.p, b.n, &r->call, &why)) == OK && (e = message_get(&m, in, name, &why)) == OK)
		e = ceremony_cards_read(own, &mine, 9, &m, &r->call, index, r->joint.attempt, &why);
	for (size_t i = 0; e == OK && i < n; i++)
		for (size_t k = 0; k < mine; k++)
			found += all[i].trustee == index && all[i].set == own[k].set && strcmp(all[i].serial, own[k].serial) == 0;
	message_free(&m);
	(void)snprintf(name, sizeof name, "round1-%u.json", index);
	if (e == OK && found != mine)
		e = why_set(&why, ERR_PROOF, "the transcript does not list exactly your cards: do not sign");
	if (e == OK && (e = message_get(&m, in, name, &why)) == OK) {
		const char *text = buf_cstr(&b);
		struct hash h;
		char hex[65];

		sha256(&h, m.text.p, m.text.n);
		hash_hex(hex, &h);
		/* the note of the own round 1 names the text's hash, and stands whole in the transcript */
		if (strstr(text, hex) == NULL)
			e = why_set(&why, ERR_PROOF, "the transcript does not hold your message of round 1: do not sign");
	}
	message_free(&m);
	buf_free(&b);
	signer_close(&by);
	if (e != OK || (e = sign_file(a, dir, "key/transcript.json", "key-transcript", &r->call, &why)) != OK)
		return fail("trustee", &why);
	(void)printf("trustee %u (%s) signed the transcript\n", index, r->call.trustee[index - 1].key.name);
	return 0;
}

/* ---- cards --------------------------------------------------------------------------------- */

static int
card(struct args *a)
{
	const char *label = arg_need(a, "--label"), *pin_file = arg_need(a, "--pin-file"), *module = arg(a, "--module");
	struct passphrase pin, so;
	struct token_info info;
	struct why why = {""};

	args_end(a);
	passphrase_make(&so);
	passphrase_make(&pin);
	/* the PIN first: a card is never without it */
	if (new_file(pin_file, "it may hold another card's only PIN; name another file", &why) != OK || file_write(pin_file, pin.text, pin.n, 0600, &why) != OK)
		return fail("trustee", &why);
	if (token_init(module, label, &so, &pin, &info, &why) != OK) {
		(void)unlink(pin_file);
		return fail("trustee", &why);
	}
	(void)printf("card %s, serial %s; its PIN is in %s\n", info.label, info.serial, pin_file);
	wipe(&pin, sizeof pin);
	wipe(&so, sizeof so);
	return 0;
}

/* Open a card and take its share: the card is one of the ceremony's, the share the one put there. */
static enum err
card_share(struct token **out, struct scalar *share, struct share_facts *facts, const struct record *r, const char *module, const char *label, const struct passphrase *pin, struct why *why)
{
	struct token *t = NULL;
	struct point y;
	int listed = 0;
	enum err e;

	if ((e = token_open(&t, module, label, NULL, pin, why)) != OK)
		return e;
	for (size_t i = 0; i < r->cards; i++)
		listed |= strcmp(r->card[i].serial, token_info(t)->serial) == 0;
	if (!listed)
		e = why_set(why, ERR_PROOF, "card %s (serial %s) is none of the ceremony's cards: was it swapped?", label, token_info(t)->serial);
	if (e == OK && (e = token_share_load(t, &r->call.hash, share->b, facts, why)) == OK) {
		point_mul_base(&y, share);
		listed = 0;
		for (size_t i = 0; i < r->cards; i++)
			listed |= strcmp(r->card[i].serial, token_info(t)->serial) == 0 && r->card[i].trustee == facts->trustee && r->card[i].set == facts->set;
		if (!listed || facts->trustee < 1 || facts->trustee > r->joint.k || !point_equal(&y, &r->joint.share_key[facts->trustee - 1]))
			e = why_set(why, ERR_PROOF, "the share on card %s is not the one that the ceremony put there", label);
	}
	if (e != OK) {
		wipe(share, sizeof *share);
		token_close(t);
		return e;
	}
	*out = t;
	return OK;
}

static int
drill(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *label = arg_need(a, "--label"), *module = arg(a, "--module"), *pin_file = arg(a, "--pin-file");
	struct record *r = calloc(1, sizeof *r);
	struct scalar *share = secmem_new(sizeof *share);
	struct share_facts facts;
	struct passphrase pin;
	struct token *t = NULL;
	struct why why = {""};
	enum err e;

	args_end(a);
	process_harden();
	if (r == NULL || share == NULL || open_record(r, dir, TO_KEY, &why) != OK || passphrase_ask(&pin, pin_file, "--pin-file", "PIN", &why) != OK)
		return fail("trustee", &why);
	e = card_share(&t, share, &facts, r, module, label, &pin, &why);
	secmem_free(share, sizeof *share);
	token_close(t);
	wipe(&pin, sizeof pin);
	if (e != OK)
		return fail("trustee", &why);
	(void)printf("card %s works: it holds the share of trustee %u, set %u\n", label, facts.trustee, facts.set);
	return 0;
}

static int
init(struct args *a)
{
	const char *name = arg_need(a, "--name"), *out = arg_need(a, "--out");
	struct passphrase pass;
	struct why why = {""};
	struct vkey key;
	char text[256];

	if (passphrase_get(&pass, arg(a, "--pass-file"), "New passphrase", &why) != OK)
		return fail("trustee", &why);
	args_end(a);
	if (keyfile_create(out, name, NOTE_ED25519, &pass, &key, &why) != OK)
		return fail("trustee", &why);
	wipe(&pass, sizeof pass);
	vkey_write(text, &key);
	(void)printf("%s\n", text);
	return 0;
}

int
cmd_trustee(struct args *a)
{
	static const struct step steps[] = {{"init", init}, {"round1", round1}, {"round2", round2}, {"round3", round3}, {"finish", finish}, {"sign", sign}, {"card", card}, {"drill", drill}};
	int code = run_step(a, steps, sizeof steps / sizeof *steps);

	if (code >= 0)
		return code;
	(void)fprintf(stderr, "usage: urna trustee init --name NAME --out FILE [--pass-file FILE]                a signing key for the call\n"
			      "       urna trustee card --label L --pin-file FILE [--module LIB]                 a new card, with a generated PIN\n"
			      "  the ceremony on separate machines; messages travel as files, DIR holds what came and what goes:\n"
			      "       urna trustee round1 --record DIR --messages DIR --state FILE --key FILE [--pass-file FILE] [--attempt N]\n"
			      "       urna trustee round2 | round3 (the same options)\n"
			      "       urna trustee finish (the same) --card LABEL:PINFILE [--card ...] [--module LIB]      one card a set\n"
			      "       urna trustee sign --record DIR --messages DIR --key FILE [--pass-file FILE]          after urna ceremony assemble\n"
			      "       urna trustee drill --record DIR --label L --pin-file FILE [--module LIB]             that a card works\n"
			      "Any failure ends the attempt: all start again with --attempt N+1 (up to %d) and fresh state files; nobody is excluded.\n"
			      "A card on which a share of it was written takes no other of this call: make cards anew (urna trustee card --label NEW\n"
			      "--pin-file NEW), or erase it with the tool of its maker first.\n", ATTEMPTS);
	return 2;
}
