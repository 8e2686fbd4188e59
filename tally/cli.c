#include "tally/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/http_client.h"
#include "crypto/token.h"
#include "election/docnote.h"
#include "election/signers.h"

struct args
args_of(const char *command, int argc, char **argv)
{
	struct args a = {.argc = argc > 127 ? 127 : argc, .argv = argv, .command = command};

	return a;
}

const char *
arg_nth(struct args *a, const char *name, unsigned i)
{
	for (int k = 0; k + 1 < a->argc; k++)
		if (strcmp(a->argv[k], name) == 0 && i-- == 0) {
			a->used[k] = a->used[k + 1] = 1;
			return a->argv[k + 1];
		}
	return NULL;
}

const char *
arg(struct args *a, const char *name)
{
	return arg_nth(a, name, 0);
}

const char *
arg_need(struct args *a, const char *name)
{
	const char *v = arg(a, name);

	if (v == NULL) {
		(void)fprintf(stderr, "urna %s: %s is missing; see urna %s --help\n", a->command, name, a->command);
		exit(2);
	}
	return v;
}

int
arg_flag(struct args *a, const char *name)
{
	for (int k = 0; k < a->argc; k++)
		if (strcmp(a->argv[k], name) == 0) {
			a->used[k] = 1;
			return 1;
		}
	return 0;
}

long
arg_number(struct args *a, const char *name, long otherwise)
{
	const char *v = arg(a, name);
	char *end;
	long n;

	if (v == NULL)
		return otherwise;
	n = strtol(v, &end, 10);
	if (*v == '\0' || *end != '\0') {
		(void)fprintf(stderr, "urna %s: %s needs a number, not \"%s\"\n", a->command, name, v);
		exit(2);
	}
	return n;
}

unsigned
arg_attempt(struct args *a)
{
	long n = arg_number(a, "--attempt", 1);

	if (n < 1 || n > ATTEMPTS) {
		(void)fprintf(stderr, "urna %s: --attempt must be between 1 and %d, not %ld\n", a->command, ATTEMPTS, n);
		exit(2);
	}
	return (unsigned)n;
}

const char *
word(struct args *a, int i)
{
	if (i >= a->argc)
		return "";
	a->used[i] = 1;
	return a->argv[i];
}

void
args_end(struct args *a)
{
	for (int k = 0; k < a->argc; k++)
		if (!a->used[k]) {
			(void)fprintf(stderr, "urna %s: \"%s\" is not understood here; see urna %s --help\n", a->command, a->argv[k], a->command);
			exit(2);
		}
}

void
wrong_word(const struct args *a, const char *what)
{
	if (what[0] != '\0')
		(void)fprintf(stderr, "urna %s: there is no \"%s\" here\n", a->command, what);
}

int
run_step(struct args *a, const struct step *steps, size_t n)
{
	const char *what = word(a, 0);

	for (size_t i = 0; i < n; i++)
		if (strcmp(what, steps[i].name) == 0)
			return steps[i].run(a);
	wrong_word(a, what);
	return -1;
}

int
fail(const char *command, const struct why *why)
{
	(void)fprintf(stderr, "urna %s: %s\n", command, why->text[0] != '\0' ? why->text : "out of memory (of locked memory: raise ulimit -l), or a library failed");
	return 1;
}

int
confirmed(const char *question)
{
	static const char *const yes[] = {"s", "si", "s\xc3\xad", "s\xc3\x8d", "y", "yes"};
	char line[64];
	size_t n, blanks;

	(void)printf("%s (s\xc3\xad/no) ", question);
	(void)fflush(stdout);
	if (fgets(line, sizeof line, stdin) == NULL)
		return 0;
	blanks = strspn(line, " \t");
	for (n = strlen(line); n > blanks && strchr(" \t\r\n", line[n - 1]) != NULL; n--)
		;
	line[n] = '\0';
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (strcasecmp(line + blanks, yes[i]) == 0)
			return 1;
	return 0;
}

enum err
new_file(const char *path, const char *advice, struct why *why)
{
	struct stat st;

	return lstat(path, &st) == 0 ? why_set(why, ERR_EXISTS, "%s is there already: %s", path, advice) : OK;
}

enum err
lock_folder(int *fd, const char *dir, int shared, struct why *why)
{
	if ((*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return why_set(why, ERR_ABSENT, "%s: %s", dir, strerror(errno));
	if (flock(*fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return OK;
	return why_set(why, errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO, "%s: %s", dir,
	    errno == EWOULDBLOCK ? "another urna works on this folder: wait until it has ended" : strerror(errno));
}

enum err
open_signer(struct args *a, struct signer *out, struct why *why)
{
	const char *path = arg_need(a, "--key");
	struct passphrase pass;
	enum err e = passphrase_get(&pass, arg(a, "--pass-file"), "Passphrase", why);

	if (e == OK)
		e = key_signer(out, path, &pass, why);
	wipe(&pass, sizeof pass);
	return e;
}

enum err
put(const char *dir, const char *file, const struct buf *b, struct why *why)
{
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	*strrchr(path, '/') = '\0';
	if (b->failed)
		return ERR_NOMEM;
	if ((e = dir_make(path, why)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	return file_write(path, b->p, b->n, 0644, why);
}

enum err
put_act(const char *dir, const char *name, struct act *a, struct why *why)
{
	char file[200];
	enum err e;

	(void)snprintf(file, sizeof file, "acts/%s.json", name);
	if ((e = put(dir, file, &a->json, why)) == OK) {
		(void)snprintf(file, sizeof file, "acts/%s.txt", name);
		e = put(dir, file, &a->text, why);
	}
	act_free(a);
	return e;
}

/* A document is drawn up by one party; the notary signs those of others, and only what he has been shown. */
static enum err
not_the_notary(const struct args *a, const struct signer *by, const struct call *call, const char *purpose, struct why *why)
{
	if (strcmp(a->command, "sign") == 0 || signer_is_notary(call, by, NULL) != OK)
		return OK;
	return why_set(why, ERR_DENIED, "%s: %s is the notary's key, and not the call's for urna %s, which takes the key of the operator, %s; the notary signs afterwards, with urna notary sign",
	    purpose, by->name, a->command, call->operator.key.name);
}

enum err
open_signer_of(struct args *a, struct signer *out, const struct call *call, const char *purpose, struct why *why)
{
	enum err e = open_signer(a, out, why);

	if (e == OK && (e = signer_allowed(call, purpose, out, why)) == OK)
		e = strcmp(a->command, "notary") == 0 ? signer_is_notary(call, out, why) : not_the_notary(a, out, call, purpose, why);
	if (e != OK)
		signer_close(out);
	return e;
}

/* The note beside the file, or a new one, with this signature, which it need not have twice. ERR_PROOF: the one that is there is of another document. */
static enum err
add_signature(struct buf *note, const struct signer *by, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document,
    struct why *why)
{
	char path[1400];
	struct vkey key;
	enum err e = OK;

	(void)snprintf(path, sizeof path, "%s/%s.note", dir, file);
	if (access(path, F_OK) == 0)
		e = file_read(note, path, NOTE_MAX_BYTES, why);
	if (e == OK && note->n > 0 && vkey_make(&key, by->name, NOTE_ED25519, by->key) == OK &&
	    docnote_verify(note->p, note->n, purpose, &call->hash, document->p, document->n, &key, NULL) == OK)
		return OK;
	if (e == OK && (e = docnote_sign(note, purpose, &call->hash, document->p, document->n, by, why)) == ERR_PROOF && note->n > 0)
		e = why_set(why, e, "%s holds signatures of another %s than this one. If this one is to take its place, remove %s and run it again", path, file, path);
	else if (e != OK)
		(void)why_prefix(why, e, "%s", path);
	return e;
}

static enum err
put_note(const char *dir, const char *file, const struct buf *note, struct why *why)
{
	char name[400];

	(void)snprintf(name, sizeof name, "%s.note", file);
	return put(dir, name, note, why);
}

enum err
sign_by(const struct signer *by, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why)
{
	struct buf note = {0};
	enum err e;

	if ((e = add_signature(&note, by, dir, file, purpose, call, document, why)) == OK)
		e = put_note(dir, file, &note, why);
	buf_free(&note);
	return e;
}

/* text: of an act, or NULL. */
static enum err
put_all(struct args *a, const char *dir, const char *file, const char *text_file, const char *purpose, const struct call *call, const struct buf *document,
    const struct buf *text, struct why *why)
{
	struct signer by = {0};
	struct buf note = {0};
	enum err e;

	if ((e = open_signer_of(a, &by, call, purpose, why)) == OK && (e = add_signature(&note, &by, dir, file, purpose, call, document, why)) == OK &&
	    (e = put(dir, file, document, why)) == OK && (text == NULL || (e = put(dir, text_file, text, why)) == OK))
		e = put_note(dir, file, &note, why);
	signer_close(&by);
	buf_free(&note);
	return e;
}

enum err
put_signed(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why)
{
	return put_all(a, dir, file, NULL, purpose, call, document, NULL, why);
}

enum err
put_act_signed(struct args *a, const char *dir, const char *name, const char *purpose, const struct call *call, struct act *act, struct why *why)
{
	char file[200], text[200];
	enum err e;

	(void)snprintf(file, sizeof file, "acts/%s.json", name);
	(void)snprintf(text, sizeof text, "acts/%s.txt", name);
	e = put_all(a, dir, file, text, purpose, call, &act->json, &act->text, why);
	act_free(act);
	return e;
}

enum err
sign_document(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why)
{
	struct signer by = {0};
	enum err e = open_signer_of(a, &by, call, purpose, why);

	if (e != OK)
		return e;
	e = sign_by(&by, dir, file, purpose, call, document, why);
	signer_close(&by);
	return e;
}

enum err
sign_file(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, struct why *why)
{
	struct buf document = {0};
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	if ((e = file_read(&document, path, 1 << 30, why)) == OK)
		e = sign_document(a, dir, file, purpose, call, &document, why);
	buf_free(&document);
	return e;
}

/* Who keeps each card is written by hand, after the ceremony. */
static enum err
read_key(struct record *r, const char *dir, struct why *why)
{
	char path[1400];
	enum err e = record_key(r, why);

	(void)snprintf(path, sizeof path, "%s/key/cards.json", dir);
	if (e == ERR_ABSENT && r->cards > 0 && access(path, F_OK) != 0)
		return why_set(why, e, "%s, which says who keeps each card, is not there: urna ceremony cards --record %s prints the form to fill in", path, dir);
	return e;
}

static enum err
read_record(struct record *r, const char *dir, enum depth depth, struct why *why)
{
	enum err e;

	memset(r, 0, sizeof *r);
	r->src = source_dir(dir);
	if ((e = record_call(r, why)) != OK || (depth >= TO_KEY && (e = read_key(r, dir, why)) != OK) ||
	    (depth >= TO_SETUP && (e = record_setup(r, why)) != OK) || (depth >= TO_OPENING && (e = record_opening(r, why)) != OK) ||
	    (depth >= TO_EVENTS && (e = record_events(r, why)) != OK) || (depth >= TO_BALLOTS && (e = record_ballots(r, why)) != OK))
		return e;
	return OK;
}

/* A running urnad may write an entry of events while we read: then the tiles of the head that we saw are gone, and the new ones are there. */
enum err
open_record(struct record *r, const char *dir, enum depth depth, struct why *why)
{
	struct timespec pause = {0, 200000000};
	enum err e = OK;

	for (int tries = 0; tries < 5; tries++) {
		if ((e = read_record(r, dir, depth, why)) != ERR_ABSENT || depth < TO_EVENTS)
			break;
		record_free(r);
		(void)nanosleep(&pause, NULL);
	}
	return e;
}

enum err
message_get(struct message *m, const char *dir, const char *name, struct why *why)
{
	char path[1400];
	enum err e;

	(void)snprintf(path, sizeof path, "%s%s%s", dir != NULL ? dir : "", dir != NULL ? "/" : "", name);
	if ((e = file_read(&m->text, path, 65536, why)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "%s%s%s.note", dir != NULL ? dir : "", dir != NULL ? "/" : "", name);
	return file_read(&m->note, path, NOTE_MAX_BYTES, why);
}

enum err
message_put(const struct message *m, const char *dir, const char *name, struct why *why)
{
	char note[300];
	enum err e;

	(void)snprintf(note, sizeof note, "%s.note", name);
	if ((e = put(dir, name, &m->text, why)) != OK)
		return e;
	return put(dir, note, &m->note, why);
}

enum err
hours_ahead(const struct manifest *m, struct why *why)
{
	int64_t now = (int64_t)time(NULL);
	enum err e = manifest_not_over(m, now, why);
	char t[21];

	time_text(t, m->opens);
	if (e == OK && now >= m->opens)
		(void)fprintf(stderr, "warning: the opening hour %s is past: the box opens as soon as the opening is loaded\n", t);
	return e;
}

/* ---- HTTP -------------------------------------------------------------------------------- */

enum err
http_call(const char *socket, const char *url, const char *type, const void *body, size_t n, long *status, struct buf *out, struct why *why)
{
	enum err e = http_ask(&(struct http_ask){.socket = socket, .url = url, .type = type, .body = body, .n = n, .max = 1 << 30}, status, out, why);

	return e == ERR_IO && socket != NULL ? why_prefix(why, e, "--socket %s: no urnad answers there", socket) : e;
}
