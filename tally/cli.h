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
/* --attempt of a key ceremony, 1 if absent; exits 2 if it is none that a transcript may bear. */
unsigned arg_attempt(struct args *a);
/* The i-th word; "" if there are fewer. */
const char *word(struct args *a, int i);
/* Exit 2 if something was not understood. */
void args_end(struct args *a);

/* What follows a command's name: run_step runs the one that the first word names; -1 if it names none. */
struct step {
	const char *name;
	int (*run)(struct args *a);
};
int run_step(struct args *a, const struct step *steps, size_t n);
/* Print that a command has no such word, which precedes its usage; nothing if it was given none. */
void wrong_word(const struct args *a, const char *what);

/* Print "urna COMMAND: sentence", of one that says nothing a general one, and return 1 (the exit code). */
int fail(const char *command, const struct why *why);

/* Ask on the terminal; 1 if the answer was yes (s, si, sí, y, yes, in any case), else 0. */
int confirmed(const char *question);
/* What this file would hold overwrites nothing: none is there. advice: what to do if one is. ERR_EXISTS. */
MUST_CHECK enum err new_file(const char *path, const char *advice, struct why *why);
/* Let nobody else work on this folder until *fd is closed or the process ends; shared: others may, who only read it. The lock is
 * the folder's own, and no file of a record. ERR_EXISTS: somebody does already; ERR_ABSENT, ERR_IO. */
MUST_CHECK enum err lock_folder(int *fd, const char *dir, int shared, struct why *why);

/* Sign document `file` of `dir` for `purpose` into file.note, with --key and --pass-file. ERR_DENIED: the key is not the call's for it. */
MUST_CHECK enum err sign_file(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, struct why *why);
/* The same of a document that is at hand: these bytes, whatever the file has become. */
MUST_CHECK enum err sign_document(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why);
MUST_CHECK enum err open_signer(struct args *a, struct signer *out, struct why *why);
/* The same, of one who may sign documents of this purpose; `urna notary`: of the notary, whose key no other command but `urna sign` takes. ERR_DENIED. */
MUST_CHECK enum err open_signer_of(struct args *a, struct signer *out, const struct call *call, const char *purpose, struct why *why);
/* sign_document by a signer that is open already. */
MUST_CHECK enum err sign_by(const struct signer *by, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why);
MUST_CHECK enum err put(const char *dir, const char *file, const struct buf *b, struct why *why);
MUST_CHECK enum err put_act(const char *dir, const char *name, struct act *a, struct why *why);
/* A document and its signature; nothing is written unless it can be signed. ERR_PROOF: the signatures that are there are of another. */
MUST_CHECK enum err put_signed(struct args *a, const char *dir, const char *file, const char *purpose, const struct call *call, const struct buf *document, struct why *why);
/* The same of an act, JSON and text. */
MUST_CHECK enum err put_act_signed(struct args *a, const char *dir, const char *name, const char *purpose, const struct call *call, struct act *act, struct why *why);
/* Start reading the record of --record as far as asked: call, key, setup, opening, events, ballots. */
enum depth { TO_CALL, TO_KEY, TO_SETUP, TO_OPENING, TO_EVENTS, TO_BALLOTS };
MUST_CHECK enum err open_record(struct record *r, const char *dir, enum depth depth, struct why *why);

/* A ceremony's message as dir/name and dir/name.note (dir NULL: name is a path). */
MUST_CHECK enum err message_get(struct message *m, const char *dir, const char *name, struct why *why);
MUST_CHECK enum err message_put(const struct message *m, const char *dir, const char *name, struct why *why);

/* manifest_not_over at this moment; an opening hour that is past is warned of. ERR_NOT_NOW. */
MUST_CHECK enum err hours_ahead(const struct manifest *m, struct why *why);

/* HTTP. socket: a Unix socket or NULL. Status in *status; ERR_IO without an answer. */
MUST_CHECK enum err http_call(const char *socket, const char *url, const char *type, const void *body, size_t n, long *status, struct buf *out, struct why *why);

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
