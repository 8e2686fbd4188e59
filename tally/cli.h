/* tally/cli.h - what every command of `urna` needs: options, keys, files, HTTP.
 */
#ifndef TALLY_CLI_H
#define TALLY_CLI_H

#include "crypto/keyfile.h"
#include "election/record.h"

/* Options "--name value" (or "--flag") and words without dashes. */
struct args {
	int argc;
	char **argv;
	const char *command;
	int used[128];
};

struct args args_of(const char *command, int argc, char **argv);
/* The option's value; NULL if absent. */
const char *arg(struct args *a, const char *name);
/* Required: prints what is missing and exits 2. */
const char *arg_need(struct args *a, const char *name);
/* The i-th value of an option that may repeat. */
const char *arg_nth(struct args *a, const char *name, unsigned i);
int arg_flag(struct args *a, const char *name);
long arg_number(struct args *a, const char *name, long otherwise);
/* The i-th word; "" if there are fewer. */
const char *word(struct args *a, int i);
/* Exit 2 if something was not understood. */
void args_end(struct args *a);

/* Print "urna COMMAND: sentence", of one that says nothing a general one, and return 1 (the exit code). */
int fail(const char *command, const struct why *why);

/* Sign document `file` for `purpose` into file.note, with --key and --pass-file. */
MUST_CHECK enum err sign_file(struct args *a, const char *dir, const char *file, const char *purpose, const struct hash *call, struct why *why);
MUST_CHECK enum err open_signer(struct args *a, struct signer *out, struct why *why);
MUST_CHECK enum err put(const char *dir, const char *file, const struct buf *b, struct why *why);
MUST_CHECK enum err put_act(const char *dir, const char *name, struct act *a, struct why *why);
/* Start reading the record of --record as far as asked: call, key, setup, opening, events, ballots. */
enum depth { TO_CALL, TO_KEY, TO_SETUP, TO_OPENING, TO_EVENTS, TO_BALLOTS };
MUST_CHECK enum err open_record(struct record *r, const char *dir, enum depth depth, struct why *why);

/* A ceremony's message as dir/name and dir/name.note (dir NULL: name is a path). */
MUST_CHECK enum err message_get(struct message *m, const char *dir, const char *name, struct why *why);
MUST_CHECK enum err message_put(const struct message *m, const char *dir, const char *name, struct why *why);

/* HTTP. socket: a Unix socket or NULL. Status in *status; ERR_IO without an answer. */
MUST_CHECK enum err http_call(const char *socket, const char *url, const char *type, const void *body, size_t n, long *status, struct buf *out, struct why *why);
/* Submit an entry to --socket (nothing if absent), signed with --key. */
MUST_CHECK enum err submit_event(struct args *a, const struct call *call, struct event *e, const struct signer *by, struct why *why);

/* Write the entry's document to file and, signed, its .note: for submit_file. */
MUST_CHECK enum err event_to_file(const struct call *call, const struct event *e, const struct signer *by, const char *file, struct why *why);
/* The same with --key: for a second signer, then for submit_file. */
MUST_CHECK enum err draft_event(struct args *a, const struct call *call, struct event *e, const char *file, struct why *why);
/* Submit a drafted entry with all signatures of its .note to --socket. person: a sealed person, or NULL. */
MUST_CHECK enum err submit_file(struct args *a, const char *file, const char *person, struct why *why);

int cmd_key(struct args *a);
int cmd_call(struct args *a);
int cmd_ceremony(struct args *a);
int cmd_trustee(struct args *a);
int cmd_manifest(struct args *a);
int cmd_roll(struct args *a);
int cmd_dictamen(struct args *a);
int cmd_sign(struct args *a);
int cmd_open(struct args *a);
int cmd_amend(struct args *a);
int cmd_purge(struct args *a);
int cmd_event(struct args *a);
int cmd_vote(struct args *a);
int cmd_close(struct args *a);
int cmd_mix(struct args *a);
int cmd_decrypt(struct args *a);
int cmd_act(struct args *a);
int cmd_preserve(struct args *a);

#endif
