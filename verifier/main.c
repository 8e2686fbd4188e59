/* urna-verify - recomputes everything from published files and believes nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/bytetree.h"
#include "crypto/parallel.h"
#include "election/record.h"
#include "crypto/keyfile.h"
#include "verifier/compare.h"
#include "crypto/http_client.h"
#include "crypto/version.h"
#include "verifier/log_cmd.h"
#include "verifier/options.h"
#include "verifier/receipt_cmd.h"
#include "verifier/record_checks.h"
#include "verifier/selftest.h"
#include "verifier/watch.h"

static void
usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: urna-verify record DIR-or-URL [--election-id HEX] [--log-key VKEY ...] [--until PHASE]\n"
	    "           [--receipts DIR] [--json] [--quiet]\n"
	    "           every check of a record; PHASE is key, opening, closing, mix, count or handover (default);\n"
	    "           DIR: receipts and checkpoints of anybody, NAME.ballot beside NAME where the ballot is known\n"
	    "       urna-verify record DIR-or-URL --self-test [--election-id HEX] [--log-key VKEY ...] [--json] [--quiet]\n"
	    "           spoil copies of the record in more than 100 named ways and show the check that notices each\n"
	    "       urna-verify receipt FILE --ballot FILE (--log-key VKEY | --record DIR) [--record DIR]\n"
	    "           that a ballot is under a signed head, and with --record in the head that was counted\n"
	    "       urna-verify receipt --mine FILE --user USER --record DIR [--password-file FILE]\n"
	    "           that the record holds the voter's own ballot, by the private file and the password; on a device you trust\n"
	    "       urna-verify challenge FILE --record DIR\n"
	    "           that an opened ballot encrypts what the voter marked\n"
	    "       urna-verify watch DIR-or-URL --log-key VKEY --state FILE [--once] [...]\n"
    "           follow a log: alarm on fork, rollback, staleness, bad signature, missing cosignatures\n"
    "       urna-verify compare HEAD HEAD ... --log-key VKEY [--log DIR-or-URL] [--evidence DIR] [--json]\n"
	    "           that signed heads of different people belong to one log\n"
	    "       urna-verify log DIR-or-URL --log-key VKEY [--state FILE] [--json]\n"
	    "           the whole tree from its entries\n"
	    "       urna-verify show FILE\n"
	    "           a file of the record in readable form\n"
	    "       urna-verify --version\n\n"
	    "Pin what you trust: the election id as printed in the opening act, the log keys as in the call.\n"
	    "Exit: 0 verified, 1 not verified, 2 could not run.\n");
}

static int
cannot(const struct why *why)
{
	(void)fprintf(stderr, "urna-verify: %s\n", why->text);
	return 2;
}

static int
cmd_record(int argc, char **argv)
{
	struct pinned pinned = {.election_id = option(argc, argv, "--election-id"), .receipts = option(argc, argv, "--receipts")};
	const char *until = option(argc, argv, "--until"), *key, *where;
	int json = flag(argc, argv, "--json"), quiet = flag(argc, argv, "--quiet"), self = flag(argc, argv, "--self-test");
	struct report *r = calloc(1, sizeof *r);
	enum until u = UNTIL_HANDOVER;
	struct file_source src;
	char election[65];
	struct why why;

	while (pinned.log_keys < 8 && (key = option(argc, argv, "--log-key")) != NULL)
		pinned.log_key[pinned.log_keys++] = key;
	if ((until != NULL && !until_read(&u, until)) || (where = word(argc, argv)) == NULL || r == NULL || (self && u != UNTIL_HANDOVER)) {
		usage(stderr);
		return 2;
	}
	if (source_open(&src, where, &why) != OK)
		return cannot(&why);
	if (self) {
		free(r);
		return self_test(where, &src, &pinned, core_count(), json, quiet, stdout);
	}
	report_start(r, u, json, quiet);
	check_record(r, &src, &pinned, core_count(), election);
	return report_finish(r, stdout, where, election[0] != '\0' ? election : NULL);
}

/* c1 = r*G and c2 = i*G + r*Y for every contest, and the commitment over them. */
static int
cmd_challenge(int argc, char **argv)
{
	const char *dir = option(argc, argv, "--record"), *file = word(argc, argv);
	struct record *rec = calloc(1, sizeof *rec);
	struct ballot *b = calloc(1, sizeof *b);
	struct json *root = NULL, *list;
	struct buf text = {0};
	struct why why = {""};
	struct fields f;
	struct hash commitment, h;
	char letters[40];

	if (file == NULL || dir == NULL || rec == NULL || b == NULL) {
		usage(stderr);
		return 2;
	}
	rec->src = source_dir(dir);
	if (record_call(rec, &why) != OK || record_key(rec, &why) != OK || record_setup(rec, &why) != OK || record_opening(rec, &why) != OK ||
	    file_read(&text, file, 1 << 20, &why) != OK || json_parse(&root, text.p, text.n, 1 << 20, &why) != OK)
		return cannot(&why);
	f = fields_of(root, &why);
	if (strcmp(field_text(&f, "urna", 20), "challenge") != 0)
		(void)field_bad(&f, 1, "not a challenge");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "election", &b->election);
	b->style = (unsigned)field_int(&f, "style", 1, rec->m->styles);
	field_hex(&f, "one_time_key", b->key, XONLY_BYTES);
	field_hash(&f, "commitment", &commitment);
	list = field_array(&f, "contests", MAX_CONTESTS);
	if (f.e == OK && (!hash_equal(&b->election, &rec->election) || list->n != rec->m->style[b->style - 1].contests))
		(void)field_bad(&f, 1, "of another election, or not its style's contests");
	for (size_t i = 0; f.e == OK && i < list->n; i++) {
		const struct contest *c = &rec->m->contest[rec->m->style[b->style - 1].contest[i]];
		struct fields g = fields_of(list->item[i], &why);
		struct ciphertext enc;
		struct scalar r;
		struct point table[MAX_LINES];
		uint8_t exponent[32], want[POINT_BYTES];
		int64_t marking;

		(void)field_text(&g, "contest", 16);
		marking = field_int(&g, "marking", 0, c->lines);
		field_hex(&g, "exponent", exponent, 32);
		field_hex(&g, "c1", b->vote[i].c1, POINT_BYTES);
		field_hex(&g, "c2", b->vote[i].c2, POINT_BYTES);
		f.e = fields_end(&g);
		if (f.e != OK)
			break;
		marking_table(table, c->lines);
		if (marking == 0 || scalar_read(&r, exponent) != OK || scalar_is_zero(&r)) {
			(void)field_bad(&f, list->item[i]->line, "contest %s: no marking", c->id);
			break;
		}
		elgamal_encrypt(&enc, &table[marking - 1], &rec->joint.key, &r);
		if (point_write(want, &enc.c1) != OK || memcmp(want, b->vote[i].c1, POINT_BYTES) != 0 || point_write(want, &enc.c2) != OK ||
		    memcmp(want, b->vote[i].c2, POINT_BYTES) != 0)
			(void)field_bad(&f, list->item[i]->line, "contest %s: the ciphertext is not line %s", c->id, c->line[marking - 1].id);
		else
			(void)printf("contest %-8s %s\n", c->id, c->line[marking - 1].id);
		b->contests++;
	}
	if (fields_end(&f) == OK) {
		commitment_hash(&h, b);
		if (!hash_equal(&h, &commitment))
			(void)field_bad(&f, 1, "the commitment is not over these ciphertexts");
	}
	if (f.e != OK) {
		(void)printf("NOT VERIFIED: %s\n", why.text);
		return 1;
	}
	commitment_letters(letters, &h);
	(void)printf("commitment %s: is it the one you noted before you chose to check?\nVERIFIED\n", letters);
	return 0;
}

/* Text and JSON as they are; entry bundles of events entry by entry; others by size and hash. */
static enum err
show_entry(void *ctx, const uint8_t *p, size_t n)
{
	(void)ctx;
	(void)fwrite(p, 1, n, stdout);
	return OK;
}

static int
cmd_show(int argc, char **argv)
{
	const char *file = word(argc, argv), *bundle;
	struct ballot *ballot = calloc(1, sizeof *ballot);
	struct buf b = {0};
	struct why why = {""};
	struct hash h;
	char hex[65];

	if (file == NULL || ballot == NULL) {
		usage(stderr);
		return 2;
	}
	if (file_read(&b, file, 1 << 30, &why) != OK)
		return cannot(&why);
	bundle = strstr(file, "events/tile/entries/");
	if (bundle != NULL) {
		const char *p = strstr(bundle, ".p/");

		if (bundle_read(b.p, b.n, p != NULL ? (unsigned)atoi(p + 3) : TILE_WIDTH, show_entry, NULL) != OK)
			return 1;
	} else if (utf8_valid(b.p, b.n)) {
		(void)fwrite(b.p, 1, b.n, stdout);
	} else if (ballot_read(ballot, b.p, b.n) == OK) {
		hash_hex(hex, &ballot->election);
		(void)printf("ballot of election %s\n  style %u, %u contests, %u tokens, %zu bytes\n", hex, ballot->style, ballot->contests, ballot->signatures, b.n);
		hex_encode(hex, ballot->key, 32);
		(void)printf("  one-time key %s\n", hex);
	} else {
		sha256(&h, b.p, b.n);
		hash_hex(hex, &h);
		(void)printf("%zu bytes, SHA-256 %s", b.n, hex);
		if (bt_ciphertexts_count(b.n) > 0)
			(void)printf(", a list of %zu ciphertexts", bt_ciphertexts_count(b.n));
		(void)printf("\n");
	}
	buf_free(&b);
	free(ballot);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char *const commands[] = {"record", "receipt", "challenge", "show", "watch", "compare", "log"};

	if (version_asked(argc, argv, "urna-verify"))
		return 0;
	if (argc >= 2 && strcmp(argv[argc - 1], "--help") == 0) {
		for (size_t i = 0; argc > 2 && i < sizeof commands / sizeof *commands; i++)
			if (strcmp(argv[1], commands[i]) == 0 && i >= 4 && dup2(STDOUT_FILENO, STDERR_FILENO) >= 0) /* they have pages of their own */
				return (i == 4 ? cmd_watch(2, argv) : i == 5 ? cmd_compare(2, argv) : cmd_log(1, argv + 1)) == 2 ? 0 : 1;
		usage(stdout);
		return 0;
	}
	if (argc >= 2 && strcmp(argv[1], "record") == 0)
		return cmd_record(argc, argv);
	if (argc >= 2 && strcmp(argv[1], "receipt") == 0) {
		int code = cmd_receipt(argc, argv);

		if (code < 0)
			usage(stderr);
		return code < 0 ? 2 : code;
	}
	if (argc >= 2 && strcmp(argv[1], "challenge") == 0)
		return cmd_challenge(argc, argv);
	if (argc >= 2 && strcmp(argv[1], "compare") == 0)
		return cmd_compare(argc, argv);
	if (argc >= 2 && strcmp(argv[1], "watch") == 0)
		return cmd_watch(argc, argv);
	if (argc >= 2 && strcmp(argv[1], "log") == 0)
		return cmd_log(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "show") == 0)
		return cmd_show(argc, argv);
	usage(stderr);
	return 2;
}
