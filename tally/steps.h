/* tally/steps.h - the order of an election's steps after its ceremony: how far a record has come, and what comes next.
 */
#ifndef TALLY_STEPS_H
#define TALLY_STEPS_H

#include "election/record.h"

enum step_done { DONE_KEY, DONE_OPENING, DONE_CLOSE, DONE_COMPARISON, DONE_MIXES, DONE_FACTORS, DONE_COUNT };

/* The log of events, which was read, says that this step has been made. ERR_NOT_NOW: not yet; names the command that is next. */
MUST_CHECK enum err step_done(const struct record *r, enum step_done step, struct why *why);
/* The same of a record's folder. OK also where the log cannot be read: whoever reads the record for its own purpose says why. */
MUST_CHECK enum err step_done_in(const char *dir, enum step_done step, struct why *why);
/* Print what is to be done now: "next: COMMAND ...". */
void say_next(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
