/* verifier/receipt_cmd.h - `urna-verify receipt`: what a receipt shows, and with the private file that the ballot is the voter's own.
 *
 * Spec    spec/record.md#one-receipt
 */
#ifndef VERIFIER_RECEIPT_CMD_H
#define VERIFIER_RECEIPT_CMD_H

#include "election/record.h"

/* Read the record on from its call as far as its log of events: from here on the call holds the parties as they stand at the end. */
MUST_CHECK enum err record_parties(struct record *rec, struct why *why);
/* argv[1] is "receipt". The exit code; -1 if it was not understood and the usage is to be printed. */
int cmd_receipt(int argc, char **argv);

#endif
