#include "election/acts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/checkpoint.h"
#include "election/spanish.h"

void
act_free(struct act *a)
{
	buf_free(&a->json);
	buf_free(&a->text);
}

/* ---- the common form: a heading, facts, a table --------------------------------- */

static void
begin(struct act *a, struct json_out *o, const struct call *call, const char *id, const char *title)
{
	*o = json_out(&a->json);
	json_begin(o, NULL, '{');
	json_text(o, "urna", "act");
	json_int(o, "version", 1);
	json_text(o, "act", id);
	json_text(o, "kind", call->simulacro ? "simulacro" : "election");
	json_text(o, "process", call->process);
	json_hash(o, "call", &call->hash);
	buf_printf(&a->text, "%s%s\n%s\n\n", call->simulacro ? "*** SIMULACRO: SIN EFECTOS ***\n" : "", title, call->process);
}

/* The text, and spaces up to so many letters: code points of UTF-8. */
static void
column(struct buf *out, const char *text, unsigned width)
{
	unsigned n = 0;

	for (const char *p = text; *p != '\0'; p++)
		n += ((uint8_t)*p & 0xc0) != 0x80;
	buf_printf(out, "%s%*s", text, n < width ? (int)(width - n) : 0, "");
}

static void
fact(struct act *a, struct json_out *o, const char *name, const char *label, const char *value)
{
	json_text(o, name, value);
	buf_printf(&a->text, "%s: %s\n", label, value);
}

static void
fact_hash(struct act *a, struct json_out *o, const char *name, const char *label, const struct hash *h)
{
	char hex[65];

	hash_hex(hex, h);
	fact(a, o, name, label, hex);
}

static void
fact_number(struct act *a, struct json_out *o, const char *name, const char *label, uint64_t v)
{
	char words[256];

	number_words(words, sizeof words, v);
	json_int(o, name, (int64_t)v);
	buf_printf(&a->text, "%s: %" PRIu64 " (%s)\n", label, v, words);
}

static enum err
finish(struct act *a, struct json_out *o)
{
	json_end(o, '}');
	return a->json.failed || a->text.failed ? ERR_NOMEM : OK;
}

/* ---- key creation ------------------------------------------------------------------ */

struct custody {
	char serial[33], custodian[128], acuerdo[100], date[11], envelope[64];
};

static enum err
read_custody(struct custody *out, size_t *n, const void *p, size_t bytes, struct why *why)
{
	struct json *root, *list;
	struct fields f;
	int64_t t;
	enum err e;

	if ((e = json_parse(&root, p, bytes, 1 << 20, why)) != OK)
		return why_prefix(why, e, "key/cards.json");
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "cards") != 0)
		(void)field_bad(&f, field_line(&f, "urna"), "not a list of cards");
	(void)field_int(&f, "version", 1, 1);
	list = field_array(&f, "cards", *n);
	for (size_t i = 0; list != NULL && i < list->n && f.e == OK; i++) {
		struct fields g = fields_of(list->item[i], why);

		field_copy(&g, "serial", out[i].serial, sizeof out[i].serial);
		field_copy(&g, "custodian", out[i].custodian, sizeof out[i].custodian);
		field_copy(&g, "acuerdo", out[i].acuerdo, sizeof out[i].acuerdo);
		field_copy(&g, "designated", out[i].date, sizeof out[i].date);
		field_copy(&g, "envelope", out[i].envelope, sizeof out[i].envelope);
		if (g.e == OK && date_read(&t, out[i].date) != OK)
			(void)field_bad(&g, field_line(&g, "designated"), "\"designated\" must be a date");
		f.e = fields_end(&g);
	}
	if (f.e == OK)
		*n = list->n;
	e = fields_end(&f);
	json_free(root);
	return e == OK ? OK : why_prefix(why, e, "key/cards.json");
}

enum err
custody_dates(int64_t *latest, const void *p, size_t n, struct why *why)
{
	struct custody *list = calloc(256, sizeof *list);
	size_t k = 256;
	enum err e = list != NULL ? read_custody(list, &k, p, n, why) : ERR_NOMEM;

	*latest = 0;
	for (size_t i = 0; e == OK && i < k; i++) {
		int64_t t;

		if (date_read(&t, list[i].date) == OK && t > *latest)
			*latest = t;
	}
	free(list);
	return e;
}

enum err
custody_in_time(const struct call *call, const struct manifest *m, const void *custody, size_t n, struct why *why)
{
	int64_t latest;
	enum err e = custody_dates(&latest, custody, n, why);

	if (e == OK && !call->simulacro && latest > months_before(m->opens, 2))
		e = why_set(why, ERR_RANGE, "a card's custodian was designated less than two calendar months before the opening (article 20): only a simulacro may do so");
	return e;
}

static const struct custody *
custody_of(const struct custody *list, size_t n, const char *serial)
{
	for (size_t k = 0; k < n; k++)
		if (strcmp(list[k].serial, serial) == 0)
			return &list[k];
	return NULL;
}

/* Nobody alone has in custody what opens the votes: t cards of one set. c: who has card i. */
static enum err
few_together(const struct custody *list, size_t n, const struct card *cards, size_t cards_n, size_t i, unsigned t, const struct custody *c, struct why *why)
{
	unsigned held = 0;

	for (size_t k = 0; k < cards_n; k++) {
		const struct custody *other = custody_of(list, n, cards[k].serial);

		held += cards[k].set == cards[i].set && other != NULL && strcmp(other->custodian, c->custodian) == 0;
	}
	return held < t ? OK : why_set(why, ERR_RANGE, "key/cards.json: %s has %u cards of set %u in custody; %u open the votes", c->custodian, held, cards[i].set, t);
}

enum err
act_key(struct act *out, const struct call *call, const struct joint_key *key, const struct card *cards, size_t cards_n,
    const struct hash *transcript, const void *custody, size_t custody_n, struct why *why)
{
	struct custody *list = calloc(256, sizeof *list);
	size_t n = 256;
	struct json_out o;
	uint8_t y[POINT_BYTES];
	char hex[2 * POINT_BYTES + 1];
	enum err e = list != NULL ? read_custody(list, &n, custody, custody_n, why) : ERR_NOMEM;

	if (e != OK)
		goto done;
	if (point_write(y, &key->key) != OK) {
		e = ERR_RANGE;
		goto done;
	}
	begin(out, &o, call, "key", "ACTA DE CREACI\xc3\x93N DE LA LLAVE DE LA ELECCI\xc3\x93N Y DE LA LLAVE DE APERTURA DE VOTOS");
	hex_encode(hex, y, POINT_BYTES);
	fact(out, &o, "joint_key", "Llave de la elecci\xc3\xb3n", hex);
	fact_hash(out, &o, "transcript", "Huella de la ceremonia (SHA-256 de key/transcript.json)", transcript);
	fact_number(out, &o, "trustees", "Custodios", key->k);
	fact_number(out, &o, "threshold", "Custodios necesarios para abrir los votos", key->t);
	buf_str(&out->text, "\nTARJETAS\n");
	json_begin(&o, "cards", '[');
	for (size_t i = 0; i < cards_n; i++) {
		const struct custody *c = custody_of(list, n, cards[i].serial);

		if (c == NULL) {
			e = why_set(why, ERR_ABSENT, "key/cards.json: no custodian is named for the card with serial %s", cards[i].serial);
			goto done;
		}
		if ((e = few_together(list, n, cards, cards_n, i, key->t, c, why)) != OK)
			goto done;
		json_begin(&o, NULL, '{');
		json_text(&o, "serial", cards[i].serial);
		json_int(&o, "trustee", cards[i].trustee);
		json_int(&o, "set", cards[i].set);
		json_text(&o, "custodian", c->custodian);
		json_text(&o, "acuerdo", c->acuerdo);
		json_text(&o, "designated", c->date);
		json_text(&o, "envelope", c->envelope);
		json_end(&o, '}');
		buf_printf(&out->text, "  serie %s, parte %u, juego %u; en custodia de %s, por acuerdo %s de %s; sobre %s\n", cards[i].serial,
		    cards[i].trustee, cards[i].set, c->custodian, c->acuerdo, c->date, c->envelope);
	}
	json_end(&o, ']');
	if (n != cards_n) {
		e = why_set(why, ERR_RANGE, "key/cards.json names %zu cards, the ceremony made %zu", n, cards_n);
		goto done;
	}
	e = finish(out, &o);
done:
	free(list);
	return e;
}

/* ---- opening, closing, start of decryption -------------------------------------------- */

static void
begin_election(struct act *a, struct json_out *o, const struct act_facts *f, const char *id, const char *title)
{
	begin(a, o, f->call, id, title);
	fact_hash(a, o, "election", "Elecci\xc3\xb3n (SHA-256 de opening.json)", &f->election);
}

enum err
act_opening(struct act *out, const struct act_facts *f, const void *opening, size_t n, struct why *why)
{
	static const char *const names[][2] = {{"transcript", "Ceremonia de la llave"}, {"manifest", "Manual de configuraci\xc3\xb3n"},
	    {"roll", "Lista nominal"}, {"dictamen", "Dictamen"}, {"zero_report", "Reporte inicial (en ceros)"}};
	struct json *root;
	struct json_out o;
	struct fields g;
	char t[21];
	enum err e;

	if ((e = json_parse(&root, opening, n, 65536, why)) != OK)
		return why_prefix(why, e, "opening.json");
	g = fields_of(root, why);
	begin_election(out, &o, f, "opening", "ACTA DE APERTURA DEL SISTEMA DE VOTO ELECTR\xc3\x93NICO POR INTERNET");
	time_text(t, f->manifest->opens);
	fact(out, &o, "opens", "Apertura", t);
	time_text(t, f->manifest->closes);
	fact(out, &o, "closes", "Cierre", t);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct hash h;

		field_hash(&g, names[i][0], &h);
		fact_hash(out, &o, names[i][0], names[i][1], &h);
	}
	e = g.e;
	json_free(root);
	return e == OK ? finish(out, &o) : e;
}

/* The first entry of this kind; n if there is none. */
static uint64_t
first(const struct event *entry, uint64_t n, const char *kind)
{
	uint64_t i = 0;

	while (i < n && strcmp(entry[i].kind, kind) != 0)
		i++;
	return i;
}

/* Those of these facts that the entry has. */
static void
further(struct act *out, struct json_out *o, const struct event *e, const char *const *name, size_t names)
{
	for (size_t k = 0; k < names; k++)
		if (event_fact(e, name[k])[0] != '\0') {
			json_text(o, name[k], event_fact(e, name[k]));
			buf_printf(&out->text, "; %s: %s", spanish_fact(name[k]), spanish_value(name[k], event_fact(e, name[k])));
		}
}

/* What there is to say of it, if anything. */
static void
said(struct buf *text, const char *what, const char *value)
{
	if (value[0] != '\0')
		buf_printf(text, "%s%s", what, value);
}

/* The amendments among entries [from, to): those before the close stand on the closing act, later ones on the next act. */
static void
amendments(struct act *out, struct json_out *o, const struct event *entry, uint64_t from, uint64_t to, const char *heading)
{
	static const char *const more[] = {"closes", "index", "from", "person", "old", "mixer"};
	unsigned any = 0;
	char t[21];

	json_begin(o, "amendments", '[');
	for (uint64_t i = from; i < to; i++) {
		const struct event *e = &entry[i];

		if (!event_amends(e))
			continue;
		time_text(t, e->time);
		if (any++ == 0)
			buf_printf(&out->text, "\n%s\n", heading);
		json_begin(o, NULL, '{');
		json_text(o, "kind", e->kind);
		json_time(o, "time", e->time);
		json_text(o, "acuerdo", event_fact(e, "acuerdo"));
		json_text(o, "motive", event_fact(e, "motive"));
		json_text(o, "proposer", event_fact(e, "proposer"));
		buf_printf(&out->text, "  %s %s", t, spanish_kind(e->kind));
		said(&out->text, "; acuerdo ", event_fact(e, "acuerdo"));
		said(&out->text, "; motivo: ", event_fact(e, "motive"));
		said(&out->text, "; a propuesta de ", event_fact(e, "proposer"));
		further(out, o, e, more, sizeof more / sizeof *more);
		json_end(o, '}');
		buf_str(&out->text, "\n");
	}
	json_end(o, ']');
}

#define SINCE_LAST_ACT "MODIFICACIONES DESDE EL ACTA ANTERIOR"

/* What nobody ordered: suspensions by the clock and their end, heartbeats that came late since the service or its store was down, or while the registry
 * was an older copy. */
static void
interruptions(struct act *out, struct json_out *o, const struct event *entry, uint64_t n)
{
	static const char *const more[] = {"jump", "motive", "late", "registry"};
	unsigned any = 0;
	char t[21];

	json_begin(o, "interruptions", '[');
	for (uint64_t i = 0; i < n; i++) {
		const struct event *e = &entry[i];
		int odd = strcmp(e->kind, "heartbeat") == 0 && (event_fact(e, "late")[0] != '\0' || event_fact(e, "registry")[0] != '\0');
		int clock = strcmp(event_fact(e, "cause"), "clock") == 0 && (strcmp(e->kind, "suspend") == 0 || strcmp(e->kind, "resume") == 0);

		if (!clock && !odd)
			continue;
		time_text(t, e->time);
		if (any++ == 0)
			buf_str(&out->text, "\nINTERRUPCIONES DEL SERVICIO\n");
		json_begin(o, NULL, '{');
		json_text(o, "kind", e->kind);
		json_time(o, "time", e->time);
		buf_printf(&out->text, "  %s %s", t, spanish_kind(e->kind));
		further(out, o, e, more, sizeof more / sizeof *more);
		json_end(o, '}');
		buf_str(&out->text, "\n");
	}
	json_end(o, ']');
}

/* An entity's name, and the district if the style has one. */
static const char *
place(char out[200], const struct manifest *m, const char *entity, const char *district)
{
	(void)snprintf(out, 200, "%s%s%s", manifest_entity(m, entity), district[0] != '\0' ? ", distrito " : "", district);
	return out;
}

enum err
act_closing(struct act *out, const struct act_facts *f, const struct event *close, const struct event *entry, uint64_t entries, const struct style_sums *sums)
{
	const struct manifest *m = f->manifest;
	struct json_out o;
	const char *text = event_fact(close, "size");
	char t[21], name[200];
	uint64_t size;

	if (decimal_read(&size, text, text + strlen(text)) != OK)
		return ERR_FORMAT;
	begin_election(out, &o, f, "closing", "ACTA DE CIERRE DEL SISTEMA DE VOTO ELECTR\xc3\x93NICO POR INTERNET");
	time_text(t, close->time);
	fact(out, &o, "closed", "Cierre", t);
	fact_number(out, &o, "ballots", "Votos cifrados en la urna", size);
	fact(out, &o, "root", "Ra\xc3\xadz de la urna", event_fact(close, "root"));
	fact(out, &o, "sha256", "SHA-256 de la base de votos cifrados", event_fact(close, "sha256"));
	fact(out, &o, "sha512", "SHA-512 de la base de votos cifrados", event_fact(close, "sha512"));
	fact(out, &o, "sha3-256", "SHA3-256 de la base de votos cifrados", event_fact(close, "sha3-256"));
	buf_str(&out->text, "\nPOR TIPO DE BOLETA: lista nominal, autorizaciones, confirmaciones, votos\n");
	json_begin(&o, "styles", '[');
	for (unsigned i = 0; i < m->styles; i++) {
		json_begin(&o, NULL, '{');
		json_int(&o, "style", i + 1);
		json_text(&o, "entity", m->style[i].entity);
		if (m->style[i].district[0] != '\0')
			json_text(&o, "district", m->style[i].district);
		json_int(&o, "roll", (int64_t)sums[i].roll);
		json_int(&o, "authorizations", (int64_t)sums[i].authorizations);
		json_int(&o, "confirmations", (int64_t)sums[i].confirmations);
		json_int(&o, "ballots", (int64_t)sums[i].ballots);
		json_end(&o, '}');
		buf_printf(&out->text, "  %3u ", i + 1);
		column(&out->text, place(name, m, m->style[i].entity, m->style[i].district), 34);
		buf_printf(&out->text, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", sums[i].roll, sums[i].authorizations, sums[i].confirmations, sums[i].ballots);
		if (sums[i].ballots > 0 && sums[i].ballots < m->small_group)
			buf_str(&out->text, "      aviso: grupo peque\xc3\xb1o; su resultado puede revelar votos\n");
	}
	json_end(&o, ']');
	amendments(out, &o, entry, 0, first(entry, entries, "close"), "MODIFICACIONES DURANTE LA ELECCI\xc3\x93N");
	interruptions(out, &o, entry, first(entry, entries, "close"));
	if (f->call->quorum == 1)
		buf_str(&out->text, "\nUna sola autoridad autoriza: por s\xc3\xad sola pudo emitir votos de quienes se autorizaron y no votaron.\n");
	return finish(out, &o);
}

/* Each authorizer's list by its hash, or that it is absent. */
static void
lists(struct act *a, struct json_out *o, const struct call *call, const struct event *close, const struct event *entry, uint64_t n)
{
	buf_str(&a->text, "\nLISTAS DE AUTORIZACIONES (SHA-256)\n");
	json_begin(o, "lists", '[');
	for (unsigned k = 0; k < call->authorizers; k++) {
		const char *name = call->authorizer[k].key.name, *hash = k == 0 ? event_fact(close, "authorizations") : "";

		for (uint64_t i = 0; k > 0 && i < n; i++)
			if (strcmp(entry[i].kind, "list") == 0 && strcmp(event_fact(&entry[i], "authorizer"), name) == 0)
				hash = event_fact(&entry[i], "sha256");
		json_begin(o, NULL, '{');
		json_text(o, "authorizer", name);
		json_text(o, "sha256", hash);
		json_end(o, '}');
		buf_printf(&a->text, "  %-24s %s\n", name, hash[0] != '\0' ? hash : "AUSENTE");
	}
	json_end(o, ']');
}

enum err
act_start(struct act *out, const struct act_facts *f, const struct event *close, const struct event *entry, uint64_t entries, const struct hash *file, uint64_t size,
    const struct hash *root)
{
	struct json_out o;

	begin_election(out, &o, f, "start-of-decryption", "ACTA DE INICIO DEL DESCIFRADO Y C\xc3\x93MPUTO (comparaci\xc3\xb3n del art\xc3\xad"
							  "culo 36)");
	fact(out, &o, "closing_sha256", "SHA-256 de la base al cierre", event_fact(close, "sha256"));
	fact_hash(out, &o, "file_sha256", "SHA-256 de la base presentada", file);
	fact(out, &o, "closing_root", "Ra\xc3\xadz al cierre", event_fact(close, "root"));
	fact_hash(out, &o, "recomputed_root", "Ra\xc3\xadz recalculada", root);
	fact_number(out, &o, "ballots", "Votos cifrados", size);
	buf_str(&out->text, "Resultado: COINCIDEN\n");
	lists(out, &o, f->call, close, entry, entries);
	amendments(out, &o, entry, first(entry, entries, "close"), first(entry, entries, "comparison"), SINCE_LAST_ACT);
	return finish(out, &o);
}

/* ---- count ------------------------------------------------------------------------------- */

static void
lines(struct act *a, struct json_out *o, const struct contest *c, const struct tally *t)
{
	char words[256];

	buf_str(&a->text, "\n");
	column(&a->text, "L\xc3\x8dNEA", 39);
	buf_str(&a->text, "   CON N\xc3\x9aMERO  CON LETRA\n");
	json_begin(o, "lines", '[');
	for (unsigned i = 0; i < c->lines; i++) {
		number_words(words, sizeof words, t->line[i]);
		json_begin(o, NULL, '{');
		json_text(o, "line", c->line[i].id);
		json_int(o, "votes", (int64_t)t->line[i]);
		json_text(o, "words", words);
		json_end(o, '}');
		column(&a->text, c->line[i].id, 39);
		buf_printf(&a->text, " %12" PRIu64 "  %s\n", t->line[i], words);
	}
	json_end(o, ']');
	number_words(words, sizeof words, t->total);
	json_int(o, "total", (int64_t)t->total);
	json_int(o, "invalid_plaintexts", (int64_t)t->outside);
	buf_printf(&a->text, "%-39s %12" PRIu64 "  %s\n", "TOTAL", t->total, words);
	if (t->outside > 0)
		buf_printf(&a->text, "De los nulos, %" PRIu64 " no eran marca alguna de la boleta.\n", t->outside);
}

static void
split(struct act *a, struct json_out *o, const struct contest *c, const struct tally *t)
{
	if (c->parties == 0)
		return;
	buf_str(&a->text, "\nPOR PARTIDO, repartidas las combinaciones (LGIPE 311.1 c; empates por orden de registro); informativo\n");
	json_begin(o, "split", '[');
	for (unsigned p = 0; p < c->parties; p++) {
		json_begin(o, NULL, '{');
		json_text(o, "party", c->party[p].id);
		json_int(o, "votes", (int64_t)t->party[p]);
		json_end(o, '}');
		buf_printf(&a->text, "  %-20s %12" PRIu64 "\n", c->party[p].id, t->party[p]);
	}
	json_end(o, ']');
	buf_str(&a->text, "\nPOR CANDIDATURA; informativo\n");
	json_begin(o, "candidates", '[');
	for (unsigned l = 0; l < c->lines; l++) {
		uint64_t sum = 0;
		int first = c->line[l].candidate[0] != '\0';

		for (unsigned k = 0; k < l && first; k++)
			first = strcmp(c->line[k].candidate, c->line[l].candidate) != 0;
		if (!first)
			continue;
		for (unsigned k = l; k < c->lines; k++)
			if (strcmp(c->line[k].candidate, c->line[l].candidate) == 0)
				sum += t->line[k];
		json_begin(o, NULL, '{');
		json_text(o, "candidate", c->line[l].candidate);
		json_int(o, "votes", (int64_t)sum);
		json_end(o, '}');
		buf_str(&a->text, "  ");
		column(&a->text, c->line[l].candidate, 40);
		buf_printf(&a->text, " %12" PRIu64 "\n", sum);
	}
	json_end(o, ']');
}

enum err
act_count(struct act *out, const struct act_facts *f, unsigned contest, const struct group *group, const struct tally *t)
{
	const struct contest *c = &f->manifest->contest[contest];
	struct json_out o;

	begin_election(out, &o, f, "count", "ACTA DE C\xc3\x93MPUTO DEL VOTO ELECTR\xc3\x93NICO POR INTERNET");
	fact(out, &o, "contest", "Elecci\xc3\xb3n de", c->id);
	fact(out, &o, "name", "Nombre", c->name);
	fact(out, &o, "type", "Tipo", c->type);
	fact(out, &o, "ambito", "\xc3\x81mbito", c->local ? "local" : "federal");
	if (group != NULL)
		fact(out, &o, "entity", "Entidad", manifest_entity(f->manifest, group->entity));
	if (group != NULL && group->district[0] != '\0')
		fact(out, &o, "district", "Distrito", group->district);
	lines(out, &o, c, t);
	split(out, &o, c, t);
	return finish(out, &o);
}

enum err
act_summary(struct act *out, const struct act_facts *f, const struct tally *groups, const struct event *entry, uint64_t entries)
{
	const struct manifest *m = f->manifest;
	struct json_out o;
	char name[200];

	begin_election(out, &o, f, "summary", "RESUMEN DE C\xc3\x93MPUTOS, por \xc3\xa1mbito, tipo y entidad");
	json_begin(&o, "groups", '[');
	for (int local = 0; local < 2; local++)
		for (unsigned g = 0; g < m->groups; g++) {
			const struct contest *c = &m->contest[m->group[g].contest];

			if (c->local != local)
				continue;
			json_begin(&o, NULL, '{');
			json_text(&o, "ambito", local ? "local" : "federal");
			json_text(&o, "type", c->type);
			json_text(&o, "contest", c->id);
			json_text(&o, "entity", m->group[g].entity);
			if (m->group[g].district[0] != '\0')
				json_text(&o, "district", m->group[g].district);
			json_int(&o, "total", (int64_t)groups[g].total);
			json_begin(&o, "votes", '[');
			for (unsigned l = 0; l < c->lines; l++)
				json_int(&o, NULL, (int64_t)groups[g].line[l]);
			json_end(&o, ']');
			json_end(&o, '}');
			buf_printf(&out->text, "%-8s %-14s ", local ? "local" : "federal", c->type);
			column(&out->text, place(name, m, m->group[g].entity, m->group[g].district), 34);
			buf_printf(&out->text, " %10" PRIu64 "\n", groups[g].total);
		}
	json_end(&o, ']');
	amendments(out, &o, entry, first(entry, entries, "comparison"), first(entry, entries, "count"), SINCE_LAST_ACT);
	return finish(out, &o);
}

enum err
act_handover(struct act *out, const struct act_facts *f, const struct hash list[3], const struct card *cards, size_t cards_n, const struct event *entry, uint64_t entries)
{
	uint64_t seal = first(entry, entries, "seal");
	struct json_out o;

	begin_election(out, &o, f, "handover", "ACTA DE ENTREGA DE TARJETAS, INFORMACI\xc3\x93N Y DOCUMENTO DE HUELLAS");
	fact(out, &o, "machine", "Equipo en que se calcularon las huellas", seal < entries ? event_fact(&entry[seal], "machine") : "");
	fact_hash(out, &o, "hashes.sha256", "SHA-256 de hashes.sha256", &list[0]);
	fact_hash(out, &o, "hashes.sha512", "SHA-256 de hashes.sha512", &list[1]);
	fact_hash(out, &o, "hashes.sha3-256", "SHA-256 de hashes.sha3-256", &list[2]);
	buf_str(&out->text, "\nTARJETAS QUE SE ENTREGAN\n");
	json_begin(&o, "cards", '[');
	for (size_t i = 0; i < cards_n; i++) {
		json_text(&o, NULL, cards[i].serial);
		buf_printf(&out->text, "  serie %s, parte %u, juego %u\n", cards[i].serial, cards[i].trustee, cards[i].set);
	}
	json_end(&o, ']');
	amendments(out, &o, entry, first(entry, entries, "count"), entries, SINCE_LAST_ACT);
	return finish(out, &o);
}
