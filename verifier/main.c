/* urna-verify - recomputes everything from published files and believes nothing else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/parallel.h"
#include "crypto/secmem.h"
#include "crypto/version.h"
#include "verifier/challenge_cmd.h"
#include "verifier/cmd.h"
#include "verifier/compare.h"
#include "verifier/log_cmd.h"
#include "verifier/options.h"
#include "verifier/policy_cmd.h"
#include "verifier/receipt_cmd.h"
#include "verifier/record_checks.h"
#include "verifier/selftest.h"
#include "verifier/show_cmd.h"
#include "verifier/steady.h"
#include "verifier/watch.h"

static void
usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: urna-verify record DIR-or-URL [--election-id HEX] [--log-key VKEY ...] [--witness VKEY ... [--quorum K]]\n"
	    "           [--until PHASE] [--receipts DIR] [--json] [--quiet]\n"
	    "           every check of a record; PHASE is key, opening, closing, mix, count or handover (default);\n"
	    "           DIR: receipts and checkpoints of anybody, NAME.ballot beside NAME where the ballot is known\n"
	    "       urna-verify record DIR-or-URL --self-test [--election-id HEX] [--log-key VKEY ...] [--json] [--quiet]\n"
	    "           spoil copies of the record in more than 100 named ways and show the check that notices each\n"
	    "       urna-verify receipt FILE --ballot FILE (--log-key VKEY | --policy FILE | --record DIR-or-URL)\n"
	    "           [--record DIR-or-URL] [--election-id HEX] [--witness VKEY ... [--quorum K]]\n"
	    "           that a ballot is under a signed head, with --policy cosigned as it demands, with --record in the one counted\n"
	    "       urna-verify receipt --mine FILE --user USER --record DIR-or-URL [--election-id HEX] [--password-file FILE]\n"
	    "           that the record holds the voter's own ballot, by the private file and the password; on a device you trust\n"
	    "       urna-verify challenge FILE --record DIR-or-URL [--election-id HEX]\n"
	    "           that an opened ballot encrypts what the voter marked\n"
	    "       urna-verify watch DIR-or-URL (--log-key VKEY | --policy FILE) --state FILE [--once] [...]\n"
	    "           follow a log: alarm on fork, rollback, staleness, bad signature, missing cosignatures\n"
	    "       urna-verify compare HEAD HEAD ... --log-key VKEY [--log DIR-or-URL] [--evidence DIR] [--json]\n"
	    "           that signed heads of different people belong to one log\n"
	    "       urna-verify log DIR-or-URL (--log-key VKEY | --policy FILE) [--state FILE] [--evidence DIR] [--json]\n"
	    "           the whole tree from its entries\n"
	    "       urna-verify policy (CALL.json | DIR-or-URL)\n"
	    "           the election's logs, witnesses and quorum as a policy file that other tools read too\n"
	    "       urna-verify show FILE\n"
	    "           a file of the record in readable form\n"
	    "       urna-verify --version\n\n"
	    "Pin what you trust: the election id as printed in the opening act, the log keys as in the call, witnesses that you know.\n"
	    "Exit: 0 verified, 1 not verified, 2 could not run, or a disk, a server or memory failed on the way.\n");
}

static int
cmd_record(int argc, char **argv)
{
	struct pinned pinned = {.receipts = option(argc, argv, "--receipts")};
	const char *until = option(argc, argv, "--until"), *key, *where;
	int json = flag(argc, argv, "--json"), quiet = flag(argc, argv, "--quiet"), self = flag(argc, argv, "--self-test");
	struct report *r = calloc(1, sizeof *r);
	enum until u = UNTIL_HANDOVER;
	struct file_source src, steady;
	struct steady once = {.base = &src};
	char election[65], id[65];
	struct why why;
	int code;

	if (option_election(argc, argv, id, &pinned.election_id, &why) != OK ||
	    option_witnesses(argc, argv, pinned.witness, MAX_PARTIES, &pinned.witnesses, &pinned.quorum, &why) != OK)
		return cannot(&why);
	while (pinned.log_keys < 8 && (key = option(argc, argv, "--log-key")) != NULL)
		pinned.log_key[pinned.log_keys++] = key;
	if (until != NULL && !until_read(&u, until)) {
		(void)why_set(&why, ERR_RANGE, "--until %s: give key, opening, closing, mix, count or handover", until);
		return cannot(&why);
	}
	if ((where = word(argc, argv)) == NULL || r == NULL || (self && u != UNTIL_HANDOVER))
		return -1;
	if (source_open(&src, where, &why) != OK)
		return cannot(&why);
	if (self) {
		free(r);
		return self_test(where, &src, &pinned, core_count(), json, quiet, stdout);
	}
	steady = steady_source(&once);
	report_start(r, u, json, quiet);
	check_record(r, &steady, &pinned, core_count(), election);
	steady_free(&once);
	code = report_finish(r, stdout, where, election[0] != '\0' ? election : NULL);
	free(r);
	return code;
}

/* Why a command did not run: what nobody took of its line, else something is missing. */
static void
wrong_usage(int argc, char **argv, int known)
{
	if (!known)
		(void)fprintf(stderr, "urna-verify: there is no command \"%s\"; see urna-verify --help\n", argv[1]);
	else if (!say_left(argc, argv))
		(void)fprintf(stderr, "urna-verify %s: a word or an option is missing, or one too many is there; see urna-verify --help\n", argv[1]);
}

/* Without memory or randomness the libraries stop the program: that is no verdict. */
static void
on_abort(int sig)
{
	static const char text[] = "urna-verify: stopped by a failure of its own: COULD NOT BE VERIFIED\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	_exit(2);
}

int
main(int argc, char **argv)
{
	static const char *const commands[] = {"record", "receipt", "challenge", "show", "watch", "compare", "log", "policy"};
	int code = -1, known = 0;

	if (version_asked(argc, argv, "urna-verify"))
		return 0;
	(void)signal(SIGABRT, on_abort);
	process_harden(); /* a receipt, an opened ballot, a voting password */
	if (argc >= 2 && strcmp(argv[argc - 1], "--help") == 0) {
		for (size_t i = 0; argc > 2 && i < sizeof commands / sizeof *commands; i++)
			if (strcmp(argv[1], commands[i]) == 0 && i >= 4 && dup2(STDOUT_FILENO, STDERR_FILENO) >= 0) /* they have pages of their own */
				return (i == 4 ? cmd_watch(2, argv) : i == 5 ? cmd_compare(2, argv) : i == 6 ? cmd_log(2, argv) : cmd_policy(2, argv)) == 2 ? 0 : 1;
		usage(stdout);
		return 0;
	}
	if (argc < 2)
		code = -1;
	else if (strcmp(argv[1], "record") == 0)
		code = cmd_record(argc, argv);
	else if (strcmp(argv[1], "receipt") == 0)
		code = cmd_receipt(argc, argv);
	else if (strcmp(argv[1], "challenge") == 0)
		code = cmd_challenge(argc, argv);
	else if (strcmp(argv[1], "compare") == 0)
		code = cmd_compare(argc, argv);
	else if (strcmp(argv[1], "watch") == 0)
		code = cmd_watch(argc, argv);
	else if (strcmp(argv[1], "log") == 0)
		code = cmd_log(argc, argv);
	else if (strcmp(argv[1], "policy") == 0)
		code = cmd_policy(argc, argv);
	else if (strcmp(argv[1], "show") == 0)
		code = cmd_show(argc, argv);
	for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
		known |= strcmp(argv[1], commands[i]) == 0;
	if (code < 0 && argc < 2)
		usage(stderr);
	else if (code < 0)
		wrong_usage(argc, argv, known);
	return code < 0 ? 2 : code;
}
