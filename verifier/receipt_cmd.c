#include "verifier/receipt_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyfile.h"
#include "election/record.h"
#include "verifier/mine.h"
#include "verifier/options.h"
#include "verifier/policy_cmd.h"

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

enum err
record_parties(struct record *rec, struct why *why)
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
	if ((e = record_call(rec, &why)) == OK && (e = record_parties(rec, &why)) == OK && (e = read_counted(rec, &why)) == OK)
		e = mine_check(&index, letters, rec, b.p, b.n, user, password.text, &why);
	wipe(&password, sizeof password);
	buf_free(&b);
	if (e != OK)
		return not_verified("", &why);
	(void)printf("entry %llu of the record that was counted is yours\ncommitment %s: is it the one you noted before you chose to cast?\nVERIFIED\n",
	    (unsigned long long)index, letters);
	return 0;
}

/* A policy in force, and where its witnesses come from. */
struct trust {
	struct policy policy;
	int file, named; /* 1: a policy file, which must be met; 1: the person named witnesses */
};

static void
print_cosigned(const struct policy *p, const struct policy_view *v)
{
	if (v->cosigned > 0 && v->quorum)
		(void)printf("in a cosigned head: %zu of %zu witnesses\n", v->cosigned, p->witnesses);
	else if (p->witnesses > 0)
		(void)printf("not in a cosigned head (%zu of %zu witnesses; the quorum is %s): fetch the receipt again after the next public head\n", v->cosigned, p->witnesses, policy_quorum(p));
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

/* rec is NULL without --record; its call has been read. The witnesses are the record's as they stand after every replacement (V39), unless the
 * person named some. */
static int
receipt_check(struct record *rec, const struct buf *receipt, const struct buf *entry, struct trust *t)
{
	struct policy_view v;
	struct why why = {""};
	struct receipt r;
	struct head head;
	struct hash leaf;

	leaf_hash(&leaf, entry->p, entry->n);
	if (receipt_read(&r, receipt->p, receipt->n, &why) != OK || policy_open(&v, &t->policy, r.checkpoint, r.checkpoint_n, &why) != OK ||
	    receipt_verify(&r, &leaf, &t->policy.log[v.log].key, &head, &why) != OK)
		return not_verified("", &why);
	(void)printf("in a signed head: entry %llu of a tree of %llu\n", (unsigned long long)r.index, (unsigned long long)head.size);
	if (rec != NULL) {
		if (record_parties(rec, &why) != OK)
			return not_verified("the record: ", &why);
		if (!t->named && (policy_add_call(&t->policy, &rec->call, &why) != OK || policy_open(&v, &t->policy, r.checkpoint, r.checkpoint_n, &why) != OK))
			return not_verified("", &why);
	}
	print_cosigned(&t->policy, &v);
	if (t->file && !v.quorum) {
		(void)printf("NOT VERIFIED: the policy is not met\n");
		return 1;
	}
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
	const char *ballot = option(argc, argv, "--ballot"), *dir = option(argc, argv, "--record"), *file;
	struct record *rec = calloc(1, sizeof *rec);
	struct trust *t = calloc(1, sizeof *t);
	struct buf receipt = {0}, entry = {0};
	struct why why = {""};
	int code;
	enum err e;

	if (rec == NULL || t == NULL)
		abort();
	e = option_policy(argc, argv, &t->policy, &t->file, &why);
	t->named = t->file || t->policy.witnesses > 0;
	file = word(argc, argv);
	if (mine != NULL && dir != NULL && user != NULL && file == NULL)
		return receipt_mine(rec, dir, mine, user, password_file);
	if (file == NULL || ballot == NULL || mine != NULL || (e == OK && t->policy.logs == 0 && !t->file && dir == NULL))
		return -1;
	rec->src = source_dir(dir != NULL ? dir : "");
	if (e != OK || (e = file_read(&receipt, file, NOTE_MAX_BYTES, &why)) != OK || (e = file_read(&entry, ballot, BALLOT_MAX_BYTES, &why)) != OK ||
	    (dir != NULL && (e = record_call(rec, &why)) != OK) || (dir != NULL && t->policy.logs == 0 && (e = policy_add_log(&t->policy, &rec->call.log_ballots, NULL, &why)) != OK))
		return cannot(&why);
	if (t->policy.logs == 0) {
		(void)why_set(&why, ERR_ABSENT, "the policy names no log: give --log-key");
		return cannot(&why);
	}
	code = receipt_check(dir != NULL ? rec : NULL, &receipt, &entry, t);
	buf_free(&receipt);
	buf_free(&entry);
	record_free(rec);
	free(rec);
	free(t);
	return code;
}
