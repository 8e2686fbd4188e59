/* tally/vote_cmd.c - `urna vote`: a voter at the command line, or many. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secmem.h"
#include "tally/cli.h"
#include "tally/fetch_receipt.h"
#include "tally/vote.h"

/* ---- the one-time code --------------------------------------------------------------------- */

/* The code in a message of the gateway's outbox, if it is one to this phone, and not a notice. */
static int
code_in(const char *path, const char *phone, char code[OTP_SIZE])
{
	struct buf b = {0};
	struct json *root = NULL;
	struct fields f;
	int mine = 0;

	if (file_read(&b, path, 1000, NULL) == OK && json_parse(&root, b.p, b.n, 1000, NULL) == OK) {
		f = fields_of(root, NULL);
		mine = field_has(&f, "code") && strcmp(field_text(&f, "phone", 31), phone) == 0;
		if (mine)
			field_copy(&f, "code", code, OTP_SIZE);
		json_free(root);
	}
	buf_free(&b);
	return mine;
}

/* Out of the outbox: taken away. Five seconds. */
static enum err
code_from_outbox(void *ctx, const struct voter *v, char code[OTP_SIZE], struct why *why)
{
	const char *dir = ctx;
	struct timespec pause = {0, 100000000};

	for (int tries = 0; tries < 50; tries++) {
		struct dirent *entry;
		DIR *d = opendir(dir);

		while (d != NULL && (entry = readdir(d)) != NULL) {
			char path[1400];

			(void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
			if (entry->d_name[0] == '.' || strlen(entry->d_name) != 32 || !code_in(path, v->m.phone, code))
				continue;
			(void)unlink(path);
			(void)closedir(d);
			return OK;
		}
		if (d != NULL)
			(void)closedir(d);
		(void)nanosleep(&pause, NULL);
	}
	return why_set(why, ERR_ABSENT, "no one-time code for your phone came");
}

static enum err
code_from_user(void *ctx, const struct voter *v, char code[OTP_SIZE], struct why *why)
{
	char line[100];

	(void)ctx;
	(void)fprintf(stderr, "One-time code, sent to the phone %s: ", v->m.phone);
	(void)fflush(stderr);
	if (fgets(line, sizeof line, stdin) == NULL || sscanf(line, "%15s", code) != 1)
		return why_set(why, ERR_ABSENT, "without a one-time code nobody logs in");
	return OK;
}

/* ---- many voters ------------------------------------------------------------------------------ */

struct many {
	struct world *w;
	char (*line)[1400];
	size_t n;
	const char *otp_dir, *receipts;
	atomic_size_t next, failed, done;
	long pause_ms;
};

/* On a terminal every voter, elsewhere every thousandth: logs are for reading. */
static void
say_done(struct many *m)
{
	size_t done = atomic_fetch_add(&m->done, 1) + 1, failed = atomic_load(&m->failed);

	if (failed > 0 && done == m->n)
		(void)fprintf(stderr, "\n  %zu of %zu voters, %zu failed", done - failed, m->n, failed);
	else if (isatty(STDERR_FILENO) || done == m->n || done % 1000 == 0)
		(void)fprintf(stderr, "%s  %zu of %zu voters", isatty(STDERR_FILENO) ? "\r" : "\n", done - failed, m->n);
}

/* A line "MESSAGE-FILE CHOOSE [outside|infinity]"; the receipt goes into the folder of receipts under the line's number. */
static enum err
vote_line(const struct many *m, size_t i, struct why *why)
{
	char message[1000], choose[300], odd[16] = "", receipt[1100];
	struct voter *v = calloc(1, sizeof *v);
	struct choice c = {0};
	enum err e;

	if (v == NULL)
		return ERR_NOMEM;
	v->w = m->w;
	v->take_code = code_from_outbox;
	v->ctx = (void *)(uintptr_t)m->otp_dir;
	v->quiet = 1;
	c.choose = choose;
	(void)snprintf(receipt, sizeof receipt, "%s/%zu", m->receipts != NULL ? m->receipts : "", i);
	if (m->receipts != NULL)
		c.receipt = receipt;
	if (sscanf(m->line[i], "%999s %299s %15s", message, choose, odd) < 2)
		e = why_set(why, ERR_FORMAT, "MESSAGE-FILE CHOOSE is needed");
	else {
		c.odd = odd[0] != '\0' ? odd : NULL;
		if ((e = voter_message_read(&v->m, message, why)) == OK)
			e = vote(v, &c, why);
		if (e == ERR_EXISTS && c.receipt != NULL && access(c.receipt, F_OK) == 0)
			e = OK; /* stopped between the box and us: the receipt was fetched */
	}
	wipe(v, sizeof *v);
	free(v);
	return e;
}

static void *
many_thread(void *arg)
{
	struct many *m = arg;
	struct timespec pause = {m->pause_ms / 1000, m->pause_ms % 1000 * 1000000};
	size_t i;

	while ((i = atomic_fetch_add(&m->next, 1)) < m->n) {
		struct why why = {""};

		if (vote_line(m, i, &why) != OK) {
			(void)atomic_fetch_add(&m->failed, 1);
			(void)fprintf(stderr, "\nvoter %zu: %s\n", i + 1, why.text);
		}
		say_done(m);
		if (m->pause_ms > 0)
			(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

static int
many(struct args *a)
{
	const char *list = arg_need(a, "--list");
	struct world *w = calloc(1, sizeof *w);
	struct many m = {.otp_dir = arg_need(a, "--otp-dir"), .receipts = arg(a, "--receipts"), .pause_ms = arg_number(a, "--pause-ms", 0)};
	long threads = arg_number(a, "--threads", 4);
	struct voter_message first;
	pthread_t t[64];
	struct why why = {""};
	char line[1400], file[1000];
	FILE *f;

	args_end(a);
	if (threads < 1 || threads > 64) {
		(void)why_set(&why, ERR_RANGE, "--threads %ld: give a number from 1 to 64", threads);
		return fail("vote", &why);
	}
	if ((f = fopen(list, "r")) == NULL) {
		(void)why_set(&why, ERR_ABSENT, "--list %s: %s", list, strerror(errno));
		return fail("vote", &why);
	}
	if (w == NULL || (m.line = calloc(300000, sizeof *m.line)) == NULL)
		return fail("vote", &why);
	while (m.n < 300000 && fgets(line, sizeof line, f) != NULL)
		if (line[0] != '\n')
			memcpy(m.line[m.n++], line, sizeof line);
	(void)fclose(f);
	if (m.n == 0 || sscanf(m.line[0], "%999s", file) != 1) {
		(void)why_set(&why, ERR_ABSENT, "--list %s: no line MESSAGE-FILE CHOOSE in it", list);
		return fail("vote", &why);
	}
	if (voter_message_read(&first, file, &why) != OK || world_fetch(w, &first, &why) != OK)
		return fail("vote", &why);
	m.w = w;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, many_thread, &m) != 0)
			return 1;
	for (long i = 0; i < threads; i++)
		(void)pthread_join(t[i], NULL);
	(void)fprintf(stderr, "\n");
	world_free(w);
	return atomic_load(&m.failed) == 0 ? 0 : 1;
}

static int
again(struct args *a)
{
	const char *message = arg_need(a, "--message"), *mine = arg_need(a, "--mine"), *receipt = arg_need(a, "--receipt");
	struct world *w = calloc(1, sizeof *w);
	struct voter_message m;
	struct why why = {""};
	size_t cosigned = 0;
	enum err e;

	args_end(a);
	if (w == NULL)
		return 1;
	if ((e = voter_message_read(&m, message, &why)) == OK && (e = world_fetch(w, &m, &why)) == OK &&
	    (e = fetch_receipt(w, &m, mine, receipt, &cosigned, &why)) == OK)
		(void)printf("the receipt is good; %zu of %u witnesses signed its head%s\n", cosigned, w->r.call.witnesses,
		    cosigned > 0 && cosigned >= w->r.call.witness_quorum ? "" : ": fetch it again after the next public head");
	world_free(w);
	wipe(&m, sizeof m);
	return e == OK ? 0 : fail("vote", &why);
}

static int
vote_usage(void)
{
	(void)fprintf(stderr, "usage: urna vote --message FILE --choose CONTEST=LINE[,CONTEST=LINE...] [--receipt FILE] [--mine FILE] [--resume]\n"
			      "         [--otp-dir DIR] [--challenge FILE] [--ballot FILE] [--no-cast] [--no-confirm] [--test-plaintext outside|infinity]\n"
			      "       urna vote receipt --message FILE --mine FILE --receipt FILE\n"
			      "       urna vote many --list FILE --otp-dir DIR [--threads N] [--receipts DIR] [--pause-ms N]\n"
			      "--message is what the registrar sent; --receipt and --mine keep what proves that your ballot is in the box. The one-time code\n"
			      "comes to your phone when your password has been proved, and is asked for then. A request for authorization that was made\n"
			      "before, on this device or another, is taken up by itself; with --resume nothing is begun unless there is such a one.\n"
			      "`receipt` fetches the receipt again, without a login: some minutes after you voted it carries the witnesses' cosignatures;\n"
			      "the ballot lies beside the receipt, as FILE.ballot.\n"
			      "--challenge opens the ballot instead of casting it. For tests: --otp-dir, the gateway's outbox to take codes from; --ballot,\n"
			      "--no-cast, --no-confirm, --test-plaintext (a vote for no line); a line of --list is MESSAGE-FILE CHOOSE [outside|infinity].\n");
	return 2;
}

int
cmd_vote(struct args *a)
{
	struct world *w = calloc(1, sizeof *w);
	struct voter *v = calloc(1, sizeof *v);
	const char *message, *otp_dir;
	struct choice c;
	struct why why = {""};
	enum err e;

	process_harden();
	if (a->argc == 0)
		return vote_usage();
	if (strcmp(a->argv[0], "many") == 0) {
		(void)word(a, 0);
		return many(a);
	}
	if (strcmp(a->argv[0], "receipt") == 0) {
		(void)word(a, 0);
		return again(a);
	}
	message = arg_need(a, "--message");
	otp_dir = arg(a, "--otp-dir");
	c = (struct choice){.choose = arg_need(a, "--choose"), .odd = arg(a, "--test-plaintext"), .challenge = arg(a, "--challenge"), .receipt = arg(a, "--receipt"),
	    .mine = arg(a, "--mine"), .ballot = arg(a, "--ballot"), .resume = arg_flag(a, "--resume"), .no_cast = arg_flag(a, "--no-cast"),
	    .no_confirm = arg_flag(a, "--no-confirm")};
	args_end(a);
	if (w == NULL || v == NULL)
		return 1;
	v->w = w;
	v->take_code = otp_dir != NULL ? code_from_outbox : code_from_user;
	v->ctx = (void *)(uintptr_t)otp_dir;
	if ((e = voter_message_read(&v->m, message, &why)) == OK && (e = world_fetch(w, &v->m, &why)) == OK)
		e = vote(v, &c, &why);
	world_free(w);
	wipe(v, sizeof *v);
	free(v);
	return e == OK ? 0 : fail("vote", &why);
}
