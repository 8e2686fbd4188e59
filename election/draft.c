#include "election/draft.h"

#include <stdlib.h>
#include <string.h>

/* INE's numbers of the entities, from 01. */
static const char *const entities[] = {"Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Coahuila", "Colima", "Chiapas", "Chihuahua",
    "Ciudad de M\xc3\xa9xico", "Durango", "Guanajuato", "Guerrero", "Hidalgo", "Jalisco", "M\xc3\xa9xico", "Michoac\xc3\xa1n", "Morelos", "Nayarit",
    "Nuevo Le\xc3\xb3n", "Oaxaca", "Puebla", "Quer\xc3\xa9taro", "Quintana Roo", "San Luis Potos\xc3\xad", "Sinaloa", "Sonora", "Tabasco", "Tamaulipas",
    "Tlaxcala", "Veracruz", "Yucat\xc3\xa1n", "Zacatecas"};

/* NULL: none of the 32. */
static const char *
entity_name(const char *id)
{
	size_t n = strlen(id) == 2 && strspn(id, "0123456789") == 2 ? (size_t)(id[0] - '0') * 10 + (size_t)(id[1] - '0') : 0;

	return n >= 1 && n <= sizeof entities / sizeof *entities ? entities[n - 1] : NULL;
}

static struct json *
member(const struct json *object, const char *name)
{
	for (size_t i = 0; object != NULL && object->type == JSON_OBJECT && i < object->n; i++)
		if (strcmp(object->item[i]->name, name) == 0)
			return object->item[i];
	return NULL;
}

static const char *
text_of(const struct json *object, const char *name)
{
	const struct json *j = member(object, name);

	return j != NULL && j->type == JSON_TEXT ? j->text : "";
}

/* A spreadsheet makes 9 of 09: an entity that nobody knows is not invented. */
static enum err
known_entities(const struct draft *d, const struct json *given, struct why *why)
{
	const struct json *named = member(given, "entities");

	for (size_t i = 0; i < d->places; i++) {
		int known = entity_name(d->place[i].entity) != NULL;

		for (size_t k = 0; named != NULL && k < named->n; k++)
			known |= strcmp(text_of(named->item[k], "id"), d->place[i].entity) == 0;
		if (!known)
			return why_set(why, ERR_RANGE, "the list's entity \"%s\" (line %u) is none of INE's 32, which are 01 to 32 with two digits: "
						       "a spreadsheet may have dropped a zero; another entity must be named in \"entities\" of --from", d->place[i].entity, d->place[i].line);
	}
	return OK;
}

static void
write_entities(struct json_out *o, const struct draft *d)
{
	json_begin(o, "entities", '[');
	for (size_t i = 0; i < d->places; i++)
		if (i == 0 || strcmp(d->place[i].entity, d->place[i - 1].entity) != 0) {
			json_begin(o, NULL, '{');
			json_text(o, "id", d->place[i].entity);
			json_text(o, "name", entity_name(d->place[i].entity));
			json_end(o, '}');
		}
	json_end(o, ']');
}

/* In each place the federal contests, and those of its entity. */
static void
write_styles(struct json_out *o, const struct draft *d, const struct json *contests)
{
	json_begin(o, "styles", '[');
	for (size_t i = 0; i < d->places; i++) {
		json_begin(o, NULL, '{');
		json_text(o, "entity", d->place[i].entity);
		if (d->place[i].district[0] != '\0')
			json_text(o, "district", d->place[i].district);
		json_begin(o, "contests", '[');
		for (size_t k = 0; contests != NULL && k < contests->n; k++) {
			const struct json *c = contests->item[k];

			if (strcmp(text_of(c, "ambito"), "local") != 0 || strcmp(text_of(c, "entity"), d->place[i].entity) == 0)
				json_text(o, NULL, text_of(c, "id"));
		}
		json_end(o, ']');
		json_end(o, '}');
	}
	json_end(o, ']');
}

/* What only the call or a person can say: nobody else's word may stand for it. 1 if this member was such a one. */
static int
write_own(struct json_out *o, const char *name, const struct call *call, const struct draft *d)
{
	if (strcmp(name, "call") == 0)
		json_hash(o, name, &call->hash);
	else if (strcmp(name, "opens") == 0 && d->opens != NULL)
		json_text(o, name, d->opens);
	else if (strcmp(name, "closes") == 0 && d->closes != NULL)
		json_text(o, name, d->closes);
	else
		return 0;
	return 1;
}

static enum err
known_members(const struct json *given, const struct json *example, struct why *why)
{
	for (size_t i = 0; given != NULL && i < given->n; i++)
		if (strcmp(given->item[i]->name, "call") == 0 || member(example, given->item[i]->name) == NULL)
			return why_set(why, ERR_FORMAT, "line %u: a draft is not given \"%.60s\"", given->item[i]->line, given->item[i]->name);
	return OK;
}

static enum err
write_draft(struct buf *out, const struct call *call, const struct draft *d, const struct json *given, const struct json *example, struct why *why)
{
	struct json_out o = json_out(out);
	struct json *contests = member(given, "contests");

	if (contests == NULL)
		contests = member(example, "contests");
	json_begin(&o, NULL, '{');
	for (size_t i = 0; i < example->n; i++) {
		const struct json *j = example->item[i], *instead = member(given, j->name);

		if (write_own(&o, j->name, call, d))
			continue;
		if (instead != NULL)
			json_copy(&o, instead);
		else if (strcmp(j->name, "opens") == 0 || strcmp(j->name, "closes") == 0)
			return why_set(why, ERR_ABSENT, "the hour is missing: \"%s\"", j->name);
		else if (strcmp(j->name, "acuerdo") == 0)
			json_text(&o, "acuerdo", call->acuerdo);
		else if (strcmp(j->name, "entities") == 0 && d->places > 0)
			write_entities(&o, d);
		else if (strcmp(j->name, "styles") == 0 && d->places > 0)
			write_styles(&o, d, contests);
		else
			json_copy(&o, j);
	}
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

enum err
manifest_draft(struct buf *out, const struct call *call, const struct draft *d, struct why *why)
{
	struct json *given = NULL, *example = NULL;
	struct buf text = {0};
	enum err e;

	manifest_example(&text);
	if ((e = json_parse(&example, text.p, text.n, MANIFEST_MAX_BYTES, why)) == OK && d->given != NULL &&
	    (e = json_parse(&given, d->given, d->given_n, MANIFEST_MAX_BYTES, why)) == OK && given->type != JSON_OBJECT)
		e = why_set(why, ERR_FORMAT, "not an object");
	if (e == OK && (e = known_members(given, example, why)) == OK && (e = known_entities(d, given, why)) == OK)
		e = write_draft(out, call, d, given, example, why);
	json_free(given);
	json_free(example);
	buf_free(&text);
	return e;
}
