/* urna - everything from the command line: call, ceremony, manifest, roll, opening,
 * vote, mix, decryption, acts, hand-over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tally/cli.h"

static const struct {
	const char *name;
	int (*run)(struct args *a);
	const char *what;
} commands[] = {
    {"key", cmd_key, "make a key that the call names"},
    {"call", cmd_call, "example, check"},
    {"ceremony", cmd_ceremony, "phase I: the joint key, in one room; check a transcript"},
    {"trustee", cmd_trustee, "cards: make one, drill"},
    {"manifest", cmd_manifest, "example, check, seal"},
    {"roll", cmd_roll, "import the CSV, deliver messages, authorizer's keys, reissue, include"},
    {"dictamen", cmd_dictamen, "inventory of programs, signed by the auditor"},
    {"notary", cmd_sign, "sign: show a document, ask, sign it"},
    {"sign", cmd_sign, "the same, for others"},
    {"open", cmd_open, "zero report and opening; --load arms the service"},
    {"vote", cmd_vote, "a voter at the command line; many voters"},
    {"event", cmd_event, "submit a signed entry"},
    {"amend", cmd_amend, "extend, suspend, resume, cancel, exclude, include, replace: draft, sign, submit"},
    {"close", cmd_close, "the closing act"},
    {"decrypt", cmd_decrypt, "compare (article 36), run (a trustee's factors)"},
    {"mix", cmd_mix, "shuffle every group, with proofs"},
    {"act", cmd_act, "key act; count and its acts"},
    {"preserve", cmd_preserve, "seal, hash lists, hand-over act"},
    {"purge", cmd_purge, "destroy private roll, seeds and contacts on the call's date; certificate"},
};

static void
usage(FILE *out)
{
	(void)fprintf(out, "usage: urna COMMAND ...        urna COMMAND without more says what it needs\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
	(void)fprintf(out, "\nExit: 0 done, 1 refused or failed, 2 wrong usage.\n");
}

int
main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			int notary = strcmp(argv[1], "notary") == 0 && argc > 2 && strcmp(argv[2], "sign") == 0;
			struct args a = args_of(argv[1], argc - 2 - notary, argv + 2 + notary);

			if (a.argc > 0 && strcmp(a.argv[0], "--help") == 0)
				a.argc = 0;
			return commands[i].run(&a);
		}
	(void)fprintf(stderr, "urna: there is no command %s; see urna --help\n", argv[1]);
	return 2;
}
