#include "tally/roll_csv.h"

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

/* The first line names the columns; a list without it would lose its first voter. Spreadsheets put a byte order mark before it. */
static int
is_heading(char *line)
{
	char *rest = strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;

	for (int i = 0; i < COLUMNS; i++) {
		const char *name = csv_field(&rest);

		if (name == NULL || strcmp(name, columns[i]) != 0)
			return 0;
	}
	return rest == NULL;
}

/* Where a file is read: errors are printed as they come, and counted. */
struct reading {
	const char *file;
	unsigned line, errors;
};

static void
complain(struct reading *r, const char *what, const char *more)
{
	(void)fprintf(stderr, "%s:%u: %s%s\n", r->file, r->line, what, more);
	r->errors++;
}

/* What is wrong with the fields of a line, or NULL; *style: the ballot style. */
static const char *
judge(char *const field[COLUMNS], const struct manifest *m, unsigned *style)
{
	*style = 0;
	for (unsigned s = 0; s < m->styles; s++)
		if (strcmp(m->style[s].entity, field[2]) == 0 && strcmp(m->style[s].district, field[3]) == 0)
			*style = s + 1;
	if (strcmp(field[4], "internet") != 0)
		return "modality must be internet";
	if (*style == 0)
		return "no ballot style for this entity and district";
	if (strchr(field[5], '@') == NULL)
		return "the e-mail address has no @";
	if (strspn(field[6], "+0123456789 ") != strlen(field[6]))
		return "the phone may have only digits, + and spaces";
	if (strlen(field[0]) > 63 || strlen(field[1]) > 127 || strlen(field[5]) > 127 || strlen(field[6]) > 31)
		return "a field is too long";
	return NULL;
}

/* 1 if the line is a voter. */
static int
read_line(struct reading *r, struct enrolled *out, char *line, const struct manifest *m)
{
	char *rest = line, *field[COLUMNS];
	const char *wrong;
	unsigned style;

	for (int i = 0; i < COLUMNS; i++)
		if ((field[i] = csv_field(&rest)) == NULL)
			field[i] = line + strlen(line);
	for (int i = 0; i < COLUMNS; i++)
		if (i != 3 && (field[i][0] == '\0' || !utf8_valid(field[i], strlen(field[i])))) {
			complain(r, columns[i], " is missing or not UTF-8");
			return 0;
		}
	if ((wrong = judge(field, m, &style)) != NULL) {
		complain(r, wrong, "");
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

enum err
roll_csv_read(struct enrolled **out, size_t *n, const char *file, const struct manifest *m, struct why *why)
{
	struct reading r = {file, 0, 0};
	struct enrolled *list = NULL;
	size_t room = 0;
	char line[2048];
	FILE *f = fopen(file, "r");
	int unread;

	*n = 0;
	if (f == NULL)
		return why_set(why, ERR_ABSENT, "%s: cannot be read", file);
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (++r.line == 1 && !is_heading(line))
			complain(&r, "the heading line user,name,entity,district,modality,email,phone is missing", "");
		if (r.line == 1 || line[0] == '\0')
			continue;
		if (*n == room) {
			struct enrolled *more = realloc(list, (room = room == 0 ? 1024 : 2 * room) * sizeof *list);

			if (more == NULL)
				abort();
			list = more;
		}
		*n += (size_t)read_line(&r, &list[*n], line, m);
	}
	unread = ferror(f);
	(void)fclose(f);
	in_random_order(&r, list, *n);
	*out = list;
	if (unread)
		return why_set(why, ERR_IO, "%s: cannot be read to its end", file);
	return r.errors == 0 ? OK : why_set(why, ERR_FORMAT, "%u errors in %s; nothing was written", r.errors, file);
}

/* ---- where voters are ------------------------------------------------------------------------ */

static int
by_place(const void *a, const void *b)
{
	const struct draft_place *x = a, *y = b;
	int order = strcmp(x->entity, y->entity);

	return order != 0 ? order : strcmp(x->district, y->district);
}

/* Entity and district of a line among those found so far. 0: it has none that could be one. */
static int
note_place(struct draft_place *list, size_t *n, char *line)
{
	struct draft_place one = {{0}, {0}};
	char *rest = line, *field[4];

	for (int i = 0; i < 4; i++)
		if ((field[i] = csv_field(&rest)) == NULL || (i >= 2 && strlen(field[i]) >= sizeof one.entity))
			return 0;
	(void)snprintf(one.entity, sizeof one.entity, "%s", field[2]);
	(void)snprintf(one.district, sizeof one.district, "%s", field[3]);
	for (size_t i = 0; i < *n; i++)
		if (by_place(&list[i], &one) == 0)
			return 1;
	if (*n < MAX_STYLES)
		list[*n] = one;
	++*n;
	return 1;
}

enum err
roll_csv_places(struct draft_place **out, size_t *n, const char *file, struct why *why)
{
	struct draft_place *list = calloc(MAX_STYLES, sizeof *list);
	char line[2048];
	unsigned at = 0, wrong = 0;
	FILE *f = fopen(file, "r");
	int unread;

	*n = 0;
	*out = list;
	if (f == NULL || list == NULL)
		return why_set(why, ERR_ABSENT, "%s: cannot be read", file);
	while (wrong == 0 && *n <= MAX_STYLES && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (++at == 1 ? !is_heading(line) : line[0] != '\0' && !note_place(list, n, line))
			wrong = at;
	}
	unread = ferror(f);
	(void)fclose(f);
	if (unread)
		return why_set(why, ERR_IO, "%s: cannot be read to its end", file);
	if (wrong > 0 || *n == 0)
		return why_set(why, ERR_FORMAT, "%s:%u: %s", file, wrong > 0 ? wrong : at, wrong == 1 ? "the heading line is missing" : "no voter with entity and district");
	if (*n > MAX_STYLES)
		return why_set(why, ERR_LENGTH, "%s: more than %d entities and districts", file, MAX_STYLES);
	qsort(list, *n, sizeof *list, by_place);
	return OK;
}
