#include "election/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yajl/yajl_parse.h>

enum {
	DEPTH = 12,
	MOST_NAMES = 256, /* in one object: the search for a second one is quadratic */
};

struct parse {
	const uint8_t *p;
	yajl_handle handle;
	struct json *root, *stack[DEPTH];
	char *name;
	unsigned depth;
	size_t counted; /* bytes whose newlines are in `line` */
	unsigned line;
	const char *wrong;
};

static unsigned
line_now(struct parse *s)
{
	size_t at = yajl_get_bytes_consumed(s->handle);

	for (; s->counted < at; s->counted++)
		s->line += s->p[s->counted] == '\n';
	return s->line;
}

static int
refuse(struct parse *s, const char *wrong)
{
	(void)line_now(s);
	s->wrong = wrong;
	return 0;
}

static struct json *
add(struct parse *s, enum json_type type)
{
	struct json *j, *parent = s->depth > 0 ? s->stack[s->depth - 1] : NULL, **grown;

	if (parent == NULL && s->root != NULL) {
		(void)refuse(s, "more than one value");
		return NULL;
	}
	if (parent != NULL && parent->type == JSON_OBJECT && parent->n == MOST_NAMES) {
		(void)refuse(s, "more than 256 names in one object");
		return NULL;
	}
	if (parent != NULL && parent->type == JSON_OBJECT)
		for (size_t i = 0; i < parent->n; i++)
			if (strcmp(parent->item[i]->name, s->name) == 0) {
				(void)refuse(s, "this name stands twice");
				return NULL;
			}
	if ((j = calloc(1, sizeof *j)) == NULL) {
		(void)refuse(s, "out of memory");
		return NULL;
	}
	j->type = type;
	j->line = line_now(s);
	j->name = s->name;
	s->name = NULL;
	if (parent == NULL) {
		s->root = j;
		return j;
	}
	if ((parent->n & (parent->n - 1)) == 0) { /* at a power of two: double */
		grown = realloc(parent->item, (parent->n == 0 ? 1 : 2 * parent->n) * sizeof *grown);
		if (grown == NULL) {
			json_free(j);
			(void)refuse(s, "out of memory");
			return NULL;
		}
		parent->item = grown;
	}
	parent->item[parent->n++] = j;
	return j;
}

static int
on_null(void *ctx)
{
	return add(ctx, JSON_NULL) != NULL;
}

static int
on_bool(void *ctx, int v)
{
	struct json *j = add(ctx, JSON_BOOL);

	if (j != NULL)
		j->number = v != 0;
	return j != NULL;
}

static int
on_int(void *ctx, long long v)
{
	struct json *j = add(ctx, JSON_INT);

	if (j != NULL)
		j->number = v;
	return j != NULL;
}

static int
on_double(void *ctx, double v)
{
	(void)v;
	return refuse(ctx, "only whole numbers are allowed");
}

static char *
copy(struct parse *s, const unsigned char *p, size_t n)
{
	char *t;

	if (!utf8_valid(p, n)) {
		(void)refuse(s, "text is not UTF-8, or holds a NUL");
		return NULL;
	}
	if ((t = malloc(n + 1)) == NULL) {
		(void)refuse(s, "out of memory");
		return NULL;
	}
	memcpy(t, p, n);
	t[n] = '\0';
	return t;
}

static int
on_text(void *ctx, const unsigned char *p, size_t n)
{
	char *t = copy(ctx, p, n);
	struct json *j;

	if (t == NULL)
		return 0;
	if ((j = add(ctx, JSON_TEXT)) == NULL)
		free(t);
	else
		j->text = t;
	return j != NULL;
}

static int
on_name(void *ctx, const unsigned char *p, size_t n)
{
	struct parse *s = ctx;

	free(s->name);
	return (s->name = copy(s, p, n)) != NULL;
}

static int
open_level(struct parse *s, enum json_type type)
{
	struct json *j;

	if (s->depth == DEPTH)
		return refuse(s, "too deep");
	if ((j = add(s, type)) == NULL)
		return 0;
	s->stack[s->depth++] = j;
	return 1;
}

static int
on_object(void *ctx)
{
	return open_level(ctx, JSON_OBJECT);
}

static int
on_array(void *ctx)
{
	return open_level(ctx, JSON_ARRAY);
}

static int
on_close(void *ctx)
{
	((struct parse *)ctx)->depth--;
	return 1;
}

/* yajl turns \u0000 into a byte 0 and a lone surrogate into '?': look at the text itself. */
static const char *
bad_escape(const uint8_t *p, size_t n, size_t *at)
{
	int high = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		unsigned v = 0;

		if (p[i] != '\\') {
			if (high) {
				*at = i;
				return "lone surrogate";
			}
			continue;
		}
		if (p[i + 1] != 'u') {
			if (high) {
				*at = i;
				return "lone surrogate";
			}
			i++;
			continue;
		}
		for (size_t k = 2; k < 6 && i + k < n; k++) {
			uint8_t c = p[i + k];

			v = v * 16 + (c >= '0' && c <= '9' ? c - (unsigned)'0' : (c | 32u) >= 'a' && (c | 32u) <= 'f' ? (c | 32u) - 'a' + 10u : 0u);
		}
		*at = i;
		if (v == 0)
			return "\\u0000 is not allowed";
		if (high != (v >= 0xdc00 && v <= 0xdfff))
			return "lone surrogate";
		high = v >= 0xd800 && v <= 0xdbff;
		i += 5;
	}
	if (high) {
		*at = n - 1;
		return "lone surrogate";
	}
	return NULL;
}

enum err
json_parse(struct json **out, const void *p, size_t n, size_t max, struct why *why)
{
	static const yajl_callbacks calls = {on_null, on_bool, on_int, on_double, NULL, on_text, on_object, on_name, on_close,
	    on_array, on_close};
	struct parse s = {.p = p, .line = 1};
	yajl_status status;
	const char *wrong;
	size_t at;

	if (n == 0 || n > max)
		return why_set(why, ERR_FORMAT, n == 0 ? "empty" : "longer than %zu bytes", max);
	if ((wrong = bad_escape(p, n, &at)) != NULL) {
		for (size_t i = 0; i < at; i++)
			s.line += s.p[i] == '\n';
		return why_set(why, ERR_FORMAT, "line %u: %s", s.line, wrong);
	}
	if ((s.handle = yajl_alloc(&calls, NULL, &s)) == NULL)
		return ERR_NOMEM;
	if ((status = yajl_parse(s.handle, p, n)) == yajl_status_ok)
		status = yajl_complete_parse(s.handle);
	if (status != yajl_status_ok || s.root == NULL || s.depth != 0) {
		if (s.wrong == NULL)
			(void)line_now(&s);
		why_set(why, ERR_FORMAT, "line %u: %s", s.line, s.wrong != NULL ? s.wrong : "not JSON (a comma, quote or bracket?)");
		yajl_free(s.handle);
		free(s.name);
		json_free(s.root);
		return ERR_FORMAT;
	}
	yajl_free(s.handle);
	free(s.name);
	*out = s.root;
	return OK;
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n; i++)
		json_free(j->item[i]);
	free(j->item);
	free(j->name);
	free(j->text);
	free(j);
}

/* ---- reading ------------------------------------------------------------------ */

struct fields
fields_of(struct json *object, struct why *why)
{
	struct fields f = {object, why, OK, NULL};

	if (object == NULL)
		f.e = ERR_FORMAT;
	else if (object->type != JSON_OBJECT)
		f.e = why_set(why, ERR_FORMAT, "line %u: an object is expected here", object->line);
	return f;
}

/* After an error nothing is found any more, but what is asked for is known all the same: see misspelt(). */
static struct json *
find(struct fields *f, const char *name)
{
	for (size_t i = 0; f->object != NULL && f->object->type == JSON_OBJECT && i < f->object->n; i++)
		if (strcmp(f->object->item[i]->name, name) == 0) {
			f->object->item[i]->used |= f->e != OK;
			return f->e == OK ? f->object->item[i] : NULL;
		}
	return NULL;
}

int
field_has(struct fields *f, const char *name)
{
	return find(f, name) != NULL;
}

unsigned
field_line(struct fields *f, const char *name)
{
	const struct json *j = find(f, name);

	return j != NULL ? j->line : f->object != NULL ? f->object->line : 1;
}

static struct json *
take(struct fields *f, const char *name, enum json_type type, const char *what)
{
	struct json *j = find(f, name);

	if (f->e != OK)
		return NULL;
	if (j == NULL) {
		f->e = why_set(f->why, ERR_FORMAT, "line %u: the field \"%s\" is missing", f->object->line, name);
		f->missing = name;
		return NULL;
	}
	j->used = 1;
	if (j->type != type) {
		f->e = why_set(f->why, ERR_FORMAT, "line %u: \"%s\" must be %s", j->line, name, what);
		return NULL;
	}
	return j;
}

enum err
field_bad(struct fields *f, unsigned line, const char *format, ...)
{
	char text[800];
	va_list ap;

	if (f->e != OK)
		return f->e;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return f->e = why_set(f->why, ERR_RANGE, "line %u: %s", line, text);
}

const char *
field_text(struct fields *f, const char *name, size_t max)
{
	struct json *j = take(f, name, JSON_TEXT, "a text");

	if (j == NULL)
		return "";
	if (j->text[0] == '\0' || strlen(j->text) > max) {
		(void)field_bad(f, j->line, "\"%s\" must have 1 to %zu bytes", name, max);
		return "";
	}
	return j->text;
}

size_t
text_disturbance(const char *s, uint32_t *c)
{
	const uint8_t *p = (const uint8_t *)s;

	*c = p[0];
	if (p[0] != 0 && (p[0] < 0x20 || p[0] == 0x7f))
		return 1;
	if (p[0] == 0xc2 || p[0] == 0xd8) {
		*c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return *c < 0xa0 || *c == 0x61c ? 2 : 0;
	}
	if (p[0] != 0xe2 || (p[1] != 0x80 && p[1] != 0x81))
		return 0;
	*c = 0x2000 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	return (*c >= 0x200e && *c <= 0x200f) || (*c >= 0x2028 && *c <= 0x202e) || (*c >= 0x2066 && *c <= 0x2069) ? 3 : 0;
}

int
text_disturbs(const char *s)
{
	uint32_t c;

	for (; *s != '\0'; s++)
		if (text_disturbance(s, &c) > 0)
			return 1;
	return 0;
}

void
field_copy(struct fields *f, const char *name, char *out, size_t size)
{
	const char *s = field_text(f, name, size - 1);

	if (f->e == OK && text_disturbs(s)) {
		(void)field_bad(f, find(f, name)->line, "\"%s\" holds a control or direction character", name);
		s = "";
	}
	(void)snprintf(out, size, "%s", s);
}

int64_t
field_int(struct fields *f, const char *name, int64_t least, int64_t most)
{
	struct json *j = take(f, name, JSON_INT, "a whole number");

	if (j == NULL)
		return 0;
	if (j->number < least || j->number > most) {
		(void)field_bad(f, j->line, "\"%s\" must be between %" PRId64 " and %" PRId64, name, least, most);
		return 0;
	}
	return j->number;
}

int
field_bool(struct fields *f, const char *name)
{
	struct json *j = take(f, name, JSON_BOOL, "true or false");

	return j != NULL && j->number;
}

void
field_hex(struct fields *f, const char *name, void *out, size_t n)
{
	struct json *j = take(f, name, JSON_TEXT, "a text");

	memset(out, 0, n);
	if (j != NULL && hex_decode(out, n, j->text, strlen(j->text)) != OK)
		(void)field_bad(f, j->line, "\"%s\" must be %zu lower-case hex digits", name, 2 * n);
}

void
field_hash(struct fields *f, const char *name, struct hash *out)
{
	field_hex(f, name, out->b, HASH_BYTES);
}

int64_t
field_time(struct fields *f, const char *name)
{
	struct json *j = take(f, name, JSON_TEXT, "a time");
	int64_t t = 0;

	if (j != NULL && time_read(&t, j->text) != OK)
		(void)field_bad(f, j->line, "\"%s\" must be a time like 2026-06-01T18:00:00Z", name);
	return t;
}

struct json *
field_array(struct fields *f, const char *name, size_t max)
{
	struct json *j = take(f, name, JSON_ARRAY, "a list");

	if (j != NULL && j->n > max) {
		(void)field_bad(f, j->line, "\"%s\" has more than %zu items", name, max);
		return NULL;
	}
	return j;
}

struct json *
field_object(struct fields *f, const char *name)
{
	return take(f, name, JSON_OBJECT, "an object");
}

/* How many letters must be put in, left out or changed to make b of a; 99: one of them is too long to ask. */
static unsigned
letters_apart(const char *a, const char *b)
{
	unsigned row[64];
	size_t n = strlen(b);

	if (n >= sizeof row / sizeof *row || strlen(a) >= sizeof row / sizeof *row)
		return 99;
	for (unsigned k = 0; k <= n; k++)
		row[k] = k;
	for (unsigned i = 1; *a != '\0'; i++, a++) {
		unsigned corner = row[0];

		row[0] = i;
		for (size_t k = 1; k <= n; k++) {
			unsigned change = corner + (*a != b[k - 1]), least = row[k] < row[k - 1] ? row[k] : row[k - 1];

			corner = row[k];
			row[k] = change < least + 1 ? change : least + 1;
		}
	}
	return row[n];
}

/* The field that nobody asks for and that looks like the missing one; NULL: none does. */
static const struct json *
misspelt(const struct fields *f)
{
	const struct json *best = NULL;
	unsigned least = (unsigned)strlen(f->missing) / 3 + 1;

	for (size_t i = 0; i < f->object->n; i++) {
		const struct json *j = f->object->item[i];
		unsigned apart = letters_apart(j->name, f->missing);

		if (!j->used && apart <= least && (best == NULL || apart < letters_apart(best->name, f->missing)))
			best = j;
	}
	return best;
}

enum err
fields_end(struct fields *f)
{
	const struct json *instead;

	if (f->e != OK && f->missing != NULL && (instead = misspelt(f)) != NULL)
		f->e = why_set(f->why, ERR_FORMAT, "line %u: unknown field \"%.60s\"; the field \"%s\" is missing", instead->line, instead->name, f->missing);
	if (f->e != OK)
		return f->e;
	for (size_t i = 0; i < f->object->n; i++) {
		struct json *j = f->object->item[i];

		if (!j->used && strcmp(j->name, "_comment") != 0)
			return f->e = why_set(f->why, ERR_FORMAT, "line %u: unknown field \"%.60s\"", j->line, j->name);
	}
	return OK;
}

/* ---- writing ------------------------------------------------------------------ */

struct json_out
json_out(struct buf *b)
{
	struct json_out o = {b, 0, 0};

	return o;
}

static void
indent(struct json_out *o)
{
	for (unsigned i = 0; i < o->depth; i++)
		buf_u8(o->b, ' ');
}

static void
quoted(struct buf *b, const char *s)
{
	buf_u8(b, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n')
			buf_str(b, "\\n");
		else if (c == '"' || c == '\\') {
			buf_u8(b, '\\');
			buf_u8(b, c);
		} else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_u8(b, c);
	}
	buf_u8(b, '"');
}

static void
before(struct json_out *o, const char *name)
{
	if (o->depth > 0) {
		buf_str(o->b, o->more ? ",\n" : "\n");
		indent(o);
	}
	if (name != NULL) {
		quoted(o->b, name);
		buf_str(o->b, ": ");
	}
	o->more = 1;
}

void
json_begin(struct json_out *o, const char *name, char bracket)
{
	before(o, name);
	buf_u8(o->b, (unsigned char)bracket);
	o->depth++;
	o->more = 0;
}

void
json_end(struct json_out *o, char bracket)
{
	o->depth--;
	if (o->more) {
		buf_u8(o->b, '\n');
		indent(o);
	}
	buf_u8(o->b, (unsigned char)bracket);
	o->more = 1;
	if (o->depth == 0)
		buf_u8(o->b, '\n');
}

void
json_text(struct json_out *o, const char *name, const char *value)
{
	before(o, name);
	quoted(o->b, value);
}

void
json_int(struct json_out *o, const char *name, int64_t value)
{
	before(o, name);
	buf_printf(o->b, "%" PRId64, value);
}

void
json_bool(struct json_out *o, const char *name, int value)
{
	before(o, name);
	buf_str(o->b, value ? "true" : "false");
}

void
json_hex(struct json_out *o, const char *name, const void *p, size_t n)
{
	char *text = malloc(2 * n + 1);

	if (text == NULL) {
		o->b->failed = 1;
		return;
	}
	hex_encode(text, p, n);
	json_text(o, name, text);
	free(text);
}

void
json_hash(struct json_out *o, const char *name, const struct hash *h)
{
	json_hex(o, name, h->b, HASH_BYTES);
}

void
json_time(struct json_out *o, const char *name, int64_t t)
{
	char text[21];

	time_text(text, t);
	json_text(o, name, text);
}

void
json_copy(struct json_out *o, const struct json *j)
{
	int object = j->type == JSON_OBJECT;

	if (object || j->type == JSON_ARRAY) {
		json_begin(o, j->name, object ? '{' : '[');
		for (size_t i = 0; i < j->n; i++)
			json_copy(o, j->item[i]);
		json_end(o, object ? '}' : ']');
	} else if (j->type == JSON_TEXT)
		json_text(o, j->name, j->text);
	else if (j->type == JSON_BOOL)
		json_bool(o, j->name, j->number != 0);
	else
		json_int(o, j->name, j->number);
}

/* ---- times -------------------------------------------------------------------- */

void
time_text(char out[21], int64_t t)
{
	time_t v = (time_t)t;
	struct tm tm;

	if (gmtime_r(&v, &tm) == NULL || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, 21, "1970-01-01T00:00:00Z");
}

enum err
time_read(int64_t *out, const char *s)
{
	struct tm tm = {0};
	char again[21];
	int64_t t;

	if (strlen(s) != 20 ||
	    sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return ERR_FORMAT;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = (int64_t)timegm(&tm);
	time_text(again, t);
	if (t < 0 || strcmp(again, s) != 0)
		return ERR_FORMAT; /* the 31st of June, hour 24, ... */
	*out = t;
	return OK;
}

enum err
date_read(int64_t *out, const char *s)
{
	char text[32];

	if (strlen(s) != 10)
		return ERR_FORMAT;
	(void)snprintf(text, sizeof text, "%sT00:00:00Z", s);
	return time_read(out, text);
}

int64_t
months_before(int64_t t, unsigned n)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	time_t v = (time_t)t;
	struct tm tm;
	int month, last;

	if (gmtime_r(&v, &tm) == NULL)
		return 0;
	month = tm.tm_year * 12 + tm.tm_mon - (int)n;
	tm.tm_year = month / 12;
	tm.tm_mon = month % 12;
	last = days[tm.tm_mon];
	if (tm.tm_mon == 1 && ((tm.tm_year + 1900) % 4 == 0 && ((tm.tm_year + 1900) % 100 != 0 || (tm.tm_year + 1900) % 400 == 0)))
		last = 29;
	if (tm.tm_mday > last)
		tm.tm_mday = last;
	return (int64_t)timegm(&tm);
}
