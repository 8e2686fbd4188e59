#include "tally/fetch_receipt.h"

#include <stdio.h>
#include <time.h>

#include "election/ballot.h"
#include "tally/cli.h"
#include "verifier/mine.h"

/* Signed by the key under which the ballot lies: nobody else learns where it is. */
static enum err
ask(const struct record *r, const struct voter_message *m, const struct scalar *one_time, const uint8_t key[XONLY_BYTES], struct buf *answer, struct why *why)
{
	struct buf body = {0};
	struct json_out o = json_out(&body);
	int64_t now = (int64_t)time(NULL);
	uint8_t sig[SCHNORR_BYTES];
	struct hash h;
	char url[300];
	long status = 0;
	enum err e;

	receipt_request_hash(&h, &r->election, key, now);
	if ((e = schnorr_sign(sig, one_time, &h)) != OK)
		return e;
	json_begin(&o, NULL, '{');
	json_hex(&o, "one_time_key", key, XONLY_BYTES);
	json_int(&o, "time", now);
	json_hex(&o, "signature", sig, sizeof sig);
	json_end(&o, '}');
	(void)snprintf(url, sizeof url, "%s/receipt", m->box);
	if ((e = http_call(NULL, url, "application/json", body.p, body.n, &status, answer, why)) == OK && status != 200)
		e = why_set(why, ERR_NOT_NOW, "the box gives no receipt (%ld): %.600s", status, buf_cstr(answer));
	buf_free(&body);
	return e;
}

static enum err
check(const struct record *r, const struct buf *ballot, const struct buf *receipt, size_t *cosigned, struct why *why)
{
	struct vkey witness[MAX_PARTIES];
	struct receipt x;
	struct hash leaf;
	struct head head;
	enum err e;

	for (unsigned i = 0; i < r->call.witnesses; i++)
		witness[i] = r->call.witness[i].key;
	leaf_hash(&leaf, ballot->p, ballot->n);
	if ((e = receipt_read(&x, receipt->p, receipt->n, why)) == OK && (e = receipt_verify(&x, &leaf, &r->call.log_ballots, &head, why)) == OK)
		e = checkpoint_cosigners(cosigned, x.checkpoint, x.checkpoint_n, witness, r->call.witnesses, why);
	return e == OK ? OK : why_prefix(why, e, "the box gave a false receipt; keep the one you have");
}

enum err
fetch_receipt(const struct world *w, const struct voter_message *m, const char *mine, const char *receipt, size_t *cosigned, struct why *why)
{
	const struct record *r = &w->r;
	struct buf own = {0}, ballot = {0}, answer = {0};
	struct scalar one_time;
	uint8_t key[XONLY_BYTES];
	char beside[1400];
	enum err e;

	(void)snprintf(beside, sizeof beside, "%s.ballot", receipt);
	if ((e = file_read(&own, mine, 65536, why)) == OK && (e = file_read(&ballot, beside, BALLOT_MAX_BYTES, why)) == OK &&
	    (e = mine_key(&one_time, key, r, own.p, own.n, m->user, m->password, why)) == OK && (e = ask(r, m, &one_time, key, &answer, why)) == OK &&
	    (e = check(r, &ballot, &answer, cosigned, why)) == OK)
		e = file_write(receipt, answer.p, answer.n, 0644, why);
	wipe(&one_time, sizeof one_time);
	buf_free(&own);
	buf_free(&ballot);
	buf_free(&answer);
	return e;
}
