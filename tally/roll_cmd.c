/* tally/roll_cmd.c - `urna roll`: the registrar's work, from the authority's CSV to replaced credentials. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/parallel.h"
#include "election/authorizer.h"
#include "election/docnote.h"
#include "tally/cli.h"

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

struct voter {
	struct person person;
	char password[PASSWORD_LETTERS + 1];
	struct roll_row row;
	uint64_t order;
};

static int
by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct voter *)a)->order, y = ((const struct voter *)b)->order;

	return x < y ? -1 : x > y;
}

static int
by_user(const void *a, const void *b)
{
	return strcmp(((const struct voter *)a)->person.user, ((const struct voter *)b)->person.user);
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

/* user,name,entity,district,modality,email,phone, below a heading line of these names. */
static size_t
read_csv(struct voter **out, const char *file, const struct manifest *m, unsigned *errors, struct why *why)
{
	struct voter *list = NULL;
	size_t n = 0, room = 0;
	char line[2048];
	unsigned at = 0;
	FILE *f = fopen(file, "r");

	*errors = 0;
	if (f == NULL) {
		(void)why_set(why, ERR_ABSENT, "%s: cannot be read", file);
		*errors = 1;
		return 0;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		char *rest = line, *field[COLUMNS];
		struct voter *v;
		const char *wrong = NULL;
		unsigned style = 0;

		line[strcspn(line, "\r\n")] = '\0';
		if (++at == 1 && !is_heading(line)) {
			(void)fprintf(stderr, "%s:1: the heading line user,name,entity,district,modality,email,phone is missing\n", file);
			++*errors;
		}
		if (at == 1 || line[0] == '\0')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			if ((field[i] = csv_field(&rest)) == NULL)
				field[i] = line + strlen(line);
		for (int i = 0; i < COLUMNS && wrong == NULL; i++)
			if (i != 3 && (field[i][0] == '\0' || !utf8_valid(field[i], strlen(field[i]))))
				wrong = columns[i];
		if (wrong != NULL) {
			(void)fprintf(stderr, "%s:%u: %s is missing or not UTF-8\n", file, at, wrong);
			++*errors;
			continue;
		}
		for (unsigned s = 0; s < m->styles; s++)
			if (strcmp(m->style[s].entity, field[2]) == 0 && strcmp(m->style[s].district, field[3]) == 0)
				style = s + 1;
		if (strcmp(field[4], "internet") != 0)
			wrong = "modality must be internet";
		else if (style == 0)
			wrong = "no ballot style for this entity and district";
		else if (strchr(field[5], '@') == NULL)
			wrong = "the e-mail address has no @";
		else if (strspn(field[6], "+0123456789 ") != strlen(field[6]))
			wrong = "the phone may have only digits, + and spaces";
		else if (strlen(field[0]) > 63 || strlen(field[1]) > 127 || strlen(field[5]) > 127 || strlen(field[6]) > 31)
			wrong = "a field is too long";
		if (wrong != NULL) {
			(void)fprintf(stderr, "%s:%u: %s\n", file, at, wrong);
			++*errors;
			continue;
		}
		if (n == room) {
			struct voter *more = realloc(list, (room = room == 0 ? 1024 : 2 * room) * sizeof *list);

			if (more == NULL)
				abort();
			list = more;
		}
		v = &list[n++];
		memset(v, 0, sizeof *v);
		(void)snprintf(v->person.user, sizeof v->person.user, "%s", field[0]);
		(void)snprintf(v->person.name, sizeof v->person.name, "%s", field[1]);
		(void)snprintf(v->person.email, sizeof v->person.email, "%s", field[5]);
		(void)snprintf(v->person.phone, sizeof v->person.phone, "%s", field[6]);
		v->row.style = style;
		random_bytes(&v->order, sizeof v->order);
	}
	if (ferror(f)) {
		(void)why_set(why, ERR_IO, "%s: cannot be read to its end", file);
		++*errors;
	}
	(void)fclose(f);
	if (n > 0)
		qsort(list, n, sizeof *list, by_user);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i].person.user, list[i - 1].person.user) == 0) {
			(void)fprintf(stderr, "%s: the user name %s stands twice\n", file, list[i].person.user);
			++*errors;
		}
	if (n > 0)
		qsort(list, n, sizeof *list, by_order); /* the roll is in random order */
	*out = list;
	return n;
}

/* What the row commitment is over: spec/roll.md#public-roll. */
static void
row_text(char *out, size_t size, const struct voter *v)
{
	(void)snprintf(out, size, "%s\n%s\n%s\n%s\n%u", v->person.user, v->person.name, v->person.email, v->person.phone, v->row.style);
}

struct credentials {
	struct voter *v;
	const struct call *call;
};

static void
make_credentials(void *ctx, size_t begin, size_t end)
{
	struct credentials *c = ctx;

	for (size_t i = begin; i < end; i++) {
		struct voter *v = &c->v[i];
		struct scalar secret;
		char text[512];

		password_make(v->password);
		random_bytes(v->person.salt, sizeof v->person.salt);
		if (credential_derive(&secret, v->row.key, v->password, &c->call->hash, v->person.user) != OK)
			abort();
		wipe(&secret, sizeof secret);
		row_text(text, sizeof text, v);
		roll_row_hash(&v->row.row, &c->call->hash, v->person.salt, text);
	}
}

/* The registrar's message to a voter, sealed in the queue under the registrar's passphrase. */
static enum err
queue_message(const char *queue, const char *name, const uint8_t key[32], const struct voter *v, const struct call *call, struct why *why)
{
	struct buf text = {0}, sealed = {0};
	struct json_out o = json_out(&text);
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "user", v->person.user);
	json_text(&o, "password", v->password);
	json_text(&o, "account", call->account);
	json_text(&o, "box", call->box);
	json_hash(&o, "call", &call->hash);
	json_text(&o, "phone", v->person.phone);
	json_text(&o, "email", v->person.email);
	json_end(&o, '}');
	e = text.failed ? ERR_NOMEM : seal(&sealed, key, text.p, text.n, call->hash.b, HASH_BYTES);
	if (e == OK)
		e = put(queue, name, &sealed, why);
	buf_free(&text);
	buf_free(&sealed);
	return e;
}

static int
import_roll(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *draft = arg_need(a, "--draft"), *csv = arg_need(a, "--csv"), *queue = arg_need(a, "--queue");
	const char *private = arg_need(a, "--private"), *private_key = arg_need(a, "--private-key");
	struct record *r = calloc(1, sizeof *r);
	struct buf b = {0}, out = {0}, sealed = {0};
	struct manifest *m = NULL;
	struct voter *v = NULL;
	struct person *people;
	struct roll roll = {0};
	struct passphrase pass;
	struct why why = {""};
	struct credentials c;
	uint8_t key[32], file_key[32];
	char hex[65];
	unsigned errors, per_style[MAX_STYLES] = {0};
	size_t n;

	(void)arg_need(a, "--key");
	if (passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK || manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("roll", &why);
	n = read_csv(&v, csv, m, &errors, &why);
	if (errors > 0 || n == 0 || (int64_t)n > r->call.maximum_voters) {
		if (why.text[0] == '\0')
			(void)why_set(&why, ERR_FORMAT, "%u errors in %s, or no voter, or more than the call's maximum; nothing was written", errors, csv);
		return fail("roll", &why);
	}
	c = (struct credentials){v, &r->call};
	parallel(n, core_count(), make_credentials, &c);
	roll.call = r->call.hash;
	roll.styles_hash = m->styles_hash;
	roll.n = (uint32_t)n;
	roll.row = calloc(n, sizeof *roll.row);
	people = calloc(n, sizeof *people);
	if (roll.row == NULL || people == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		roll.row[i] = v[i].row;
		people[i] = v[i].person;
		per_style[v[i].row.style - 1]++;
	}
	random_bytes(file_key, sizeof file_key);
	hex_encode(hex, file_key, 32);
	roll_write(&out, &roll);
	if (private_roll_write(&sealed, file_key, &r->call.hash, people, (uint32_t)n) != OK || put(dir, "roll", &out, &why) != OK ||
	    sign_file(a, dir, "roll", "roll", &r->call.hash, &why) != OK || file_write(private, sealed.p, sealed.n, 0600, &why) != OK ||
	    file_write(private_key, hex, 64, 0600, &why) != OK || slow_hash(key, pass.text, pass.n, r->call.hash.b, HASH_BYTES) != OK)
		return fail("roll", &why);
	for (size_t i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%08zu", i);
		if (queue_message(queue, name, key, &v[i], &r->call, &why) != OK)
			return fail("roll", &why);
		if (n >= 10000 && (i + 1) % 10000 == 0)
			(void)fprintf(stderr, "  %zu of %zu messages sealed\n", i + 1, n);
	}
	for (unsigned s = 0; s < m->styles; s++)
		if (per_style[s] < m->small_group)
			(void)printf("warning: style %u (%s) has %u voters: a small group's result can reveal votes\n", s + 1, m->style[s].entity, per_style[s]);
	(void)printf("%zu voters; roll signed; one sealed message each in %s\n", n, queue);
	wipe(v, n * sizeof *v);
	wipe(people, n * sizeof *people);
	wipe(key, sizeof key);
	wipe(file_key, sizeof file_key);
	wipe(hex, sizeof hex);
	wipe(&pass, sizeof pass);
	return 0;
}

static int
deliver(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *queue = arg_need(a, "--queue"), *outbox = arg_need(a, "--outbox");
	struct record *r = calloc(1, sizeof *r);
	struct passphrase pass;
	struct why why = {""};
	struct dirent *entry;
	uint8_t key[32];
	unsigned n = 0;
	int fd;
	DIR *d;

	if (passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || slow_hash(key, pass.text, pass.n, r->call.hash.b, HASH_BYTES) != OK || dir_make(outbox, &why) != OK)
		return fail("roll", &why);
	wipe(&pass, sizeof pass);
	if ((d = opendir(queue)) == NULL) {
		(void)why_set(&why, ERR_ABSENT, "%s: no queue", queue);
		return fail("roll", &why);
	}
	while ((entry = readdir(d)) != NULL) {
		struct buf sealed = {0}, plain = {0};
		char path[1400], to[1400];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", queue, entry->d_name);
		(void)snprintf(to, sizeof to, "%s/%s.json", outbox, entry->d_name);
		if (file_read(&sealed, path, 65536, &why) != OK || unseal(&plain, key, sealed.p, sealed.n, r->call.hash.b, HASH_BYTES) != OK ||
		    file_write(to, plain.p, plain.n, 0600, &why) != OK) {
			if (why.text[0] == '\0')
				(void)why_set(&why, ERR_DENIED, "%s: wrong passphrase", path);
			return fail("roll", &why);
		}
		memset(sealed.p, 0, sealed.n); /* overwritten in place, then removed */
		if ((fd = open(path, O_WRONLY | O_CLOEXEC)) >= 0) {
			if (write(fd, sealed.p, sealed.n) < 0 || fsync(fd) != 0)
				(void)fprintf(stderr, "urna roll: %s could not be overwritten\n", path);
			(void)close(fd);
		}
		(void)unlink(path);
		buf_free(&sealed);
		buf_free(&plain);
		n++;
	}
	(void)closedir(d);
	wipe(key, sizeof key);
	(void)printf("%u messages delivered to %s and wiped from the queue\n", n, outbox);
	return 0;
}

struct rsa_job {
	struct rsa_secret *key[MAX_STYLES];
};

static void
make_rsa(void *ctx, size_t begin, size_t end)
{
	struct rsa_job *j = ctx;

	for (size_t i = begin; i < end; i++)
		if (rsa_generate(&j->key[i]) != OK)
			abort();
}

static int
authorizer_keys(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *draft = arg_need(a, "--draft"), *private = arg_need(a, "--private");
	struct record *r = calloc(1, sizeof *r);
	struct rsa_job *j = calloc(1, sizeof *j);
	struct buf b = {0}, sealed = {0}, out = {0};
	uint8_t (*modulus)[RSA_BYTES] = calloc(MAX_STYLES, sizeof *modulus);
	enum err e;
	struct manifest *m = NULL;
	struct passphrase pass;
	struct why why = {""};
	struct vkey name;
	char path[300];

	if (passphrase_get(&pass, arg(a, "--pass-file"), "Passphrase", &why) != OK || keyfile_public(&name, arg_need(a, "--key"), &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || j == NULL || modulus == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK ||
	    manifest_read(&m, b.p, b.n, &why) != OK)
		return fail("roll", &why);
	parallel(m->styles, core_count(), make_rsa, j);
	for (unsigned i = 0; i < m->styles; i++)
		rsa_modulus(modulus[i], j->key[i]);
	e = authorizer_secrets_write(&sealed, j->key, m->styles, &pass, &r->call.hash);
	for (unsigned i = 0; i < m->styles; i++)
		rsa_secret_free(j->key[i]);
	wipe(&pass, sizeof pass);
	authorizer_keys_write(&out, &r->call.hash, name.name, (const uint8_t (*)[RSA_BYTES])modulus, m->styles);
	(void)snprintf(path, sizeof path, "authorizers/%.128s.json", name.name);
	if (e != OK || file_write(private, sealed.p, sealed.n, 0600, &why) != OK || put(dir, path, &out, &why) != OK || sign_file(a, dir, path, "authorizer", &r->call.hash, &why) != OK)
		return fail("roll", &why);
	(void)printf("%u RSA keys of authorizer %s\n", m->styles, name.name);
	return 0;
}

/* ---- after the opening: a lost password, a voter included by order ---------------------------- */

/* The registrar's own copy of the private roll. */
static enum err
open_people(struct args *a, const struct call *call, struct person **people, uint32_t *n, uint8_t key[32], struct why *why)
{
	const char *file = arg_need(a, "--private"), *key_file = arg_need(a, "--private-key");
	struct buf b = {0}, sealed = {0};
	enum err e;

	if ((e = file_read(&b, key_file, 100, why)) == OK && (b.n < 64 || hex_decode(key, 32, (const char *)b.p, 64) != OK))
		e = why_set(why, ERR_FORMAT, "%s: not a key of 64 hex digits", key_file);
	if (e == OK && (e = file_read(&sealed, file, 1 << 30, why)) == OK)
		e = private_roll_read(people, n, key, &call->hash, sealed.p, sealed.n, why);
	buf_free(&b);
	buf_free(&sealed);
	return e;
}

/* A new password for v->person; its message goes into the queue. */
static enum err
new_credential(struct voter *v, const struct call *call, struct args *a, struct why *why)
{
	const char *queue = arg_need(a, "--queue");
	struct passphrase pass;
	uint8_t key[32], random[8];
	struct scalar secret;
	char name[20] = "r-";
	enum err e;

	password_make(v->password);
	if ((e = credential_derive(&secret, v->row.key, v->password, &call->hash, v->person.user)) != OK)
		return e;
	wipe(&secret, sizeof secret);
	if ((e = passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", why)) != OK)
		return e;
	random_bytes(random, sizeof random);
	hex_encode(name + 2, random, sizeof random);
	if ((e = slow_hash(key, pass.text, pass.n, call->hash.b, HASH_BYTES)) == OK)
		e = queue_message(queue, name, key, v, call, why);
	wipe(&pass, sizeof pass);
	wipe(key, sizeof key);
	return e;
}

/* For the registrar's eyes: who stands at which roll index. */
static int
list(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *user = arg(a, "--user");
	struct record *r = calloc(1, sizeof *r);
	struct person *people = NULL;
	struct why why = {""};
	uint8_t key[32];
	uint32_t n = 0, shown = 0;

	if (r == NULL || open_record(r, dir, TO_CALL, &why) != OK || open_people(a, &r->call, &people, &n, key, &why) != OK)
		return fail("roll", &why);
	args_end(a);
	for (uint32_t i = 0; i < n; i++)
		if (user == NULL || strcmp(people[i].user, user) == 0) {
			(void)printf("%u %s\n", i, people[i].user);
			shown++;
		}
	wipe(people, n * sizeof *people);
	wipe(key, sizeof key);
	if (shown == 0) {
		(void)why_set(&why, ERR_ABSENT, "the roll has no user %s", user != NULL ? user : "");
		return fail("roll", &why);
	}
	return 0;
}

static int
reissue(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *user = arg_need(a, "--user"), *motive = arg_need(a, "--motive"), *out = arg_need(a, "--out");
	struct record *r = calloc(1, sizeof *r);
	struct event *e = calloc(1, sizeof *e);
	struct person *people = NULL;
	struct voter v;
	struct why why = {""};
	uint8_t key[32];
	char hex[65], t[21];
	uint32_t n = 0, i;
	int64_t now = (int64_t)time(NULL);
	enum err err;

	memset(&v, 0, sizeof v);
	(void)arg_need(a, "--key");
	if (r == NULL || e == NULL || open_record(r, dir, TO_OPENING, &why) != OK || open_people(a, &r->call, &people, &n, key, &why) != OK)
		return fail("roll", &why);
	for (i = 0; i < n && strcmp(people[i].user, user) != 0; i++)
		;
	if (i == n || i >= r->roll.n) {
		(void)why_set(&why, ERR_ABSENT, "the roll has no user %s", user);
		return fail("roll", &why);
	}
	v.person = people[i];
	v.row.style = r->roll.row[i].style;
	if (new_credential(&v, &r->call, a, &why) != OK)
		return fail("roll", &why);
	args_end(a);
	(void)strcpy(e->kind, "replace-credential");
	e->scope = r->election;
	event_add(e, "index", "%u", i);
	hex_encode(hex, v.row.key, XONLY_BYTES);
	event_add(e, "key", "%s", hex);
	/* time for the second signature and the submission, then the manifest's delay */
	time_text(t, now + 60 * (r->m->replacement_delay >= 60) + 5 + (int64_t)r->m->replacement_delay);
	event_add(e, "from", "%s", t);
	event_add(e, "motive", "%s", motive);
	err = draft_event(a, &r->call, e, out, &why);
	wipe(&v, sizeof v);
	wipe(people, n * sizeof *people);
	wipe(key, sizeof key);
	if (err != OK)
		return fail("roll", &why);
	(void)printf("roll index %u gets a new credential, in force from %s; its message is in the queue\n"
		     "now %s signs: urna amend sign %s; then urna amend submit %s\n",
	    i, t, r->call.replacement.key.name, out, out);
	return 0;
}

static int
include(struct args *a)
{
	static const char *const names[] = {"--user", "--name", "--email", "--phone"};
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--out"), *person = arg_need(a, "--person"), *private_key = arg_need(a, "--private-key");
	const char *entity = arg_need(a, "--entity"), *district = arg(a, "--district");
	struct record *r = calloc(1, sizeof *r);
	struct event *e = calloc(1, sizeof *e);
	struct buf b = {0}, sealed = {0};
	struct voter v;
	struct why why = {""};
	uint8_t key[32];
	char hex[65], text[512];
	enum err err;

	memset(&v, 0, sizeof v);
	(void)arg_need(a, "--key");
	(void)snprintf(v.person.user, sizeof v.person.user, "%s", arg_need(a, names[0]));
	(void)snprintf(v.person.name, sizeof v.person.name, "%s", arg_need(a, names[1]));
	(void)snprintf(v.person.email, sizeof v.person.email, "%s", arg_need(a, names[2]));
	(void)snprintf(v.person.phone, sizeof v.person.phone, "%s", arg_need(a, names[3]));
	if (r == NULL || e == NULL || open_record(r, dir, TO_EVENTS, &why) != OK || file_read(&b, private_key, 100, &why) != OK)
		return fail("roll", &why);
	if (b.n < 64 || hex_decode(key, 32, (const char *)b.p, 64) != OK) {
		(void)why_set(&why, ERR_FORMAT, "%s: not a key of 64 hex digits", private_key);
		return fail("roll", &why);
	}
	for (unsigned s = 0; s < r->m->styles; s++)
		if (strcmp(r->m->style[s].entity, entity) == 0 && strcmp(r->m->style[s].district, district != NULL ? district : "") == 0)
			v.row.style = s + 1;
	if (v.row.style == 0) {
		(void)why_set(&why, ERR_RANGE, "no ballot style for entity %s%s%s", entity, district != NULL ? " district " : "", district != NULL ? district : "");
		return fail("roll", &why);
	}
	random_bytes(v.person.salt, sizeof v.person.salt);
	if (new_credential(&v, &r->call, a, &why) != OK || private_roll_write(&sealed, key, &r->call.hash, &v.person, 1) != OK ||
	    file_write(person, sealed.p, sealed.n, 0600, &why) != OK)
		return fail("roll", &why);
	row_text(text, sizeof text, &v);
	roll_row_hash(&v.row.row, &r->call.hash, v.person.salt, text);
	(void)strcpy(e->kind, "include");
	e->scope = r->election;
	event_add(e, "index", "%u", r->roll.n);
	hex_encode(hex, v.row.key, XONLY_BYTES);
	event_add(e, "key", "%s", hex);
	event_add(e, "style", "%u", v.row.style);
	hash_hex(hex, &v.row.row);
	event_add(e, "row", "%s", hex);
	event_add(e, "acuerdo", "%s", arg_need(a, "--acuerdo"));
	event_add(e, "motive", "%s", arg_need(a, "--motive"));
	event_add(e, "proposer", "%s", arg_need(a, "--proposer"));
	(void)arg(a, "--pass-file");
	args_end(a);
	err = draft_event(a, &r->call, e, out, &why);
	wipe(&v, sizeof v);
	wipe(key, sizeof key);
	if (err != OK)
		return fail("roll", &why);
	(void)printf("roll index %u; its message is in the queue, the person sealed in %s\nnow the others of the call's rule sign: urna amend sign %s; then urna amend submit %s --person %s\n",
	    r->roll.n, person, out, out, person);
	return 0;
}

int
cmd_roll(struct args *a)
{
	const char *what = word(a, 0);

	if (strcmp(what, "import") == 0)
		return import_roll(a);
	if (strcmp(what, "deliver") == 0)
		return deliver(a);
	if (strcmp(what, "authorizer-keys") == 0)
		return authorizer_keys(a);
	if (strcmp(what, "list") == 0)
		return list(a);
	if (strcmp(what, "reissue") == 0)
		return reissue(a);
	if (strcmp(what, "include") == 0)
		return include(a);
	(void)fprintf(stderr, "usage: urna roll import --record DIR --draft FILE --csv FILE --queue DIR --private FILE --private-key FILE --key REGISTRAR [--pass-file FILE]\n"
			      "       urna roll deliver --record DIR --queue DIR --outbox DIR [--pass-file FILE]\n"
			      "       urna roll authorizer-keys --record DIR --draft FILE --private FILE --key AUTHORIZER [--pass-file FILE]\n"
			      "       urna roll list --record DIR --private FILE --private-key FILE [--user USER]     who stands at which roll index\n"
			      "       urna roll reissue --record DIR --private FILE --private-key FILE --user USER --motive TEXT --queue DIR --out FILE --key REGISTRAR [--pass-file FILE]\n"
			      "           a new password for a voter who lost it and has not authorized\n"
			      "       urna roll include --record DIR --private-key FILE --user U --name N --entity E [--district D] --email M --phone P\n"
			      "           --acuerdo ID --motive TEXT --proposer NAME --queue DIR --person FILE --out FILE --key REGISTRAR [--pass-file FILE]\n"
			      "           a voter whom a court orders onto the roll\n"
			      "The CSV has a heading line and user,name,entity,district,modality,email,phone.\n");
	return 2;
}
