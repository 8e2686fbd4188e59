#include "verifier/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "election/json.h"

static const struct {
	const char *name, *articles, *what;
	enum until from;
} table[CHECK_COUNT] = {
    [CHECK_FILES] = {"files", "39-41", "exactly the files of the layout", UNTIL_KEY},
    [CHECK_CALL] = {"call", "17, 19", "the call, signed by operator and notary", UNTIL_KEY},
    [CHECK_CEREMONY] = {"ceremony", "3 III d-h, 19, 20", "joint key and shares' keys recomputed", UNTIL_KEY},
    [CHECK_KEY_ACT] = {"key-act", "19, 20", "the key act, recomputed and signed", UNTIL_KEY},
    [CHECK_MANIFEST] = {"manifest", "21, 22", "the manifest, its lines and its signature", UNTIL_OPENING},
    [CHECK_ROLL] = {"roll", "13-15", "keys of the roll valid and distinct", UNTIL_OPENING},
    [CHECK_AUTHORIZER_KEYS] = {"authorizer-keys", "4, 10", "RSA keys per style, distinct, signed", UNTIL_OPENING},
    [CHECK_DICTAMEN] = {"dictamen", "21", "inventory of programs, signed by the auditor", UNTIL_OPENING},
    [CHECK_ZERO_REPORT] = {"zero-report", "21", "every counter at zero before opening", UNTIL_OPENING},
    [CHECK_OPENING] = {"opening", "21, 22", "the opening is the pinned election id", UNTIL_OPENING},
    [CHECK_EVENTS_LOG] = {"events-log", "26-28", "tree of events recomputed", UNTIL_KEY},
    [CHECK_PHASES] = {"phases", "10, 16, 18", "phases complete and in order", UNTIL_KEY},
    [CHECK_ENTRY_SIGNATURES] = {"entry-signatures", "17", "submitted entries signed by who may", UNTIL_KEY},
    [CHECK_HEADS] = {"heads", "29-31", "heads in events are prefixes of ballots", UNTIL_CLOSING},
    [CHECK_BALLOTS_LOG] = {"ballots-log", "31", "tree of ballots recomputed", UNTIL_CLOSING},
    [CHECK_BALLOTS] = {"ballots", "4, 31", "every ballot: form, proofs, signature", UNTIL_CLOSING},
    [CHECK_TOKENS] = {"tokens", "4, 23", "every token, under an announced set", UNTIL_CLOSING},
    [CHECK_ONE_TIME_KEYS] = {"one-time-keys", "10 III", "one-time keys distinct", UNTIL_CLOSING},
    [CHECK_AUTHORIZATIONS] = {"authorizations", "23-25", "every authorization of the lists", UNTIL_CLOSING},
    [CHECK_CONFIRMATIONS] = {"confirmations", "4", "every confirmation", UNTIL_CLOSING},
    [CHECK_SUMS] = {"sums", "3, 10 III", "ballots <= authorizations <= roll, per style", UNTIL_CLOSING},
    [CHECK_ENCRYPTED_VOTES] = {"encrypted-votes", "29-31", "file of encrypted votes and its hashes", UNTIL_CLOSING},
    [CHECK_CLOSING_ACT] = {"closing-act", "29-31", "closing act recomputed", UNTIL_CLOSING},
    [CHECK_COMPARISON] = {"comparison", "32-36", "hash compared before decryption", UNTIL_MIX},
    [CHECK_MIX_INPUT] = {"mix-input", "4", "groups partition all (ballot, contest) pairs", UNTIL_MIX},
    [CHECK_MIX_SESSIONS] = {"mix-sessions", "4", "mix sessions linked and generated", UNTIL_MIX},
    [CHECK_MIX_PROOFS] = {"mix-proofs", "4", "every proof of shuffle", UNTIL_MIX},
    [CHECK_MIX_NOTES] = {"mix-notes", "4", "mixers' signatures, minimum and required", UNTIL_MIX},
    [CHECK_DECRYPTION_SESSIONS] = {"decryption-sessions", "32-36", "keys and lists of the sessions", UNTIL_COUNT},
    [CHECK_DECRYPTION_PROOFS] = {"decryption-proofs", "32-36", "every trustee's proof separately", UNTIL_COUNT},
    [CHECK_DECRYPTION_NOTES] = {"decryption-notes", "35", "trustees' signatures and stations", UNTIL_COUNT},
    [CHECK_VOTES] = {"votes", "37", "votes recombined, votes.csv equal", UNTIL_COUNT},
    [CHECK_COUNT_ACTS] = {"count-acts", "37, 38", "every act recomputed byte for byte", UNTIL_COUNT},
    [CHECK_AMENDMENTS] = {"amendments", "17", "amendments signed, and in time", UNTIL_CLOSING},
    [CHECK_DOCUMENTS] = {"documents", "39-41", "documents named by entries, all there", UNTIL_KEY},
    [CHECK_SEAL] = {"seal", "39-41", "the seal covers all files", UNTIL_HANDOVER},
    [CHECK_HASH_LISTS] = {"hash-lists", "3 III c, 41", "hash lists complete and true", UNTIL_HANDOVER},
    [CHECK_HANDOVER_ACT] = {"handover-act", "39-41", "hand-over act recomputed and signed", UNTIL_HANDOVER},
    [CHECK_WITNESSES] = {"witnesses", "28", "the call's witness policy on the final heads", UNTIL_KEY},
    [CHECK_RECEIPTS] = {"receipts", "23", "every receipt and head that was handed in is under the counted head", UNTIL_KEY},
};

static const char *const phases[UNTIL_PHASES] = {"key", "opening", "closing", "mix", "count", "handover"};

int
until_read(enum until *out, const char *name)
{
	for (unsigned i = 0; i < UNTIL_PHASES; i++)
		if (strcmp(phases[i], name) == 0) {
			*out = (enum until)i;
			return 1;
		}
	return 0;
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

const char *
check_number(enum check c)
{
	static __thread char text[16];

	(void)snprintf(text, sizeof text, "V%02d", (int)c + 1);
	return text;
}

const char *
check_name(enum check c)
{
	return table[c].name;
}

void
report_start(struct report *r, enum until until, int json, int quiet)
{
	memset(r, 0, sizeof *r);
	r->until = until;
	r->json = json;
	r->quiet = quiet;
	r->begun = now();
	r->progress_tty = !quiet && isatty(STDERR_FILENO);
}

static void
clear_progress(const struct report *r)
{
	if (r->progress_tty)
		(void)fprintf(stderr, "\r\033[K");
}

void
report_begin(struct report *r, enum check c)
{
	r->checks[c].seconds = -now();
	if (r->progress_tty)
		(void)fprintf(stderr, "\r\033[K%s %s ...", check_number(c), table[c].name);
}

/* The time is taken; 1 if the check is of a phase that was asked for, and something can be said still. */
static int
settle(struct report *r, enum check c)
{
	struct check_result *k = &r->checks[c];

	if (k->seconds < 0)
		k->seconds += now();
	clear_progress(r);
	if (table[c].from > r->until)
		k->verdict = VERDICT_NOT_YET;
	return k->verdict != VERDICT_NOT_YET && r->broken[0] == '\0';
}

int
own_fault(enum err e)
{
	return e == ERR_IO || e == ERR_NOMEM;
}

void
text_clean(char *s)
{
	uint32_t c;

	for (size_t n; *s != '\0'; s += n > 0 ? n : 1) {
		n = strnlen(s, text_disturbance(s, &c)); /* a text may be cut within a character */
		memset(s, '?', n);
	}
}

static void
say(struct check_result *k, const char *format, va_list ap)
{
	(void)vsnprintf(k->text, sizeof k->text, format, ap);
	text_clean(k->text);
}

void
report_pass(struct report *r, enum check c, uint64_t items, const char *format, ...)
{
	struct check_result *k = &r->checks[c];
	va_list ap;

	if (!settle(r, c))
		return;
	k->items += items;
	if (k->verdict == VERDICT_FAIL)
		return;
	if (k->verdict == VERDICT_ABSENT && k->text[0] != '\0')
		return; /* evidence was missing: a later pass cannot heal it */
	k->verdict = VERDICT_PASS;
	if (format == NULL)
		return;
	va_start(ap, format);
	say(k, format, ap);
	va_end(ap);
}

void
report_fail(struct report *r, enum check c, const char *format, ...)
{
	struct check_result *k = &r->checks[c];
	void *memory = malloc(1 << 20); /* without, a library calls false what it could not look at */
	va_list ap;

	free(memory);
	if (memory == NULL)
		report_broken(r, c, "out of memory");
	if (!settle(r, c))
		return;
	if (k->verdict == VERDICT_FAIL) {
		k->more++;
		return;
	}
	k->verdict = VERDICT_FAIL;
	va_start(ap, format);
	say(k, format, ap);
	va_end(ap);
}

void
report_absent(struct report *r, enum check c, const char *format, ...)
{
	struct check_result *k = &r->checks[c];
	va_list ap;

	if (!settle(r, c) || k->verdict == VERDICT_FAIL)
		return;
	k->verdict = VERDICT_ABSENT;
	va_start(ap, format);
	say(k, format, ap);
	va_end(ap);
	if (k->text[0] == '\0') /* a text tells this from a check that was not made yet */
		(void)strcpy(k->text, "not there");
}

void
report_broken(struct report *r, enum check c, const char *format, ...)
{
	struct check_result *k = &r->checks[c], failed;
	va_list ap;

	if (!settle(r, c))
		return;
	failed = *k;
	va_start(ap, format);
	say(k, format, ap);
	va_end(ap);
	(void)snprintf(r->broken, sizeof r->broken, "%s %s: %s", check_number(c), table[c].name, k->text);
	if (failed.verdict == VERDICT_FAIL)
		*k = failed;
	else
		k->verdict = VERDICT_ABSENT;
}

int
report_failed(const struct report *r, enum check c)
{
	return r->checks[c].verdict == VERDICT_FAIL;
}

int
report_good(const struct report *r)
{
	for (int c = 0; c < CHECK_COUNT; c++)
		if (table[c].from <= r->until && r->checks[c].verdict != VERDICT_PASS)
			return 0;
	return r->broken[0] == '\0';
}

void
report_progress(struct report *r, enum check c, uint64_t done, uint64_t total)
{
	enum { WIDTH = 30 };
	char bar[WIDTH + 1];
	size_t full;

	if (!r->progress_tty || total == 0)
		return;
	full = (size_t)(done * WIDTH / total);
	for (size_t i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[WIDTH] = '\0';
	(void)fprintf(stderr, "\r\033[K%s %-20s [%s] %llu of %llu", check_number(c), table[c].name, bar,
	    (unsigned long long)done, (unsigned long long)total);
}

static const char *
word(enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
		return "pass";
	case VERDICT_FAIL:
		return "FAIL";
	case VERDICT_NOT_YET:
		return "not yet";
	case VERDICT_ABSENT:
		break;
	}
	return "ABSENT";
}

void
json_quote(FILE *out, const char *s)
{
	(void)fputc('"', out);
	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch == '"' || ch == '\\')
			(void)fprintf(out, "\\%c", ch);
		else if (ch < 0x20)
			(void)fprintf(out, "\\u%04x", ch);
		else
			(void)fputc(ch, out);
	}
	(void)fputc('"', out);
}

static void
print_json(const struct report *r, FILE *out, const char *record, const char *election_id, int good)
{
	(void)fprintf(out, "{\n \"verified\": %s,\n \"until\": \"%s\",\n \"record\": ", good ? "true" : "false", phases[r->until]);
	json_quote(out, record);
	(void)fprintf(out, ",\n \"election\": ");
	json_quote(out, election_id != NULL ? election_id : "");
	(void)fprintf(out, ",\n \"pinned\": %s", r->unpinned ? "false" : "true");
	(void)fprintf(out, ",\n \"could_not_verify\": ");
	json_quote(out, r->broken);
	(void)fprintf(out, ",\n \"seconds\": %.3f,\n \"checks\": [", now() - r->begun);
	for (int c = 0; c < CHECK_COUNT; c++) {
		const struct check_result *k = &r->checks[c];

		(void)fprintf(out,
		    "%s\n  {\"number\": \"V%02d\", \"name\": \"%s\", \"articles\": \"%s\", \"verdict\": \"%s\", "
		    "\"items\": %llu, \"further_failures\": %llu, \"seconds\": %.3f, \"text\": ",
		    c == 0 ? "" : ",", c + 1, table[c].name, table[c].articles, word(k->verdict),
		    (unsigned long long)k->items, (unsigned long long)k->more, k->seconds > 0 ? k->seconds : 0.0);
		json_quote(out, k->text);
		(void)fputc('}', out);
	}
	(void)fprintf(out, "\n ],\n \"styles\": [");
	for (unsigned i = 0; i < r->styles; i++) {
		const struct report_style *s = &r->style[i];

		(void)fprintf(out, "%s\n  {\"style\": %u, \"entity\": \"%s\", ", i == 0 ? "" : ",", i + 1, s->entity);
		if (s->district[0] != '\0')
			(void)fprintf(out, "\"district\": \"%s\", ", s->district);
		(void)fprintf(out, "\"roll\": %llu, \"authorizations\": %llu, \"confirmations\": %llu, \"ballots\": %llu}", (unsigned long long)s->roll,
		    (unsigned long long)s->authorizations, (unsigned long long)s->confirmations, (unsigned long long)s->ballots);
	}
	(void)fprintf(out, "\n ]\n}\n");
}

static void
print_styles(const struct report *r, FILE *out)
{
	if (r->styles > 0)
		(void)fprintf(out, "\nstyle  entity, district      roll  authorizations  confirmations     ballots\n");
	for (unsigned i = 0; i < r->styles; i++) {
		const struct report_style *s = &r->style[i];
		char place[48];

		(void)snprintf(place, sizeof place, "%s%s%s", s->entity, s->district[0] != '\0' ? ", " : "", s->district);
		(void)fprintf(out, "%5u  %-16s %8llu  %14llu  %13llu  %10llu\n", i + 1, place, (unsigned long long)s->roll, (unsigned long long)s->authorizations,
		    (unsigned long long)s->confirmations, (unsigned long long)s->ballots);
	}
}

/* What was found false stays so, whatever failed afterwards. */
static int
exit_code(const struct report *r)
{
	int failed = 0;

	for (int c = 0; c < CHECK_COUNT; c++)
		failed |= report_failed(r, (enum check)c);
	return report_good(r) ? 0 : r->broken[0] != '\0' && !failed ? 2 : 1;
}

static void
print_table(const struct report *r, FILE *out, const char *record, const char *election_id, int good)
{
	for (int c = 0; c < CHECK_COUNT; c++) {
		const struct check_result *k = &r->checks[c];

		(void)fprintf(out, "V%02d %-20s %-7s %9llu  %7.2f s  art. %-17s %s\n", c + 1, table[c].name,
		    word(k->verdict), (unsigned long long)k->items, k->seconds > 0 ? k->seconds : 0.0,
		    table[c].articles, k->text[0] != '\0' ? k->text : table[c].what);
		if (k->more > 0)
			(void)fprintf(out, "    and %llu more\n", (unsigned long long)k->more);
	}
	if (!r->quiet)
		print_styles(r, out);
	(void)fprintf(out, "\nrecord    %s\nelection  %s\n", record, election_id != NULL ? election_id : "unknown");
	if (!good && r->broken[0] != '\0')
		(void)fprintf(out, "could not be verified to the end: %s\n", r->broken);
	(void)fprintf(out, "%s%s%s%s in %.1f s\n", good ? "VERIFIED" : exit_code(r) == 2 ? "COULD NOT BE VERIFIED" : "NOT VERIFIED", r->until < UNTIL_HANDOVER ? " until " : "",
	    r->until < UNTIL_HANDOVER ? phases[r->until] : "",
	    good && r->unpinned && election_id != NULL ? ", but " UNPINNED ";" : "", now() - r->begun);
}

void
report_style(struct report *r, const char *entity, const char *district, uint64_t roll, uint64_t authorizations, uint64_t confirmations, uint64_t ballots)
{
	struct report_style *more = realloc(r->style, (r->styles + 1u) * sizeof *more), *s;

	if (more == NULL) {
		report_broken(r, CHECK_SUMS, "out of memory");
		return;
	}
	r->style = more;
	s = &more[r->styles++];
	*s = (struct report_style){"", "", roll, authorizations, confirmations, ballots};
	(void)snprintf(s->entity, sizeof s->entity, "%s", entity);
	(void)snprintf(s->district, sizeof s->district, "%s", district);
}

int
report_finish(struct report *r, FILE *out, const char *record, const char *election_id)
{
	int good = report_good(r), code = exit_code(r);

	clear_progress(r);
	for (int c = 0; c < CHECK_COUNT; c++)
		if (table[c].from > r->until)
			r->checks[c].verdict = VERDICT_NOT_YET;
	if (r->json)
		print_json(r, out, record, election_id, good);
	else
		print_table(r, out, record, election_id, good);
	free(r->style);
	r->style = NULL;
	r->styles = 0;
	return code;
}
