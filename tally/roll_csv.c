#include "tally/roll_csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One CSV field, quotes understood; NULL at the end. */
static char *
csv_field(char **p)
{
	char *out = *p, *w = *p, *r = *p;

	if (r == NULL)
		return NULL;
	if (*r == '"') {
		for (r++; *r != '\0'; r++) {
			if (*r == '"' && *++r != '"')
				break;
			*w++ = *r;
		}
	} else
		while (*r != '\0' && *r != ',')
			*w++ = *r++;
	*p = *r == ',' ? r + 1 : NULL;
	*w = '\0';
	return out;
}

static int
by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct enrolled *)a)->order, y = ((const struct enrolled *)b)->order;

	return x < y ? -1 : x > y;
}

static int
by_user(const void *a, const void *b)
{
	const struct enrolled *x = a, *y = b;
	int order = strcmp(x->person.user, y->person.user);

	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

static const char *const columns[] = {"user", "name", "entity", "district", "modality", "email", "phone"};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Where a file is read: errors are printed as they come, and counted. m: what the styles are of; NULL: places are gathered instead. */
struct reading {
	const char *file;
	unsigned line, errors;
	const struct manifest *m;
	struct draft_place *place;
	size_t places;
};

static void complain(struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
complain(struct reading *r, const char *format, ...)
{
	va_list ap;

	(void)fprintf(stderr, "%s:%u: ", r->file, r->line);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fprintf(stderr, "\n");
	r->errors++;
}

/* The first line names the columns; a list without it would lose its first voter. Spreadsheets put a byte order mark before it. */
static void
judge_heading(struct reading *r, char *line)
{
	static const char want[] = "the heading line must be user,name,entity,district,modality,email,phone";
	char *rest = strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;

	if (strchr(line, ',') == NULL && strchr(line, ';') != NULL) {
		complain(r, "%s: commas must stand between the columns, not semicolons", want);
		return;
	}
	for (int i = 0; i < COLUMNS; i++) {
		const char *name = csv_field(&rest);

		if (name == NULL || strcmp(name, columns[i]) != 0) {
			complain(r, "%s: column %d must be %s, and is %s%.60s%s", want, i + 1, columns[i], name != NULL ? "\"" : "", name != NULL ? name : "missing", name != NULL ? "\"" : "");
			return;
		}
	}
	if (rest != NULL)
		complain(r, "%s: there is one column more: \"%.60s\"", want, rest);
}

static int
blank(const char *s)
{
	return s[strspn(s, " \t")] == '\0';
}

/* Every field is there and fits. 0: something is wrong, and was said. */
static int
judge_person(struct reading *r, char *const field[COLUMNS])
{
	unsigned before = r->errors;

	for (int i = 0; i < COLUMNS; i++)
		if (!utf8_valid(field[i], strlen(field[i]))) {
			complain(r, "%s is not UTF-8: save the list as UTF-8", columns[i]);
			return 0;
		} else if (i != 3 && blank(field[i])) {
			complain(r, "%s is missing", columns[i]);
			return 0;
		}
	if (strcmp(field[4], "internet") != 0)
		complain(r, "modality must be internet");
	else if (strchr(field[5], '@') == NULL)
		complain(r, "the e-mail address has no @");
	else if (strspn(field[6], "+0123456789 ") != strlen(field[6]))
		complain(r, "the phone may have only digits, + and spaces");
	else if (strlen(field[0]) > 63 || strlen(field[1]) > 127 || strlen(field[2]) > 16 || strlen(field[3]) > 16 || strlen(field[5]) > 127 || strlen(field[6]) > 31)
		complain(r, "a field is too long");
	return r->errors == before;
}

/* The number of this place among those found so far; 0: there are too many. */
static unsigned
note_place(struct reading *r, const char *entity, const char *district)
{
	struct draft_place *one;

	for (size_t i = 0; i < r->places; i++)
		if (strcmp(r->place[i].entity, entity) == 0 && strcmp(r->place[i].district, district) == 0) {
			r->place[i].voters++;
			return (unsigned)i + 1;
		}
	if (r->places == MAX_STYLES)
		return 0;
	one = &r->place[r->places++];
	(void)snprintf(one->entity, sizeof one->entity, "%s", entity);
	(void)snprintf(one->district, sizeof one->district, "%s", district);
	one->voters = 1;
	one->line = r->line;
	return (unsigned)r->places;
}

/* 1 if the line is a voter. */
static int
read_line(struct reading *r, struct enrolled *out, char *line)
{
	char *rest = line, *field[COLUMNS];
	unsigned style;

	for (int i = 0; i < COLUMNS; i++)
		if ((field[i] = csv_field(&rest)) == NULL)
			field[i] = line + strlen(line);
	if (!judge_person(r, field))
		return 0;
	style = r->m != NULL ? manifest_style(r->m, field[2], field[3]) : note_place(r, field[2], field[3]);
	if (style == 0) {
		if (r->m == NULL)
			complain(r, "more than %d entities and districts", MAX_STYLES);
		else
			complain(r, "no ballot style for entity \"%s\"%s%s%s", field[2], field[3][0] != '\0' ? ", district \"" : " without a district", field[3], field[3][0] != '\0' ? "\"" : "");
		return 0;
	}
	memset(out, 0, sizeof *out);
	(void)snprintf(out->person.user, sizeof out->person.user, "%s", field[0]);
	(void)snprintf(out->person.name, sizeof out->person.name, "%s", field[1]);
	(void)snprintf(out->person.email, sizeof out->person.email, "%s", field[5]);
	(void)snprintf(out->person.phone, sizeof out->person.phone, "%s", field[6]);
	out->row.style = style;
	out->line = r->line;
	random_bytes(&out->order, sizeof out->order);
	return 1;
}

/* No user twice; then the roll's order is random. */
static void
in_random_order(struct reading *r, struct enrolled *list, size_t n)
{
	if (n == 0)
		return;
	qsort(list, n, sizeof *list, by_user);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i].person.user, list[i - 1].person.user) == 0) {
			(void)fprintf(stderr, "%s:%u: the user name %s stands in line %u already\n", r->file, list[i].line, list[i].person.user, list[i - 1].line);
			r->errors++;
		}
	qsort(list, n, sizeof *list, by_order);
}

static enum err
read_lines(struct reading *r, struct enrolled **out, size_t *n, struct why *why)
{
	struct enrolled *list = NULL;
	size_t room = 0;
	char line[2048];
	FILE *f = fopen(r->file, "r");
	int unread;

	*n = 0;
	*out = NULL;
	if (f == NULL)
		return why_set(why, ERR_ABSENT, "%s: cannot be read", r->file);
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (++r->line == 1)
			judge_heading(r, line);
		if (r->line == 1 || line[0] == '\0')
			continue;
		if (*n == room) {
			struct enrolled *more = realloc(list, (room = room == 0 ? 1024 : 2 * room) * sizeof *list);

			if (more == NULL)
				abort();
			list = more;
		}
		*n += (size_t)read_line(r, &list[*n], line);
	}
	unread = ferror(f);
	(void)fclose(f);
	in_random_order(r, list, *n);
	*out = list;
	if (unread)
		return why_set(why, ERR_IO, "%s: cannot be read to its end", r->file);
	return r->errors == 0 ? OK : why_set(why, ERR_FORMAT, "%u errors in %s; nothing was written", r->errors, r->file);
}

enum err
roll_csv_read(struct enrolled **out, size_t *n, const char *file, const struct manifest *m, struct why *why)
{
	struct reading r = {.file = file, .m = m};

	return read_lines(&r, out, n, why);
}

static int
by_place(const void *a, const void *b)
{
	const struct draft_place *x = a, *y = b;
	int order = strcmp(x->entity, y->entity);

	return order != 0 ? order : strcmp(x->district, y->district);
}

enum err
roll_csv_places(struct draft_place **out, size_t *n, const char *file, struct why *why)
{
	struct reading r = {.file = file, .place = calloc(MAX_STYLES, sizeof *r.place)};
	struct enrolled *list = NULL;
	size_t voters = 0;
	enum err e;

	if (r.place == NULL)
		abort();
	e = read_lines(&r, &list, &voters, why);
	if (list != NULL)
		wipe(list, voters * sizeof *list);
	free(list);
	*out = r.place;
	*n = r.places;
	if (e == OK && voters == 0)
		e = why_set(why, ERR_FORMAT, "%s: no voter", file);
	qsort(r.place, r.places, sizeof *r.place, by_place);
	return e;
}
