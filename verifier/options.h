/* verifier/options.h - the command line of urna-verify, and where a command reads from. */
#ifndef VERIFIER_OPTIONS_H
#define VERIFIER_OPTIONS_H

#include "crypto/policy.h"
#include "crypto/source.h"

/* argv from index 2 on; each option is taken out of it (set to NULL) when it is asked for. */

/* The value of the first such option that is left; NULL if there is none. */
const char *option(int argc, char **argv, const char *name);
/* 1 if it was there. */
int flag(int argc, char **argv, const char *name);
/* The one word that is left; NULL if there is none, more than one, or an option nobody asked for. */
const char *word(int argc, char **argv);
/* All words that are left, at most `most`; 0 also for an option nobody asked for. */
size_t words(int argc, char **argv, const char **out, size_t most);
/* Print the first option that nobody asked for, as what is not understood; 0 if there is none. */
int say_left(int argc, char **argv);
/* The value of an option as a number between least and most; `otherwise` if it is not there. ERR_RANGE. */
MUST_CHECK enum err option_number(int argc, char **argv, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *out, struct why *why);
/* Every --witness VKEY (at most `most`, cosignature keys) and --quorum K (all of them if not said; at most
 * as many as there are). ERR_FORMAT, ERR_RANGE. */
MUST_CHECK enum err option_witnesses(int argc, char **argv, struct vkey *keys, size_t most, size_t *n, size_t *quorum, struct why *why);
/* What the person trusts: --policy FILE, or a policy of --witness VKEY ... and --quorum K (all of them if not said), to which --log-key VKEY is
 * added; of the logs of a FILE that names some it leaves only that one, which must be there. *file: 1 if there was a FILE. ERR_FORMAT, ERR_RANGE, ERR_ABSENT, ERR_IO. */
MUST_CHECK enum err option_policy(int argc, char **argv, struct policy *out, int *file, struct why *why);
/* Of several logs in a policy leave the one that signed the source's checkpoint; ERR_ABSENT also if the policy names none. */
MUST_CHECK enum err policy_choose(struct policy *p, const struct file_source *src, struct why *why);

/* --election-id HEX, which a person may have typed with blanks and capitals, into id; *pinned is it, or NULL if there is none. ERR_FORMAT. */
MUST_CHECK enum err option_election(int argc, char **argv, char id[65], const char **pinned, struct why *why);

int is_url(const char *where); /* http:// or https:// */
/* A folder or the address of one (no slash at its end is needed); `where` must outlive it. ERR_ABSENT if it
 * is neither a folder nor an address. */
MUST_CHECK enum err source_open(struct file_source *out, const char *where, struct why *why);

#endif
