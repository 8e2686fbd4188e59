/* verifier/challenge_cmd.h - the command `urna-verify challenge`: that an opened ballot encrypts what the voter marked.
 *
 * Spec    spec/vote.md#commitment
 */
#ifndef VERIFIER_CHALLENGE_CMD_H
#define VERIFIER_CHALLENGE_CMD_H

/* The exit code, or -1 for a wrong command line. */
int cmd_challenge(int argc, char **argv);

#endif
