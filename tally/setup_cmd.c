/* tally/setup_cmd.c - `urna key, call, manifest, dictamen`: before the opening. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/token.h"
#include "tally/cli.h"
#include "tally/inventory.h"
#include "tally/roll_csv.h"
#include "tally/steps.h"

/* ---- key ------------------------------------------------------------------------------- */

/* On a card: the token's label is in the pkcs11: name, the passphrase is its PIN. */
static enum err
key_on_token(const char *uri, const char *name, const struct passphrase *pin, struct vkey *out, struct why *why)
{
	char label[33], object[128], module[512];
	struct token *t = NULL;
	enum err e;

	if ((e = token_uri(uri, label, object, module, why)) != OK)
		return e;
	if (strcmp(object, name) != 0)
		return why_set(why, ERR_RANGE, "the object of %s must be the key's name, %s", uri, name);
	if ((e = token_open(&t, module[0] != '\0' ? module : NULL, label, NULL, pin, why)) == OK)
		e = token_key_make(t, name, out, why);
	token_close(t);
	return e;
}

/* Whose keys a call names; their kind follows from it. */
static const char *const roles[] = {"trustee", "mixer", "operator", "notary", "registrar", "auditor", "replacement", "authorizer", "witness", "log-ballots", "log-events"};

static int
key_usage(void)
{
	(void)fprintf(stderr, "usage: urna key init ROLE --name NAME --out FILE [--pass-file FILE]\n"
			      "       FILE may be pkcs11:token=LABEL;object=NAME (urna trustee card makes a token); the passphrase is then its PIN\n"
			      "       ROLE is one of:");
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		(void)fprintf(stderr, " %s", roles[i]);
	(void)fprintf(stderr, "\n");
	return 2;
}

int
cmd_key(struct args *a)
{
	const char *what = word(a, 0), *role = word(a, 1), *out, *name;
	struct passphrase pass;
	struct why why = {""};
	struct vkey key;
	char text[256];
	uint8_t type;
	int known = 0;

	if (strcmp(what, "init") != 0) {
		wrong_word(a, what);
		return key_usage();
	}
	(void)arg_need(a, "--out");
	(void)arg_need(a, "--name");
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		known |= strcmp(roles[i], role) == 0;
	if (!known) {
		(void)fprintf(stderr, "urna key: there is no role \"%s\"\n", role);
		return key_usage();
	}
	out = arg_need(a, "--out");
	name = arg_need(a, "--name");
	type = strcmp(role, "witness") == 0 ? NOTE_COSIGNATURE : NOTE_ED25519;
	(void)arg(a, "--pass-file");
	args_end(a);
	if (passphrase_get(&pass, arg(a, "--pass-file"), "New passphrase", &why) != OK)
		return fail("key", &why);
	if (strncmp(out, "pkcs11:", 7) == 0 ? key_on_token(out, name, &pass, &key, &why) != OK : keyfile_create(out, name, type, &pass, &key, &why) != OK) {
		wipe(&pass, sizeof pass);
		return fail("key", &why);
	}
	wipe(&pass, sizeof pass);
	/* a witness signs as a cosigner with the same key; a token does not know that */
	if (key.type != type && vkey_make(&key, name, type, key.key) != OK)
		return 1;
	vkey_write(text, &key);
	(void)printf("%s\n", text);
	return 0;
}

/* ---- call ------------------------------------------------------------------------------- */

int
cmd_call(struct args *a)
{
	const char *what = word(a, 0), *file;
	struct buf b = {0};
	struct call *c = malloc(sizeof *c);
	struct why why = {""};
	char hex[65];

	if (c == NULL)
		return 1;
	if (strcmp(what, "example") == 0) {
		args_end(a);
		call_example(&b);
		(void)fwrite(b.p, 1, b.n, stdout);
		buf_free(&b);
		free(c);
		return 0;
	}
	file = word(a, 1);
	if (strcmp(what, "check") != 0 || file[0] == '\0') {
		wrong_word(a, strcmp(what, "check") != 0 ? what : "");
		(void)fprintf(stderr, "usage: urna call example | urna call check FILE\n");
		return 2;
	}
	args_end(a);
	if (file_read(&b, file, CALL_MAX_BYTES, &why) != OK || call_read_file(c, file, b.p, b.n, &why) != OK)
		return fail("call", &why);
	hash_hex(hex, &c->hash);
	(void)printf("the call is well formed\n  process      %s (%s)\n  hash         %s\n  trustees     %u, of which %u open the votes\n"
		     "  authorizers  %u, of which %u make a token%s\n  mixers       %u, at least %u\n  witnesses    %s\n",
	    c->process, c->simulacro ? "simulacro" : "election", hex, c->trustees, c->threshold, c->authorizers, c->quorum,
	    c->quorum == 1 ? " (the authority alone)" : "", c->mixers, c->minimum_mixers,
	    c->witness_quorum == 0 ? "none: the log's signature suffices" : "a quorum is demanded");
	for (unsigned l = 0; l < c->trustees; l++)
		if (c->trustee[l].mixer[0] != '\0')
			(void)printf("  trustee      %s opens nothing that mixer %s, of the same body, has not mixed\n", c->trustee[l].key.name, c->trustee[l].mixer);
	buf_free(&b);
	free(c);
	return 0;
}

/* ---- manifest ---------------------------------------------------------------------------- */

static int
seal_manifest(struct args *a)
{
	const char *draft = arg_need(a, "--draft"), *dir = arg_need(a, "--record");
	struct record *r = calloc(1, sizeof *r);
	struct buf b = {0}, sealed = {0}, file = {0};
	struct hash roll, keys[MAX_AUTHORIZERS];
	struct manifest *m = NULL;
	struct why why = {""};
	char path[300];

	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_KEY, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK ||
	    manifest_read(&m, b.p, b.n, &why) != OK || custody_in_time(&r->call, m, r->custody.p, r->custody.n, &why) != OK)
		return fail("manifest", &why);
	if (record_file(r, "roll", 1 << 30, &file, &why) != OK)
		return fail("manifest", &why);
	sha256(&roll, file.p, file.n);
	for (unsigned i = 0; i < r->call.authorizers; i++) {
		(void)snprintf(path, sizeof path, "authorizers/%.128s.json", r->call.authorizer[i].key.name);
		if (record_file(r, path, 4 << 20, &file, &why) != OK)
			return fail("manifest", &why);
		sha256(&keys[i], file.p, file.n);
	}
	if (hours_ahead(m, &why) != OK || manifest_seal(&sealed, b.p, b.n, &r->call, &roll, keys, r->call.authorizers, &why) != OK ||
	    put_signed(a, dir, "manifest.json", "manifest", &r->call, &sealed, &why) != OK)
		return fail("manifest", &why);
	(void)printf("sealed %s/manifest.json\n", dir);
	say_next("urna dictamen make, unless the auditor has signed it; then urna open");
	return 0;
}

static int
manifest_usage(void)
{
	(void)fprintf(stderr, "usage: urna manifest draft --record DIR --out FILE [--from FILE] [--csv FILE] [--opens TIME] [--closes TIME]\n"
			      "       from the call; --from: a JSON object with contests and whatever else the operator decides, which stands as it is;\n"
			      "       --csv: the authority's list of voters (urna roll import), whose entities and districts make the ballot styles;\n"
			      "       what is left is the example's. TIME is like 2026-06-01T18:00:00Z\n"
			      "       urna manifest example | check FILE\n"
			      "       urna manifest seal --draft FILE --record DIR --key FILE [--pass-file FILE]\n");
	return 2;
}

static void
describe(const struct manifest *m)
{
	(void)printf("the manifest is well formed (%s)\n", m->sealed ? "sealed" : "a draft");
	for (unsigned c = 0; c < m->contests; c++) {
		(void)printf("  contest %s (%s, %s): %u lines:", m->contest[c].id, m->contest[c].type, m->contest[c].local ? "local" : "federal", m->contest[c].lines);
		for (unsigned l = 0; l < m->contest[c].lines; l++)
			(void)printf(" %s", m->contest[c].line[l].id);
		(void)printf("\n");
	}
	(void)printf("  %u ballot styles, %u groups\n", m->styles, m->groups);
}

static unsigned
voters_of(const struct draft *d, const char *entity, const char *district)
{
	for (size_t i = 0; i < d->places; i++)
		if (strcmp(d->place[i].entity, entity) == 0 && strcmp(d->place[i].district, district) == 0)
			return d->place[i].voters;
	return 0;
}

/* Each ballot style with its voters in the list; and voters who would have none. */
static void
describe_styles(const struct manifest *m, const struct draft *d)
{
	unsigned total = 0, with = 0;

	for (size_t i = 0; i < d->places; i++)
		total += d->place[i].voters;
	for (unsigned s = 0; s < m->styles; s++) {
		const char *name = "", *district = m->style[s].district;

		for (unsigned k = 0; k < m->entities; k++)
			if (strcmp(m->entity[k].id, m->style[s].entity) == 0)
				name = m->entity[k].name;
		with += voters_of(d, m->style[s].entity, district);
		(void)printf("  style %u: entity %s (%s)%s%s: %u voters\n", s + 1, m->style[s].entity, name, district[0] != '\0' ? ", district " : "", district,
		    voters_of(d, m->style[s].entity, district));
	}
	if (with < total)
		(void)printf("warning: %u of the list's %u voters have no ballot style: urna roll import will refuse them\n", total - with, total);
}

/* The draft is written as it comes out, and then checked: what is wrong with it is put right in the file. */
static int
draft_manifest(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--out"), *from = arg(a, "--from"), *csv = arg(a, "--csv");
	struct draft d = {.opens = arg(a, "--opens"), .closes = arg(a, "--closes")};
	struct record *r = calloc(1, sizeof *r);
	struct draft_place *place = NULL;
	struct buf given = {0}, text = {0};
	struct manifest *m = NULL;
	struct why why = {""};
	enum err e;

	args_end(a);
	if (r == NULL || (e = open_record(r, dir, TO_CALL, &why)) != OK)
		return fail("manifest", &why);
	if (access(out, F_OK) == 0)
		e = why_set(&why, ERR_EXISTS, "%s is there already: a draft is not written over", out);
	if (e == OK && from != NULL && (e = file_read(&given, from, MANIFEST_MAX_BYTES, &why)) == OK) {
		d.given = given.p;
		d.given_n = given.n;
	}
	if (e == OK && csv != NULL && (e = roll_csv_places(&place, &d.places, csv, &why)) == OK)
		d.place = place;
	if (e == OK && (e = manifest_draft(&text, &r->call, &d, &why)) != OK)
		(void)why_prefix(&why, e, "%s", from != NULL ? from : "draft");
	if (e == OK && (e = file_write(out, text.p, text.n, 0644, &why)) == OK && (e = manifest_read(&m, text.p, text.n, &why)) != OK)
		(void)why_prefix(&why, e, "%s was written, and is to be put right", out);
	if (e == OK) {
		describe(m);
		if (d.place != NULL)
			describe_styles(m, &d);
		(void)printf("draft: %s\n", out);
	}
	free(m);
	free(place);
	buf_free(&given);
	buf_free(&text);
	return e == OK ? 0 : fail("manifest", &why);
}

int
cmd_manifest(struct args *a)
{
	const char *what = word(a, 0), *file;
	struct manifest *m;
	struct why why = {""};
	struct buf b = {0};

	if (strcmp(what, "draft") == 0)
		return draft_manifest(a);
	if (strcmp(what, "seal") == 0)
		return seal_manifest(a);
	if (strcmp(what, "example") == 0) {
		args_end(a);
		manifest_example(&b);
		(void)fwrite(b.p, 1, b.n, stdout);
		return 0;
	}
	file = word(a, 1);
	if (strcmp(what, "check") != 0 || file[0] == '\0') {
		wrong_word(a, strcmp(what, "check") != 0 ? what : "");
		return manifest_usage();
	}
	args_end(a);
	if (file_read(&b, file, MANIFEST_MAX_BYTES, &why) != OK || manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("manifest", &why);
	describe(m);
	return 0;
}

/* ---- dictamen -------------------------------------------------------------------------------- */

/* An earlier one goes with its signature, which says nothing of this. */
static enum err
replace_dictamen(const char *dir, const struct buf *b, struct why *why)
{
	char note[1400];

	(void)snprintf(note, sizeof note, "%s/dictamen.json.note", dir);
	(void)unlink(note);
	return put(dir, "dictamen.json", b, why);
}

int
cmd_dictamen(struct args *a)
{
	static const char *const options[] = {"--program", "--page"};
	const char *what = word(a, 0), *dir, *path;
	struct record *r = calloc(1, sizeof *r);
	struct dictamen d = {0}, again;
	struct buf out = {0};
	struct why why = {""};
	char file[1400];

	if (strcmp(what, "make") != 0) {
		wrong_word(a, what);
		(void)fprintf(stderr, "usage: urna dictamen make --record DIR --program FILE ... [--page FILE-or-FOLDER ...] --key AUDITOR [--pass-file FILE]\n");
		return 2;
	}
	dir = arg_need(a, "--record");
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK)
		return fail("dictamen", &why);
	for (size_t k = 0; k < sizeof options / sizeof *options; k++)
		for (unsigned i = 0; (path = arg_nth(a, options[k], i)) != NULL; i++)
			if (inventory_add(&d, path, &why) != OK)
				return fail("dictamen", &why);
	(void)arg_need(a, "--key");
	(void)arg(a, "--pass-file");
	args_end(a);
	(void)snprintf(file, sizeof file, "%s/opening.json", dir);
	if (access(file, F_OK) == 0) {
		(void)why_set(&why, ERR_NOT_NOW, "%s is there: an opening names its dictamen, which does not change any more", file);
		return fail("dictamen", &why);
	}
	/* read again: a name that no document may hold is refused here, not at the opening */
	if (dictamen_write(&out, &d, &r->call.hash) != OK || dictamen_read(&again, out.p, out.n, &r->call.hash, &why) != OK ||
	    replace_dictamen(dir, &out, &why) != OK || sign_file(a, dir, "dictamen.json", "dictamen", &r->call, &why) != OK)
		return fail("dictamen", &why);
	(void)printf("inventory of %zu files signed: %s/dictamen.json\n", d.n, dir);
	say_next("urna manifest seal, unless it is sealed; then urna open");
	return 0;
}
