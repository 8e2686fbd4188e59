#include "verifier/receipt_cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyfile.h"
#include "verifier/cmd.h"
#include "verifier/mine.h"
#include "verifier/options.h"
#include "verifier/policy_cmd.h"

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

/* What was asked for on the command line. */
struct asked {
	const char *file, *ballot, *where; /* where: of the record, or NULL */
	const char *mine, *user, *password_file;
	char id[65];
	const char *pinned;
	struct policy policy;
	int policy_file, named; /* 1: a policy file, which must be met; 1: the person named witnesses */
};

/* "And it is mine": no receipt is needed, only the private file and the password. */
static int
receipt_mine(struct record *rec, const struct asked *q)
{
	struct passphrase password;
	struct buf b = {0};
	struct why why = {""};
	uint64_t index = 0;
	char letters[40];
	enum err e;

	if (file_read(&b, q->mine, 65536, &why) != OK || passphrase_ask(&password, q->password_file, "--password-file", "Voting password", &why) != OK) {
		buf_free(&b);
		return cannot(&why);
	}
	if ((e = read_election(rec, q->pinned, &why)) == OK && (e = record_events(rec, &why)) == OK && (e = read_counted(rec, &why)) == OK)
		e = mine_check(&index, letters, rec, b.p, b.n, q->user, password.text, &why);
	wipe(&password, sizeof password);
	buf_free(&b);
	if (e != OK)
		return not_verified(e, "", &why);
	(void)printf("entry %llu of the record that was counted is yours\ncommitment %s: is it the one you noted before you chose to cast?\n",
	    (unsigned long long)index, letters);
	return verified("", q->pinned);
}

static void
print_cosigned(const struct policy *p, const struct policy_view *v)
{
	if (v->cosigned > 0 && v->quorum)
		(void)printf("in a cosigned head: %zu of %zu witnesses\n", v->cosigned, p->witnesses);
	else if (p->witnesses > 0)
		(void)printf("not in a cosigned head (%zu of %zu witnesses; the quorum is %s): fetch the receipt again after the next public head\n", v->cosigned, p->witnesses, policy_quorum(p));
}

/* The entry is the record's, and the head a prefix of its log. */
static enum err
compare_with_record(const struct record *rec, const struct receipt *r, const struct head *head, const struct hash *leaf, struct why *why)
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
	if (!same)
		return why_set(why, ERR_PROOF, "the record that was counted holds another entry %llu: keep the receipt, it is evidence", (unsigned long long)r->index);
	if (!hash_equal(&root, &head->root))
		return why_set(why, ERR_PROOF, "the receipt's head is no prefix of the record: keep it, it is evidence of a forked log");
	(void)printf("in the head that was counted (%llu ballots)\n", (unsigned long long)rec->ballots);
	return OK;
}

/* What the ballot says it is of; with the record, it is of that election too. */
static enum err
check_election(struct record *rec, const struct buf *entry, const char *pinned, struct why *why)
{
	struct ballot *b = calloc(1, sizeof *b);
	enum err e;

	if (b == NULL)
		return ERR_NOMEM;
	if (ballot_read(b, entry->p, entry->n) != OK)
		e = why_set(why, ERR_FORMAT, "the ballot's file is not a ballot in canonical form");
	else if (rec == NULL)
		e = same_election(&b->election, pinned, why);
	else if ((e = read_election(rec, pinned, why)) != OK)
		(void)why_prefix(why, e, "the record");
	else if (!hash_equal(&b->election, &rec->election))
		e = why_set(why, ERR_PROOF, "the ballot is of another election than the record");
	free(b);
	return e;
}

/* By whom the receipt's head is signed and cosigned. The witnesses are the record's as they stand after every replacement (V39), unless the
 * person named some. */
static enum err
check_head(struct record *rec, const struct receipt *r, const struct hash *leaf, struct head *head, struct asked *q, struct why *why)
{
	struct policy *p = &q->policy;
	struct policy_view v;
	enum err e;

	if (p->logs == 0 && (e = policy_add_log(p, &rec->call.log_ballots, NULL, why)) != OK)
		return e;
	if ((e = policy_open(&v, p, r->checkpoint, r->checkpoint_n, why)) != OK || (e = receipt_verify(r, leaf, &p->log[v.log].key, head, why)) != OK)
		return e;
	(void)printf("in a signed head: entry %llu of a tree of %llu\n", (unsigned long long)r->index, (unsigned long long)head->size);
	if (rec != NULL && (e = record_events(rec, why)) != OK)
		return why_prefix(why, e, "the record");
	if (rec != NULL && !q->named && ((e = policy_add_call(p, &rec->call, why)) != OK || (e = policy_open(&v, p, r->checkpoint, r->checkpoint_n, why)) != OK))
		return e;
	print_cosigned(p, &v);
	return q->policy_file && !v.quorum ? why_set(why, ERR_PROOF, "the policy is not met") : OK;
}

/* rec is NULL without --record. Says of one receipt what can be said of it. */
static int
receipt_check(struct record *rec, const struct buf *receipt, const struct buf *entry, struct asked *q)
{
	struct why why = {""};
	struct receipt r;
	struct head head;
	struct hash leaf;
	enum err e;

	leaf_hash(&leaf, entry->p, entry->n);
	if ((e = check_election(rec, entry, q->pinned, &why)) != OK || (e = receipt_read(&r, receipt->p, receipt->n, &why)) != OK ||
	    (e = check_head(rec, &r, &leaf, &head, q, &why)) != OK)
		return not_verified(e, "", &why);
	if (rec == NULL)
		return verified(" (provisional: not compared with the record that was counted)", q->pinned);
	if ((e = read_counted(rec, &why)) != OK)
		return not_verified(e, "the record: ", &why);
	e = compare_with_record(rec, &r, &head, &leaf, &why);
	return e == OK ? verified("", q->pinned) : not_verified(e, "", &why);
}

static int
receipt_file(struct record *rec, struct asked *q)
{
	struct buf receipt = {0}, entry = {0};
	struct why why = {""};
	int code;

	if (file_read(&receipt, q->file, NOTE_MAX_BYTES, &why) != OK || file_read(&entry, q->ballot, BALLOT_MAX_BYTES, &why) != OK)
		code = cannot(&why);
	else
		code = receipt_check(rec, &receipt, &entry, q);
	buf_free(&receipt);
	buf_free(&entry);
	return code;
}

static enum err
read_asked(int argc, char **argv, struct asked *q, struct why *why)
{
	enum err e;

	q->mine = option(argc, argv, "--mine");
	q->user = option(argc, argv, "--user");
	q->password_file = option(argc, argv, "--password-file");
	q->ballot = option(argc, argv, "--ballot");
	q->where = option(argc, argv, "--record");
	if ((e = option_election(argc, argv, q->id, &q->pinned, why)) != OK || (e = option_policy(argc, argv, &q->policy, &q->policy_file, why)) != OK)
		return e;
	q->named = q->policy_file || q->policy.witnesses > 0;
	q->file = word(argc, argv);
	return OK;
}

int
cmd_receipt(int argc, char **argv)
{
	struct asked *q = calloc(1, sizeof *q);
	struct record *rec = calloc(1, sizeof *rec);
	struct why why = {"out of memory"};
	int code = -1;

	if (rec == NULL || q == NULL || read_asked(argc, argv, q, &why) != OK || (q->where != NULL && source_open(&rec->src, q->where, &why) != OK)) {
		free(rec);
		free(q);
		return cannot(&why);
	}
	if (q->mine != NULL && q->where != NULL && q->user != NULL && q->file == NULL)
		code = receipt_mine(rec, q);
	else if (q->mine == NULL && q->file != NULL && q->ballot != NULL && q->policy.logs == 0 && q->where == NULL && q->policy_file) {
		(void)why_set(&why, ERR_ABSENT, "the policy names no log: give --log-key");
		code = cannot(&why);
	} else if (q->mine == NULL && q->file != NULL && q->ballot != NULL && (q->policy.logs > 0 || q->where != NULL))
		code = receipt_file(q->where != NULL ? rec : NULL, q);
	record_free(rec);
	free(rec);
	free(q);
	return code;
}
