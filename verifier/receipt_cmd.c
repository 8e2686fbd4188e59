#include "verifier/receipt_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyfile.h"
#include "election/record.h"
#include "verifier/mine.h"
#include "verifier/options.h"

static int
cannot(const struct why *why)
{
	(void)fprintf(stderr, "urna-verify: %s\n", why->text);
	return 2;
}

static int
not_verified(const char *what, const struct why *why)
{
	(void)printf("NOT VERIFIED: %s%s\n", what, why->text);
	return 1;
}

/* The record as far as its log of events: from here on its call holds the parties as they stand at the end. */
static enum err
read_events(struct record *rec, struct why *why)
{
	enum err e;

	if ((e = record_key(rec, why)) != OK || (e = record_setup(rec, why)) != OK || (e = record_opening(rec, why)) != OK)
		return e;
	return record_events(rec, why);
}

/* The ballots that were counted: the box as the close entry names it. */
static enum err
read_counted(struct record *rec, struct why *why)
{
	char root[65];
	enum err e;

	if (rec->close == NULL)
		return why_set(why, ERR_NOT_NOW, "its box is not closed, and nothing was counted yet: without --record the receipt is checked against its own head");
	if ((e = record_ballots(rec, why)) != OK)
		return e;
	hash_hex(root, &rec->ballots_head.root);
	return strcmp(root, event_fact(rec->close, "root")) == 0 ? OK : why_set(why, ERR_PROOF, "its log of ballots is not the one of the close entry");
}

/* "And it is mine": no receipt is needed, only the private file and the password. */
static int
receipt_mine(struct record *rec, const char *dir, const char *mine, const char *user, const char *password_file)
{
	struct passphrase password;
	struct buf b = {0};
	struct why why = {""};
	uint64_t index = 0;
	char letters[40];
	enum err e;

	rec->src = source_dir(dir);
	if (file_read(&b, mine, 65536, &why) != OK || passphrase_get(&password, password_file, "Voting password", &why) != OK)
		return cannot(&why);
	if ((e = record_call(rec, &why)) == OK && (e = read_events(rec, &why)) == OK && (e = read_counted(rec, &why)) == OK)
		e = mine_check(&index, letters, rec, b.p, b.n, user, password.text, &why);
	wipe(&password, sizeof password);
	buf_free(&b);
	if (e != OK)
		return not_verified("", &why);
	(void)printf("entry %llu of the record that was counted is yours\ncommitment %s: is it the one you noted before you chose to cast?\nVERIFIED\n",
	    (unsigned long long)index, letters);
	return 0;
}

struct witnesses {
	struct vkey key[MAX_PARTIES];
	size_t n, quorum;
};

/* Those of the record as they stand after every replacement (V39), unless the person named some. */
static void
witnesses_of(struct witnesses *w, const struct call *call)
{
	if (w->n > 0)
		return;
	for (unsigned i = 0; i < call->witnesses; i++)
		w->key[w->n++] = call->witness[i].key;
	w->quorum = call->witness_quorum;
}

static enum err
print_cosigned(const struct receipt *r, const struct witnesses *w, struct why *why)
{
	size_t n = 0;
	enum err e = checkpoint_cosigners(&n, r->checkpoint, r->checkpoint_n, w->key, w->n, why);

	if (e == OK && n > 0 && n >= w->quorum)
		(void)printf("in a cosigned head: %zu of %zu witnesses\n", n, w->n);
	else if (e == OK && w->n > 0)
		(void)printf("not in a cosigned head (%zu of %zu witnesses; %zu are asked for): fetch the receipt again after the next public head\n", n, w->n, w->quorum);
	return e;
}

/* The entry is the record's, and the head a prefix of its log. */
static int
compare_with_record(const struct record *rec, const struct receipt *r, const struct head *head, const struct hash *leaf)
{
	struct frontier f = {0};
	struct hash root = {{0}}, own;
	int same = 0;

	for (uint64_t i = 0; i < rec->ballots; i++) {
		record_leaf(rec, i, &own);
		frontier_append(&f, &own);
		same |= i == r->index && hash_equal(&own, leaf);
		if (f.size == head->size)
			frontier_root(&root, &f);
	}
	if (!same) {
		(void)printf("NOT VERIFIED: the record that was counted holds another entry %llu: keep the receipt, it is evidence\n", (unsigned long long)r->index);
		return 1;
	}
	if (!hash_equal(&root, &head->root)) {
		(void)printf("NOT VERIFIED: the receipt's head is no prefix of the record: keep it, it is evidence of a forked log\n");
		return 1;
	}
	(void)printf("in the head that was counted (%llu ballots)\nVERIFIED\n", (unsigned long long)rec->ballots);
	return 0;
}

/* rec is NULL without --record; its call has been read. */
static int
receipt_check(struct record *rec, const struct buf *receipt, const struct buf *entry, const struct vkey *log, struct witnesses *w)
{
	struct why why = {""};
	struct receipt r;
	struct head head;
	struct hash leaf;

	leaf_hash(&leaf, entry->p, entry->n);
	if (receipt_read(&r, receipt->p, receipt->n, &why) != OK || receipt_verify(&r, &leaf, log, &head, &why) != OK)
		return not_verified("", &why);
	(void)printf("in a signed head: entry %llu of a tree of %llu\n", (unsigned long long)r.index, (unsigned long long)head.size);
	if (rec != NULL) {
		if (read_events(rec, &why) != OK)
			return not_verified("the record: ", &why);
		witnesses_of(w, &rec->call);
	}
	if (print_cosigned(&r, w, &why) != OK)
		return not_verified("", &why);
	if (rec == NULL) {
		(void)printf("VERIFIED (provisional: not compared with the record that was counted)\n");
		return 0;
	}
	if (read_counted(rec, &why) != OK)
		return not_verified("the record: ", &why);
	return compare_with_record(rec, &r, &head, &leaf);
}

int
cmd_receipt(int argc, char **argv)
{
	const char *mine = option(argc, argv, "--mine"), *user = option(argc, argv, "--user"), *password_file = option(argc, argv, "--password-file");
	const char *ballot = option(argc, argv, "--ballot"), *key = option(argc, argv, "--log-key"), *dir = option(argc, argv, "--record"), *file;
	struct record *rec = calloc(1, sizeof *rec);
	struct witnesses w = {.n = 0};
	struct buf receipt = {0}, entry = {0};
	struct why why = {""};
	struct vkey log;
	int code, bad_witnesses;

	if (rec == NULL)
		abort();
	bad_witnesses = option_witnesses(argc, argv, w.key, MAX_PARTIES, &w.n, &w.quorum, &why) != OK;
	file = word(argc, argv);
	if (mine != NULL && dir != NULL && user != NULL && file == NULL)
		return receipt_mine(rec, dir, mine, user, password_file);
	if (file == NULL || ballot == NULL || mine != NULL || (key == NULL && dir == NULL))
		return -1;
	rec->src = source_dir(dir != NULL ? dir : "");
	if (bad_witnesses || file_read(&receipt, file, NOTE_MAX_BYTES, &why) != OK || file_read(&entry, ballot, BALLOT_MAX_BYTES, &why) != OK ||
	    (dir != NULL && record_call(rec, &why) != OK))
		return cannot(&why);
	log = rec->call.log_ballots;
	if (key != NULL && vkey_read(&log, key, &why) != OK)
		return cannot(&why);
	code = receipt_check(dir != NULL ? rec : NULL, &receipt, &entry, &log, &w);
	buf_free(&receipt);
	buf_free(&entry);
	record_free(rec);
	free(rec);
	return code;
}
