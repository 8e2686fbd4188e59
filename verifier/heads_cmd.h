/* verifier/heads_cmd.h - `urna-verify compare` and `urna-verify log`. */
#ifndef VERIFIER_HEADS_CMD_H
#define VERIFIER_HEADS_CMD_H

/* argv from the command's name on; the exit code: 0 consistent, 1 fork or not verified, 2 could not run. */
int cmd_compare(int argc, char **argv);
int cmd_log(int argc, char **argv);

#endif
