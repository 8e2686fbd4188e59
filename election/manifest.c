#include "election/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
identifier(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");

	return n >= 1 && n <= 16 && s[n] == '\0';
}

static int
emblem(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return n >= 1 && n <= 16 && s[n] == '\0';
}

/* The entity's position; -1 if it is none of the manifest's. */
static int
entity_of(const struct manifest *m, const char *id)
{
	for (unsigned i = 0; i < m->entities; i++)
		if (strcmp(m->entity[i].id, id) == 0)
			return (int)i;
	return -1;
}

static int
party_of(const struct contest *c, const char *id)
{
	for (unsigned i = 0; i < c->parties; i++)
		if (strcmp(c->party[i].id, id) == 0)
			return (int)i;
	return -1;
}

static void
add_line(struct contest *c, struct fields *f, const char *id, uint32_t parties, const char *candidate)
{
	for (unsigned i = 0; i < c->lines; i++)
		if (strcmp(c->line[i].id, id) == 0)
			(void)field_bad(f, f->object->line, "contest %s: the line %s stands twice", c->id, id);
	if (c->lines == MAX_LINES) {
		(void)field_bad(f, f->object->line, "contest %s: more than %d lines", c->id, MAX_LINES);
		return;
	}
	(void)snprintf(c->line[c->lines].id, LINE_BYTES, "%s", id);
	(void)snprintf(c->line[c->lines].candidate, sizeof c->line[0].candidate, "%s", candidate);
	c->line[c->lines++].parties = parties;
}

/* Every combination of at least two of the coalition's emblems, larger ones
 * first, in registration order within a size. */
static void
combinations(struct contest *c, struct fields *f, uint32_t members, const char *candidate)
{
	for (int size = __builtin_popcount(members); size >= 2; size--)
		/* subsets in the order of their first members: compare as reversed bits */
		for (uint32_t rank = UINT32_MAX;; rank--) {
			uint32_t set = 0, compact = rank & ((1u << __builtin_popcount(members)) - 1);
			char id[LINE_BYTES] = "";
			int k = __builtin_popcount(members) - 1;

			for (unsigned i = 0; i < MAX_EMBLEMS; i++)
				if (members >> i & 1)
					set |= (uint32_t)(compact >> k-- & 1) << i;
			if (__builtin_popcount(set) == size) {
				for (unsigned i = 0; i < c->parties; i++)
					if (set >> i & 1) {
						size_t n = strlen(id);

						if (n + 1 + strlen(c->party[i].id) >= sizeof id) { /* cut off, two lines could look the same */
							(void)field_bad(f, f->object->line, "contest %s: the name of a coalition's line is longer than %d", c->id, LINE_BYTES - 1);
							return;
						}
						(void)snprintf(id + n, sizeof id - n, "%s%s", n > 0 ? "_" : "", c->party[i].id);
					}
				add_line(c, f, id, set, candidate);
			}
			if (compact == 0)
				break;
		}
}

static uint32_t
read_members(struct contest *c, struct fields *g, size_t least)
{
	struct json *list = field_array(g, "parties", 8);
	uint32_t set = 0;

	for (size_t i = 0; list != NULL && i < list->n; i++) {
		int p = list->item[i]->text != NULL ? party_of(c, list->item[i]->text) : -1;

		if (p < 0 || (set >> p & 1))
			(void)field_bad(g, list->item[i]->line, "contest %s: not a party of the contest, or twice", c->id);
		else
			set |= 1u << p;
	}
	if (list != NULL && list->n < least)
		(void)field_bad(g, list->line, "contest %s: at least %zu parties are needed here", c->id, least);
	return set;
}

static void
read_lines(struct contest *c, struct fields *f, int sealed)
{
	struct json *list;

	if (!sealed && !field_has(f, "lines"))
		return;
	list = field_array(f, "lines", MAX_LINES);
	for (size_t i = 0; list != NULL && i < list->n && i < c->lines; i++)
		if (list->item[i]->text == NULL || strcmp(list->item[i]->text, c->line[i].id) != 0)
			(void)field_bad(f, list->item[i]->line, "contest %s: line %zu must be %s", c->id, i + 1, c->line[i].id);
	if (list != NULL && list->n != c->lines)
		(void)field_bad(f, list->line, "contest %s: there must be %u lines", c->id, c->lines);
}

/* Who stands in a contest, until the lines are made of it. */
struct candidacies {
	char alone[MAX_EMBLEMS][128]; /* by party; "" if it has no candidate of its own */
	struct {
		uint32_t members;
		char candidate[128];
	} coalition[MAX_COALITIONS];
	size_t coalitions;
	uint32_t in_coalition, in_common; /* parties */
	struct json *common;
};

static void
read_parties(struct contest *c, struct candidacies *x, struct fields *f)
{
	struct json *list = field_array(f, "parties", MAX_EMBLEMS);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct fields g = fields_of(list->item[i], f->why);

		field_copy(&g, "id", c->party[i].id, sizeof c->party[i].id);
		field_copy(&g, "name", c->party[i].name, sizeof c->party[i].name);
		if (field_has(&g, "candidate"))
			field_copy(&g, "candidate", x->alone[i], sizeof x->alone[i]);
		if (g.e == OK && (!emblem(c->party[i].id) || party_of(c, c->party[i].id) >= 0))
			(void)field_bad(&g, list->item[i]->line, "a party's id is 1 to 16 of A-Z and 0-9, and stands once");
		f->e = fields_end(&g);
		c->parties++;
	}
}

static void
read_coalitions(struct contest *c, struct candidacies *x, struct fields *f)
{
	struct json *list = field_array(f, "coalitions", MAX_COALITIONS);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct fields g = fields_of(list->item[i], f->why);
		uint32_t members;
		char name[128];

		field_copy(&g, "name", name, sizeof name);
		members = x->coalition[i].members = read_members(c, &g, 2);
		field_copy(&g, "candidate", x->coalition[i].candidate, sizeof x->coalition[i].candidate);
		if (g.e == OK && (x->in_coalition & members) != 0)
			(void)field_bad(&g, list->item[i]->line, "contest %s: a party stands in two coalitions", c->id);
		for (unsigned k = 0; k < c->parties && g.e == OK; k++)
			if ((members >> k & 1) && x->alone[k][0] != '\0')
				(void)field_bad(&g, list->item[i]->line, "contest %s: %s has a candidate of its own and stands in a coalition", c->id, c->party[k].id);
		x->in_coalition |= members;
		x->coalitions++;
		f->e = fields_end(&g);
	}
}

/* Candidatura común: one shared emblem. */
static void
read_common(struct contest *c, struct candidacies *x, struct fields *f)
{
	x->common = field_array(f, "common", MAX_COALITIONS);
	for (size_t i = 0; x->common != NULL && i < x->common->n && f->e == OK; i++) {
		struct fields g = fields_of(x->common->item[i], f->why);
		uint32_t members;
		char text[128];

		field_copy(&g, "id", text, 17);
		if (g.e == OK && !emblem(text))
			(void)field_bad(&g, x->common->item[i]->line, "a candidacy's id is 1 to 16 of A-Z and 0-9");
		field_copy(&g, "name", text, sizeof text);
		members = read_members(c, &g, 2);
		field_copy(&g, "candidate", text, sizeof text);
		if (g.e == OK && (members & (x->in_common | x->in_coalition)) != 0)
			(void)field_bad(&g, x->common->item[i]->line, "contest %s: a party stands in two candidacies", c->id);
		x->in_common |= members;
		f->e = fields_end(&g);
	}
}

/* Each emblem alone, the combinations of coalitions, the shared emblems. */
static void
add_party_lines(struct contest *c, const struct candidacies *x, struct fields *f)
{
	for (unsigned i = 0; i < c->parties && f->e == OK; i++) {
		const char *who = x->alone[i];

		for (size_t k = 0; k < x->coalitions; k++)
			if (x->coalition[k].members >> i & 1)
				who = x->coalition[k].candidate;
		if (!(x->in_common >> i & 1))
			add_line(c, f, c->party[i].id, 1u << i, who);
	}
	for (size_t i = 0; i < x->coalitions && f->e == OK; i++)
		combinations(c, f, x->coalition[i].members, x->coalition[i].candidate);
	for (size_t i = 0; x->common != NULL && i < x->common->n && f->e == OK; i++) {
		struct fields g = fields_of(x->common->item[i], NULL);

		add_line(c, f, field_text(&g, "id", 16), 0, field_text(&g, "candidate", 127));
	}
}

static void
add_independents(struct contest *c, struct fields *f)
{
	struct json *list = field_array(f, "independents", MAX_EMBLEMS);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct fields g = fields_of(list->item[i], f->why);
		char id[17], name[128];

		field_copy(&g, "id", id, sizeof id);
		if (g.e == OK && !emblem(id))
			(void)field_bad(&g, list->item[i]->line, "an independent's id is 1 to 16 of A-Z and 0-9");
		field_copy(&g, "name", name, sizeof name);
		if (g.e == OK)
			add_line(c, &g, id, 0, name);
		f->e = fields_end(&g);
	}
}

/* Every valid marking, in order. */
static void
make_lines(struct contest *c, struct json *j, struct fields *f)
{
	struct candidacies x = {.coalitions = 0};

	if (strcmp(c->type, "consulta") == 0) {
		add_line(c, f, "SI", 0, "");
		add_line(c, f, "NO", 0, "");
		add_line(c, f, "NULO", 0, "");
		return;
	}
	read_parties(c, &x, f);
	read_coalitions(c, &x, f);
	read_common(c, &x, f);
	add_party_lines(c, &x, f);
	add_independents(c, f);
	if (field_bool(f, "unregistered"))
		add_line(c, f, "CANDIDATO_NO_REGISTRADO", 0, "");
	if (f->e == OK && c->lines == 0)
		(void)field_bad(f, j->line, "contest %s: nobody stands in it", c->id);
	add_line(c, f, "VOTOS_NULOS", 0, "");
}

static enum err
read_contest(const struct manifest *m, struct contest *c, struct json *j, int sealed, struct why *why)
{
	struct fields f = fields_of(j, why);
	const char *ambito;

	field_copy(&f, "id", c->id, sizeof c->id);
	field_copy(&f, "type", c->type, sizeof c->type);
	field_copy(&f, "name", c->name, sizeof c->name);
	field_copy(&f, "acuerdo", c->acuerdo, sizeof c->acuerdo);
	if (f.e == OK && (!identifier(c->id) || !identifier(c->type)))
		(void)field_bad(&f, j->line, "contest ids and types are 1 to 16 of a-z and 0-9");
	if (f.e == OK && strcmp(c->id, "summary") == 0) /* acts/count-summary is the summary's */
		(void)field_bad(&f, j->line, "no contest may have the id \"summary\"");
	ambito = field_text(&f, "ambito", 10);
	c->local = strcmp(ambito, "local") == 0;
	if (f.e == OK && !c->local && strcmp(ambito, "federal") != 0)
		(void)field_bad(&f, j->line, "contest %s: \"ambito\" must be \"federal\" or \"local\"", c->id);
	if (c->local) {
		field_copy(&f, "entity", c->entity, sizeof c->entity);
		if (f.e == OK && entity_of(m, c->entity) < 0)
			(void)field_bad(&f, j->line, "contest %s: the entity %s is not in the list", c->id, c->entity);
	}
	make_lines(c, j, &f);
	read_lines(c, &f, sealed);
	return fields_end(&f);
}

static void
read_styles(struct manifest *m, struct fields *f)
{
	struct json *list = field_array(f, "styles", MAX_STYLES);
	struct buf text = {0};

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++) {
		struct style *s = &m->style[m->styles++];
		struct fields g = fields_of(list->item[i], f->why);
		struct json *contests;

		field_copy(&g, "entity", s->entity, sizeof s->entity);
		if (field_has(&g, "district"))
			field_copy(&g, "district", s->district, sizeof s->district);
		contests = field_array(&g, "contests", MAX_CONTESTS);
		if (g.e == OK && (!identifier(s->entity) || entity_of(m, s->entity) < 0 ||
				     (s->district[0] != '\0' && !identifier(s->district)) || contests->n == 0))
			(void)field_bad(&g, list->item[i]->line, "a style needs a known entity and at least one contest");
		for (size_t k = 0; contests != NULL && k < contests->n && g.e == OK; k++) {
			unsigned c = 0;

			while (c < m->contests && (contests->item[k]->text == NULL || strcmp(m->contest[c].id, contests->item[k]->text) != 0))
				c++;
			if (c == m->contests || (k > 0 && c <= s->contest[k - 1]) ||
			    (m->contest[c].local && strcmp(m->contest[c].entity, s->entity) != 0))
				(void)field_bad(&g, contests->item[k]->line, "style %zu: contests must be known, of this entity, and in the manifest's order", i + 1);
			else
				s->contest[s->contests++] = c;
		}
		f->e = fields_end(&g);
		for (unsigned k = 0; k + 1 < m->styles && f->e == OK; k++)
			if (strcmp(m->style[k].entity, s->entity) == 0 && strcmp(m->style[k].district, s->district) == 0)
				(void)field_bad(f, list->item[i]->line, "two styles for one entity and district");
		buf_printf(&text, "%s %s", s->entity, s->district);
		for (unsigned k = 0; k < s->contests; k++)
			buf_printf(&text, " %s", m->contest[s->contest[k]].id);
		buf_u8(&text, '\n');
	}
	if (f->e == OK && m->styles == 0)
		(void)field_bad(f, field_line(f, "styles"), "there must be a style");
	sha256(&m->styles_hash, text.p, text.n);
	buf_free(&text);
}

/* What is mixed and counted together: contests in order, in each the styles in order. */
static void
make_groups(struct manifest *m, struct fields *f)
{
	for (unsigned c = 0; c < m->contests; c++)
		for (unsigned s = 0; s < m->styles; s++)
			for (unsigned k = 0; k < m->style[s].contests; k++) {
				struct group *g = &m->group[m->groups];
				const struct style *of = &m->style[s];
				char folder[sizeof g->folder];

				if (of->contest[k] != c)
					continue;
				if (m->groups == MAX_GROUPS) {
					(void)field_bad(f, field_line(f, "styles"), "more than %d groups (a contest in an entity or district)", MAX_GROUPS);
					return;
				}
				g->contest = c;
				memcpy(g->entity, of->entity, sizeof g->entity);
				memcpy(g->district, of->district, sizeof g->district);
				(void)snprintf(folder, sizeof folder, "%.16s-%.16s%s%.16s", m->contest[c].id, of->entity, of->district[0] != '\0' ? "-" : "", of->district);
				memcpy(g->folder, folder, sizeof folder);
				m->groups++;
			}
}

static void
read_entities(struct manifest *m, struct fields *f)
{
	struct json *list = field_array(f, "entities", MAX_ENTITIES);

	for (size_t i = 0; list != NULL && i < list->n && f->e == OK; i++, m->entities++) {
		struct fields g = fields_of(list->item[i], f->why);

		field_copy(&g, "id", m->entity[i].id, sizeof m->entity[i].id);
		field_copy(&g, "name", m->entity[i].name, sizeof m->entity[i].name);
		if (g.e == OK && !identifier(m->entity[i].id))
			(void)field_bad(&g, list->item[i]->line, "an entity's id is 1 to 16 of a-z and 0-9");
		if (g.e == OK && entity_of(m, m->entity[i].id) >= 0)
			(void)field_bad(&g, list->item[i]->line, "two entities %s", m->entity[i].id);
		f->e = fields_end(&g);
	}
}

static void
read_hours(struct manifest *m, struct fields *f)
{
	m->opens = field_time(f, "opens");
	m->closes = field_time(f, "closes");
	if (f->e == OK && m->closes <= m->opens)
		(void)field_bad(f, field_line(f, "closes"), "\"closes\" must be after \"opens\"");
	m->grace = (unsigned)field_int(f, "grace_seconds", 0, 3600);
	m->heartbeat = (unsigned)field_int(f, "heartbeat_seconds", 1, 86400);
	if (f->e == OK && (m->closes - m->opens) / MOST_HEARTBEATS >= m->heartbeat)
		(void)field_bad(f, field_line(f, "heartbeat_seconds"), "from \"opens\" to \"closes\" there would be more than %d heartbeats: \"heartbeat_seconds\" must be %" PRId64 " or more", MOST_HEARTBEATS,
		    (m->closes - m->opens) / MOST_HEARTBEATS + 1);
}

static enum err
read_fields(struct manifest *m, struct json *root, struct why *why)
{
	struct fields f = fields_of(root, why), g;
	struct json *list;

	if (strcmp(field_text(&f, "urna", 20), "manifest") != 0)
		(void)field_bad(&f, field_line(&f, "urna"), "this is not a manifest: \"urna\" must be \"manifest\"");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &m->call);
	field_copy(&f, "acuerdo", m->acuerdo, sizeof m->acuerdo);
	read_hours(m, &f);
	g = fields_of(field_object(&f, "public_head"), why);
	m->head_seconds = (unsigned)field_int(&g, "seconds", 1, 86400);
	m->head_ballots = (unsigned)field_int(&g, "ballots", 1, 1000000);
	m->head_most = (unsigned)field_int(&g, "at_most_seconds", m->head_seconds, 86400);
	if (f.e == OK)
		f.e = fields_end(&g);
	m->replacement_delay = (unsigned)field_int(&f, "replacement_delay_seconds", 0, 30 * 86400);
	g = fields_of(field_object(&f, "codes"), why);
	m->code_digits = (unsigned)field_int(&g, "digits", 6, 8);
	m->code_seconds = (unsigned)field_int(&g, "seconds", 30, 3600);
	m->code_attempts = (unsigned)field_int(&g, "attempts", 1, 20);
	m->lock_seconds = (unsigned)field_int(&g, "lock_seconds", 1, 900);
	if (f.e == OK)
		f.e = fields_end(&g);
	m->small_group = (unsigned)field_int(&f, "small_group", 0, 1000);
	read_entities(m, &f);
	m->sealed = field_has(&f, "roll");
	list = field_array(&f, "contests", MAX_CONTESTS);
	for (size_t i = 0; list != NULL && i < list->n && f.e == OK; i++) {
		f.e = read_contest(m, &m->contest[i], list->item[i], m->sealed, why);
		for (unsigned k = 0; k < i && f.e == OK; k++)
			if (strcmp(m->contest[k].id, m->contest[i].id) == 0)
				(void)field_bad(&f, list->item[i]->line, "two contests %s", m->contest[i].id);
		m->contests++;
	}
	read_styles(m, &f);
	make_groups(m, &f);
	if (m->sealed) {
		field_hash(&f, "roll", &m->roll);
		list = field_array(&f, "authorizers", MAX_AUTHORIZERS);
		for (size_t i = 0; list != NULL && i < list->n && f.e == OK; i++, m->authorizers++)
			if (list->item[i]->text == NULL || hex_decode(m->authorizer[i].b, 32, list->item[i]->text, strlen(list->item[i]->text)) != OK)
				(void)field_bad(&f, list->item[i]->line, "an authorizer's hash must be 64 hex digits");
	}
	return fields_end(&f);
}

enum err
manifest_read(struct manifest **out, const void *p, size_t n, struct why *why)
{
	struct manifest *m = calloc(1, sizeof *m);
	struct json *root;
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if ((e = json_parse(&root, p, n, MANIFEST_MAX_BYTES, why)) == OK) {
		e = read_fields(m, root, why);
		json_free(root);
	}
	if (e != OK) {
		free(m);
		return why_prefix(why, e, "manifest");
	}
	sha256(&m->hash, p, n);
	*out = m;
	return OK;
}

/* Copy a parsed value; `m` (not NULL) adds the generated lines to contests. */
static void
copy(struct json_out *o, const struct json *j, const struct manifest *m, int contests)
{
	switch (j->type) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		json_begin(o, j->name, j->type == JSON_OBJECT ? '{' : '[');
		for (size_t i = 0; i < j->n; i++)
			if (j->item[i]->name == NULL || (strcmp(j->item[i]->name, "_comment") != 0 && strcmp(j->item[i]->name, "lines") != 0))
				copy(o, j->item[i], m, j->name != NULL && strcmp(j->name, "contests") == 0 && o->depth == 2);
		for (unsigned c = 0; contests && c < m->contests; c++) {
			const struct json *id = j->item[0];

			for (size_t i = 0; i < j->n; i++)
				if (strcmp(j->item[i]->name, "id") == 0)
					id = j->item[i];
			if (strcmp(m->contest[c].id, id->text) != 0)
				continue;
			json_begin(o, "lines", '[');
			for (unsigned l = 0; l < m->contest[c].lines; l++)
				json_text(o, NULL, m->contest[c].line[l].id);
			json_end(o, ']');
		}
		json_end(o, j->type == JSON_OBJECT ? '}' : ']');
		break;
	case JSON_TEXT:
		json_text(o, j->name, j->text);
		break;
	case JSON_INT:
		json_int(o, j->name, j->number);
		break;
	case JSON_BOOL:
		json_bool(o, j->name, j->number != 0);
		break;
	case JSON_NULL:
		break;
	}
}

unsigned
manifest_style(const struct manifest *m, const char *entity, const char *district)
{
	for (unsigned s = 0; s < m->styles; s++)
		if (strcmp(m->style[s].entity, entity) == 0 && strcmp(m->style[s].district, district) == 0)
			return s + 1;
	return 0;
}

enum err
manifest_not_over(const struct manifest *m, int64_t now, struct why *why)
{
	char t[21];

	time_text(t, m->closes);
	return now < m->closes ? OK : why_set(why, ERR_NOT_NOW, "the closing hour %s is past: nobody could vote; put other hours into the draft, and seal and open it anew (urna manifest seal, urna open)", t);
}

enum err
manifest_seal(struct buf *out, const void *draft, size_t n, const struct call *call, const struct hash *roll,
    const struct hash *authorizers, unsigned authorizers_n, struct why *why)
{
	struct manifest *m = NULL;
	struct json *root = NULL;
	struct json_out o = json_out(out);
	char hex[65];
	enum err e;

	if ((e = manifest_read(&m, draft, n, why)) != OK || (e = json_parse(&root, draft, n, MANIFEST_MAX_BYTES, why)) != OK)
		goto done;
	if (authorizers_n != call->authorizers) {
		e = why_set(why, ERR_LENGTH, "the keys of %u authorizers are needed, not of %u", call->authorizers, authorizers_n);
		goto done;
	}
	if (m->sealed || !hash_equal(&m->call, &call->hash)) {
		e = why_set(why, ERR_NOT_NOW, m->sealed ? "the draft is sealed already" : "the draft names another call");
		goto done;
	}
	json_begin(&o, NULL, '{');
	for (size_t i = 0; i < root->n; i++)
		if (strcmp(root->item[i]->name, "_comment") != 0)
			copy(&o, root->item[i], m, 0);
	json_hash(&o, "roll", roll);
	json_begin(&o, "authorizers", '[');
	for (unsigned i = 0; i < authorizers_n; i++) {
		hash_hex(hex, &authorizers[i]);
		json_text(&o, NULL, hex);
	}
	json_end(&o, ']');
	json_end(&o, '}');
	e = out->failed ? ERR_NOMEM : OK;
done:
	json_free(root);
	free(m);
	return e;
}

int
manifest_group(const struct manifest *m, unsigned style, unsigned at)
{
	const struct style *s = &m->style[style];

	for (unsigned g = 0; g < m->groups; g++)
		if (m->group[g].contest == s->contest[at] && strcmp(m->group[g].entity, s->entity) == 0 &&
		    strcmp(m->group[g].district, s->district) == 0)
			return (int)g;
	return -1;
}

unsigned
heartbeat_gap(const struct manifest *m)
{
	return m->heartbeat + (m->heartbeat < 60 ? m->heartbeat : 60);
}

const char *
manifest_entity(const struct manifest *m, const char *id)
{
	int i = entity_of(m, id);

	return i >= 0 ? m->entity[i].name : id;
}

void
manifest_example(struct buf *out)
{
	buf_str(out,
	    "{\n \"_comment\": \"A draft. call: the SHA-256 of call.json. Replace hours, contests, entities and styles. Lines are generated at the seal; "
	    "a consulta has only id, type, name, acuerdo and ambito.\",\n"
	    " \"urna\": \"manifest\",\n \"version\": 1,\n"
	    " \"call\": \"0000000000000000000000000000000000000000000000000000000000000000\",\n"
	    " \"acuerdo\": \"INE/CG.../2026\",\n \"opens\": \"2026-05-18T02:00:00Z\",\n \"closes\": \"2026-06-02T00:00:00Z\",\n"
	    " \"grace_seconds\": 120,\n \"public_head\": {\"seconds\": 600, \"ballots\": 50, \"at_most_seconds\": 3600},\n"
	    " \"heartbeat_seconds\": 3600,\n"
	    " \"replacement_delay_seconds\": 86400,\n"
	    " \"codes\": {\"digits\": 6, \"seconds\": 300, \"attempts\": 5, \"lock_seconds\": 300},\n \"small_group\": 10,\n"
	    " \"entities\": [{\"id\": \"09\", \"name\": \"Ciudad de M\xc3\xa9xico\"}],\n"
	    " \"contests\": [{\"id\": \"pre\", \"type\": \"presidencia\", \"ambito\": \"federal\",\n"
	    "  \"name\": \"Presidencia de los Estados Unidos Mexicanos\", \"acuerdo\": \"INE/CG.../2026\",\n"
	    "  \"parties\": [{\"id\": \"UNO\", \"name\": \"Partido Uno\"}, {\"id\": \"DOS\", \"name\": \"Partido Dos\"},\n"
	    "   {\"id\": \"TRES\", \"name\": \"Partido Tres\", \"candidate\": \"Candidata Sola\"}],\n"
	    "  \"coalitions\": [{\"name\": \"Juntos\", \"parties\": [\"UNO\", \"DOS\"], \"candidate\": \"Candidato Com\xc3\xban\"}],\n"
	    "  \"common\": [], \"independents\": [{\"id\": \"IND1\", \"name\": \"Candidata Independiente\"}], \"unregistered\": true}],\n"
	    " \"styles\": [{\"entity\": \"09\", \"contests\": [\"pre\"]}]\n}\n");
}
