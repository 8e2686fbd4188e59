/* verifier/report.h - the numbered checks, their verdicts, and the report.
 *
 * The list of checks is a table (verifier/report.c); each has a number that
 * never changes, a name, the article of the law it serves, and the phase from
 * which its evidence must exist. A check that nobody ran is ABSENT, never pass.
 * Spec    spec/record.md#checks
 */
#ifndef VERIFIER_REPORT_H
#define VERIFIER_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "crypto/err.h"

enum check {
	CHECK_FILES,
	CHECK_CALL,
	CHECK_CEREMONY,
	CHECK_KEY_ACT,
	CHECK_MANIFEST,
	CHECK_ROLL,
	CHECK_AUTHORIZER_KEYS,
	CHECK_DICTAMEN,
	CHECK_ZERO_REPORT,
	CHECK_OPENING,
	CHECK_EVENTS_LOG,
	CHECK_PHASES,
	CHECK_ENTRY_SIGNATURES,
	CHECK_HEADS,
	CHECK_BALLOTS_LOG,
	CHECK_BALLOTS,
	CHECK_TOKENS,
	CHECK_ONE_TIME_KEYS,
	CHECK_AUTHORIZATIONS,
	CHECK_CONFIRMATIONS,
	CHECK_SUMS,
	CHECK_ENCRYPTED_VOTES,
	CHECK_CLOSING_ACT,
	CHECK_COMPARISON,
	CHECK_MIX_INPUT,
	CHECK_MIX_SESSIONS,
	CHECK_MIX_PROOFS,
	CHECK_MIX_NOTES,
	CHECK_DECRYPTION_SESSIONS,
	CHECK_DECRYPTION_PROOFS,
	CHECK_DECRYPTION_NOTES,
	CHECK_VOTES,
	CHECK_COUNT_ACTS,
	CHECK_AMENDMENTS,
	CHECK_DOCUMENTS,
	CHECK_SEAL,
	CHECK_HASH_LISTS,
	CHECK_HANDOVER_ACT,
	CHECK_WITNESSES,
	CHECK_RECEIPTS,
	CHECK_COUNT
};

/* Until which phase a record is asked to have come. Checks of later phases are not made: what may lie there of them
 * already is not looked at. */
enum until {
	UNTIL_KEY,
	UNTIL_OPENING,
	UNTIL_CLOSING,
	UNTIL_MIX, /* mixed, nothing decrypted: what a trustee's station asks */
	UNTIL_COUNT,
	UNTIL_HANDOVER,
	UNTIL_PHASES
};

enum verdict {
	VERDICT_ABSENT, /* not made, or its evidence is missing */
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_NOT_YET, /* of a later phase than was asked for: no failure */
};

/* One per run. Zero-initialise, then report_start(). Fails accumulate: the
 * first reason of each check is kept, the number of further ones counted. */
struct report {
	enum until until;
	int json, quiet;
	int unpinned; /* no election id was given: the record says itself what it is of */
	char broken[640]; /* this program failed, and where; "" if not */
	struct check_result {
		enum verdict verdict;
		uint64_t items; /* how many things were checked */
		uint64_t more;	/* further failures after the first */
		double seconds;
		char text[512]; /* reason of a failure, or a remark on a pass */
	} checks[CHECK_COUNT];
	/* per ballot style, in order */
	struct report_style {
		char entity[20], district[20];
		uint64_t roll, authorizations, confirmations, ballots;
	} *style;
	unsigned styles;
	double begun;
	int progress_tty;
};

/* From "key", "opening", ...; the answer is 1 if there is such a phase. */
int until_read(enum until *out, const char *name);
void report_start(struct report *r, enum until until, int json, int quiet);
/* Time from here on counts for this check (printed as progress). */
void report_begin(struct report *r, enum check c);
/* Say that the check passed over `items` things, with an optional remark. A
 * check that has failed stays failed. */
void report_pass(struct report *r, enum check c, uint64_t items, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_fail(struct report *r, enum check c, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The evidence is not there: "ABSENT", which is a failure if the phase asked for has come to it. */
void report_absent(struct report *r, enum check c, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* This program failed: a disk, a server, memory. The check is not made (ABSENT), and from here on nothing is judged; what was judged before stands. */
void report_broken(struct report *r, enum check c, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* 1 if the error is such a failure: it says nothing of what was to be read. */
int own_fault(enum err e);
/* The sums of the next ballot style (district: "" if it has none): printed after the checks, except by --quiet. */
void report_style(struct report *r, const char *entity, const char *district, uint64_t roll, uint64_t authorizations, uint64_t confirmations, uint64_t ballots);
int report_failed(const struct report *r, enum check c);
/* 1 if every check of the phases asked for passed. */
int report_good(const struct report *r);
/* A progress line on stderr when it is a terminal. */
void report_progress(struct report *r, enum check c, uint64_t done, uint64_t total);
/* Print the table (or JSON) to out and free what was kept; the answer is the exit code: 0 verified,
 * 1 not verified, 2 this program failed before any check did. */
int report_finish(struct report *r, FILE *out, const char *record, const char *election_id);

/* What a record says goes to a terminal: bytes of its control and direction characters (text_disturbs) become '?'. */
void text_clean(char *s);
/* s in quotes, as JSON has it. */
void json_quote(FILE *out, const char *s);
/* What stands beside a verdict of which nobody said by hand what election it must be of. */
#define UNPINNED "no election id was pinned: compare the one above with the opening act that you hold"

/* "V16", "ballots". */
const char *check_number(enum check c);
const char *check_name(enum check c);

#endif
