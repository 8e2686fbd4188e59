/* urna - everything from the command line: call, ceremony, manifest, roll, opening,
 * vote, mix, decryption, acts, hand-over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secmem.h"
#include "crypto/version.h"
#include "tally/cli.h"

static const struct {
	const char *name;
	int (*run)(struct args *a);
	const char *what, *usage; /* usage: NULL where the command prints its own when it is given nothing */
} commands[] = {
    {"key", cmd_key, "make a key that the call names", NULL},
    {"call", cmd_call, "example, check", NULL},
    {"ceremony", cmd_ceremony, "phase I: the joint key, in one room or from files; check, judge a complaint", NULL},
    {"trustee", cmd_trustee, "a custodian's own machine: key, rounds of the ceremony, cards, drill", NULL},
    {"manifest", cmd_manifest, "draft, example, check, seal", NULL},
    {"roll", cmd_roll, "import the CSV, deliver messages, authorizer's keys, list, reissue, include", NULL},
    {"dictamen", cmd_dictamen, "inventory of programs and pages, signed by the auditor",
	"urna dictamen make --record DIR --program FILE ... [--page FILE-or-FOLDER ...] --key AUDITOR [--pass-file FILE]\n"
	"A file is listed under its own name, those of a folder as FOLDER/PATH with everything below it."},
    {"notary", cmd_sign, "sign: show a document, ask, sign it", NULL},
    {"sign", cmd_sign, "the same, for others", NULL},
    {"open", cmd_open, "zero report and opening; --load arms the service",
	"urna open --record DIR --socket SOCKET --installed FILE-or-FOLDER ... --key OPERATOR [--pass-file FILE]\n"
	"       every installed program, and the folders of pages under the same names as in the dictamen\n"
	"       urna open --load --socket SOCKET                                 when the notary has signed"},
    {"vote", cmd_vote, "a voter at the command line; many voters", NULL},
    {"event", cmd_event, "submit a signed entry", NULL},
    {"amend", cmd_amend, "extend, suspend, resume, cancel, exclude, include, replace: draft, sign, submit", NULL},
    {"close", cmd_close, "the closing act", "urna close --record DIR                                       after the box closed by itself"},
    {"decrypt", cmd_decrypt, "compare (article 36), run (a trustee's factors)", NULL},
    {"mix", cmd_mix, "shuffle every group, with proofs", NULL},
    {"act", cmd_act, "key act; count and its acts", NULL},
    {"preserve", cmd_preserve, "seal, hash lists, hand-over act", "urna preserve --record DIR --election-id HEX --socket SOCKET --key OPERATOR [--pass-file FILE] [--machine NAME] [--log-key VKEY ...] [--quiet]\n"
	"       urna preserve --finish ...                                       the seal is logged already: the lists and the act again\n"
	"Seals nothing that does not verify: the record is checked first, as by urna-verify record --until count, and files that are\n"
	"none of a record are named. HEX is your own note of the election id; without the option it is asked for. NAME is what the\n"
	"hand-over act calls the machine on which the hashes are made; without the option the host's name."},
    {"purge", cmd_purge, "destroy private roll, seeds and contacts on the call's date; certificate",
	"urna purge --record DIR --destroy PATH [--destroy PATH ...] --certificate FILE --key OPERATOR [--pass-file FILE] [--yes]\n"
	"Overwrites and removes files and whole folders (private roll and its key, registry, outbox, queue) on or after the\n"
	"call's date, and writes a signed certificate. A simulacro may be purged at any time after the seal."},
};

static void
usage(FILE *out)
{
	(void)fprintf(out, "usage: urna COMMAND ...        urna COMMAND --help says what it needs; urna --version\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
	(void)fprintf(out,
	    "\nThe order of a whole election, by the phases of the law:\n"
	    " I    key init (every party), call example, sign call, notary sign call; trustee card, ceremony run, ceremony cards, act key,\n"
	    "      notary sign key-act, trustee drill; the service is started; event submit --kind key\n"
	    " II   manifest draft, roll import, roll deliver, roll authorizer-keys (every authorizer), dictamen make, manifest seal,\n"
	    "      open, notary sign opening, open --load; the service opens at its hour\n"
	    " III  roll reissue, roll include, amend        IV  vote\n"
	    " V    the service closes at its hour; close\n"
	    " VI   decrypt compare, notary sign start, mix (every mixer), decrypt run (the trustees), act count\n"
	    " VII  preserve, notary sign handover; purge on the call's date\n");
	(void)fprintf(out, "\nExit: 0 done, 1 refused or failed, 2 wrong usage.\n");
}

int
main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	if (version_asked(argc, argv, "urna"))
		return 0;
	process_harden(); /* every command may hold keys or passwords */
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			int notary = strcmp(argv[1], "notary") == 0 && argc > 2 && strcmp(argv[2], "sign") == 0;
			struct args a = args_of(argv[1], argc - 2 - notary, argv + 2 + notary);

			if (a.argc > 0 && strcmp(a.argv[a.argc - 1], "--help") == 0) { /* asked for: to stdout, and no failure */
				(void)printf("urna %s: %s\n", argv[1], commands[i].what);
				(void)fflush(stdout);
				if (commands[i].usage != NULL) {
					(void)printf("usage: %s\n", commands[i].usage);
					return 0;
				}
				a.argc = 0;
				if (dup2(STDOUT_FILENO, STDERR_FILENO) >= 0)
					return commands[i].run(&a) == 2 ? 0 : 1;
			}
			return commands[i].run(&a);
		}
	(void)fprintf(stderr, "urna: there is no command %s; see urna --help\n", argv[1]);
	return 2;
}
