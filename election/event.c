#include "election/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "election/docnote.h"

enum { SERIAL_BYTES = 16, NAME_ROOM = 32, VALUE_ROOM = 2048 /* with the end of the text */ };

/* Fact i of these texts, which are cut where they are too long. */
static void
put(struct event *e, unsigned i, const char *name, const char *value)
{
	size_t n = strnlen(name, NAME_ROOM - 1), v = strnlen(value, VALUE_ROOM - 1);
	char *both = malloc(n + v + 2);

	if (name[n] != '\0' || value[v] != '\0')
		e->fault = ERR_LENGTH;
	if (both == NULL) {
		e->fault = ERR_NOMEM;
		return;
	}
	(void)snprintf(both, n + 1, "%s", name);
	(void)snprintf(both + n + 1, v + 1, "%s", value);
	if (i < e->facts)
		free(e->fact[i].name);
	else
		e->facts++;
	e->fact[i].name = both;
	e->fact[i].value = both + n + 1;
}

void
event_add(struct event *e, const char *name, const char *format, ...)
{
	char value[VALUE_ROOM + 1];
	va_list ap;

	if (e->facts == EVENT_MAX_FACTS)
		abort(); /* a kind with too many facts is a fault of this program */
	va_start(ap, format);
	(void)vsnprintf(value, sizeof value, format, ap);
	va_end(ap);
	put(e, e->facts, name, value);
}

void
event_set(struct event *e, unsigned i, const char *value)
{
	put(e, i, e->fact[i].name, value);
}

const char *
event_fact(const struct event *e, const char *name)
{
	for (unsigned i = 0; i < e->facts; i++)
		if (strcmp(e->fact[i].name, name) == 0)
			return e->fact[i].value;
	return "";
}

const char *
event_file(const struct event *e, unsigned i)
{
	return strncmp(e->fact[i].name, "file", 4) == 0 && e->fact[i].name[4] != '\0' ? e->fact[i].value : NULL;
}

void
event_free(struct event *e)
{
	if (e == NULL)
		return;
	while (e->facts > 0)
		free(e->fact[--e->facts].name);
	free(e->document);
	free(e->note);
	e->document = e->note = NULL;
}

int
event_is(const struct event *e, const char *kind)
{
	return strcmp(e->kind, kind) == 0;
}

/* ERR_LENGTH, ERR_NOMEM: a fact was too long, or there was no room for it. ERR_RANGE: one would disturb a text that it is printed in; only the checkpoint of the
 * close entry, a note, is of several lines. */
static enum err
facts_check(const struct event *e)
{
	for (unsigned i = 0; i < e->facts; i++) {
		int note = event_is(e, "close") && strcmp(e->fact[i].name, "checkpoint") == 0;

		if (text_disturbs(e->fact[i].name) || (!note && text_disturbs(e->fact[i].value)))
			return ERR_RANGE;
	}
	return e->fault;
}

static void
write_facts(struct json_out *o, const struct event *e)
{
	json_text(o, "kind", e->kind);
	json_begin(o, "facts", '{');
	for (unsigned i = 0; i < e->facts; i++)
		json_text(o, e->fact[i].name, e->fact[i].value);
	json_end(o, '}');
}

enum err
event_document(struct buf *out, const struct event *e)
{
	struct json_out o = json_out(out);
	uint8_t serial[SERIAL_BYTES];

	random_bytes(serial, sizeof serial);
	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "event");
	json_int(&o, "version", 1);
	json_hash(&o, "scope", &e->scope);
	json_hex(&o, "serial", serial, sizeof serial);
	write_facts(&o, e);
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : facts_check(e);
}

enum err
event_write(struct buf *out, const struct event *e)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "entry");
	json_int(&o, "version", 1);
	json_hash(&o, "scope", &e->scope);
	json_time(&o, "time", e->time);
	if (e->document != NULL) {
		json_text(&o, "document", e->document);
		json_text(&o, "note", e->note);
	} else
		write_facts(&o, e);
	json_end(&o, '}');
	if (out->failed)
		return ERR_NOMEM;
	return out->n > EVENT_MAX_BYTES ? ERR_LENGTH : facts_check(e);
}

static void
read_facts(struct event *e, struct fields *f)
{
	struct json *facts;

	field_copy(f, "kind", e->kind, sizeof e->kind);
	facts = field_object(f, "facts");
	if (facts != NULL && facts->n > EVENT_MAX_FACTS)
		(void)field_bad(f, facts->line, "too many facts");
	for (size_t i = 0; facts != NULL && f->e == OK && i < facts->n; i++) {
		if (facts->item[i]->type != JSON_TEXT || strlen(facts->item[i]->name) >= NAME_ROOM ||
		    strlen(facts->item[i]->text) >= VALUE_ROOM) {
			(void)field_bad(f, facts->item[i]->line, "facts are texts of moderate length");
			break;
		}
		facts->item[i]->used = 1;
		event_add(e, facts->item[i]->name, "%s", facts->item[i]->text);
	}
	if (f->e == OK && e->fault == ERR_NOMEM)
		f->e = ERR_NOMEM;
	if (f->e == OK && facts_check(e) != OK)
		(void)field_bad(f, facts->line, "a fact holds a control or direction character");
}

enum err
event_document_read(struct event *e, struct why *why)
{
	struct json *root = NULL;
	uint8_t serial[SERIAL_BYTES];
	struct fields f;
	struct hash scope;
	enum err err;

	if ((err = json_parse(&root, e->document, strlen(e->document), EVENT_MAX_BYTES, why)) != OK)
		return err;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "event") != 0)
		(void)field_bad(&f, 1, "not an event's document");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "scope", &scope);
	field_hex(&f, "serial", serial, sizeof serial);
	if (f.e == OK && !hash_equal(&scope, &e->scope))
		(void)field_bad(&f, 1, "the document is of another election or call than the entry");
	read_facts(e, &f);
	err = fields_end(&f);
	json_free(root);
	return err;
}

enum err
event_read(struct event *out, const void *p, size_t n, struct why *why)
{
	struct event *x = calloc(1, sizeof *x);
	struct json *root = NULL;
	struct buf again = {0};
	struct fields f;
	enum err e;

	if (x == NULL)
		return ERR_NOMEM;
	if ((e = json_parse(&root, p, n, EVENT_MAX_BYTES, why)) != OK)
		goto done;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "entry") != 0)
		(void)field_bad(&f, 1, "not an entry of events");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "scope", &x->scope);
	x->time = field_time(&f, "time");
	if (field_has(&f, "document")) {
		x->document = strdup(field_text(&f, "document", EVENT_MAX_BYTES));
		x->note = strdup(field_text(&f, "note", EVENT_MAX_BYTES));
		if (x->document == NULL || x->note == NULL)
			f.e = ERR_NOMEM;
	} else
		read_facts(x, &f);
	if ((e = fields_end(&f)) == OK && x->document != NULL)
		e = event_document_read(x, why);
	/* one spelling: what we would write is what is there */
	if (e == OK && ((e = event_write(&again, x)) != OK || again.n != n || memcmp(again.p, p, n) != 0))
		e = why_set(why, ERR_FORMAT, "the entry is not in canonical form");
	if (e == OK) {
		*out = *x;
		memset(x, 0, sizeof *x);
	}
done:
	buf_free(&again);
	json_free(root);
	event_free(x);
	free(x);
	return e;
}

/* ---- who may --------------------------------------------------------------------------- */

int
event_by_service(const struct event *e)
{
	static const char *const kinds[] = {"phase", "opening", "heartbeat", "authorizers", "close", "incident"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (event_is(e, kinds[i]))
			return 1;
	return event_is(e, "suspend") && strcmp(event_fact(e, "cause"), "clock") == 0;
}

int
event_amends(const struct event *e)
{
	int clock = (event_is(e, "suspend") || event_is(e, "resume")) && strcmp(event_fact(e, "cause"), "clock") == 0;

	return event_is(e, "replace-credential") || (amend_kind(e->kind) && !clock); /* in no other kind does a cause say anything */
}

/* Who must sign with whom for a credential is not the call's choice. */
static enum err
replacement_signed(const struct event *e, const struct call *call, struct why *why)
{
	const struct party *both[] = {&call->registrar, &call->replacement};
	enum err err = OK;

	for (size_t i = 0; i < 2 && err == OK; i++)
		err = docnote_verify(e->note, strlen(e->note), "event", &call->hash, e->document, strlen(e->document), &both[i]->key, why);
	return err;
}

const struct vkey *
event_one_signer(const struct event *e, const struct call *call)
{
	unsigned i;

	if (event_is(e, "resume") && strcmp(event_fact(e, "cause"), "clock") == 0)
		return &call->operator.key;
	if (event_is(e, "key") || event_is(e, "comparison") || event_is(e, "count") || event_is(e, "seal") || event_is(e, "incident") || event_is(e, "mixer-failed"))
		return &call->operator.key;
	if (event_is(e, "mix") && (i = call_mixer(call, event_fact(e, "mixer"))) > 0)
		return &call->mixer[i - 1].key;
	if (event_is(e, "list") && (i = call_authorizer(call, event_fact(e, "authorizer"))) > 0)
		return &call->authorizer[i - 1].key;
	if ((event_is(e, "factors") || event_is(e, "station")) && (i = call_trustee(call, event_fact(e, "trustee"))) > 0)
		return &call->trustee[i - 1].key;
	return NULL;
}

enum err
event_authorized(const struct event *e, const struct call *call, struct why *why)
{
	const struct vkey *key = event_one_signer(e, call);
	unsigned good = 0;

	if (e->document == NULL)
		return why_set(why, ERR_ABSENT, "%s: not signed", e->kind);
	if (event_is(e, "suspend") && strcmp(event_fact(e, "cause"), "clock") == 0)
		return why_set(why, ERR_DENIED, "suspend: the service alone says that the clock jumped; nobody may sign this");
	if (key != NULL)
		return docnote_verify(e->note, strlen(e->note), "event", &call->hash, e->document, strlen(e->document), key, why);
	if (event_is(e, "replace-credential"))
		return replacement_signed(e, call, why);
	for (unsigned i = 0; i < call->amends; i++) {
		const struct amend_rule *a = &call->amend[i];

		if (strcmp(a->kind, e->kind) != 0)
			continue;
		for (unsigned k = 0; k < a->n; k++)
			if ((key = call_party(call, a->key[k])) != NULL &&
			    docnote_verify(e->note, strlen(e->note), "event", &call->hash, e->document, strlen(e->document), key, NULL) == OK)
				good++;
		return good >= a->quorum ? OK : why_set(why, ERR_PROOF, "%s: %u of the %u signatures that the call demands", e->kind, good, a->quorum);
	}
	return why_set(why, ERR_DENIED, "%s: nobody may submit this", e->kind);
}

/* What an amendment must say, besides what it changes. */
static enum err
reasons(const struct event *e, struct why *why)
{
	static const char *const names[] = {"motive", "acuerdo", "proposer"};
	unsigned n = event_is(e, "replace-credential") ? 1 : 3;

	for (unsigned i = 0; i < n; i++)
		if (event_fact(e, names[i])[0] == '\0')
			return why_set(why, ERR_FORMAT, "%s: the fact \"%s\" is missing", e->kind, names[i]);
	return OK;
}

/* ---- the phases ------------------------------------------------------------------------- */

static enum err
phase(struct progress *p, const struct event *e, struct why *why)
{
	const char *text = event_fact(e, "phase");
	int begin = strcmp(event_fact(e, "edge"), "begin") == 0, n;
	unsigned bit, all_before = 0;

	if (strlen(text) != 1 || text[0] < '1' || text[0] > '7' || (!begin && strcmp(event_fact(e, "edge"), "end") != 0))
		return why_set(why, ERR_FORMAT, "phase entry: not the begin or end of a phase from 1 to 7");
	n = text[0] - '0';
	bit = 1u << n;
	/* before phase n begins, those before it have ended; III and IV run together */
	for (int i = 1; i < n; i++)
		if (!(n == 4 && i == 3))
			all_before |= 1u << i;
	if (begin ? (p->begun & bit) != 0 || (p->ended & all_before) != all_before : (p->begun & bit) == 0 || (p->ended & bit) != 0)
		return why_set(why, ERR_NOT_NOW, "phase %d cannot %s now", n, begin ? "begin" : "end");
	if ((n == 1 && !begin && !p->key) || ((n == 3 || n == 4) && begin && !p->opened) || (n == 5 && !begin && !p->closed) ||
	    (n == 6 && !begin && !p->counted))
		return why_set(why, ERR_NOT_NOW, "phase %d cannot %s: what it is for has not been done", n, begin ? "begin" : "end");
	if (begin)
		p->begun |= bit;
	else
		p->ended |= bit;
	return OK;
}

static int
running(const struct progress *p, int n)
{
	return (p->begun >> n & 1) && !(p->ended >> n & 1);
}

int
progress_announced(const struct progress *p, unsigned set)
{
	return set < 8 * sizeof p->announced && (p->announced[set / 8] >> set % 8 & 1);
}

/* The set in use from here on: exactly a quorum of the call's authorizers, the authority among them. */
static enum err
authorizers(struct progress *next, const struct event *e, const struct call *call, struct why *why)
{
	const char *text = event_fact(e, "set");
	unsigned long set = strtoul(text, NULL, 10);
	char again[16];

	(void)snprintf(again, sizeof again, "%lu", set);
	if (strcmp(again, text) != 0 || set >> call->authorizers != 0 || (unsigned)__builtin_popcount((unsigned)set) != call->quorum || !(set & 1))
		return why_set(why, ERR_RANGE, "authorizers: \"%.20s\" is not a set of %u of the call's authorizers with the authority", text, call->quorum);
	next->set = (unsigned)set;
	next->announced[set / 8] |= (uint8_t)(1u << set % 8);
	return OK;
}

/* An authorizer's list, once; the authority's own is named by the close entry. */
static enum err
list(struct progress *next, const struct event *e, const struct call *call, struct why *why)
{
	unsigned a = call_authorizer(call, event_fact(e, "authorizer"));

	if (a < 2 || strlen(event_fact(e, "sha256")) != 2 * HASH_BYTES)
		return why_set(why, ERR_RANGE, "list: not of another authorizer of the call, or no hash");
	if (!next->closed || next->compared || (next->lists >> (a - 1) & 1))
		return ERR_NOT_NOW;
	next->lists |= 1u << (a - 1);
	return OK;
}

/* The machine on which the hashes were made, as the hand-over act names it. */
static enum err
sealed_on(const struct event *e, struct why *why)
{
	size_t n = strlen(event_fact(e, "machine"));

	return n >= 1 && n <= 127 ? OK : why_set(why, ERR_FORMAT, "seal: the fact \"machine\" must have 1 to 127 bytes");
}

/* What comes between opening and close; heartbeats, suspensions, voters and the hour of the close. */
static enum err
during_hours(struct progress *next, const struct progress *p, const struct event *e, struct why *why)
{
	int clock = strcmp(event_fact(e, "cause"), "clock") == 0, begins = event_is(e, "suspend");
	int *state = clock ? &next->clock : &next->suspended; /* each kind of suspension is lifted by its own */
	const char *closes = event_fact(e, "closes");
	char hour[21];
	int64_t t;

	if (!p->opened || p->closed)
		return why_set(why, ERR_NOT_NOW, "%s: %s", e->kind, p->closed ? "the box is closed" : "the election is not open yet");
	if (begins || event_is(e, "resume")) {
		if (*state == begins)
			return why_set(why, ERR_NOT_NOW, "%s: the election is %s by %s", e->kind, begins ? "suspended already" : "not suspended", clock ? "the clock" : "order");
		*state = begins;
	}
	next->cancelled |= event_is(e, "cancel");
	if (!event_is(e, "extend"))
		return OK;
	time_text(hour, p->closes);
	if (time_read(&t, closes) != OK)
		return why_set(why, ERR_NOT_NOW, "extend: \"%.40s\" is no hour like 2026-06-01T18:00:00Z", closes);
	if (t <= p->closes)
		return why_set(why, ERR_NOT_NOW, "extend: the election closes at %s already; %.20s is no later hour", hour, closes);
	if (e->time >= p->closes)
		return why_set(why, ERR_NOT_NOW, "extend: the hour of the close, %s, has passed", hour);
	next->closes = t;
	return OK;
}

enum err
progress_apply(struct progress *p, const struct event *e, const struct call *call, struct why *why)
{
	struct progress next = *p;
	enum err err = OK;

	if (p->sealed || (p->cancelled && !event_is(e, "incident")))
		return why_set(why, ERR_NOT_NOW, "%s: nothing comes after the %s", e->kind, p->sealed ? "seal" : "cancellation");
	if (event_amends(e) && (err = reasons(e, why)) != OK)
		return err;
	if (!hash_equal(&e->scope, p->opened ? &p->election : &call->hash) && !event_is(e, "opening"))
		return why_set(why, ERR_RANGE, "%s: the entry is of another %s", e->kind, p->opened ? "election" : "call");
	if (e->time < p->last)
		return why_set(why, ERR_RANGE, "%s: its time is before that of the entry before it", e->kind);
	next.last = e->time;
	next.after_suspend = event_is(e, "suspend");
	next.after_heartbeat = event_is(e, "heartbeat");
	if (e->document == NULL && event_fact(e, "size")[0] != '\0')
		next.head_time = e->time;
	if (event_is(e, "phase")) {
		err = phase(&next, e, why);
	} else if (event_is(e, "key")) {
		if (p->key || !running(p, 1))
			err = ERR_NOT_NOW;
		next.key = 1;
	} else if (event_is(e, "opening")) {
		if (p->opened || !running(p, 2) || hex_decode(next.election.b, 32, event_fact(e, "opening"), strlen(event_fact(e, "opening"))) != OK ||
		    time_read(&next.closes, event_fact(e, "closes")) != OK || !hash_equal(&e->scope, &next.election))
			err = ERR_NOT_NOW;
		next.opened = 1;
	} else if (event_is(e, "authorizers")) {
		err = !p->opened || p->closed ? ERR_NOT_NOW : authorizers(&next, e, call, why);
	} else if (event_is(e, "heartbeat") || event_is(e, "suspend") || event_is(e, "resume") || event_is(e, "extend") || event_is(e, "cancel") || event_is(e, "replace-credential") ||
	    event_is(e, "exclude") || event_is(e, "include")) {
		if ((err = during_hours(&next, p, e, why)) != OK)
			return err;
	} else if (event_is(e, "close")) {
		if (p->closed || !running(p, 5))
			err = ERR_NOT_NOW;
		next.closed = 1;
	} else if (event_is(e, "list")) {
		err = list(&next, e, call, why);
	} else if (event_is(e, "mixer-waiver")) {
		err = p->closed && !p->factors ? OK : ERR_NOT_NOW;
	} else if (event_is(e, "replace-notary")) { /* an opening that another signed than the call's notary, no voter's page takes */
		err = p->opened ? OK : ERR_NOT_NOW;
	} else if (event_is(e, "comparison")) {
		if (!p->closed || p->compared || !running(p, 6))
			err = ERR_NOT_NOW;
		else if ((unsigned)__builtin_popcount(p->lists) + 1 < call->quorum)
			return why_set(why, ERR_NOT_NOW, "comparison: the lists of %u authorizers are here; the call demands %u", (unsigned)__builtin_popcount(p->lists) + 1, call->quorum);
		next.compared = 1;
	} else if (event_is(e, "mix") || event_is(e, "mixer-failed") || event_is(e, "station") || event_is(e, "factors")) {
		if (!p->compared || p->counted)
			err = ERR_NOT_NOW;
		if (event_is(e, "factors") && !p->mixes)
			err = ERR_NOT_NOW;
		next.mixes += event_is(e, "mix") ? 1 : 0;
		next.factors += event_is(e, "factors") ? 1 : 0;
	} else if (event_is(e, "count")) {
		if (p->counted || !p->compared || !running(p, 6))
			err = ERR_NOT_NOW;
		next.counted = 1;
	} else if (event_is(e, "seal")) {
		err = !p->counted || !(p->ended >> 7 & 1) ? ERR_NOT_NOW : sealed_on(e, why);
		next.sealed = 1;
	} else if (!event_is(e, "incident") && !event_is(e, "replace-witness")) {
		return why_set(why, ERR_FORMAT, "unknown kind of entry: %.20s", e->kind);
	}
	if (err == ERR_NOT_NOW)
		return event_is(e, "phase") ? err : why_set(why, err, "%s: not at this step of the election", e->kind);
	if (err == OK)
		*p = next;
	return err;
}
