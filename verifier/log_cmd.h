/* verifier/log_cmd.h - `urna-verify log`: recompute a whole log.
 *
 * Spec    spec/logs.md#tiles
 */
#ifndef VERIFIER_LOG_CMD_H
#define VERIFIER_LOG_CMD_H

/* argv as of main; the exit code: 0 verified, 1 not, 2 could not run. */
int cmd_log(int argc, char **argv);

#endif
