#include "election/call.h"

#include <stdio.h>
#include <string.h>

static void
read_vkey(struct fields *f, const char *name, struct vkey *out, int type)
{
	struct why why = {""};

	if (f->e != OK)
		return;
	if (vkey_read(out, field_text(f, name, 255), &why) != OK)
		(void)field_bad(f, field_line(f, name), "\"%s\": %s", name, why.text);
	else if (out->type != type)
		(void)field_bad(f, field_line(f, name), "\"%s\": %s", name, type == NOTE_COSIGNATURE
			? "a witness's key is needed here (type 04), as urna key init witness prints it"
			: "the key that signs documents is needed here (type 01), not a witness's (type 04): make one with urna key init");
}

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"

/* What follows "https://host" or "https://host:port" (http only where `plain` allows it); NULL: it does not begin so. */
static const char *
after_host(const char *s, int plain)
{
	size_t n;

	if (strncmp(s, "https://", 8) == 0)
		s += 8;
	else if (plain && strncmp(s, "http://", 7) == 0)
		s += 7;
	else
		return NULL;
	if ((n = strspn(s, LOWER ".-")) == 0)
		return NULL;
	s += n;
	if (*s != ':')
		return s;
	n = strspn(s + 1, "0123456789");
	return n >= 1 && n <= 5 ? s + 1 + n : NULL;
}

static int
origin_valid(const char *s, int plain)
{
	const char *rest = after_host(s, plain);

	return rest != NULL && rest[0] == '\0';
}

int
url_valid(const char *s)
{
	const char *rest = after_host(s, 1);
	size_t n = rest != NULL ? strlen(rest) : 0;

	return rest != NULL && (n == 0 || (rest[0] == '/' && rest[n - 1] != '/' && strspn(rest, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ._~/-") == n));
}

/* A name that is also a file's: no separator, no leading dot. */
static int
file_name(const char *s)
{
	size_t n = strspn(s, LOWER ".-");

	return n >= 1 && n <= 64 && s[n] == '\0' && s[0] != '.' && s[0] != '-';
}

enum { PLAIN, NETWORKED, TRUSTEE };

static enum err
read_party(struct party *out, struct json *j, int type, int kind, struct why *why)
{
	struct fields f = fields_of(j, why);

	field_copy(&f, "person", out->person, sizeof out->person);
	read_vkey(&f, "key", &out->key, type);
	if (kind == NETWORKED && field_has(&f, "url")) {
		field_copy(&f, "url", out->url, sizeof out->url);
		if (f.e == OK && !url_valid(out->url))
			(void)field_bad(&f, field_line(&f, "url"), "\"url\" must be like https://host, https://host:port or https://host/path (or http), without a / at its end");
	}
	if (kind == TRUSTEE && field_has(&f, "mixer"))
		field_copy(&f, "mixer", out->mixer, sizeof out->mixer);
	return fields_end(&f);
}

static void
one_party(struct fields *f, const char *name, struct party *out)
{
	struct json *j = field_object(f, name);

	if (j != NULL && f->e == OK)
		f->e = read_party(out, j, NOTE_ED25519, PLAIN, f->why);
}

static unsigned
party_list(struct fields *f, struct party *out, size_t max, int type, int kind)
{
	struct json *list = field_array(f, "list", max);
	unsigned n = 0;

	for (; list != NULL && n < list->n && f->e == OK; n++)
		f->e = read_party(&out[n], list->item[n], type, kind, f->why);
	return f->e == OK ? n : 0;
}

static unsigned
find(const struct party *list, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(list[i].key.name, name) == 0)
			return i + 1;
	return 0;
}

unsigned
call_trustee(const struct call *c, const char *name)
{
	return find(c->trustee, c->trustees, name);
}

unsigned
call_mixer(const struct call *c, const char *name)
{
	return find(c->mixer, c->mixers, name);
}

unsigned
call_authorizer(const struct call *c, const char *name)
{
	return find(c->authorizer, c->authorizers, name);
}

const struct vkey *
call_party(const struct call *c, const char *name)
{
	const struct party *one[] = {&c->registrar, &c->notary, &c->operator, &c->auditor, &c->replacement};
	unsigned i;

	for (size_t k = 0; k < sizeof one / sizeof *one; k++)
		if (strcmp(one[k]->key.name, name) == 0)
			return &one[k]->key;
	if ((i = call_trustee(c, name)) > 0)
		return &c->trustee[i - 1].key;
	if ((i = call_authorizer(c, name)) > 0)
		return &c->authorizer[i - 1].key;
	if ((i = call_mixer(c, name)) > 0)
		return &c->mixer[i - 1].key;
	return NULL;
}

int
amend_kind(const char *kind)
{
	static const char *const kinds[] = {"suspend", "resume", "extend", "cancel", "exclude", "include",
	    "replace-notary", "replace-witness", "mixer-waiver"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], kind) == 0)
			return 1;
	return 0;
}

enum err
call_distinct(const struct call *c, struct why *why)
{
	const struct vkey *all[7 + MAX_TRUSTEES + MAX_AUTHORIZERS + 2 * MAX_PARTIES];
	size_t n = 0;

	all[n++] = &c->log_ballots;
	all[n++] = &c->log_events;
	all[n++] = &c->registrar.key;
	all[n++] = &c->notary.key;
	all[n++] = &c->operator.key;
	all[n++] = &c->auditor.key;
	all[n++] = &c->replacement.key;
	for (unsigned i = 0; i < c->trustees; i++)
		all[n++] = &c->trustee[i].key;
	for (unsigned i = 0; i < c->authorizers; i++)
		all[n++] = &c->authorizer[i].key;
	for (unsigned i = 0; i < c->mixers; i++)
		all[n++] = &c->mixer[i].key;
	for (unsigned i = 0; i < c->witnesses; i++)
		all[n++] = &c->witness[i].key;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (vkey_equal(all[i], all[j]) || strcmp(all[i]->name, all[j]->name) == 0)
				return why_set(why, ERR_RANGE, "the keys %s and %s are the same, or have the same name", all[j]->name, all[i]->name);
	return OK;
}

/* After all parties are read: the keys of a rule are names of parties, each
 * once, or one signature would count twice. */
static void
read_amend(struct call *c, struct fields *f)
{
	struct json *list = field_array(f, "amend", MAX_AMEND);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct amend_rule *a = &c->amend[c->amends];
		struct fields g = fields_of(list->item[i], f->why);
		struct json *keys;

		field_copy(&g, "kind", a->kind, sizeof a->kind);
		if (g.e == OK && !amend_kind(a->kind))
			(void)field_bad(&g, field_line(&g, "kind"), "there is no amendment \"%s\"", a->kind);
		for (unsigned k = 0; k < c->amends; k++)
			if (strcmp(c->amend[k].kind, a->kind) == 0)
				(void)field_bad(&g, field_line(&g, "kind"), "two rules for \"%s\"", a->kind);
		keys = field_array(&g, "keys", sizeof a->key / sizeof *a->key);
		for (; keys != NULL && a->n < keys->n && g.e == OK; a->n++) {
			const char *name = keys->item[a->n]->type == JSON_TEXT ? keys->item[a->n]->text : "";

			if (call_party(c, name) == NULL)
				(void)field_bad(&g, keys->item[a->n]->line, "\"%.60s\" is no party of this call that signs", name);
			for (unsigned k = 0; k < a->n; k++)
				if (strcmp(a->key[k], name) == 0)
					(void)field_bad(&g, keys->item[a->n]->line, "\"%.60s\" stands twice", name);
			(void)snprintf(a->key[a->n], sizeof a->key[0], "%s", name);
		}
		if (keys != NULL && keys->n == 0)
			(void)field_bad(&g, keys->line, "an amendment needs a key");
		a->quorum = (unsigned)field_int(&g, "quorum", 1, a->n > 0 ? a->n : 1);
		f->e = fields_end(&g);
		c->amends++;
	}
}

static void
read_acuerdos(struct call *c, struct fields *f)
{
	struct json *list = field_array(f, "acuerdos", 50);
	int64_t t;

	if (list != NULL && list->n == 0)
		(void)field_bad(f, list->line, "there must be an acuerdo");
	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct fields g = fields_of(list->item[i], f->why);
		char text[401];

		field_copy(&g, "id", i == 0 ? c->acuerdo : text, sizeof c->acuerdo);
		field_copy(&g, "date", text, 11);
		if (g.e == OK && date_read(&t, text) != OK)
			(void)field_bad(&g, field_line(&g, "date"), "\"date\" must be a date like 2026-06-01");
		field_copy(&g, "subject", text, sizeof text);
		f->e = fields_end(&g);
	}
}

static void
read_origins(struct call *c, struct fields *f)
{
	struct fields g = fields_of(field_object(f, "origins"), f->why);

	field_copy(&g, "account", c->account, sizeof c->account);
	field_copy(&g, "box", c->box, sizeof c->box);
	if (f->e != OK || (f->e = fields_end(&g)) != OK)
		return;
	if (!origin_valid(c->account, c->simulacro) || !origin_valid(c->box, c->simulacro))
		(void)field_bad(f, field_line(&g, origin_valid(c->account, c->simulacro) ? "box" : "account"), "an origin is https://host or https://host:port (http only in a simulacro)");
	else if (strcmp(c->account, c->box) == 0)
		(void)field_bad(f, g.object->line, "the account and the box must have different origins");
}

static void
read_mixers(struct call *c, struct fields *f)
{
	struct fields g = fields_of(field_object(f, "mixers"), f->why);
	struct json *j;

	c->mixers = party_list(&g, c->mixer, MAX_PARTIES, NOTE_ED25519, PLAIN);
	c->minimum_mixers = (unsigned)field_int(&g, "minimum", 1, c->mixers > 0 ? c->mixers : 1);
	j = field_array(&g, "required", MAX_PARTIES);
	for (size_t i = 0; j != NULL && i < j->n && g.e == OK; i++) {
		unsigned m = j->item[i]->type == JSON_TEXT ? call_mixer(c, j->item[i]->text) : 0;

		if (m == 0 || c->required[m - 1])
			(void)field_bad(&g, j->item[i]->line, "a required mixer is not in the list, or stands twice");
		else
			c->required[m - 1] = 1;
	}
	if (f->e == OK && (f->e = fields_end(&g)) == OK && c->mixers == 0)
		(void)field_bad(f, g.object->line, "there must be a mixer");
}

/* A trustee whose body mixes too names that mixer: it opens nothing that was not mixed by itself. */
static void
check_own_mixers(const struct call *c, struct fields *f)
{
	for (unsigned l = 0; l < c->trustees && f->e == OK; l++) {
		const struct party *t = &c->trustee[l];

		if (t->mixer[0] != '\0' && call_mixer(c, t->mixer) == 0)
			(void)field_bad(f, field_line(f, "trustees"), "trustee %s: \"%.60s\" is no mixer of this call", t->key.name, t->mixer);
		for (unsigned m = 0; m < c->mixers && t->mixer[0] == '\0'; m++)
			if (strcmp(c->mixer[m].person, t->person) == 0)
				(void)field_bad(f, field_line(f, "trustees"), "trustee %s is of the same person as mixer %s: it must name it (\"mixer\")", t->key.name, c->mixer[m].key.name);
	}
}

static void
read_authorizers(struct call *c, struct fields *f)
{
	struct fields g = fields_of(field_object(f, "authorizers"), f->why);

	c->authorizers = party_list(&g, c->authorizer, MAX_AUTHORIZERS, NOTE_ED25519, NETWORKED);
	c->quorum = (unsigned)field_int(&g, "quorum", 1, MAX_AUTHORIZERS);
	if (f->e != OK || (f->e = fields_end(&g)) != OK)
		return;
	if (c->authorizers == 0 || c->quorum > c->authorizers || 2 * c->quorum <= c->authorizers)
		(void)field_bad(f, field_line(&g, "quorum"), "the quorum must be more than half of the authorizers");
	for (unsigned i = 0; i < c->authorizers; i++) /* authorizers/NAME.json, authorizations/NAME */
		if (!file_name(c->authorizer[i].key.name))
			(void)field_bad(f, g.object->line, "an authorizer's name is 1 to 64 of a-z, 0-9, '-' and '.', and begins with a letter or digit");
}

static enum err
read_fields(struct call *c, struct json *root, struct why *why)
{
	struct fields f = fields_of(root, why), g;
	const char *kind;
	int64_t t;

	if (strcmp(field_text(&f, "urna", 20), "call") != 0)
		(void)field_bad(&f, field_line(&f, "urna"), "this is not a call: \"urna\" must be \"call\"");
	(void)field_int(&f, "version", 1, 1);
	kind = field_text(&f, "kind", 20);
	c->simulacro = strcmp(kind, "simulacro") == 0;
	if (!c->simulacro && strcmp(kind, "election") != 0)
		(void)field_bad(&f, field_line(&f, "kind"), "\"kind\" must be \"election\" or \"simulacro\"");
	field_copy(&f, "process", c->process, sizeof c->process);
	field_copy(&f, "ambito", c->ambito, sizeof c->ambito);
	field_copy(&f, "fundamento", c->fundamento, sizeof c->fundamento);
	read_acuerdos(c, &f);
	read_origins(c, &f);
	c->ebitlen = (unsigned)field_int(&f, "ebitlenro", 128, 256);
	if (c->ebitlen != 128 && c->ebitlen != 256)
		(void)field_bad(&f, field_line(&f, "ebitlenro"), "\"ebitlenro\" must be 128 or 256");
	c->maximum_voters = field_int(&f, "maximum_voters", 1, 100000000);
	c->replaceable_percent = (unsigned)field_int(&f, "replaceable_percent", 0, 100);
	field_copy(&f, "roll_destroyed_on", c->roll_destroyed_on, sizeof c->roll_destroyed_on);
	if (f.e == OK && date_read(&t, c->roll_destroyed_on) != OK)
		(void)field_bad(&f, field_line(&f, "roll_destroyed_on"), "\"roll_destroyed_on\" must be a date like 2026-06-01");
	g = fields_of(field_object(&f, "cards"), why);
	c->tries_in_hardware = field_bool(&g, "tries_in_hardware");
	if (f.e == OK)
		f.e = fields_end(&g);
	g = fields_of(field_object(&f, "trustees"), why);
	c->trustees = party_list(&g, c->trustee, MAX_TRUSTEES, NOTE_ED25519, TRUSTEE);
	c->threshold = (unsigned)field_int(&g, "threshold", 2, c->trustees > 2 ? c->trustees : 2);
	if (f.e == OK && (f.e = fields_end(&g)) == OK && c->trustees < c->threshold)
		(void)field_bad(&f, field_line(&g, "threshold"), "fewer trustees than the threshold");
	g = fields_of(field_object(&f, "logs"), why);
	read_vkey(&g, "ballots", &c->log_ballots, NOTE_ED25519);
	read_vkey(&g, "events", &c->log_events, NOTE_ED25519);
	if (f.e == OK)
		f.e = fields_end(&g);
	read_authorizers(c, &f);
	one_party(&f, "registrar", &c->registrar);
	one_party(&f, "notary", &c->notary);
	one_party(&f, "operator", &c->operator);
	one_party(&f, "auditor", &c->auditor);
	one_party(&f, "replacement_signer", &c->replacement);
	read_mixers(c, &f);
	check_own_mixers(c, &f);
	g = fields_of(field_object(&f, "witnesses"), why);
	c->witnesses = party_list(&g, c->witness, MAX_PARTIES, NOTE_COSIGNATURE, NETWORKED);
	c->witness_quorum = (unsigned)field_int(&g, "quorum", 0, c->witnesses);
	if (f.e == OK)
		f.e = fields_end(&g);
	read_amend(c, &f);
	if (fields_end(&f) != OK)
		return f.e;
	return call_distinct(c, why);
}

enum err
call_read(struct call *out, const void *p, size_t n, struct why *why)
{
	return call_read_file(out, "call.json", p, n, why);
}

enum err
call_read_file(struct call *out, const char *file, const void *p, size_t n, struct why *why)
{
	struct call c;
	struct json *root;
	enum err e;

	memset(&c, 0, sizeof c);
	if ((e = json_parse(&root, p, n, CALL_MAX_BYTES, why)) == OK) {
		e = read_fields(&c, root, why);
		json_free(root);
	}
	if (e != OK)
		return why_prefix(why, e, "%s", file);
	sha256(&c.hash, p, n);
	*out = c;
	return OK;
}

static void
example_party(struct json_out *o, const char *name, const char *person, const char *key)
{
	json_begin(o, name, '{');
	json_text(o, "person", person);
	json_text(o, "key", key);
	json_end(o, '}');
}

void
call_example(struct buf *out)
{
	static const char key[] = "the verifier key that `urna key init` prints";
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "_comment", "A call. Replace every value; keys are verifier keys NAME+HASH+KEY. \"_comment\" may stand in any object.");
	json_text(&o, "urna", "call");
	json_int(&o, "version", 1);
	json_text(&o, "kind", "simulacro");
	json_text(&o, "process", "Proceso Electoral ...");
	json_text(&o, "ambito", "federal");
	json_text(&o, "fundamento", "LGIPE, articles ...");
	json_begin(&o, "acuerdos", '[');
	json_begin(&o, NULL, '{');
	json_text(&o, "id", "INE/CG.../2026");
	json_text(&o, "date", "2026-01-31");
	json_text(&o, "subject", "what it decides");
	json_end(&o, '}');
	json_end(&o, ']');
	json_begin(&o, "origins", '{');
	json_text(&o, "account", "https://voto.example");
	json_text(&o, "box", "https://urna.example");
	json_end(&o, '}');
	json_int(&o, "ebitlenro", 128);
	json_int(&o, "maximum_voters", 250000);
	json_int(&o, "replaceable_percent", 2);
	json_text(&o, "roll_destroyed_on", "2027-12-31");
	json_begin(&o, "cards", '{');
	json_text(&o, "_comment", "true only if the cards themselves count wrong PINs: then PINs of digits are allowed");
	json_bool(&o, "tries_in_hardware", 0);
	json_end(&o, '}');
	json_begin(&o, "trustees", '{');
	json_text(&o, "_comment", "threshold of them open the votes; 2 <= threshold <= trustees <= 25. A trustee whose body is a mixer too names it: \"mixer\": \"NAME\"");
	json_int(&o, "threshold", 2);
	json_begin(&o, "list", '[');
	example_party(&o, NULL, "custodian 1", key);
	example_party(&o, NULL, "custodian 2", key);
	json_end(&o, ']');
	json_end(&o, '}');
	json_begin(&o, "logs", '{');
	json_text(&o, "_comment", "the key names are the logs' origins");
	json_text(&o, "ballots", key);
	json_text(&o, "events", key);
	json_end(&o, '}');
	json_begin(&o, "authorizers", '{');
	json_int(&o, "quorum", 1);
	json_begin(&o, "list", '[');
	example_party(&o, NULL, "the authority", key);
	json_end(&o, ']');
	json_end(&o, '}');
	example_party(&o, "registrar", "who makes the credentials", key);
	example_party(&o, "notary", "tercero con fe publica", key);
	example_party(&o, "operator", "who runs the service", key);
	example_party(&o, "auditor", "who signs the dictamen", key);
	example_party(&o, "replacement_signer", "who signs replacements of credentials beside the registrar", key);
	json_begin(&o, "mixers", '{');
	json_int(&o, "minimum", 1);
	json_begin(&o, "required", '[');
	json_end(&o, ']');
	json_begin(&o, "list", '[');
	example_party(&o, NULL, "mixer 1", key);
	json_end(&o, ']');
	json_end(&o, '}');
	json_begin(&o, "witnesses", '{');
	json_text(&o, "_comment", "quorum 0: no cosignatures are demanded");
	json_int(&o, "quorum", 0);
	json_begin(&o, "list", '[');
	json_end(&o, ']');
	json_end(&o, '}');
	json_begin(&o, "amend", '[');
	json_begin(&o, NULL, '{');
	json_text(&o, "_comment", "kinds: suspend, resume, extend, cancel, exclude, include, replace-notary, replace-witness, mixer-waiver");
	json_text(&o, "kind", "extend");
	json_begin(&o, "keys", '[');
	json_text(&o, NULL, "the key name of a party above");
	json_end(&o, ']');
	json_int(&o, "quorum", 1);
	json_end(&o, '}');
	json_end(&o, ']');
	json_end(&o, '}');
}
