/* verifier/compare.h - `urna-verify compare`: heads that different people were shown.
 *
 * Spec    spec/logs.md#comparing-heads
 */
#ifndef VERIFIER_COMPARE_H
#define VERIFIER_COMPARE_H

/* argv as of main; the answer is the exit code: 0 one history, 1 fork or rollback, 2 it cannot be said. */
int cmd_compare(int argc, char **argv);

#endif
