/* election/json.h - strict JSON: what a document may hold and nothing else.
 *
 * Parsed by yajl, with the checks it leaves out: duplicate names, unknown
 * names, \u0000, lone surrogates, fractions, depth, size, names in one object.
 * Spec    spec/documents.md#json
 */
#ifndef ELECTION_JSON_H
#define ELECTION_JSON_H

#include "crypto/hash.h"

enum json_type { JSON_OBJECT, JSON_ARRAY, JSON_TEXT, JSON_INT, JSON_BOOL, JSON_NULL };

struct json {
	enum json_type type;
	unsigned line; /* where it stands, from 1 */
	char *name;    /* in an object */
	char *text;    /* JSON_TEXT: UTF-8 without NUL */
	int64_t number; /* JSON_INT, JSON_BOOL */
	struct json **item;
	size_t n;
	int used;
};

/* Parse a whole text of at most max bytes. ERR_FORMAT with line and reason. */
MUST_CHECK enum err json_parse(struct json **out, const void *p, size_t n, size_t max, struct why *why);
void json_free(struct json *j);

/* Reading an object's fields. The first thing wrong is kept in e and why, and
 * everything after it gives zero values; fields_end() says if a field was left unread. */
struct fields {
	struct json *object;
	struct why *why;
	enum err e;
	const char *missing; /* the first field that was asked for and is not there */
};

struct fields fields_of(struct json *object, struct why *why);
int field_has(struct fields *f, const char *name);
/* A text of 1..max bytes; never NULL ("" after an error). */
const char *field_text(struct fields *f, const char *name, size_t max);
/* 1 if s (valid UTF-8) has a character that changes how the text around it
 * looks: C0, DEL, C1, line and paragraph separators, direction marks. */
int text_disturbs(const char *s);
/* The bytes of such a character (*c) with which the text begins; 0: it begins with another. */
size_t text_disturbance(const char *s, uint32_t *c);
/* Copy it into out (size bytes with NUL). For texts that people see: what
 * disturbs is refused. */
void field_copy(struct fields *f, const char *name, char *out, size_t size);
int64_t field_int(struct fields *f, const char *name, int64_t least, int64_t most);
int field_bool(struct fields *f, const char *name);
void field_hash(struct fields *f, const char *name, struct hash *out);
void field_hex(struct fields *f, const char *name, void *out, size_t n);
/* RFC 3339 UTC, "2026-06-01T18:00:00Z", in seconds since 1970. */
int64_t field_time(struct fields *f, const char *name);
/* An array with at most max items; NULL after an error. */
struct json *field_array(struct fields *f, const char *name, size_t max);
struct json *field_object(struct fields *f, const char *name);
/* The line on which this member stands; the object's if it is not there. */
unsigned field_line(struct fields *f, const char *name);
/* Refuse: says what is wrong at this line. Returns ERR_RANGE. */
enum err field_bad(struct fields *f, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* ERR_FORMAT if a field was not asked for (a typing error in its name). "_comment" is always allowed. */
MUST_CHECK enum err fields_end(struct fields *f);

/* Writing: always the same bytes for the same calls (one space a level, names in the order given). */
struct json_out {
	struct buf *b;
	unsigned depth;
	int more;
};

struct json_out json_out(struct buf *b);
void json_begin(struct json_out *o, const char *name, char bracket); /* '{' or '[' */
void json_end(struct json_out *o, char bracket);
void json_text(struct json_out *o, const char *name, const char *value);
void json_int(struct json_out *o, const char *name, int64_t value);
void json_bool(struct json_out *o, const char *name, int value);
void json_hash(struct json_out *o, const char *name, const struct hash *h);
void json_hex(struct json_out *o, const char *name, const void *p, size_t n);
void json_time(struct json_out *o, const char *name, int64_t t);
/* What was parsed, whole, under its own name. */
void json_copy(struct json_out *o, const struct json *j);

/* Times and dates. */
void time_text(char out[21], int64_t t);
MUST_CHECK enum err time_read(int64_t *out, const char *s);
/* "2026-06-01" to the first second of the day. */
MUST_CHECK enum err date_read(int64_t *out, const char *s);
/* The same day and hour n calendar months before (the last day of a shorter month). */
int64_t months_before(int64_t t, unsigned n);

#endif
