#include "tally/make_act.h"

#include <string.h>

#include "election/sums.h"

const char *const hash_list_names[3] = {"hashes.sha256", "hashes.sha512", "hashes.sha3-256"};

enum err
make_key_act(struct act *out, const struct record *r, struct why *why)
{
	struct hash transcript;

	sha256(&transcript, r->transcript.p, r->transcript.n);
	return act_key(out, &r->call, &r->joint, r->card, r->cards, &transcript, r->custody.p, r->custody.n, why);
}

/* A field with the hash of a file. */
static enum err
name_file(struct json_out *o, const char *field, struct record *r, const char *file, struct why *why)
{
	struct buf b = {0};
	struct hash h;
	enum err e = record_file(r, file, 1 << 30, &b, why);

	if (e == OK) {
		sha256(&h, b.p, b.n);
		json_hash(o, field, &h);
	}
	buf_free(&b);
	return e;
}

enum err
make_opening(struct buf *document, struct act *out, struct record *r, struct why *why)
{
	struct json_out o = json_out(document);
	struct act_facts facts = {&r->call, r->m, {{0}}};
	struct hash transcript;
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "opening");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &r->call.hash);
	sha256(&transcript, r->transcript.p, r->transcript.n);
	json_hash(&o, "transcript", &transcript);
	json_hash(&o, "manifest", &r->m->hash);
	json_hash(&o, "roll", &r->roll.hash);
	if ((e = name_file(&o, "dictamen", r, "dictamen.json", why)) != OK || (e = name_file(&o, "zero_report", r, "zero-report.json", why)) != OK)
		return e;
	json_end(&o, '}');
	if (document->failed)
		return ERR_NOMEM;
	sha256(&facts.election, document->p, document->n);
	return act_opening(out, &facts, document->p, document->n, why);
}

enum err
make_start_act(struct act *out, const struct record *r, const struct hash *file, const struct head *box, struct why *why)
{
	struct act_facts facts = {&r->call, r->m, r->election};
	char hex[65], root[65];

	if (r->close == NULL || !r->progress.compared)
		return why_set(why, ERR_NOT_NOW, "the comparison of article 36 comes first: urna decrypt compare");
	hash_hex(hex, file);
	hash_hex(root, &box->root);
	if (strcmp(hex, event_fact(r->close, "sha256")) != 0)
		return why_set(why, ERR_PROOF, "the file of encrypted votes is not the one of the closing: stop");
	if (strcmp(root, event_fact(r->close, "root")) != 0)
		return why_set(why, ERR_PROOF, "the ballots log is not the one of the closing: stop");
	for (uint64_t i = 0; i < r->entries; i++)
		if (strcmp(r->entry[i].kind, "comparison") == 0 &&
		    (strcmp(hex, event_fact(&r->entry[i], "sha256")) != 0 || strcmp(root, event_fact(&r->entry[i], "root")) != 0))
			return why_set(why, ERR_PROOF, "the entry of the comparison names another file or another root than the closing: stop");
	return act_start(out, &facts, r->close, r->entry, r->entries, file, box->size, &box->root);
}

enum err
make_handover(struct buf list[3], struct act *out, struct record *r, struct why *why)
{
	struct act_facts facts = {&r->call, r->m, r->election};
	struct hash h[3];
	char hex[65];
	enum err e;

	if (!r->progress.sealed)
		return why_set(why, ERR_NOT_NOW, "the record is not sealed: urna preserve");
	if ((e = hash_lists(r, list, why)) != OK)
		return e;
	seal_hash(&h[0], &list[0]);
	hash_hex(hex, &h[0]);
	if (strcmp(hex, event_fact(&r->entry[r->entries - 1], "list")) != 0)
		return why_set(why, ERR_PROOF, "the files are not those that were sealed");
	for (int i = 0; i < 3; i++)
		sha256(&h[i], list[i].p, list[i].n);
	return act_handover(out, &facts, h, r->card, r->cards, r->entry, r->entries);
}
