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
#include "tally/entries.h"
#include "tally/roll_csv.h"

/* What the row commitment is over: spec/roll.md#public-roll. */
static void
row_text(char *out, size_t size, const struct enrolled *v)
{
	(void)snprintf(out, size, "%s\n%s\n%s\n%s\n%u", v->person.user, v->person.name, v->person.email, v->person.phone, v->row.style);
}

struct credentials {
	struct enrolled *v;
	const struct call *call;
};

static void
make_credentials(void *ctx, size_t begin, size_t end)
{
	struct credentials *c = ctx;

	for (size_t i = begin; i < end; i++) {
		struct enrolled *v = &c->v[i];
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

/* The registrar's message to a voter, sealed in the queue under the registrar's passphrase. many: folder_flush comes after the last. */
static enum err
queue_message(const char *queue, const char *name, int many, const uint8_t key[32], const struct enrolled *v, const struct call *call, struct why *why)
{
	struct buf text = {0}, sealed = {0};
	struct json_out o = json_out(&text);
	char path[1400];
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
	(void)snprintf(path, sizeof path, "%s/%s", queue, name);
	if (e == OK)
		e = many ? file_write_unsynced(path, sealed.p, sealed.n, 0600, why) : file_write(path, sealed.p, sealed.n, 0600, why);
	buf_free(&text);
	buf_free(&sealed);
	return e;
}

/* Where the import writes, all options of it. */
struct places {
	const char *dir, *queue, *private, *private_key;
};

/* The private roll with its key, and the public one; its signature, which comes last, says that the import is whole. */
static enum err
write_rolls(const struct signer *by, const struct places *at, const struct enrolled *v, size_t n, const struct call *call, const struct manifest *m, struct why *why)
{
	struct roll roll = {.call = call->hash, .styles_hash = m->styles_hash, .n = (uint32_t)n, .row = calloc(n, sizeof *roll.row)};
	struct person *people = calloc(n, sizeof *people);
	struct buf out = {0}, sealed = {0};
	struct {
		uint8_t key[32];
		char hex[65];
	} k;
	enum err e;

	if (roll.row == NULL || people == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		roll.row[i] = v[i].row;
		people[i] = v[i].person;
	}
	random_bytes(k.key, sizeof k.key);
	hex_encode(k.hex, k.key, sizeof k.key);
	roll_write(&out, &roll);
	if ((e = private_roll_write(&sealed, k.key, &call->hash, people, (uint32_t)n)) == OK && (e = file_write(at->private, sealed.p, sealed.n, 0600, why)) == OK &&
	    (e = file_write(at->private_key, k.hex, 64, 0600, why)) == OK && (e = put(at->dir, "roll", &out, why)) == OK)
		e = sign_by(by, at->dir, "roll", "roll", call, &out, why);
	wipe(&k, sizeof k);
	wipe(people, n * sizeof *people);
	free(people);
	free(roll.row);
	buf_free(&out);
	buf_free(&sealed);
	return e;
}

/* One sealed message a voter. */
static enum err
queue_messages(const char *queue, const struct passphrase *pass, const struct enrolled *v, size_t n, const struct call *call, struct why *why)
{
	uint8_t key[32];
	enum err e = slow_hash(key, pass->text, pass->n, call->hash.b, HASH_BYTES);

	for (size_t i = 0; i < n && e == OK; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%08zu", i);
		e = queue_message(queue, name, 1, key, &v[i], call, why);
		if (n >= 10000 && (i + 1) % 10000 == 0)
			(void)fprintf(stderr, "  %zu of %zu messages sealed\n", i + 1, n);
	}
	wipe(key, sizeof key);
	return e == OK ? folder_flush(queue, why) : e;
}

/* An import makes every credential anew: what one has made, whole or not, is not mixed with what another makes. */
static enum err
nothing_imported(const struct places *at, struct why *why)
{
	static const char advice[] = "the private roll of an import is never overwritten; if the election is not open and that import is given up,"
				     " remove together --private, --private-key, the queue's files, and roll and roll.note of the record";
	char note[1400];
	struct dirent *entry;
	unsigned n = 0;
	DIR *d;
	enum err e;

	(void)snprintf(note, sizeof note, "%s/roll.note", at->dir);
	if (access(note, F_OK) == 0)
		return why_set(why, ERR_EXISTS, "%s is there: the roll is signed already; to import another, remove roll, roll.note, the queue, %s and %s", note, at->private, at->private_key);
	if ((e = new_file(at->private, advice, why)) != OK || (e = new_file(at->private_key, advice, why)) != OK)
		return e;
	if ((e = dir_make(at->queue, why)) != OK)
		return e;
	if ((d = opendir(at->queue)) == NULL)
		return why_set(why, ERR_IO, "%s: cannot be read", at->queue);
	while ((entry = readdir(d)) != NULL)
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n == 0 ? OK : why_set(why, ERR_EXISTS, "%s holds %u messages of an import that did not end, or was not delivered: empty it first", at->queue, n);
}

static void
warn_of_small_groups(const struct enrolled *v, size_t n, const struct manifest *m)
{
	unsigned of_style[MAX_STYLES] = {0};

	for (size_t i = 0; i < n; i++)
		of_style[v[i].row.style - 1]++;
	for (unsigned s = 0; s < m->styles; s++)
		if (of_style[s] < m->small_group)
			(void)printf("warning: style %u (%s) has %u voters: a small group's result can reveal votes\n", s + 1, m->style[s].entity, of_style[s]);
}

static int
import_roll(struct args *a)
{
	const struct places at = {arg_need(a, "--record"), arg_need(a, "--queue"), arg_need(a, "--private"), arg_need(a, "--private-key")};
	const char *draft = arg_need(a, "--draft"), *csv = arg_need(a, "--csv");
	struct record *r = calloc(1, sizeof *r);
	struct buf b = {0};
	struct manifest *m = NULL;
	struct enrolled *v = NULL;
	struct passphrase pass;
	struct signer by = {0};
	struct why why = {""};
	struct credentials c;
	size_t n;
	enum err e;

	(void)arg_need(a, "--key");
	if (passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || open_record(r, at.dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK || manifest_read(&m, b.p, b.n, &why) != OK ||
	    nothing_imported(&at, &why) != OK || roll_csv_read(&v, &n, csv, m, &why) != OK || open_signer_of(a, &by, &r->call, "roll", &why) != OK)
		return fail("roll", &why);
	if (n == 0 || (int64_t)n > r->call.maximum_voters) {
		(void)why_set(&why, ERR_RANGE, "%s: no voter, or more than the call's maximum; nothing was written", csv);
		return fail("roll", &why);
	}
	c = (struct credentials){v, &r->call};
	parallel(n, core_count(), make_credentials, &c);
	if ((e = queue_messages(at.queue, &pass, v, n, &r->call, &why)) == OK)
		e = write_rolls(&by, &at, v, n, &r->call, m, &why);
	signer_close(&by);
	wipe(&pass, sizeof pass);
	if (e == OK) {
		warn_of_small_groups(v, n, m);
		(void)printf("%zu voters; roll signed; one sealed message each in %s\n", n, at.queue);
	}
	wipe(v, n * sizeof *v);
	free(v);
	return e == OK ? 0 : fail("roll", &why);
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

/* Secret keys that a signed document may name are never made twice. path: where the public ones go, below the record. */
static enum err
no_keys_yet(char path[300], const char *dir, const char *private, const char *name, struct why *why)
{
	char file[1400], what[900];
	enum err e;

	(void)snprintf(path, 300, "authorizers/%.128s.json", name);
	(void)snprintf(what, sizeof what, "keys are never overwritten; if no manifest names them, move %.500s, %.140s and its .note away first", private, path);
	if ((e = new_file(private, what, why)) != OK)
		return e;
	(void)snprintf(file, sizeof file, "%s/%s", dir, path);
	if ((e = new_file(file, what, why)) != OK)
		return e;
	(void)snprintf(file, sizeof file, "%s/%s.note", dir, path);
	return new_file(file, what, why);
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
	struct signer by = {0};
	struct why why = {""};
	char path[300];

	(void)arg_need(a, "--key");
	if (passphrase_get(&pass, arg(a, "--pass-file"), "Passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	if (r == NULL || j == NULL || modulus == NULL || open_record(r, dir, TO_CALL, &why) != OK || file_read(&b, draft, MANIFEST_MAX_BYTES, &why) != OK ||
	    manifest_read(&m, b.p, b.n, &why) != OK || open_signer_of(a, &by, &r->call, "authorizer", &why) != OK ||
	    no_keys_yet(path, dir, private, by.name, &why) != OK)
		return fail("roll", &why);
	parallel(m->styles, core_count(), make_rsa, j);
	for (unsigned i = 0; i < m->styles; i++)
		rsa_modulus(modulus[i], j->key[i]);
	e = authorizer_secrets_write(&sealed, j->key, m->styles, &pass, &r->call.hash);
	for (unsigned i = 0; i < m->styles; i++)
		rsa_secret_free(j->key[i]);
	wipe(&pass, sizeof pass);
	authorizer_keys_write(&out, &r->call.hash, by.name, (const uint8_t (*)[RSA_BYTES])modulus, m->styles);
	if (e == OK && (e = file_write(private, sealed.p, sealed.n, 0600, &why)) == OK && (e = put(dir, path, &out, &why)) == OK)
		e = sign_by(&by, dir, path, "authorizer", &r->call, &out, &why);
	if (e == OK)
		(void)printf("%u RSA keys of authorizer %s\n", m->styles, by.name);
	signer_close(&by);
	if (e != OK)
		return fail("roll", &why);
	return 0;
}

/* ---- after the opening: a lost password, a voter included by order ---------------------------- */

/* The key of the private roll and of the persons whom orders add. */
static enum err
roll_key(uint8_t key[32], const char *file, struct why *why)
{
	struct buf b = {0};
	enum err e = file_read(&b, file, 100, why);

	if (e == OK && (b.n < 64 || hex_decode(key, 32, (const char *)b.p, 64) != OK))
		e = why_set(why, ERR_FORMAT, "%s: not a key of 64 hex digits", file);
	buf_free(&b);
	return e;
}

static enum err
read_people(struct person **people, uint32_t *n, const uint8_t key[32], const struct call *call, const char *file, struct why *why)
{
	struct buf sealed = {0};
	enum err e = file_read(&sealed, file, 1 << 30, why);

	if (e == OK && (e = private_roll_read(people, n, key, &call->hash, sealed.p, sealed.n, why)) != OK)
		(void)why_prefix(why, e, "%s", file);
	buf_free(&sealed);
	return e;
}

/* Who stands at which roll index, as far as the registrar's own files tell: of others `user` is empty. */
struct people {
	struct person *p;
	uint32_t n;
};

static void
people_free(struct people *all)
{
	if (all->p != NULL)
		wipe(all->p, all->n * sizeof *all->p);
	free(all->p);
}

/* Whom an order included, from the file that `urna roll include` left: at the index of the log's entry that commits to that row. */
static enum err
add_included(struct people *all, const struct record *r, const uint8_t key[32], const char *file, struct why *why)
{
	struct person *one = NULL;
	struct enrolled v;
	struct hash row;
	char text[512];
	uint32_t n = 0, people;
	enum err e = read_people(&one, &n, key, &r->call, file, why);

	people = n;
	if (e == OK && n != 1)
		e = why_set(why, ERR_FORMAT, "%s: not one person, of urna roll include", file);
	for (uint32_t i = 0; e == OK && n == 1 && i < r->roll.n; i++) {
		memset(&v, 0, sizeof v);
		v.person = one[0];
		v.row.style = r->roll.row[i].style;
		row_text(text, sizeof text, &v);
		roll_row_hash(&row, &r->call.hash, v.person.salt, text);
		if (hash_equal(&row, &r->roll.row[i].row)) {
			all->p[i] = v.person;
			n = 0; /* found */
		}
	}
	if (e == OK && n == 1)
		e = why_set(why, ERR_ABSENT, "%s: no entry of the log includes this person (urna amend submit)", file);
	wipe(&v, sizeof v);
	if (one != NULL)
		wipe(one, people * sizeof *one);
	free(one);
	return e;
}

/* The registrar's copy of the private roll, and of --person those whom orders included: their indexes are the log's (record_events). */
static enum err
open_people(struct args *a, const struct record *r, struct people *all, struct why *why)
{
	const char *file = arg_need(a, "--private"), *person;
	struct people first = {NULL, 0};
	uint8_t key[32];
	enum err e;

	if ((e = roll_key(key, arg_need(a, "--private-key"), why)) == OK && (e = read_people(&first.p, &first.n, key, &r->call, file, why)) == OK) {
		all->n = first.n > r->roll.n ? first.n : r->roll.n;
		if ((all->p = calloc(all->n + 1u, sizeof *all->p)) == NULL)
			abort();
		memcpy(all->p, first.p, first.n * sizeof *first.p);
	}
	for (unsigned i = 0; e == OK && (person = arg_nth(a, "--person", i)) != NULL; i++)
		e = add_included(all, r, key, person, why);
	people_free(&first);
	wipe(key, sizeof key);
	return e;
}

static enum err
no_such_user(const char *user, struct why *why)
{
	return why_set(why, ERR_ABSENT, "the roll has no user %s; one whom an order included is found with --person FILE, the file of urna roll include", user);
}

/* A new password, and its credential. */
static enum err
new_credential(struct enrolled *v, const struct call *call)
{
	struct scalar secret;
	enum err e;

	password_make(v->password);
	e = credential_derive(&secret, v->row.key, v->password, &call->hash, v->person.user);
	wipe(&secret, sizeof secret);
	return e;
}

/* The log would take this entry now, as far as the record tells; r is not used for anything that comes after. */
static enum err
would_be_taken(struct record *r, struct event *e, struct why *why)
{
	int64_t now = (int64_t)time(NULL);
	enum err err;

	e->time = now > r->progress.last ? now : r->progress.last;
	if ((err = progress_apply(&r->progress, e, &r->call, why)) == OK)
		err = roll_amend(&r->roll, e, &r->call, r->m, why);
	e->time = 0;
	return err == OK ? OK : why_prefix(why, err, "urnad would refuse this, and nothing was written");
}

/* v's message into the queue as path; without it the entry, which is signed, would give a credential that nobody has: then it goes too. */
static enum err
queue_or_undo(char path[1400], const char *queue, const struct passphrase *pass, const struct enrolled *v, const struct call *call, const char *entry, struct why *why)
{
	uint8_t key[32], random[8];
	char name[20] = "r-", note[1400];
	enum err e;

	random_bytes(random, sizeof random);
	hex_encode(name + 2, random, sizeof random);
	if ((e = slow_hash(key, pass->text, pass->n, call->hash.b, HASH_BYTES)) == OK && (e = dir_make(queue, why)) == OK)
		e = queue_message(queue, name, 0, key, v, call, why);
	wipe(key, sizeof key);
	(void)snprintf(path, 1400, "%s/%s", queue, name);
	(void)snprintf(note, sizeof note, "%s.note", entry);
	if (e != OK) {
		(void)unlink(note);
		(void)unlink(entry);
	}
	return e;
}

/* For the registrar's eyes: who stands at which roll index. */
static int
list(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *user = arg(a, "--user");
	enum depth depth = arg(a, "--person") != NULL ? TO_EVENTS : TO_CALL;
	struct record *r = calloc(1, sizeof *r);
	struct people all = {NULL, 0};
	struct why why = {""};
	uint32_t shown = 0;

	if (r == NULL || open_record(r, dir, depth, &why) != OK || open_people(a, r, &all, &why) != OK)
		return fail("roll", &why);
	args_end(a);
	for (uint32_t i = 0; i < all.n; i++)
		if (all.p[i].user[0] != '\0' && (user == NULL || strcmp(all.p[i].user, user) == 0)) {
			(void)printf("%u %s\n", i, all.p[i].user);
			shown++;
		}
	people_free(&all);
	if (shown == 0) {
		(void)no_such_user(user != NULL ? user : "", &why);
		return fail("roll", &why);
	}
	return 0;
}

/* Nothing is written before all is known to be in order; the message, which is the password, comes last. */
static int
reissue(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *user = arg_need(a, "--user"), *motive = arg_need(a, "--motive"), *out = arg_need(a, "--out"), *queue = arg_need(a, "--queue");
	struct record *r = calloc(1, sizeof *r);
	struct event *e = calloc(1, sizeof *e);
	struct people all = {NULL, 0};
	struct passphrase pass;
	struct enrolled v;
	struct why why = {""};
	char hex[65], t[21], message[1400];
	uint32_t i;
	int64_t now = (int64_t)time(NULL);
	enum err err;

	memset(&v, 0, sizeof v);
	(void)arg_need(a, "--key");
	if (draft_free(out, &why) != OK || r == NULL || e == NULL || open_record(r, dir, TO_EVENTS, &why) != OK || open_people(a, r, &all, &why) != OK ||
	    passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	args_end(a);
	for (i = 0; i < all.n && strcmp(all.p[i].user, user) != 0; i++)
		;
	if (i == all.n || i >= r->roll.n) {
		(void)no_such_user(user, &why);
		return fail("roll", &why);
	}
	v.person = all.p[i];
	v.row.style = r->roll.row[i].style;
	people_free(&all);
	if (new_credential(&v, &r->call) != OK)
		return fail("roll", &why);
	(void)strcpy(e->kind, "replace-credential");
	e->scope = r->election;
	event_add(e, "index", "%u", i);
	hex_encode(hex, v.row.key, XONLY_BYTES);
	event_add(e, "key", "%s", hex);
	/* time for the second signature and the submission, then the manifest's delay */
	time_text(t, now + 60 * (r->m->replacement_delay >= 60) + 5 + (int64_t)r->m->replacement_delay);
	event_add(e, "from", "%s", t);
	event_add(e, "motive", "%s", motive);
	if ((err = would_be_taken(r, e, &why)) == OK && (err = draft_event(a, &r->call, e, out, &why)) == OK)
		err = queue_or_undo(message, queue, &pass, &v, &r->call, out, &why);
	wipe(&v, sizeof v);
	wipe(&pass, sizeof pass);
	if (err != OK)
		return fail("roll", &why);
	(void)printf("roll index %u gets a new credential, in force from %s; its message is in the queue\n"
		     "now %s signs: urna amend sign %s; then urna amend submit %s\n"
		     "before it is taken, deliver nothing: if it is refused for good (a voter who has authorized), remove %s\n",
	    i, t, r->call.replacement.key.name, out, out, message);
	return 0;
}

/* What the authority's list would have said of this voter. Others than blanks, and whole: nothing is cut off. */
static enum err
take_field(char *out, size_t size, struct args *a, const char *option, struct why *why)
{
	const char *value = arg_need(a, option);

	if (value[strspn(value, " \t")] == '\0' || strlen(value) >= size || !utf8_valid(value, strlen(value)))
		return why_set(why, ERR_RANGE, "%s must be 1 to %zu bytes of UTF-8, and not blank", option, size - 1);
	(void)strcpy(out, value);
	return OK;
}

static enum err
take_person(struct person *p, struct args *a, struct why *why)
{
	enum err e;

	if ((e = take_field(p->user, sizeof p->user, a, "--user", why)) != OK || (e = take_field(p->name, sizeof p->name, a, "--name", why)) != OK ||
	    (e = take_field(p->email, sizeof p->email, a, "--email", why)) != OK)
		return e;
	return take_field(p->phone, sizeof p->phone, a, "--phone", why);
}

/* No voter of the private roll in the file has this user name. */
static enum err
not_of_roll(const char *user, const uint8_t key[32], const struct call *call, const char *file, struct why *why)
{
	struct people all = {NULL, 0};
	enum err e = read_people(&all.p, &all.n, key, call, file, why);

	for (uint32_t i = 0; e == OK && i < all.n; i++)
		if (strcmp(all.p[i].user, user) == 0)
			e = why_set(why, ERR_RANGE, "the user %s stands in the roll already, with roll index %u: give --user another name", user, i);
	people_free(&all);
	return e;
}

static int
include(struct args *a)
{
	const char *dir = arg_need(a, "--record"), *out = arg_need(a, "--out"), *person = arg_need(a, "--person"), *private_key = arg_need(a, "--private-key");
	const char *entity = arg_need(a, "--entity"), *district = arg(a, "--district"), *queue = arg_need(a, "--queue");
	struct record *r = calloc(1, sizeof *r);
	struct event *e = calloc(1, sizeof *e);
	struct buf sealed = {0};
	struct passphrase pass;
	struct enrolled v;
	struct why why = {""};
	uint8_t key[32];
	char hex[65], text[512], message[1400];
	uint32_t index;
	enum err err;

	memset(&v, 0, sizeof v);
	(void)arg_need(a, "--key");
	if (take_person(&v.person, a, &why) != OK || draft_free(out, &why) != OK || new_file(person, "it may be the person of another order; name another file", &why) != OK || r == NULL || e == NULL ||
	    open_record(r, dir, TO_EVENTS, &why) != OK || roll_key(key, private_key, &why) != OK || not_of_roll(v.person.user, key, &r->call, arg_need(a, "--private"), &why) != OK)
		return fail("roll", &why);
	if ((v.row.style = manifest_style(r->m, entity, district != NULL ? district : "")) == 0) {
		(void)why_set(&why, ERR_RANGE, "no ballot style for entity %s%s%s", entity, district != NULL ? " district " : "", district != NULL ? district : "");
		return fail("roll", &why);
	}
	random_bytes(v.person.salt, sizeof v.person.salt);
	if (new_credential(&v, &r->call) != OK || private_roll_write(&sealed, key, &r->call.hash, &v.person, 1) != OK ||
	    passphrase_get(&pass, arg(a, "--pass-file"), "Registrar's passphrase", &why) != OK)
		return fail("roll", &why);
	row_text(text, sizeof text, &v);
	roll_row_hash(&v.row.row, &r->call.hash, v.person.salt, text);
	(void)strcpy(e->kind, "include");
	e->scope = r->election;
	index = r->roll.n;
	event_add(e, "index", "%u", index);
	hex_encode(hex, v.row.key, XONLY_BYTES);
	event_add(e, "key", "%s", hex);
	event_add(e, "style", "%u", v.row.style);
	hash_hex(hex, &v.row.row);
	event_add(e, "row", "%s", hex);
	event_add(e, "acuerdo", "%s", arg_need(a, "--acuerdo"));
	event_add(e, "motive", "%s", arg_need(a, "--motive"));
	event_add(e, "proposer", "%s", arg_need(a, "--proposer"));
	args_end(a);
	if ((err = would_be_taken(r, e, &why)) == OK && (err = file_write(person, sealed.p, sealed.n, 0600, &why)) == OK &&
	    ((err = draft_event(a, &r->call, e, out, &why)) != OK || (err = queue_or_undo(message, queue, &pass, &v, &r->call, out, &why)) != OK))
		(void)unlink(person);
	wipe(&v, sizeof v);
	wipe(&pass, sizeof pass);
	wipe(key, sizeof key);
	if (err != OK)
		return fail("roll", &why);
	(void)printf("roll index %u; its message is in the queue, the person sealed in %s: keep it for urna roll list and reissue\n"
		     "now the others of the call's rule sign: urna amend sign %s; then urna amend submit %s --person %s\n"
		     "before it is taken, deliver nothing: if it is refused for good, remove %s\n",
	    index, person, out, out, person, message);
	return 0;
}

int
cmd_roll(struct args *a)
{
	static const struct step steps[] = {{"import", import_roll}, {"deliver", deliver}, {"authorizer-keys", authorizer_keys}, {"list", list}, {"reissue", reissue}, {"include", include}};
	int code = run_step(a, steps, sizeof steps / sizeof *steps);

	if (code >= 0)
		return code;
	(void)fprintf(stderr, "usage: urna roll import --record DIR --draft FILE --csv FILE --queue DIR --private FILE --private-key FILE --key REGISTRAR [--pass-file FILE]\n"
			      "       urna roll deliver --record DIR --queue DIR --outbox DIR [--pass-file FILE]\n"
			      "       urna roll authorizer-keys --record DIR --draft FILE --private FILE --key AUTHORIZER [--pass-file FILE]\n"
			      "       urna roll list --record DIR --private FILE --private-key FILE [--user USER] [--person FILE ...]\n"
			      "           who stands at which roll index; --person: also whom orders included, of the files that include left\n"
			      "       urna roll reissue --record DIR --private FILE --private-key FILE [--person FILE ...] --user USER --motive TEXT --queue DIR --out FILE --key REGISTRAR [--pass-file FILE]\n"
			      "           a new password for a voter who lost it and has not authorized\n"
			      "       urna roll include --record DIR --private FILE --private-key FILE --user U --name N --entity E [--district D] --email M --phone P\n"
			      "           --acuerdo ID --motive TEXT --proposer NAME --queue DIR --person FILE --out FILE --key REGISTRAR [--pass-file FILE]\n"
			      "           a voter whom a court orders onto the roll\n"
			      "The CSV has a heading line and user,name,entity,district,modality,email,phone.\n");
	return 2;
}
