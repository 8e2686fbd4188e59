/* verifier/policy_cmd.h - `urna-verify policy`: an election's logs and witnesses as a tlog-policy file.
 *
 * Spec    spec/logs.md#policies
 */
#ifndef VERIFIER_POLICY_CMD_H
#define VERIFIER_POLICY_CMD_H

#include "crypto/policy.h"
#include "election/call.h"

/* Add the call's witnesses, named W1, W2, ... in its order, and its quorum. ERR_RANGE. */
MUST_CHECK enum err policy_add_call(struct policy *p, const struct call *call, struct why *why);
/* argv as of main; the exit code: 0 printed, 1 not a call or record, 2 could not run. */
int cmd_policy(int argc, char **argv);

#endif
