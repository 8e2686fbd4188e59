#include "election/dictamen.h"

#include <stdlib.h>
#include <string.h>

const struct dictamen_file *
dictamen_find(const struct dictamen *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->file[i].name, name) == 0)
			return &d->file[i];
	return NULL;
}

enum err
dictamen_add(struct dictamen *d, const char *name, const struct hash *sha256, struct why *why)
{
	if (d->n == DICTAMEN_MAX_FILES)
		return why_set(why, ERR_LENGTH, "more than %d files", DICTAMEN_MAX_FILES);
	if (strlen(name) > DICTAMEN_MAX_NAME)
		return why_set(why, ERR_LENGTH, "the name %.60s... is longer than %d bytes", name, DICTAMEN_MAX_NAME);
	if (dictamen_find(d, name) != NULL)
		return why_set(why, ERR_RANGE, "the file %s is listed twice", name);
	if (d->file == NULL && (d->file = calloc(DICTAMEN_MAX_FILES, sizeof *d->file)) == NULL)
		return ERR_NOMEM;
	(void)strcpy(d->file[d->n].name, name);
	d->file[d->n++].sha256 = *sha256;
	return OK;
}

void
dictamen_free(struct dictamen *d)
{
	free(d->file);
	memset(d, 0, sizeof *d);
}

static void
read_files(struct dictamen *out, struct fields *f, struct why *why)
{
	struct json *list = field_array(f, "files", DICTAMEN_MAX_FILES);

	if (f->e == OK && list->n == 0)
		(void)field_bad(f, list->line, "the dictamen lists no file");
	for (size_t i = 0; f->e == OK && i < list->n; i++) {
		struct fields g = fields_of(list->item[i], why);
		char name[DICTAMEN_MAX_NAME + 1] = "";
		struct hash h;

		field_copy(&g, "name", name, sizeof name);
		field_hash(&g, "sha256", &h);
		if ((f->e = fields_end(&g)) == OK && dictamen_find(out, name) != NULL)
			(void)field_bad(f, list->item[i]->line, "the file %s is listed twice", name);
		if (f->e == OK)
			f->e = dictamen_add(out, name, &h, why);
	}
}

enum err
dictamen_read(struct dictamen *out, const void *p, size_t n, const struct hash *call, struct why *why)
{
	struct json *root = NULL;
	struct fields f;
	struct hash of;
	enum err e;

	memset(out, 0, sizeof *out);
	if ((e = json_parse(&root, p, n, DICTAMEN_MAX_BYTES, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "dictamen") != 0)
		(void)field_bad(&f, 1, "not a dictamen");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &of);
	if (f.e == OK && !hash_equal(&of, call))
		(void)field_bad(&f, 1, "the dictamen is of another call");
	read_files(out, &f, why);
	e = fields_end(&f);
	json_free(root);
	if (e != OK)
		dictamen_free(out);
	return e;
}

enum err
dictamen_write(struct buf *out, const struct dictamen *d, const struct hash *call)
{
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "dictamen");
	json_int(&o, "version", 1);
	json_hash(&o, "call", call);
	json_begin(&o, "files", '[');
	for (size_t i = 0; i < d->n; i++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "name", d->file[i].name);
		json_hash(&o, "sha256", &d->file[i].sha256);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

/* ---- zero report --------------------------------------------------------------------- */

static void
write_groups(struct json_out *o, const struct manifest *m)
{
	json_begin(o, "groups", '[');
	for (unsigned g = 0; g < m->groups; g++) {
		json_begin(o, NULL, '{');
		json_text(o, "contest", m->contest[m->group[g].contest].id);
		json_text(o, "entity", m->group[g].entity);
		if (m->group[g].district[0] != '\0')
			json_text(o, "district", m->group[g].district);
		json_int(o, "votes", 0);
		json_end(o, '}');
	}
	json_end(o, ']');
}

enum err
zero_report_write(struct buf *out, const struct hash *call, const struct manifest *m, const struct head *events, const struct dictamen *d)
{
	static const char *const stores[] = {"ballots", "authorizations", "confirmations", "outbox"};
	struct json_out o = json_out(out);

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "zero-report");
	json_int(&o, "version", 1);
	json_hash(&o, "call", call);
	json_hash(&o, "manifest", &m->hash);
	for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
		json_int(&o, stores[i], 0);
	json_begin(&o, "events", '{');
	json_int(&o, "size", (int64_t)events->size);
	json_hash(&o, "root", &events->root);
	json_end(&o, '}');
	write_groups(&o, m);
	json_begin(&o, "files", '[');
	for (size_t i = 0; i < d->n; i++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "name", d->file[i].name);
		json_text(&o, "verdict", "Correcto");
		json_end(&o, '}');
	}
	json_end(&o, ']');
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

static enum err
zero_report_head(struct head *events, const void *p, size_t n, struct why *why)
{
	struct json *root = NULL;
	struct fields f, g;
	struct head head;
	enum err e;

	if ((e = json_parse(&root, p, n, 1 << 20, why)) != OK)
		return e;
	f = fields_of(root, why);
	g = fields_of(field_object(&f, "events"), why);
	head.size = (uint64_t)field_int(&g, "size", 1, INT64_MAX);
	field_hash(&g, "root", &head.root);
	if ((e = f.e != OK ? f.e : fields_end(&g)) == OK)
		*events = head;
	json_free(root);
	return e;
}

enum err
zero_report_read(struct head *events, const void *p, size_t n, const struct hash *call, const struct manifest *m, const struct dictamen *d, struct why *why)
{
	struct buf want = {0};
	enum err e;

	if ((e = zero_report_head(events, p, n, why)) == OK && (e = zero_report_write(&want, call, m, events, d)) == OK && (want.n != n || memcmp(want.p, p, n) != 0))
		e = why_set(why, ERR_PROOF, "zero-report.json is not what the record gives"); /* every store empty, every file found right: one text is possible */
	buf_free(&want);
	return e;
}
