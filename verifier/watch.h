/* verifier/watch.h - `urna-verify watch`: follow a log and remember every head it showed.
 *
 * Spec    spec/logs.md#watching-a-log
 */
#ifndef VERIFIER_WATCH_H
#define VERIFIER_WATCH_H

/* argv as of main; the answer is the exit code: 0 all good, 1 an alarm, 2 it could not be said (server not reached,
 * tiles missing, state not readable). */
int cmd_watch(int argc, char **argv);

#endif
